"""Become a command that ends with the process that started it, even where that is killed.

Run as a script: `python _end_with_parent.py PARENT_PID COMMAND [ARGUMENT...]`. The kernel keeps the
order over the exec, so the starting process needs no code between fork and exec, which is unsafe
beside threads.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


def main(arguments: list[str]) -> None:
    """Order SIGTERM for the end of the parent, which only Linux can, and run the command."""
    parent, command = int(arguments[0]), arguments[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it ended before the order was given
            sys.exit(1)
    try:
        os.execvp(command[0], command)  # noqa: S606 - what the caller chose
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1:])
