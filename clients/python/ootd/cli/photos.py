"""Photos that a command is given: files, folders, and standard input as `-`."""

import os
import re
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import typer

from ootd.cli.failures import PhotoUnusableError
from ootd.cli.output import reason_of
from ootd.cli.printable import printable

PHOTO_SUFFIXES = frozenset(
    {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".heic", ".heif", ".avif"}
)
"""Names of files that are taken for photos, in any case."""

STANDARD_INPUT = "-"

URLS_ARE_NOT_FETCHED = "URLs are not fetched; download the photo and name the file"

_URL = re.compile(r"[a-z][a-z0-9+.-]+://?", re.IGNORECASE)  # A path has lost one of the slashes.

_MOST_BYTES = 64 * 1024 * 1024
"""More than any gateway takes of a photo; what has more is not read into memory."""


@dataclass(slots=True)
class PhotoFile:
    """A photo by its name on the command line; what can be read only once is kept."""

    name: str
    _content: bytes | None = field(default=None, repr=False)

    @property
    def path(self) -> Path | None:
        """The file, None for standard input."""
        return None if self.name == STANDARD_INPUT else Path(self.name)

    @property
    def title(self) -> str:
        """The file's own name, for captions."""
        return Path(self.name).name if self.path else "stdin"

    def read(self) -> bytes:
        """Return the encoded photo; PhotoUnusableError says why it cannot be read or sent."""
        if self._content is not None:
            return self._content
        if self.path is None:
            self._content = standard_input("a photo")
            return _checked(self._content)
        content, is_file = _read(self.path)
        if not is_file:  # Such as a pipe, which is empty the next time.
            self._content = content
        return content


def is_url(name: str) -> bool:
    """Whether a name begins as an address of the web does."""
    return _URL.match(name) is not None


def read_photo(path: Path) -> bytes:
    """Return the bytes of a photo's file; PhotoUnusableError says why they cannot be sent."""
    return _read(path)[0]


def photo_files(folder: Path) -> Iterator[Path]:
    """Yield the photos below a folder in the order of their names; hidden ones are left out.

    Symbolic links are followed, but no folder is entered twice; only files are photos. Raises
    OSError where a folder cannot be read.
    """
    entered: set[tuple[int, int]] = set()
    waiting = [folder]
    while waiting:
        path = waiting.pop()
        if path is folder or _is_folder(path):
            state = path.stat()
            if (state.st_dev, state.st_ino) not in entered:
                entered.add((state.st_dev, state.st_ino))
                waiting.extend(_inside(path))
        elif path.suffix.lower() in PHOTO_SUFFIXES and not _is_special(path):
            yield path


def expand(names: list[str]) -> list[PhotoFile]:
    """Return the photos, each folder replaced by the photos below it.

    Raises typer.BadParameter for a folder that cannot be read or holds no photos, and where
    standard input is asked for more than once.
    """
    if names.count(STANDARD_INPUT) > 1:
        raise typer.BadParameter("standard input can be read only once", param_hint="PHOTO")
    found: list[PhotoFile] = []
    for name in names:
        if name == STANDARD_INPUT or not _is_folder(Path(name)):
            found.append(PhotoFile(name))
            continue
        found.extend(PhotoFile(str(path)) for path in photos_below(Path(name), "PHOTO"))
    return found


def photos_below(folder: Path, parameter: str) -> list[Path]:
    """Return the photos below a folder; typer.BadParameter where there are none."""
    try:
        below = list(photo_files(folder))
    except OSError as error:
        text = f"cannot read {printable(str(error.filename or folder))}: {reason_of(error)}"
        raise typer.BadParameter(text, param_hint=parameter) from None
    if not below:
        text = f"no photos in {printable(str(folder))}"
        raise typer.BadParameter(text, param_hint=parameter)
    return below


def standard_input(what: str, most_bytes: int = _MOST_BYTES) -> bytes:
    """Return all of standard input, but one byte more than `most_bytes` where it has more.

    Raises typer.BadParameter where it is a terminal or closed.
    """
    if sys.stdin is None or sys.stdin.closed:
        raise typer.BadParameter("standard input is closed", param_hint=STANDARD_INPUT)
    if sys.stdin.isatty():
        text = f"standard input is the terminal; send {what} into it, as with < FILE"
        raise typer.BadParameter(text, param_hint=STANDARD_INPUT)
    return sys.stdin.buffer.read(most_bytes + 1)


def _read(path: Path) -> tuple[bytes, bool]:
    try:
        with path.open("rb") as file:
            state = os.fstat(file.fileno())
            is_file = stat.S_ISREG(state.st_mode)
            if is_file and state.st_size > _MOST_BYTES:
                raise PhotoUnusableError(_too_large(state.st_size))
            return _checked(file.read(_MOST_BYTES + 1)), is_file
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path.
        if isinstance(error, FileNotFoundError) and is_url(str(path)):
            raise PhotoUnusableError(URLS_ARE_NOT_FETCHED) from None
        raise PhotoUnusableError(f"cannot read the photo: {reason_of(error)}") from None


def _checked(content: bytes) -> bytes:
    if not content:
        raise PhotoUnusableError("the file is empty")
    if len(content) > _MOST_BYTES:
        raise PhotoUnusableError(_too_large(len(content)))
    return content


def _too_large(size: int) -> str:
    mebibytes = size / 2**20
    return f"the photo has {mebibytes:,.0f} MiB, far more than a gateway takes; send a smaller one"


def _inside(folder: Path) -> list[Path]:
    """What a folder holds, the first name last, as the next is taken from the end."""
    with os.scandir(folder) as entries:
        names = sorted((one.name for one in entries), reverse=True)
    return [folder / name for name in names if not name.startswith(".")]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):  # A link to itself, say; reading it tells.
        return False


def _is_special(path: Path) -> bool:
    """Whether it is a pipe, a device or the like, on which reading could wait for ever."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except OSError:  # A broken link is told as a photo that cannot be read.
        return False
