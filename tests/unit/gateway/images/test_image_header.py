import io
import random
import struct
import time
import tracemalloc
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from PIL import Image

from catalog_builders import encoded_photo
from ootd_gateway.errors import (
    ImageError,
    ImageTooLargeError,
    ImageTooManyPixelsError,
    ImageTooSmallError,
    ImageUnreadableError,
)
from ootd_gateway.images.header import ImageHeader, ImageLimits, check_image, detect_format

KINDS = ("JPEG", "PNG", "WEBP", "BMP", "TIFF")


def png(width: int, height: int, *, rest: bytes = b"", checksum: int | None = None) -> bytes:
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    checksum = zlib.crc32(header) if checksum is None else checksum
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + header + struct.pack(">I", checksum) + rest
    )


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(64, 48), (17, 301), (1000, 16)])
def test_reads_sizes(kind: str, size: tuple[int, int]) -> None:
    assert check_image(encoded_photo(*size, kind)) == ImageHeader(kind.lower(), *size)


@pytest.mark.parametrize(
    ("kind", "mode", "options"),
    [
        ("JPEG", "L", {}),
        ("JPEG", "CMYK", {}),
        ("JPEG", "RGB", {"progressive": True}),
        ("JPEG", "RGB", {"icc_profile": bytes(200_000)}),
        ("JPEG", "RGB", {"comment": b"x" * 60_000, "restart_marker_blocks": 1}),
        ("PNG", "RGBA", {}),
        ("PNG", "LA", {}),
        ("PNG", "P", {}),
        ("PNG", "1", {}),
        ("WEBP", "RGBA", {}),
        ("WEBP", "RGB", {"lossless": True}),
        ("WEBP", "RGB", {"exif": Image.Exif().tobytes()}),
        ("BMP", "L", {}),
        ("BMP", "1", {}),
        ("TIFF", "CMYK", {}),
        ("TIFF", "L", {"compression": "tiff_lzw"}),
        ("TIFF", "RGB", {"compression": "jpeg"}),
        ("TIFF", "RGB", {"compression": "tiff_deflate", "big_tiff": False}),
    ],
)
def test_reads_every_usual_mode(kind: str, mode: str, options: dict[str, Any]) -> None:
    data = encoded_photo(70, 90, kind, mode, **options)
    assert check_image(data) == ImageHeader(kind.lower(), 70, 90)


def test_sizes_are_those_before_orientation() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    assert check_image(encoded_photo(64, 48, exif=exif)) == ImageHeader("jpeg", 64, 48)


def test_a_thumbnail_is_not_the_photo() -> None:
    thumbnail = encoded_photo(32, 24)
    data = encoded_photo(200, 100)
    segment = b"\xff\xe1" + struct.pack(">H", len(thumbnail) + 8) + b"Exif\x00\x00" + thumbnail
    assert check_image(data[:2] + segment + data[2:]) == ImageHeader("jpeg", 200, 100)
    cut = (data[:2] + segment + data[2:])[:-400]
    with pytest.raises(ImageUnreadableError, match="truncated"):
        check_image(cut)


@pytest.mark.parametrize("tail", [b"\x00" * 100, b"motion photo" * 1000])
def test_bytes_after_the_end_are_fine(tail: bytes) -> None:
    for kind in KINDS:
        check_image(encoded_photo(64, 48, kind) + tail)


@pytest.mark.parametrize(
    ("data", "detected"),
    [
        (b"", "empty"),
        (b"hello, this is no photo", "text"),
        ("größe".encode() * 200, "text"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "text"),
        (b"GIF89a" + bytes(50), "gif"),
        (b"%PDF-1.7\n", "pdf"),
        (b"PK\x03\x04" + bytes(50), "zip"),
        (b"\x00\x00\x00\x20ftypheic" + bytes(50), "heic"),
        (b"\x00\x00\x00\x20ftypmif1" + bytes(50), "heif"),
        (b"\x00\x00\x00\x20ftypavif" + bytes(50), "avif"),
        (b"\x00\x00\x00\x20ftypisom" + bytes(50), "video"),
        (bytes(1000), "unknown"),
        (b"\xff\xd8", "unknown"),
        (b"RIFF\x00\x00\x00\x00WAVEfmt ", "unknown"),
    ],
)
def test_what_is_no_photo(data: bytes, detected: str) -> None:
    assert detect_format(data) == detected
    with pytest.raises(ImageUnreadableError) as caught:
        check_image(data)
    assert caught.value.metadata == {"detected_format": detected}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.99])
