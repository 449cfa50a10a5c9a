"""Keeps gRPC's C core from writing to the terminal; imported before grpc is.

The core writes a line of its own for each failed handshake, beside the exception that says the
same. Who wants them sets GRPC_VERBOSITY, which goes first.
"""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
