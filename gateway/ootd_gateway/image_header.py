"""Looks at a photo's header and decides whether it may go to the models; nothing is decoded.

The few header fields are read here, not through an imaging library, on purpose: opening a WebP
there allocates its whole canvas, opening a TIFF copies every tag's data, and a decompression bomb
is reported without its size.
"""

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from ootd_gateway.errors import (
    ImageTooLargeError,
    ImageTooManyPixelsError,
    ImageTooSmallError,
    ImageUnreadableError,
)


@dataclass(frozen=True, slots=True)
class ImageLimits:
    """What a photo may be: encoded bytes, pixels (width x height), shorter side in pixels."""

    max_bytes: int = 20 * 1024 * 1024
    max_pixels: int = 50_000_000
    min_side: int = 16


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a photo's header says; sizes in pixels, before EXIF orientation."""

    format: str
    width: int
    height: int


DEFAULT_LIMITS = ImageLimits()

_JPEG_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_START_OF_SCAN = 0xDA
_JPEG_END_OF_IMAGE = b"\xff\xd9"
_JPEG_MAX_SEGMENTS = 4096
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_END = b"IEND\xaeB`\x82"
_PNG_BIT_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_BMP_CORE_HEADER = 12
_BMP_UNCOMPRESSED = (0, 3, 6)
_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_STRIP_OFFSETS, _TIFF_STRIP_SIZES = 256, 257, 273, 279
_TIFF_INTEGERS = {3: "H", 4: "I"}
_SNIFFED_BYTES = 512


class _FaultyError(Exception):
    """The header is at fault; the text says how."""