def test_truncated_photos(kind: str, share: float) -> None:
    data = encoded_photo(200, 200, kind)
    with pytest.raises(ImageUnreadableError) as caught:
        check_image(data[: int(len(data) * share)])
    assert caught.value.metadata == {"detected_format": kind.lower()}
    assert "truncated" in caught.value.message


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (png(64, 64, checksum=1), "checksum"),
        (png(0, 64), "0 x 64"),
        (png(64, 64), "truncated"),
        (png(64, 64, rest=b"\x00\x00\x00\x00IEND\xaeB`\x82"), "truncated"),
        (b"\x89PNG\r\n\x1a\n" + bytes(40), "not a header"),
        (b"\x89PNG\r\n\x1a\n" + b"x" * 10, "truncated"),
        (b"\xff\xd8\xff\xe0" + bytes(40), "length"),
        (b"\xff\xd8\xff\xe0\x00\x04ab" + b"not a marker", "damaged"),
        (b"\xff\xd8\xff\xda\x00\x04ab" + bytes(40), "before its frame"),
        (b"\xff\xd8" + b"\xff\xfe\x00\x02" * 10_000, "frame header"),
        (b"RIFF\x40\x00\x00\x00WEBPJUNK" + bytes(60), "unknown"),
        (b"RIFF\x40\x00\x00\x00WEBPVP8L" + bytes(60), "lossless"),
        (b"RIFF\x40\x00\x00\x00WEBPVP8 " + bytes(60), "frame header"),
        (b"BM" + bytes(12) + b"\x01\x00\x00\x00" + bytes(60), "size"),
        (b"II*\x00\x00\x00\x00\x00" + bytes(60), "directory"),
        (b"II*\x00\xff\xff\xff\xff" + bytes(60), "truncated"),
        (b"II*\x00\x08\x00\x00\x00" + bytes(60), "no size"),
    ],
)
def test_false_headers(data: bytes, text: str) -> None:
    with pytest.raises(ImageUnreadableError, match=text):
        check_image(data)


def test_a_decompression_bomb_is_refused_by_its_header() -> None:
    with pytest.raises(ImageTooManyPixelsError) as caught:
        check_image(png(30_000, 30_000))
    assert caught.value.metadata == {
        "width": "30000",
        "height": "30000",
        "limit_pixels": "50000000",
    }
    with pytest.raises(ImageTooManyPixelsError):
        check_image(b"RIFF\x40\x00\x00\x00WEBPVP8X" + b"\x0a" + bytes(7) + b"\xff" * 6 + bytes(40))


def test_limits_are_exact() -> None:
    photo = encoded_photo(100, 50)
    check_image(photo, ImageLimits(max_bytes=len(photo), max_pixels=5000, min_side=50))
    with pytest.raises(ImageTooLargeError) as large:
        check_image(photo, ImageLimits(max_bytes=len(photo) - 1))
    assert large.value.metadata == {"bytes": str(len(photo)), "limit_bytes": str(len(photo) - 1)}
    with pytest.raises(ImageTooManyPixelsError):
        check_image(photo, ImageLimits(max_pixels=4999))
    with pytest.raises(ImageTooSmallError) as small:
        check_image(photo, ImageLimits(min_side=51))
    assert small.value.metadata == {"width": "100", "height": "50", "minimum_side": "51"}
    with pytest.raises(ImageTooSmallError):
        check_image(encoded_photo(1, 1, "PNG"))


def test_25_megabytes_are_too_many() -> None:
    with pytest.raises(ImageTooLargeError):
        check_image(encoded_photo() + bytes(25 * 1024 * 1024))


@pytest.mark.parametrize("kind", KINDS)
def test_damaged_photos_raise_what_callers_are_told(kind: str) -> None:
    """Random damage: a header or an ImageError comes of it, nothing else, and soon."""
    rng = random.Random(kind)
    whole = encoded_photo(40, 40, kind)
    begun = time.perf_counter()
    for _ in range(1500):
        data = bytearray(whole[: rng.choice([len(whole), rng.randrange(len(whole) + 1)])])
        for _ in range(rng.randrange(12)):
            if data:
                place = rng.randrange(min(len(data), rng.choice([32, 200, len(data)])))
                data[place] = rng.choice([0, 0xFF, rng.randrange(256)])
        try:
            header = check_image(bytes(data))
        except ImageError:
            continue
        assert min(header.width, header.height) >= 16
        assert header.width * header.height <= 50_000_000
    assert time.perf_counter() - begun < 5.0


def tiff(*tags: tuple[int, int, int, bytes], size: int = 0, count: int | None = None) -> bytes:
    """A TIFF of some tags (tag, kind, count, value or place), filled up with zeros."""
    head = b"II*\x00" + struct.pack("<IH", 8, len(tags) if count is None else count)
    body = b"".join(struct.pack("<HHI", *tag[:3]) + tag[3].ljust(4, b"\x00") for tag in tags)
    return (head + body + bytes(4)).ljust(size, b"\x00")


def number(value: int) -> bytes:
    return struct.pack("<I", value)


