"""Photos that tests draw, good and bad."""

import struct
import zlib
from functools import cache
from io import BytesIO

from PIL import Image

import ootd_samples

ROTATED_RIGHT = 6
"""EXIF orientation of a camera held upright, its top to the left: pixels must be turned right."""


@cache
def outfit(seed: int = 7) -> Image.Image:
    """A drawn person in clothes."""
    image: Image.Image = ootd_samples.draw_outfit(seed).image
    return image.convert("RGB")


@cache
def outfit_jpeg(seed: int = 7) -> bytes:
    return encoded(outfit(seed), "JPEG", quality=92)


@cache
def garment_jpeg(seed: int, sub_category: str = "boots") -> bytes:
    image: Image.Image = ootd_samples.draw_garment(seed, sub_category=sub_category).image
    return encoded(image.convert("RGB"), "JPEG", quality=92)


def encoded(image: Image.Image, file_format: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, file_format, **options)
    return buffer.getvalue()


def rotated_by_exif(image: Image.Image) -> bytes:
    """The same photo as a phone writes it: pixels on their side, and a note how to turn them."""
    exif = Image.Exif()
    exif[0x0112] = ROTATED_RIGHT
    return encoded(image.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=92, exif=exif)


def png_with_header(width: int, height: int) -> bytes:
    """A small PNG file whose header promises another size than its data has."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        checksum = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", checksum)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(64))
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    )
