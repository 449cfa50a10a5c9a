"""Decoding: every kind of photo comes out upright, in RGB, with its geometry."""

import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from model_calls import Array, Arrays, Encode, Infer
from PIL import Image, ImageOps
from tritonclient.utils import InferenceServerException

Decode = Callable[[bytes], Arrays]


@pytest.fixture
def decode(infer: Infer) -> Decode:
    return lambda image: infer("decode", IMAGE=np.frombuffer(image, np.uint8)[None])


def test_geometry_and_letterbox_of_a_portrait(
    decode: Decode, encode: Encode, drawing: Image.Image
) -> None:
    out = decode(encode(drawing, "PNG"))
    np.testing.assert_array_equal(out["GEOMETRY"], [[500, 360, 500, 360, 320, 230]])
    np.testing.assert_array_equal(out["PHOTO"][0], np.asarray(drawing))
    letterbox = out["LETTERBOX"]
    assert letterbox.shape == (1, 3, 320, 320)
    assert letterbox.dtype == np.float32
    np.testing.assert_allclose(letterbox[0, :, :, 230:], 114 / 255, atol=1e-6)
    reference = np.asarray(drawing.resize((230, 320), Image.Resampling.BILINEAR)) / 255
    difference = np.abs(letterbox[0, :, :, :230] - reference.transpose(2, 0, 1))
    assert difference.mean() < 1.5 / 255


def test_a_landscape_is_padded_below(decode: Decode, encode: Encode, drawing: Image.Image) -> None:
    out = decode(encode(drawing.transpose(Image.Transpose.ROTATE_90), "PNG"))
    np.testing.assert_array_equal(out["GEOMETRY"], [[360, 500, 360, 500, 230, 320]])
    np.testing.assert_allclose(out["LETTERBOX"][0, :, 230:], 114 / 255, atol=1e-6)


def test_a_large_photo_is_reduced_and_a_small_one_is_not_enlarged(
    decode: Decode, encode: Encode, drawing: Image.Image
) -> None:
    out = decode(encode(drawing.resize((1440, 2000))))
    np.testing.assert_array_equal(out["GEOMETRY"], [[2000, 1440, 1024, 737, 320, 230]])
    assert out["PHOTO"].shape == (1, 1024, 737, 3)
    reference = np.asarray(drawing.resize((737, 1024), Image.Resampling.BILINEAR)).astype(int)
    assert np.abs(out["PHOTO"][0] - reference).mean() < 2
    out = decode(encode(drawing.resize((36, 50))))
    np.testing.assert_array_equal(out["GEOMETRY"], [[50, 36, 50, 36, 320, 230]])


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (3000, 1)])
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_extreme_sizes_do_not_crash(
    decode: Decode, encode: Encode, size: tuple[int, int], kind: str
) -> None:
    out = decode(encode(Image.new("RGB", size, (10, 20, 30)), kind))
    assert out["GEOMETRY"][0, :2].tolist() == [size[1], size[0]]
    assert out["GEOMETRY"].min() >= 1
    np.testing.assert_allclose(out["PHOTO"][0, 0, 0], (10, 20, 30), atol=2)


@pytest.mark.parametrize("mode", ["L", "CMYK", "RGB"])
def test_jpeg_modes(decode: Decode, encode: Encode, drawing: Image.Image, mode: str) -> None:
    image = drawing.convert(mode)
    encoded = encode(image, quality=95)
    expected = np.asarray(Image.open(io.BytesIO(encoded)).convert("RGB")).astype(int)
    assert np.abs(decode(encoded)["PHOTO"][0] - expected).mean() < 1


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "RGBA"])
def test_png_modes(decode: Decode, encode: Encode, drawing: Image.Image, mode: str) -> None:
    image = drawing.convert(mode)
    expected = np.asarray(image.convert("RGB")).astype(int)
    assert np.abs(decode(encode(image, "PNG"))["PHOTO"][0] - expected).mean() < 1


