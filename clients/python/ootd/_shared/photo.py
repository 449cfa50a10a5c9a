"""The forms in which callers hand in a photo."""

import os
from typing import Any, Protocol, TypeAlias


class BinaryFile(Protocol):
    """An open file, or anything else that is read like one: `io.BytesIO`, a response's body."""

    def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, all of them without it."""


class AsyncBinaryFile(Protocol):
    """A file whose reads are awaited, such as an upload of a web framework; for AsyncClient."""

    async def read(self, size: int = ..., /) -> bytes:
        """Return up to `size` bytes, b"" at the end."""


class PillowImage(Protocol):
    """A `PIL.Image.Image`, told by its form so that Pillow is not needed."""

    @property
    def mode(self) -> str:
        """How pixels are stored, such as "RGB"."""

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""

    def getexif(self) -> Any:
        """Return the EXIF data, which may hold an orientation."""


ImageSource: TypeAlias = (
    bytes
    | bytearray
    | memoryview
    | BinaryFile
    | AsyncBinaryFile
    | PillowImage
    | str
    | os.PathLike[str]
)
"""A photo of at most 20 MiB: its encoded bytes, a binary file that is open, a Pillow image, or the
path of its file (a str is a path, never a URL). JPEG, PNG, WebP, BMP or TIFF; with the extra
`ootd[heic]` HEIC and AVIF too, which are turned into JPEG before they are sent. A file is read from
where it stands, and a Pillow image is sent as JPEG of quality 95 (as PNG with transparency)."""
