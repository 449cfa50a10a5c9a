"""Fetches the embedded Triton's files alone: ``python -m ootd_gateway.embedded.fetch``."""

from __future__ import annotations

import argparse
import sys

from ootd_gateway.embedded.errors import EmbeddedTritonError
from ootd_gateway.embedded.triton_files import fetch


def main() -> int:
    """Fetch, print where the files are; 1 with one sentence where that fails."""
    argparse.ArgumentParser(
        prog="python -m ootd_gateway.embedded.fetch",
        description="Puts the files of Triton's wheel into this environment, without the packages "
        "that only the wheel's Python half needs. Needs the extra embedded-lean beside it.",
    ).parse_args()
    try:
        folder = fetch()
    except EmbeddedTritonError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"Triton is in {folder}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
