"""How all console commands report errors: one sentence, and a code."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Callable

FAILED = 2
STOPPED = 130
TRACEBACK = "OOTD_TRACEBACK"
"""Environment variable: set to 1, errors come with their traceback."""


class CommandError(Exception):
    """Something that whoever typed the command can mend; the text says what and how."""


def run_command(name: str, action: Callable[[], None]) -> None:
    """Run a command; ends the process with 2 and one sentence if it can't do its work.

    What the user interrupts ends with 130.
    """
    try:
        action()
    except KeyboardInterrupt:
        print(f"\n{name}: stopped; the same command goes on from here", file=sys.stderr)
        sys.exit(STOPPED)
    except (CommandError, ValueError, OSError) as error:
        if os.environ.get(TRACEBACK) == "1":
            raise
        print(f"{name}: {sentence(error)}", file=sys.stderr)
        sys.exit(FAILED)


def sentence(error: BaseException) -> str:
    """An error as one line that says what to do about it."""
    text = " ".join(str(error).split())
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        where = f" while writing {error.filename}" if error.filename else ""
        return f"the disk is full{where}; free some space, then run the same command again"
    if isinstance(error, FileNotFoundError) and error.filename:
        return f"{error.filename} does not exist; check the folders that the command was given"
    return text or type(error).__name__
