"""Photos of all kinds that callers have them in."""

import io
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import ootd
from ootd import AsyncClient, Client, ImageAnalysis, ItemUpload
from ootd._images import PHOTO_LIMIT_BYTES, heif_kind, read_image
from ootd.testing import FakeGateway

RED, BLUE = (200, 30, 30), (30, 30, 200)
UPRIGHT = 1
TURNED = 6  # Shown a quarter turn clockwise: the stored left side is the top.


def drawing(mode: str = "RGB") -> Image.Image:
    """40 x 20 pixels, the left half red and the right half blue."""
    image = Image.new("RGB", (40, 20), RED)
    image.paste(BLUE, (20, 0, 40, 20))
    return image.convert(mode)


def encoded(kind: str, orientation: int = UPRIGHT) -> bytes:
    if kind == "HEIF":
        pytest.importorskip("pillow_heif").register_heif_opener()
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    # As bytes, so that the encoder of HEIC turns the photo as cameras do, beside the EXIF data.
    drawing().save(buffer, kind, exif=exif.tobytes(), quality=90)
    return buffer.getvalue()


SOURCES: dict[str, Callable[[bytes, Path], Any]] = {
    "bytes": lambda photo, path: photo,
    "bytearray": lambda photo, path: bytearray(photo),
    "memoryview": lambda photo, path: memoryview(b"--" + photo)[2:],
    "BytesIO": lambda photo, path: io.BytesIO(photo),
    "file": lambda photo, path: path.open("rb"),
    "str": lambda photo, path: str(path),
    "Path": lambda photo, path: path,
}


@pytest.mark.parametrize("kind", SOURCES)
async def test_a_photo_may_be(kind: str, gateway: FakeGateway, tmp_path: Path) -> None:
    photo = encoded("JPEG")
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    expected = []
    seen: list[bytes] = []

    def remember(image: bytes, *_: Any) -> ImageAnalysis:
        seen.append(image)
        return ImageAnalysis(40, 20, ())

    gateway.analyze = remember
    make = SOURCES[kind]
    with Client(gateway.target) as client:
        client.analyze_image(make(photo, path))
        client.search_by_image(make(photo, path))
        expected = list(client.analyze_images([ootd.Photo("a", make(photo, path))]))
    async with AsyncClient(gateway.target) as other:
        await other.analyze_image(make(photo, path))
    assert seen == [photo] * 4
    assert expected[0].error is None


