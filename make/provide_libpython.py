"""Provide the shared Python library that the embedded Triton links to.

Debian's and Ubuntu's python3 come without it, in a package of its own. Fetching and unpacking a
package needs no root: run with the environment's Python, this puts the library into the
environment's lib folder, unless the linker or the interpreter's own folder has it already.
"""

import ctypes
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path

VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
LIBRARY = f"libpython{VERSION}.so.1.0"
PACKAGE = f"libpython{VERSION}"


def is_there() -> bool:
    """Tell whether the embedded Triton will find the library."""
    folders = [sysconfig.get_config_var("LIBDIR") or "", Path(sys.prefix, "lib")]
    if any(Path(folder, LIBRARY).is_file() for folder in folders):
        return True
    try:
        ctypes.CDLL(LIBRARY)
    except OSError:
        return False
    return True


def fetch() -> None:
    """Unpack the distribution's package; CalledProcessError or OSError where that fails."""
    with tempfile.TemporaryDirectory() as folder:
        _run(["apt-get", "download", PACKAGE], folder)
        package = next(Path(folder).glob("*.deb"))
        _run(["dpkg-deb", "-x", package.name, "unpacked"], folder)
        found = next(Path(folder, "unpacked").rglob(LIBRARY))
        shutil.copy(found, Path(sys.prefix, "lib", LIBRARY))


def _run(command: list[str], folder: str) -> None:
    subprocess.run(command, cwd=folder, check=True, capture_output=True)  # noqa: S603


def main() -> None:
    """Fetch the library where it is missing, or say in one sentence what to do."""
    if is_there():
        return
    try:
        fetch()
    except (OSError, StopIteration, subprocess.CalledProcessError):
        sys.exit(
            f"This machine cannot run it yet: {LIBRARY} is missing and could not be fetched; "
            f"run: sudo apt install {PACKAGE}"
        )


if __name__ == "__main__":
    main()
