"""The command line `ootd`: an extra (`pip install 'ootd[cli]'`).

Exit codes: 0 all went well; 1 some photos or items failed, the rest is done; 2 wrong usage; 3 the
gateway cannot be reached or cannot work now; 4 it refused the request; 5 it has a bug; 130 Ctrl-C.
"""

import sys


def main() -> None:
    """Run the command line; says so where its extra packages are missing."""
    try:
        from ootd.cli.app import app  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in {"typer", "rich", "PIL"}:
            raise
        sys.exit(f"The command line needs {error.name}; install it with pip install 'ootd[cli]'.")
    app()