@pytest.mark.parametrize(
    ("image", "error", "message"),
    [
        ("https://example.com/a.jpg", ValueError, "is a URL; photos are not fetched"),
        ("file:///tmp/a.jpg", ValueError, "is a URL"),
        (7, TypeError, "a photo is bytes, .*; got int"),
        (None, TypeError, "got NoneType"),
        (["a.jpg"], TypeError, "got list"),
        (io.StringIO("text"), TypeError, "reading the photo gave str, not bytes: .*rb"),
        (b"", ootd.ImageError, "the photo is empty"),
        (io.BytesIO(), ootd.ImageError, "the file, read from where it stands, is empty"),
        ("/no/such/photo.jpg", FileNotFoundError, "photo.jpg"),
        ("/tmp", IsADirectoryError, "tmp"),
    ],
)
def test_what_is_no_photo(client: Client, image: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        client.analyze_image(image)


def test_an_empty_file_is_named(client: Client, tmp_path: Path) -> None:
    path = tmp_path / "nothing.jpg"
    path.touch()
    with pytest.raises(ootd.ImageError, match=r"nothing\.jpg' is empty") as caught:
        client.analyze_image(path)
    assert caught.value.reason == "IMAGE_UNREADABLE"


def test_no_more_is_read_than_can_be_sent(client: Client) -> None:
    """/dev/zero never ends."""
    with pytest.raises(ootd.ImageError, match="more than") as caught:
        client.analyze_image("/dev/zero")
    assert caught.value.reason == "IMAGE_TOO_LARGE"
    assert caught.value.metadata["limit_bytes"] == str(PHOTO_LIMIT_BYTES)


@pytest.mark.parametrize("mode", ["RGB", "L", "CMYK", "P", "1"])
def test_pillow_images_become_jpeg(mode: str) -> None:
    sent = Image.open(io.BytesIO(read_image(drawing(mode))))
    assert sent.format == "JPEG"
    assert sent.size == (40, 20)


@pytest.mark.parametrize("mode", ["RGBA", "LA", "PA"])
def test_transparent_pillow_images_become_png(mode: str) -> None:
    image = drawing("RGBA" if mode == "RGBA" else "LA").convert(mode)
    sent = Image.open(io.BytesIO(read_image(image)))
    assert (sent.format, sent.mode) == ("PNG", "RGBA")


def is_top_red(photo: bytes) -> bool:
    """Whether a photo that is shown upright has red at its top and blue at its bottom."""
    shown = Image.open(io.BytesIO(photo)).convert("RGB")
    assert shown.size == (20, 40)
    top, bottom = shown.getpixel((10, 5)), shown.getpixel((10, 35))
    assert isinstance(top, tuple)
    assert isinstance(bottom, tuple)
    return top[0] > top[2] and bottom[2] > bottom[0]


def test_a_pillow_image_keeps_its_orientation(tmp_path: Path) -> None:
    turned = Image.open(io.BytesIO(encoded("JPEG", TURNED)))
    assert turned.size == (40, 20)
    assert is_top_red(read_image(turned))


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_heic_and_avif_become_upright_jpeg(kind: str, gateway: FakeGateway) -> None:
    photo = encoded(kind, TURNED)
    assert heif_kind(photo) == {"HEIF": "heic", "AVIF": "avif"}[kind]
    sent = read_image(photo)
    assert sent.startswith(b"\xff\xd8\xff")
    assert is_top_red(sent)
    with Client(gateway.target) as client:
        assert client.upsert_item(ItemUpload("a", photo)).outcome == "created"


@pytest.mark.parametrize("kind", ["HEIF", "AVIF"])
def test_a_cut_photo_is_unreadable(client: Client, kind: str) -> None:
    photo = encoded(kind)
    with pytest.raises(ootd.ImageError, match="cannot be decoded as") as caught:
        client.analyze_image(photo[: len(photo) // 2])
    assert caught.value.reason == "IMAGE_UNREADABLE"
    ftyp_alone = photo[: int.from_bytes(photo[:4], "big")]
    good, bad = client.analyze_images(
        [ootd.Photo("a", encoded("JPEG")), ootd.Photo("b", ftyp_alone)]
    )
    assert good.error is None
    assert isinstance(bad.error, ootd.ImageError)


def test_without_the_extra_it_is_said_what_to_install(tmp_path: Path) -> None:
    """In a process of its own, which cannot import Pillow's plugin, then not Pillow either."""
    path = tmp_path / "photo.heic"
    path.write_bytes(encoded("HEIF"))
    for missing in ("pillow_heif", "PIL"):
        code = (
            f"import sys; sys.modules[{missing!r}] = None\n"
            "import ootd\n"
            "try: ootd.Client('localhost:1').analyze_image(sys.argv[1])\n"
            "except ootd.ImageError as error: print(error, error.metadata)"
        )
        command = [sys.executable, "-c", code, str(path)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert "photo.heic' is HEIC, which gateways do not read" in done.stdout
        assert "pip install 'ootd[heic]'" in done.stdout
        assert "'detected_format': 'heic'" in done.stdout


class Pipe:
    """Gives 100 bytes at a time, whatever is asked for."""

    def __init__(self, content: bytes) -> None:
        self._rest = io.BytesIO(content)

    def read(self, size: int = -1, /) -> bytes:
        return self._rest.read(min(size, 100))


class Awaited(Pipe):
    async def read(self, size: int = -1, /) -> bytes:  # type: ignore[override]
        return super().read(size)


def test_a_file_that_gives_less_than_was_asked_for_is_read_to_its_end() -> None:
    photo = encoded("PNG") * 5
    assert read_image(Pipe(photo)) == photo


async def test_an_asynchronous_file_is_for_the_asynchronous_client(gateway: FakeGateway) -> None:
    photo = encoded("JPEG")
    with Client(gateway.target) as client:
        with pytest.raises(TypeError, match="must be awaited: use AsyncClient"):
            client.analyze_image(Awaited(photo))
        expected = client.analyze_image(photo)
    async with AsyncClient(gateway.target) as client:
        assert await client.analyze_image(Awaited(photo)) == expected


def test_an_array_of_bytes_is_a_photo_and_one_of_pixels_is_not() -> None:
    photo = encoded("PNG")
    assert read_image(np.frombuffer(photo, np.uint8)) == photo  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"of 3 dimensions: .*Image\.fromarray"):
        read_image(np.zeros((8, 8, 3), np.uint8))  # type: ignore[arg-type]


def test_grey_of_16_bits_is_scaled_to_8() -> None:
    grey = np.arange(256, dtype=np.uint16).reshape(16, 16)
    sent = Image.open(io.BytesIO(read_image(Image.fromarray(grey * 257))))
    assert sent.mode == "L"
    assert np.abs(np.asarray(sent).astype(int) - grey).max() <= 6  # JPEG


def test_pillow_images_that_cannot_be_sent_say_why(tmp_path: Path) -> None:
    for mode in ("I", "F"):
        with pytest.raises(TypeError, match=f"mode '{mode}' may hold any range"):
            read_image(Image.new(mode, (32, 32)))
    with pytest.raises(ootd.ImageError, match="no pixels, its size is 0 x 5"):
        read_image(Image.new("RGB", (0, 5)))
    with pytest.raises(ootd.ImageError, match="70000 x 20 pixels, JPEG at most 65500"):
        read_image(Image.new("RGB", (70_000, 20)))
    path = tmp_path / "photo.png"
    path.write_bytes(encoded("PNG"))
    opened = Image.open(path)
    opened.close()
    with pytest.raises(ValueError, match="is it closed"):
        read_image(opened)