SIDES = ((256, 4, 1, number(64)), (257, 4, 1, number(64)))
STRIPS = ((273, 4, 1, number(0)), (279, 4, 1, number(0)))
MANY = 4_500_000
LARGE = 20 * 1024 * 1024
HOSTILE: dict[str, Callable[[], bytes]] = {
    "strips": lambda: tiff(
        *SIDES, (273, 4, MANY, number(100)), (279, 4, MANY, number(100)), size=LARGE - 100
    ),
    "tiles": lambda: tiff(
        *SIDES, (324, 4, MANY, number(100)), (325, 4, MANY, number(100)), size=LARGE - 100
    ),
    "width": lambda: tiff(
        (256, 4, MANY, number(100)), (257, 4, MANY, number(100)), size=LARGE - 100
    ),
    "tags": lambda: tiff(size=LARGE - 100, count=0xFFFF),
    "samples": lambda: tiff(*SIDES, *STRIPS, (277, 3, 1, number(60_000)), size=1000),
    "tile sides": lambda: tiff(
        *SIDES,
        (322, 4, 1, number(1 << 31)),
        (323, 4, 1, number(1 << 31)),
        (324, 4, 1, number(0)),
        (325, 4, 1, number(0)),
        size=1000,
    ),
    "png chunks": lambda: png(
        64, 64, rest=(b"\x00\x00\x00\x00tEXt" + bytes(4)) * (LARGE // 12 - 10)
    ),
    "png of the beginnings of IDAT": lambda: png(64, 64, rest=b"IDA" * (LARGE // 3 - 100)),
    "jpeg segments": lambda: b"\xff\xd8" + b"\xff\xfe\x00\x02" * (LARGE // 4 - 1),
    "jpeg fill bytes": lambda: b"\xff\xd8" + b"\xff" * (LARGE - 2),
    "jpeg without an end": lambda: encoded_photo()[:-2] + b"\xff" * (LARGE - 10_000),
    "webp": lambda: b"RIFF\xff\xff\xff\xffWEBPVP8X\x0a" + bytes(17) + bytes(LARGE - 100),
    "bmp": lambda: (
        b"BM" + bytes(8) + struct.pack("<IIiiHHI", 54, 40, 64, 64, 1, 65_535, 0) + bytes(5000)
    ),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_file_takes_long_or_much_memory(name: str) -> None:
    data = HOSTILE[name]()
    assert len(data) <= LARGE
    tracemalloc.start()
    try:
        with pytest.raises(ImageError):
            check_image(data)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 4 * 1024 * 1024  # a table of 65,536 numbers, several times
    times = []
    for _ in range(3):
        begun = time.perf_counter()
        with pytest.raises(ImageError):
            check_image(data)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.1


def test_the_largest_tables_that_are_read_take_milliseconds() -> None:
    count = 65_536
    at = 8 + 2 + 4 * 12 + 4
    data = tiff(
        *SIDES, (273, 4, count, number(at)), (279, 4, count, number(at)), size=at + 4 * count
    )
    assert check_image(data) == ImageHeader("tiff", 64, 64)
    begun = time.perf_counter()
    check_image(data)
    assert time.perf_counter() - begun < 0.1


def test_a_tiled_tiff_must_have_all_its_tiles() -> None:
    sides = ((322, 4, 1, number(64)), (323, 4, 1, number(64)))
    tiles = ((324, 4, 1, number(150)), (325, 4, 1, number(1000)))
    whole = tiff(*SIDES, *sides, *tiles, size=1150)
    assert check_image(whole) == ImageHeader("tiff", 64, 64)
    with pytest.raises(ImageUnreadableError, match="truncated"):
        check_image(whole[:-1])


@pytest.mark.parametrize(("brand", "name"), [(b"heic", "iPhone"), (b"avif", "AVIF")])
def test_newer_formats_are_named_with_what_to_do(brand: bytes, name: str) -> None:
    with pytest.raises(ImageUnreadableError, match=name) as caught:
        check_image(b"\x00\x00\x00\x20ftyp" + brand + bytes(50))
    assert "save it as JPEG" in caught.value.message
    assert "ootd[heic]" in caught.value.message


def test_an_empty_file_is_called_that() -> None:
    with pytest.raises(ImageUnreadableError, match="file is empty"):
        check_image(b"")


def test_a_photo_takes_under_a_millisecond() -> None:
    photo = encoded_photo(600, 500, quality=95)
    assert 150_000 < len(photo) < 600_000
    times = []
    for _ in range(50):
        begun = time.perf_counter()
        check_image(photo)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.001


def test_a_photo_of_thousands_of_scans_is_refused() -> None:
    """Each scan goes over all pixels, and a legal one may have a few bytes."""
    file = io.BytesIO()
    Image.new("RGB", (64, 64)).save(file, "JPEG", progressive=True)
    data = file.getvalue()
    start = data.rindex(b"\xff\xda")
    scan = data[start:-2]
    check_image(data[:-2] + scan * 50 + data[-2:])
    with pytest.raises(ImageUnreadableError, match="scans"):
        check_image(data[:-2] + scan * 200 + data[-2:])
