"""From the photos that callers hand in to the bytes that gateways read.

Pillow is imported only where it is needed: for a Pillow image (the caller has it) and for HEIC and
AVIF (the extra `ootd[heic]`).
"""

import inspect
import os
import re
import sys
from io import BytesIO
from pathlib import Path
from typing import Any

import grpc

from ootd._shared.photo import ImageSource
from ootd.channel import MAX_MESSAGE_BYTES
from ootd.errors import ImageError

PHOTO_LIMIT_BYTES = MAX_MESSAGE_BYTES - 256 * 1024
"""Largest photo that leaves room for the rest of its message; gateways take 20 MiB by default."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://?")
_HEIF_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
_AVIF_BRANDS = frozenset({b"avif", b"avis"})
_JPEG_QUALITY = 95
_LONGEST_JPEG_SIDE = 65_500
_KINDS = "bytes, bytearray, memoryview, an open binary file, a Pillow image or a path"


def read_image(image: ImageSource) -> bytes:
    """Return the encoded photo that a gateway reads, whatever it came as.

    Raises OSError where a file cannot be read, ImageError where the photo is empty, too large or of
    a format that cannot be turned into one that gateways read, ValueError for a URL, TypeError for
    what is no photo.
    """
    if isinstance(image, bytes):
        return _as_gateways_read(image, "the photo")
    if isinstance(image, bytearray | memoryview):
        return _as_gateways_read(bytes(image), "the photo")
    if isinstance(image, str | os.PathLike):
        return _read_path(image)
    if _is_pillow_image(image):
        return _check_size(_encode(image), "the photo")
    read = getattr(image, "read", None)
    if not callable(read):
        return _as_gateways_read(_buffer(image), "the photo")
    pieces = Pieces(image)
    while pieces.add(read(pieces.wanted_bytes)):
        pass
    return pieces.photo()


class Pieces:
    """A photo that is read from a file bit by bit: pipes and sockets give what they have."""

    def __init__(self, file: object) -> None:
        self._file = file
        self._content = bytearray()

    @property
    def wanted_bytes(self) -> int:
        """How many more bytes are of use; never 0 before the end."""
        return PHOTO_LIMIT_BYTES + 1 - len(self._content)

    def add(self, piece: object) -> bool:
        """Take what a read gave; False where it was the last. TypeError for what is no bytes."""
        if inspect.iscoroutine(piece):
            piece.close()
            raise TypeError(
                f"{type(self._file).__name__}.read must be awaited: use AsyncClient, or give the "
                "bytes or the blocking file beneath"
            )
        if not isinstance(piece, bytes | bytearray | memoryview):
            raise TypeError(
                f"reading the photo gave {type(piece).__name__}, not bytes: open the file in "
                'binary mode ("rb"), and one that waits for its bytes'
            )
        self._content += piece
        return bool(piece) and self.wanted_bytes > 0

    def photo(self) -> bytes:
        """Return the photo as gateways read it; ImageError as of `read_image`."""
        name = getattr(self._file, "name", None)
        what = repr(name) if isinstance(name, str) else "the file"
        if not self._content:
            what += ", read from where it stands,"
        return _as_gateways_read(bytes(self._content), what)


def _buffer(image: object) -> bytes:
    """Return the bytes of an array of bytes, such as of numpy; TypeError for anything else."""
    try:
        view = memoryview(image)  # type: ignore[arg-type]
    except TypeError:
        raise TypeError(f"a photo is {_KINDS}; got {type(image).__name__}") from None
    if view.ndim != 1 or view.format not in {"B", "b", "c"}:
        raise TypeError(
            f"a photo is its encoded bytes, got {type(image).__name__} of {view.ndim} dimensions: "
            "make pixels a Pillow image, by Image.fromarray"
        )
    return view.tobytes()


def _read_path(path: str | os.PathLike[str]) -> bytes:
    if isinstance(path, str) and _URL.match(path):
        raise ValueError(f"{path!r} is a URL; photos are not fetched: give its bytes or a path")
    with Path(path).open("rb") as file:
        # Never more than is of use: the path may be that of a disk, or of an endless device.
        content = file.read(PHOTO_LIMIT_BYTES + 1)
    return _as_gateways_read(content, repr(os.fspath(path)))


def _as_gateways_read(content: bytes, what: str) -> bytes:
    _check_size(content, what)
    kind = heif_kind(content)
    return content if kind is None else _check_size(_to_jpeg(content, what, kind), what)


def _check_size(content: bytes, what: str) -> bytes:
    if not content:
        raise _image_error(f"{what} is empty", "IMAGE_UNREADABLE", detected_format="empty")
    if len(content) > PHOTO_LIMIT_BYTES:
        raise ImageError(
            f"{what} has more than the {PHOTO_LIMIT_BYTES} bytes that can be sent",
            code=grpc.StatusCode.RESOURCE_EXHAUSTED,
            reason="IMAGE_TOO_LARGE",
            metadata={"bytes": str(len(content)), "limit_bytes": str(PHOTO_LIMIT_BYTES)},
        )
    return content


def heif_kind(content: bytes) -> str | None:
    """Return "heic" or "avif" where the bytes begin like one, else None."""
    if content[4:8] != b"ftyp":
        return None
    # The box names a major brand, then a version, then the brands that it is compatible with.
    end = min(int.from_bytes(content[:4], "big"), 256)
    brands = {content[8:12]} | {content[at : at + 4] for at in range(16, end, 4)}
    if brands & _AVIF_BRANDS:
        return "avif"
    return "heic" if brands & _HEIF_BRANDS else None


def _to_jpeg(content: bytes, what: str, kind: str) -> bytes:
    """Decode and encode again; what is transparent becomes PNG. Orientation is kept."""
    pillow = _pillow_for(kind, what)
    try:
        with pillow.open(BytesIO(content)) as image:
            return _encode(image)
    except pillow.DecompressionBombError as error:
        raise _image_error(f"{what}: {error}", "IMAGE_TOO_MANY_PIXELS") from None
    except (OSError, ValueError, SyntaxError, RuntimeError) as error:
        unknown = isinstance(error, pillow.UnidentifiedImageError)  # Names an object in memory.
        reason = "it is damaged" if unknown else str(error)
        raise _image_error(
            f"{what} cannot be decoded as {kind.upper()}: {reason}",
            "IMAGE_UNREADABLE",
            detected_format=kind,
        ) from None


def _pillow_for(kind: str, what: str) -> Any:
    """Return the module PIL.Image, able to open this kind; ImageError where it is not."""
    try:
        from PIL import Image, features  # noqa: PLC0415 - an extra

        if kind == "heic":
            from pillow_heif import register_heif_opener  # noqa: PLC0415 - an extra

            register_heif_opener()
            return Image
        if features.check("avif"):  # Older ones, and those built without it, cannot.
            return Image
    except ImportError:
        pass
    raise _image_error(
        f"{what} is {kind.upper()}, which gateways do not read; with "
        "pip install 'ootd[heic]' it is turned into JPEG here",
        "IMAGE_UNREADABLE",
        detected_format=kind,
    )


def _is_pillow_image(image: object) -> bool:
    pillow = sys.modules.get("PIL.Image")  # Nobody has such an image without it.
    return pillow is not None and isinstance(image, pillow.Image)


def _encode(image: Any) -> bytes:
    """Return a Pillow image as JPEG, or as PNG where something of it is transparent."""
    from PIL import ImageOps  # noqa: PLC0415 - an extra

    _check_pillow_image(image)
    upright = ImageOps.exif_transpose(image)
    if upright.mode.startswith("I;16"):  # Pillow's own way to 8 bits cuts off all above 255.
        upright = upright.convert("I").point(lambda value: value * (1 / 257) + 0.5).convert("L")
        upright.info.pop("transparency", None)  # A grey of 16 bits, which means nothing now.
    buffer = BytesIO()
    if upright.has_transparency_data:
        upright.convert("RGBA").save(buffer, "PNG", compress_level=1)
    else:
        if upright.mode not in {"RGB", "L"}:
            upright = upright.convert("RGB")
        if max(upright.size) > _LONGEST_JPEG_SIDE:
            raise _image_error(
                f"the Pillow image has {_shape(upright)} pixels, JPEG at most "
                f"{_LONGEST_JPEG_SIDE} a side: make it smaller",
                "IMAGE_TOO_MANY_PIXELS",
            )
        # No subsampling of colour: colour histograms are made of these pixels.
        upright.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    return buffer.getvalue()


def _check_pillow_image(image: Any) -> None:
    """Raise for an image whose pixels mean nothing to a gateway."""
    if image.mode in {"I", "F"}:
        raise TypeError(
            f"a Pillow image of mode {image.mode!r} may hold any range of values: scale them to "
            "0 to 255, then make it mode 'L' or 'RGB'"
        )
    if not all(image.size):
        raise _image_error(
            f"the Pillow image has no pixels, its size is {_shape(image)}", "IMAGE_TOO_SMALL"
        )
    try:
        image.load()
    except (ValueError, AttributeError) as error:  # How Pillow says it depends on its age.
        raise ValueError(f"the Pillow image cannot be read, is it closed? {error}") from None


def _shape(image: Any) -> str:
    return f"{image.size[0]} x {image.size[1]}"


def _image_error(message: str, reason: str, **metadata: str) -> ImageError:
    return ImageError(message, reason=reason, metadata=metadata)
