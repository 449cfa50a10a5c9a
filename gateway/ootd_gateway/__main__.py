"""Starts the command `ootd-gateway`."""

import os
import sys

# gRPC's core reads this once, when it is imported, and else writes lines of its own between those
# of the log: one for each handshake that fails.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from ootd_gateway.process.command import main

__all__ = ["main"]

if __name__ == "__main__":
    sys.exit(main())