def test_png_of_16_bits(decode: Decode, encode: Encode, drawing: Image.Image) -> None:
    grey = np.asarray(drawing.convert("L"))
    image = Image.fromarray(grey.astype(np.uint16) * 257)
    photo = decode(encode(image, "PNG"))["PHOTO"][0]
    assert np.abs(photo - grey[..., None].astype(int)).max() <= 1


def test_transparent_parts_of_a_png_become_white(
    decode: Decode, encode: Encode, drawing: Image.Image
) -> None:
    alpha = Image.linear_gradient("L").resize(drawing.size)
    image = drawing.copy()
    image.putalpha(alpha)
    white = Image.new("RGB", drawing.size, "white")
    expected = np.asarray(Image.composite(drawing, white, alpha)).astype(int)
    assert np.abs(decode(encode(image, "PNG"))["PHOTO"][0] - expected).max() <= 1


@pytest.mark.parametrize("kind", ["WEBP", "TIFF"])
def test_alpha_of_other_formats_is_ignored(
    decode: Decode, encode: Encode, drawing: Image.Image, kind: str
) -> None:
    image = drawing.copy()
    image.putalpha(128)
    options = {"lossless": True, "exact": True} if kind == "WEBP" else {}
    photo = decode(encode(image, kind, **options))["PHOTO"][0]
    np.testing.assert_array_equal(photo, np.asarray(drawing))


@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("WEBP", {"lossless": True}),
        ("WEBP", {"quality": 95}),
        ("BMP", {}),
        ("TIFF", {}),
        ("TIFF", {"compression": "tiff_lzw"}),
        ("JPEG", {"progressive": True, "quality": 95}),
    ],
)
def test_other_formats(
    decode: Decode, encode: Encode, drawing: Image.Image, kind: str, options: dict[str, Any]
) -> None:
    photo = decode(encode(drawing, kind, **options))["PHOTO"][0]
    assert np.abs(photo - np.asarray(drawing).astype(int)).mean() < 3


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(
    decode: Decode, encode: Encode, drawing: Image.Image, orientation: int
) -> None:
    exif = Image.Exif()
    exif[0x112] = orientation
    encoded = encode(drawing, exif=exif.tobytes(), quality=95)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(encoded)))
    expected = np.asarray(upright).astype(int)
    out = decode(encoded)
    assert out["GEOMETRY"][0, :2].tolist() == list(expected.shape[:2])
    assert np.abs(out["PHOTO"][0] - expected).mean() < 1


def broken_images(encode: Encode, drawing: Image.Image) -> dict[str, bytes]:
    jpeg, png = encode(drawing), encode(drawing, "PNG")
    return {
        "truncated JPEG": jpeg[: len(jpeg) // 2],
        "JPEG without its end": jpeg[:-100],
        "truncated PNG": png[: len(png) // 2],
        "PNG header alone": png[:8] + b"x" * 100,
        "text": b"this is no photo",
        "one byte": b"\xff",
        "GIF": encode(drawing, "GIF"),
    }


def test_what_is_no_photo_is_refused_and_the_next_one_is_not(
    decode: Decode, encode: Encode, drawing: Image.Image
) -> None:
    good = encode(drawing, "PNG")
    for name, image in broken_images(encode, drawing).items():
        with pytest.raises(InferenceServerException) as caught:
            decode(image)
        assert caught.value.status() == "StatusCode.INVALID_ARGUMENT", name
        assert "cannot process IMAGE" in caught.value.message(), name
        np.testing.assert_array_equal(decode(good)["PHOTO"][0], np.asarray(drawing))


def test_a_bad_photo_fails_alone_among_concurrent_ones(
    decode: Decode, encode: Encode, drawing: Image.Image
) -> None:
    good, bad = encode(drawing), encode(drawing)[:2000]
    expected = decode(good)["PHOTO"]

    def attempt(number: int) -> Array | None:
        try:
            return decode(bad if number % 4 == 1 else good)["PHOTO"]
        except InferenceServerException:
            return None

    with ThreadPoolExecutor(8) as pool:
        photos = list(pool.map(attempt, range(32)))
    for number, photo in enumerate(photos):
        if number % 4 == 1:
            assert photo is None
        else:
            assert photo is not None
            np.testing.assert_array_equal(photo, expected)
