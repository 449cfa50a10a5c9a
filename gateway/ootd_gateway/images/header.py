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

import numpy as np

from ootd_gateway.errors import (
    ImageTooLargeError,
    ImageTooManyPixelsError,
    ImageTooSmallError,
    ImageUnreadableError,
)
from ootd_gateway.images.faults import FaultyHeaderError, Header, check_length, raise_truncated
from ootd_gateway.images.tiff import read_tiff


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
_PIECE_BYTES = 1 << 20  # what is looked at a time, so that memory stays small
_JPEG_MAX_SCANS = 100  # progressive photos have about ten
_JPEG_MAX_SEGMENTS = 4096
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_MAX_CHUNKS = 16_384
_PNG_BIT_DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
_BMP_CORE_HEADER = 12
_BMP_UNCOMPRESSED = (0, 3, 6)
_SNIFFED_BYTES = 512
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"})
_NEWER_FORMATS = {"heic": "HEIC (iPhone)", "heif": "HEIF", "avif": "AVIF"}


def check_image(image: bytes, limits: ImageLimits = DEFAULT_LIMITS) -> ImageHeader:
    """Read the header of an encoded JPEG, PNG, WebP, BMP or TIFF and hold it against the limits.

    A usual photo takes some ten microseconds. No length in the file is trusted and no table in it
    is read beyond a fixed count (4096 JPEG segments, 16,384 PNG chunks, 1024 TIFF tags, 65,536 TIFF
    strips or tiles), so the worst file takes some ten milliseconds, where 20 MiB are looked through
    for the end of a JPEG, and a megabyte of memory. Raises ImageUnreadableError (empty, text,
    another format, truncated, false header), ImageTooLargeError, ImageTooManyPixelsError,
    ImageTooSmallError.
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
        raise _not_taken(detected)
    try:
        width, height, check_complete = reader(image)
        if width < 1 or height < 1:
            raise FaultyHeaderError(f"its header says {width} x {height} pixels")  # noqa: TRY301
    except (FaultyHeaderError, struct.error) as error:
        detail = str(error) if isinstance(error, FaultyHeaderError) else "its header is truncated"
        raise _unreadable(detail, detected) from error
    _check_size(width, height, limits)
    try:
        check_complete()
    except (FaultyHeaderError, struct.error) as error:
        detail = str(error) if isinstance(error, FaultyHeaderError) else "it is truncated"
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
    return ImageUnreadableError(
        f"not a readable photo: {detail} (the bytes look like: {detected})",
        {"detected_format": detected},
    )


def _not_taken(detected: str) -> ImageUnreadableError:
    if detected == "empty":
        return ImageUnreadableError("the photo's file is empty", {"detected_format": detected})
    name = _NEWER_FORMATS.get(detected)
    if name is None:
        return _unreadable("no JPEG, PNG, WebP, BMP or TIFF photo", detected)
    return ImageUnreadableError(
        f"{name} photos are not taken: save it as JPEG, or `pip install ootd[heic]`, with which "
        "the Python client and the command line convert it",
        {"detected_format": detected},
    )


def _read_jpeg(data: bytes) -> Header:
    """Walk the segments to the frame header, then to the first scan (ITU T.81, annex B)."""
    size: tuple[int, int] | None = None
    place = 2
    for _ in range(_JPEG_MAX_SEGMENTS):
        if place + 4 > len(data):
            break
        if data[place] != 0xFF:
            raise FaultyHeaderError("its segments are damaged")
        marker = data[place + 1]
        if marker == 0xFF:  # a fill byte
            place += 1
            continue
        (length,) = struct.unpack_from(">H", data, place + 2)
        if length < 2:
            raise FaultyHeaderError("a segment's length is false")
        if marker in _JPEG_FRAME_MARKERS:
            height, width = struct.unpack_from(">HH", data, place + 5)
            size = (width, height)
        if marker == _JPEG_START_OF_SCAN:
            if size is None:
                raise FaultyHeaderError("it has a scan before its frame header")
            return (*size, partial(_check_jpeg_end, data, place))
        place += 2 + length
    if size is None:
        raise FaultyHeaderError("it has no frame header, so it is truncated or damaged")
    return (*size, lambda: raise_truncated("it has no scan"))


def _check_jpeg_end(data: bytes, scan: int) -> None:
    # Within a scan's data 0xFF is escaped, so this counts scans, those of second pictures included.
    scans = _count_markers(data, _JPEG_START_OF_SCAN, scan)
    if scans > _JPEG_MAX_SCANS:
        # Each goes over all pixels, and one of a few bytes is legal: thousands take minutes.
        raise FaultyHeaderError(f"it has {scans} scans, at most {_JPEG_MAX_SCANS} are decoded")
    # Trailing data after the end is common (motion photos, second pictures); a thumbnail's own end
    # lies before the scan.
    if data.rfind(_JPEG_END_OF_IMAGE, scan) < 0:
        raise_truncated("it has no end marker")


def _count_markers(data: bytes, marker: int, start: int) -> int:
    """Return how often 0xFF and the marker follow each other; some 20 ms for the largest file."""
    array = np.frombuffer(data, np.uint8)
    count = 0
    for first in range(start, len(data) - 1, _PIECE_BYTES):
        piece = array[first : first + _PIECE_BYTES + 1]
        count += int(np.count_nonzero((piece[:-1] == 0xFF) & (piece[1:] == marker)))
    return count


def _read_png(data: bytes) -> Header:
    """Read IHDR (PNG, third edition, section 11.2.1)."""
    length, kind, width, height, depth, color, compression, filtering, interlace, checksum = (
        struct.unpack_from(">I4sIIBBBBBI", data, len(_PNG_SIGNATURE))
    )
    if kind != b"IHDR" or length != 13:
        raise FaultyHeaderError("its first chunk is not a header")
    if zlib.crc32(data[12:29]) != checksum:
        raise FaultyHeaderError("its header's checksum is false")
    known = depth in _PNG_BIT_DEPTHS.get(color, ()) and interlace in (0, 1)
    if not known or compression or filtering:
        raise FaultyHeaderError("its header holds undefined values")
    return width, height, lambda: _check_png_end(data)


def _check_png_end(data: bytes) -> None:
    """Walk the chunks to the last one."""
    place, has_pixels = len(_PNG_SIGNATURE), False
    for _ in range(_PNG_MAX_CHUNKS):
        if place + 12 > len(data):
            raise_truncated("it has no IEND chunk")
        kind = data[place + 4 : place + 8]
        if kind == b"IEND":
            if not has_pixels:
                raise_truncated("it has no pixels")
            return
        has_pixels = has_pixels or kind == b"IDAT"
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    raise FaultyHeaderError(f"it has more than {_PNG_MAX_CHUNKS} chunks")


def _read_webp(data: bytes) -> Header:
    """Read the first chunk: VP8X canvas, VP8L or VP8 frame (RFC 9649)."""
    (riff_size,) = struct.unpack_from("<I", data, 4)
    kind = data[12:16]
    if kind == b"VP8X":
        width = int.from_bytes(data[24:27], "little") + 1
        height = int.from_bytes(data[27:30], "little") + 1
    elif kind == b"VP8L":
        signature, bits = struct.unpack_from("<BI", data, 20)
        if signature != 0x2F:
            raise FaultyHeaderError("its lossless header is false")
        width, height = (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    elif kind == b"VP8 ":
        if data[23:26] != b"\x9d\x01\x2a":
            raise FaultyHeaderError("its frame header is false")
        width, height = (side & 0x3FFF for side in struct.unpack_from("<HH", data, 26))
    else:
        raise FaultyHeaderError("its first chunk is unknown")
    if len(data) < 30:
        raise FaultyHeaderError("its header is truncated")
    return width, height, lambda: check_length(data, 8 + riff_size)


def _read_bmp(data: bytes) -> Header:
    pixels_at, header_size = struct.unpack_from("<II", data, 10)
    if header_size == _BMP_CORE_HEADER:
        width, height, _, bits = struct.unpack_from("<HHHH", data, 18)
        compression = 0
    elif header_size >= 40:
        width, height, _, bits, compression = struct.unpack_from("<iiHHI", data, 18)
    else:
        raise FaultyHeaderError("its header's size is false")
    height = abs(height)  # negative: rows from the top
    row = (width * bits + 31) // 32 * 4
    needed = pixels_at + row * height if compression in _BMP_UNCOMPRESSED else pixels_at + 1
    return width, height, lambda: check_length(data, needed)


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        if error.start < len(data) - 3:
            return False
        text = data[: error.start].decode("utf-8")  # cut inside a character
    return bool(text) and all(character.isprintable() or character.isspace() for character in text)


_READERS: dict[str, Callable[[bytes], Header]] = {
    "jpeg": _read_jpeg,
    "png": _read_png,
    "webp": _read_webp,
    "bmp": _read_bmp,
    "tiff": read_tiff,
}

_SIGNATURES: tuple[tuple[str, Callable[[bytes], bool]], ...] = (
    ("jpeg", lambda data: data.startswith(b"\xff\xd8\xff")),
    ("png", lambda data: data.startswith(_PNG_SIGNATURE)),
    ("webp", lambda data: data.startswith(b"RIFF") and data[8:12] == b"WEBP"),
    ("bmp", lambda data: data.startswith(b"BM") and data[15:18] == b"\x00\x00\x00"),
    ("tiff", lambda data: data.startswith((b"II*\x00", b"MM\x00*"))),
    ("gif", lambda data: data.startswith((b"GIF87a", b"GIF89a"))),
    ("heic", lambda data: data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS),
    ("avif", lambda data: data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis"}),
    ("heif", lambda data: data[4:8] == b"ftyp" and data[8:12] in {b"mif1", b"msf1"}),
    ("video", lambda data: data[4:8] == b"ftyp"),
    ("pdf", lambda data: data.startswith(b"%PDF")),
    ("zip", lambda data: data.startswith(b"PK\x03\x04")),
    ("gzip", lambda data: data.startswith(b"\x1f\x8b")),
)
