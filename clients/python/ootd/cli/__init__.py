"""The command line `ootd`: an extra (`pip install 'ootd[cli]'`).

Exit codes: 0 all went well; 1 some photos or items failed, the rest is done; 2 wrong usage; 3 the
gateway cannot be reached or cannot work now; 4 it refused the request; 5 it has a bug; 6 the output
cannot be written; 130 Ctrl-C; 141 what read the output stopped reading.
"""

import os
import sys
from pathlib import Path
from typing import TextIO

_INTERRUPTED = 130


def main() -> None:
    """Run the command line; Ctrl-C ends it quietly, also while it is still being loaded."""
    try:
        _run()
    except KeyboardInterrupt:
        sys.exit(_INTERRUPTED)


def _run() -> None:
    """Says so where extra packages are missing."""
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - till the end
    try:
        from ootd.cli.app import app  # noqa: PLC0415 - an extra
        from ootd.cli.exit_codes import OUTPUT_LOST  # noqa: PLC0415
        from ootd.cli.output import discard_output, reason_of  # noqa: PLC0415
    except ModuleNotFoundError as error:
        if error.name is None or error.name.split(".")[0] not in {"typer", "rich", "PIL"}:
            raise
        sys.exit(f"The command line needs {error.name}; install it with pip install 'ootd[cli]'.")
    if sys.stdout is None:
        _complain("Cannot write the output: standard output is closed; /dev/null discards it.")
        sys.exit(OUTPUT_LOST)
    for stream in (sys.stdout, sys.stderr):
        _write_any_text(stream)
    try:
        app(prog_name="ootd")
    except OSError as error:  # Help that cannot be written; commands tell their own failures.
        discard_output()
        if not _is_about_a_stream(error):
            raise
        _complain(f"Cannot write the output: {reason_of(error)}.")
        sys.exit(OUTPUT_LOST)


def _write_any_text(stream: TextIO) -> None:
    """What an ASCII terminal lacks is written as an escape, not raised."""
    reconfigure = getattr(stream, "reconfigure", None)
    if reconfigure is not None:
        reconfigure(errors="backslashreplace")


def _is_about_a_stream(error: OSError) -> bool:
    return error.filename is None


def _complain(text: str) -> None:
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except OSError:  # Standard error cannot be written either; the exit code still tells.
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - till the end
