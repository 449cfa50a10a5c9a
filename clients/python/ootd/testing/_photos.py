"""What a FakeGateway sees of a photo: its format, and of a PNG or JPEG its size in pixels."""

import codecs
import struct

import grpc

from ootd.errors import ImageError
from ootd.types import ServerLimits

_SIGNATURES = {
    b"\xff\xd8\xff": "jpeg",
    b"\x89PNG\r\n\x1a\n": "png",
    b"RIFF": "webp",
    b"BM": "bmp",
    b"II*\x00": "tiff",
    b"MM\x00*": "tiff",
}
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_SNIFFED_BYTES = 512


def check(image: bytes, limits: ServerLimits) -> None:
    """Raise ImageError for what is no photo by its first bytes, and for one beyond a limit.

    The rest is not looked at: a photo that is cut off is taken.
    """
    if len(image) > limits.max_image_bytes:
        raise ImageError(
            f"the photo has {len(image)} bytes, at most {limits.max_image_bytes} are taken",
            code=grpc.StatusCode.RESOURCE_EXHAUSTED,
            reason="IMAGE_TOO_LARGE",
            metadata={"bytes": str(len(image)), "limit_bytes": str(limits.max_image_bytes)},
        )
    kinds = (kind for signature, kind in _SIGNATURES.items() if image.startswith(signature))
    kind = next(kinds, "")
    if not kind:
        raise ImageError(
            "the bytes are no photo",
            reason="IMAGE_UNREADABLE",
            metadata={"detected_format": "text" if _is_text(image) else "unknown"},
        )
    size = _png_size(image) if kind == "png" else _jpeg_size(image) if kind == "jpeg" else None
    if size is not None:
        _check_size(*size, limits)


def _check_size(width: int, height: int, limits: ServerLimits) -> None:
    size = {"width": str(width), "height": str(height)}
    if width * height > limits.max_image_pixels:
        raise ImageError(
            f"the photo has {width} x {height} pixels, at most {limits.max_image_pixels} in all "
            "are taken",
            reason="IMAGE_TOO_MANY_PIXELS",
            metadata={**size, "limit_pixels": str(limits.max_image_pixels)},
        )
    if min(width, height) < limits.min_image_side:
        raise ImageError(
            f"the photo has {width} x {height} pixels, each side must have at least "
            f"{limits.min_image_side}",
            reason="IMAGE_TOO_SMALL",
            metadata={**size, "minimum_side": str(limits.min_image_side)},
        )


def _png_size(image: bytes) -> tuple[int, int] | None:
    if image[12:16] != b"IHDR" or len(image) < 24:
        return None
    width, height = struct.unpack_from(">II", image, 16)
    return width, height


def _jpeg_size(image: bytes) -> tuple[int, int] | None:
    """Return the size that the frame header tells, None where none is reached."""
    place = 2
    while place + 9 <= len(image) and image[place] == 0xFF:
        marker, length = image[place + 1], int.from_bytes(image[place + 2 : place + 4], "big")
        if marker in _FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", image, place + 5)
            return width, height
        place += 2 + length
    return None


def _is_text(image: bytes) -> bool:
    # What is cut off within a character is no fault.
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        text = decoder.decode(image[:_SNIFFED_BYTES])
    except UnicodeDecodeError:
        return False
    return all(one.isprintable() or one.isspace() for one in text)
