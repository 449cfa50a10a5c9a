"""Tell in one sentence what this machine lacks, and what to do; exit 1 if anything is lacking.

Runs on any Python 3, before anything is installed, so it keeps to the old parts of the
standard library.
"""

import os
import platform
import sys

# ruff: noqa: UP031, PLC0415


def fault() -> "str | None":
    """Return what is lacking and its remedy, or None."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        return (
            "the embedded Triton runs on x86-64 Linux only, this is %s on %s; use such a machine, "
            "or point a gateway at a Triton elsewhere (README, 'Running for real')."
            % (sys.platform, platform.machine())
        )
    if not (3, 11) <= sys.version_info[:2] <= (3, 12):
        return (
            "Python 3.11 or 3.12 is needed (the embedded Triton needs numpy 1, which later ones "
            "lack), %s is %d.%d; install one and run: make PYTHON=python3.11 ..."
            % (sys.executable, sys.version_info[0], sys.version_info[1])
        )
    libc, version = platform.libc_ver()
    if libc == "glibc" and tuple(int(part) for part in version.split(".")[:2]) < (2, 35):
        return (
            "glibc 2.35 or later is needed by the embedded Triton, this is %s; "
            "use Debian 12, Ubuntu 22.04 or later." % version
        )
    try:
        import ensurepip  # noqa: F401
        import venv  # noqa: F401
    except ImportError:
        return "Python's venv module is missing; run: sudo apt install python%d.%d-venv" % (
            sys.version_info[0],
            sys.version_info[1],
        )
    free = os.statvfs(".")
    if free.f_bavail * free.f_frsize < 4 * 1024**3:
        return "4 GB of free disk are needed here, there are %.1f GB; free some and try again." % (
            free.f_bavail * free.f_frsize / 1024**3
        )
    return None


if __name__ == "__main__":
    sentence = fault()
    if sentence:
        sys.exit("This machine cannot run it yet: " + sentence)