def check_image(image: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> ImageHeader:
    """Read the header of an encoded JPEG, PNG, WebP, BMP or TIFF and hold it against the limits.

    Takes well under a millisecond and never trusts a length in the file. Raises
    ImageUnreadableError (empty, text, another format, truncated, false header),
    ImageTooLargeError, ImageTooManyPixelsError, ImageTooSmallError.
    """
    if len(image) > limits.max_bytes:
        raise ImageTooLargeError(
            f"the photo has {len(image)} bytes, at most {limits.max_bytes} are taken: "
            "send it smaller or more compressed",
            {"bytes": str(len(image)), "limit_bytes": str(limits.max_bytes)},
        )
    detected = detect_format(image)
    reader = _READERS.get(detected)
    if reader is None:
        raise _unreadable("no JPEG, PNG, WebP, BMP or TIFF photo", detected)
    try:
        width, height, check_complete = reader(image)
        if width < 1 or height < 1:
            raise _FaultyError(f"its header says {width} x {height} pixels")  # noqa: TRY301
    except (_FaultyError, struct.error) as error:
        detail = str(error) if isinstance(error, _FaultyError) else "its header is truncated"
        raise _unreadable(detail, detected) from error
    _check_size(width, height, limits)
    try:
        check_complete()
    except (_FaultyError, struct.error) as error:
        detail = str(error) if isinstance(error, _FaultyError) else "it is truncated"
        raise _unreadable(detail, detected) from error
    return ImageHeader(detected, width, height)


def detect_format(data: bytes) -> str:
    """Name the format of some bytes by how they begin: "jpeg", "text", "unknown" and so on."""
    if not data:
        return "empty"
    for name, matches in _SIGNATURES:
        if matches(data):
            return name
    return "text" if _is_text(data[:_SNIFFED_BYTES]) else "unknown"


def _check_size(width: int, height: int, limits: ImageLimits) -> None:
    size = {"width": str(width), "height": str(height)}
    if width * height > limits.max_pixels:
        raise ImageTooManyPixelsError(
            f"the photo has {width} x {height} pixels, at most {limits.max_pixels} in all are "
            "taken: send it smaller",
            {**size, "limit_pixels": str(limits.max_pixels)},
        )
    if min(width, height) < limits.min_side:
        raise ImageTooSmallError(
            f"the photo has {width} x {height} pixels, each side must have at least "
            f"{limits.min_side}",
            {**size, "minimum_side": str(limits.min_side)},
        )


def _unreadable(detail: str, detected: str) -> ImageUnreadableError:
    what = "the photo is empty" if detected == "empty" else f"not a readable photo: {detail}"
    return ImageUnreadableError(
        f"{what} (the bytes look like: {detected})", {"detected_format": detected}
    )


_CompletenessCheck = Callable[[], None]
_Header = tuple[int, int, _CompletenessCheck]


def _read_jpeg(data: bytes) -> _Header:
    """Walk the segments to the frame header, then to the first scan (ITU T.81, annex B)."""
    size: tuple[int, int] | None = None
    place = 2
    for _ in range(_JPEG_MAX_SEGMENTS):
        if place + 4 > len(data):
            break
        if data[place] != 0xFF:
            raise _FaultyError("its segments are damaged")
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if length < 2:
            raise _FaultyError("a segment's length is false")
        if marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            size = (width, height)
        if marker == _JPEG_START_OF_SCAN:
            if size is None:
                raise _FaultyError("it has a scan before its frame header")
            return (*size, partial(_check_jpeg_end, data, place))
        place += 2 + length
    if size is None:
        raise _FaultyError("it has no frame header, so it is truncated or damaged")
    return (*size, lambda: _raise_truncated("it has no scan"))


def _check_jpeg_end(data: bytes, scan: int) -> None:
    # Trailing data after the end is common (motion photos, second pictures); a thumbnail's own end
    # lies before the scan.
    if data.rfind(_JPEG_END_OF_IMAGE, scan) < 0:
        _raise_truncated("it has no end marker")


def _read_png(data: bytes) -> _Header:
    """Read IHDR (PNG, third edition, section 11.2.1)."""
    length, kind, width, height, depth, color, compression, filtering, interlace, checksum = (
        struct.unpack_from(">I4sIIBBBBBI", data, len(_PNG_SIGNATURE))
    )
    if kind != b"IHDR" or length != 13:
        raise _FaultyError("its first chunk is not a header")
    if zlib.crc32(data[12:29]) != checksum:
        raise _FaultyError("its header's checksum is false")
    known = depth in _PNG_BIT_DEPTHS.get(color, ()) and interlace in (0, 1)
    if not known or compression or filtering:
        raise _FaultyError("its header holds undefined values")
    return width, height, lambda: _check_png_end(data)


def _check_png_end(data: bytes) -> None:
    if data.rfind(_PNG_END) < 0:
        _raise_truncated("it has no IEND chunk")
    if data.find(b"IDAT", 33) < 0:
        _raise_truncated("it has no pixels")


def _read_webp(data: bytes) -> _Header:
    """Read the first chunk: VP8X canvas, VP8L or VP8 frame (RFC 9649)."""
    (riff_size,) = struct.unpack_from("<I", data, 4)
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        signature, bits = struct.unpack_from("<BI", data, 20)
        if signature != 0x2F:
            raise _FaultyError("its lossless header is false")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise _FaultyError("its frame header is false")
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise _FaultyError("its first chunk is unknown")
    if len(data) < 30:
        raise _FaultyError("its header is truncated")
    return width, height, lambda: _check_length(data, 8 + riff_size)


def _read_bmp(data: bytes) -> _Header:
    pixels_at, header_size = struct.unpack_from("<II", data, 10)
    if header_size == _BMP_CORE_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header_size >= 40:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise _FaultyError("its header's size is false")
    height = abs(height)  # negative: rows from the top
    row = (width * bits + 31) // 32 * 4
    needed = pixels_at + row * height if compression in _BMP_UNCOMPRESSED else pixels_at + 1
    return width, height, lambda: _check_length(data, needed)


def _read_tiff(data: bytes) -> _Header:
    """Read sizes and strips from the first directory (TIFF 6.0, section 2)."""
    order = "<" if data[:2] == b"II" else ">"
    (directory,) = struct.unpack_from(f"{order}I", data, 4)
    if directory < 8:
        raise _FaultyError("its first directory's place is false")
    (count,) = struct.unpack_from(f"{order}H", data, directory)
    entries: dict[int, tuple[int, int, int]] = {}
    for number in range(count):
        place = directory + 2 + 12 * number
        tag, kind, values = struct.unpack_from(f"{order}HHI", data, place)
        if tag in (_TIFF_WIDTH, _TIFF_HEIGHT, _TIFF_STRIP_OFFSETS, _TIFF_STRIP_SIZES):
            entries[tag] = (kind, values, place + 8)
    if _TIFF_WIDTH not in entries or _TIFF_HEIGHT not in entries:
        raise _FaultyError("its directory has no size")
    width = _tiff_values(data, order, entries[_TIFF_WIDTH])[0]
    height = _tiff_values(data, order, entries[_TIFF_HEIGHT])[0]
    return width, height, lambda: _check_tiff_strips(data, order, entries)


def _tiff_values(data: bytes, order: str, entry: tuple[int, int, int]) -> tuple[int, ...]:
    kind, count, place = entry
    letter = _TIFF_INTEGERS.get(kind)
    if letter is None or count < 1:
        raise _FaultyError("its directory holds undefined values")
    size = struct.calcsize(letter) * count
    if size > len(data):
        raise _FaultyError("its directory's counts are false")
    if size > 4:
        (place,) = struct.unpack_from(f"{order}I", data, place)
    return struct.unpack_from(f"{order}{count}{letter}", data, place)


def _check_tiff_strips(data: bytes, order: str, entries: dict[int, tuple[int, int, int]]) -> None:
    if _TIFF_STRIP_OFFSETS not in entries or _TIFF_STRIP_SIZES not in entries:
        return  # tiled
    offsets = _tiff_values(data, order, entries[_TIFF_STRIP_OFFSETS])
    sizes = _tiff_values(data, order, entries[_TIFF_STRIP_SIZES])
    if len(offsets) != len(sizes):
        raise _FaultyError("its directory's counts are false")
    _check_length(data, max(offset + size for offset, size in zip(offsets, sizes, strict=True)))


def _check_length(data: bytes, needed: int) -> None:
    if len(data) < needed:
        _raise_truncated(f"it has {len(data)} of {needed} bytes")


def _raise_truncated(detail: str) -> None:
    raise _FaultyError(f"it is truncated: {detail}")


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return False
        text = data[: error.start].decode("utf-8")  # cut inside a character
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)


_READERS: dict[str, Callable[[bytes], _Header]] = {
    "jpeg": _read_jpeg,
    "png": _read_png,
    "webp": _read_webp,
    "bmp": _read_bmp,
    "tiff": _read_tiff,
}

_SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("jpeg", lambda data: data.startswith(b"\xff\xd8\xff")),
    ("png", lambda data: data.startswith(_PNG_SIGNATURE)),
    ("webp", lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP"),
    ("bmp", lambda data: data.startswith(b"BM") and data[15:18] == b"\x00\x00\x00"),
    ("tiff", lambda data: data.startswith((b"II*\x00", b"MM\x00*"))),
    ("gif", lambda data: data.startswith((b"GIF87a", b"GIF89a"))),
    ("heif", lambda data: data[4:8] == b"ftyp"),
    ("pdf", lambda data: data.startswith(b"%PDF")),
    ("zip", lambda data: data.startswith(b"PK\x03\x04")),
    ("gzip", lambda data: data.startswith(b"\x1f\x8b")),
)
