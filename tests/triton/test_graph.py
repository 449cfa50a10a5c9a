"""The whole graph: one encoded photo and a guide in, every garment out."""

import csv
import hashlib
import io
import json
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from model_calls import Analyze, Arrays, Encode, Guide, Infer
from PIL import Image
from tritonclient import grpc as triton_grpc
from tritonclient.utils import InferenceServerException

import ootd_samples

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = range(6)
KEPT, NOT_OF_CATEGORY, NO_GARMENT = 0, 4, 5
DETECTED, WHOLE_PHOTO = 0, 1
REPOSITORY = Path(__file__).parents[2] / "model_repository"
TAXONOMY = json.loads((REPOSITORY / "taxonomy.json").read_text())
ATTRIBUTE_VALUES = sum(
    len(group["values"]) for group in TAXONOMY["attribute_groups"] if group["trained"]
)
COLUMNS = {
    "BOXES": (4, np.float32),
    "SCORES": (1, np.float32),
    "FLAGS": (1, np.int32),
    "GARMENT_SUPER": (1, np.int32),
    "GARMENT_SUB": (1, np.int32),
    "GARMENT_SUB_SCORE": (1, np.float32),
    "GARMENT_ATTRIBUTES": (ATTRIBUTE_VALUES, np.float32),
    "GARMENT_STATUS": (1, np.int32),
    "EMBEDDING": (128, np.float32),
    "COLOR_HISTOGRAM": (56, np.float32),
}


def check(out: Arrays, most: int = 20) -> None:
    """What holds for the answer to any photo."""
    count = len(out["BOXES"])
    assert 1 <= count <= most
    assert set(out) == {*COLUMNS, "GEOMETRY", "SERVED"}
    for name, (columns, dtype) in COLUMNS.items():
        assert out[name].shape == (count, columns), name
        assert out[name].dtype == dtype, name
        assert np.isfinite(out[name]).all(), name
    low, high = out["BOXES"][:, :2], out["BOXES"][:, 2:]
    assert (low >= 0).all()
    assert (high <= 1).all()
    assert (low < high).all()
    assert ((out["SCORES"] >= 0) & (out["SCORES"] <= 1)).all()
    assert (np.diff(out["SCORES"][:, 0]) <= 0).all()
    assert np.isin(out["GARMENT_SUPER"], range(6)).all()
    assert np.isin(out["GARMENT_SUB"], range(32)).all()
    assert np.isin(out["GARMENT_STATUS"], range(6)).all()
    found = out["FLAGS"] != WHOLE_PHOTO
    assert (out["GARMENT_STATUS"] == KEPT).any() or not found.any(), "what is found is kept"
    assert (out["GARMENT_STATUS"][found] < NOT_OF_CATEGORY).all()
    np.testing.assert_allclose(np.linalg.norm(out["EMBEDDING"], axis=1), 1, atol=1e-3)
    np.testing.assert_allclose(out["COLOR_HISTOGRAM"].sum(1), 1, atol=1e-3)


def one_colour() -> Image.Image:
    return Image.new("RGB", (400, 300), (128, 128, 128))


def chessboard() -> Image.Image:
    y, x = np.mgrid[:300, :400] // 24
    return Image.fromarray(np.where((x + y) % 2 == 1, 0, 255).astype(np.uint8)).convert("RGB")


def dark_gradient() -> Image.Image:
    return Image.fromarray(np.tile(np.linspace(0, 60, 300, dtype=np.uint8)[:, None], (1, 400)))


def test_a_photo_gives_garments(analyze: Analyze, encode: Encode, drawing: Image.Image) -> None:
    out = analyze(encode(drawing))
    check(out)
    np.testing.assert_array_equal(out["GEOMETRY"], [[500, 360, 500, 360, 320, 230]])


@pytest.mark.parametrize("size", [(1, 1), (2000, 3), (5, 5)])
def test_odd_sizes_give_garments(
    analyze: Analyze, encode: Encode, drawing: Image.Image, size: tuple[int, int]
) -> None:
    check(analyze(encode(drawing.resize(size), "PNG")))


def asked_for(category: int) -> Guide:
    """The guide of a caller who names a category."""
    return (1, category, 0, 0, 0, 0)


@pytest.mark.parametrize("ensemble", ["ootd", "ootd_sequence"])
def test_a_guide_category_is_what_every_garment_is(
    analyze: Analyze, encode: Encode, drawing: Image.Image, ensemble: str
) -> None:
    # The lowest threshold shows even the weakest of them.
    out = analyze(encode(drawing), asked_for(SHOES), threshold=0, ensemble=ensemble)
    check(out, most=50)
    assert (out["FLAGS"] == DETECTED).all()
    assert (out["GARMENT_SUPER"] == SHOES).all()
    assert (out["GARMENT_STATUS"] == KEPT).all()
    assert np.isin(out["GARMENT_SUB"], range(20, 27)).all()


@pytest.fixture(scope="session")
def drawn_shirt() -> bytes:
    return encoded_shirt(ootd_samples.draw_garment(3, sub_category="shirt").image)


def encoded_shirt(image: Image.Image) -> bytes:
    buffer = io.BytesIO()
    image.convert("RGB").save(buffer, "JPEG", quality=92)
    return buffer.getvalue()


@pytest.mark.parametrize("ensemble", ["ootd", "ootd_sequence"])
def test_what_is_not_in_the_photo_is_not_invented(
    analyze: Analyze, drawn_shirt: bytes, ensemble: str
) -> None:
    out = analyze(drawn_shirt, asked_for(SHOES), ensemble=ensemble)
    check(out)
    assert out["FLAGS"].tolist() == [[WHOLE_PHOTO]]
    assert out["GARMENT_STATUS"].tolist() == [[NOT_OF_CATEGORY]]
    # What is there instead, as it is named without a guide.
    assert out["GARMENT_SUPER"].tolist() == [[TOP]]
    assert out["GARMENT_SUB"][0, 0] in range(6)


@pytest.mark.parametrize("ensemble", ["ootd", "ootd_sequence"])
def test_a_category_that_only_the_tagger_sees_is_kept(
    analyze: Analyze, drawn_shirt: bytes, ensemble: str
) -> None:
    # No detection reaches the threshold that is asked for, so the tagger has to say it.
    out = analyze(drawn_shirt, asked_for(TOP), threshold=1.0, ensemble=ensemble)
    check(out)
    assert out["FLAGS"].tolist() == [[WHOLE_PHOTO]]
    assert out["GARMENT_SUPER"].tolist() == [[TOP]]
    assert out["GARMENT_STATUS"].tolist() == [[KEPT]]


@pytest.mark.parametrize("ensemble", ["ootd", "ootd_sequence"])
@pytest.mark.parametrize("guide", [(0, -1, 0, 0, 0, 0), asked_for(TOP), asked_for(BAG)])
@pytest.mark.parametrize("draw", [one_colour, chessboard, dark_gradient])
def test_a_photo_without_a_garment_has_none(
    analyze: Analyze, encode: Encode, draw: Callable[[], Image.Image], guide: Guide, ensemble: str
) -> None:
    out = analyze(encode(draw(), "PNG"), guide, ensemble=ensemble)
    check(out)
    assert out["FLAGS"].tolist() == [[WHOLE_PHOTO]]
    assert out["GARMENT_STATUS"].tolist() == [[NO_GARMENT]]


def test_a_rectangle_is_the_callers_word_even_there(analyze: Analyze, encode: Encode) -> None:
    out = analyze(encode(one_colour(), "PNG"), (2, BAG, 0.2, 0.2, 0.8, 0.8))
    assert out["GARMENT_SUPER"].tolist() == [[BAG]]
    assert out["GARMENT_STATUS"].tolist() == [[KEPT]]


@pytest.mark.parametrize("category", [-1, DRESS])
def test_a_guide_rectangle_is_the_one_garment(
    analyze: Analyze, encode: Encode, drawing: Image.Image, category: int
) -> None:
    out = analyze(encode(drawing), guide=(2, category, 0.25, 0.125, 0.75, 0.5))
    check(out)
    assert out["BOXES"].tolist() == [[0.25, 0.125, 0.75, 0.5]]
    assert out["FLAGS"].tolist() == [[2]]
    if category == DRESS:
        assert out["GARMENT_SUPER"].tolist() == [[DRESS]]


@pytest.mark.parametrize(
    "guide",
    [(2, -1, 0.6, 0, 0.5, 1), (7, -1, 0, 0, 0, 0), (1, 6, 0, 0, 0, 0), (np.nan, 0, 0, 0, 0, 0)],
)
def test_a_bad_guide_is_an_invalid_argument(
    analyze: Analyze, encode: Encode, drawing: Image.Image, guide: Guide
) -> None:
    with pytest.raises(InferenceServerException, match="GUIDE") as caught:
        analyze(encode(drawing), guide=guide)
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_a_lower_threshold_gives_all_detections(
    analyze: Analyze, encode: Encode, drawing: Image.Image
) -> None:
    usual, every = analyze(encode(drawing)), analyze(encode(drawing), threshold=0.001)
    check(every, most=50)
    assert len(every["SCORES"]) > len(usual["SCORES"])
    assert every["SCORES"].min() < 0.1
    np.testing.assert_allclose(every["SCORES"][0], usual["SCORES"][0])
    strict = analyze(encode(drawing), threshold=1.0)
    check(strict)
    assert strict["FLAGS"].tolist() == [[1]]


def test_a_bad_threshold_is_an_invalid_argument(
    analyze: Analyze, encode: Encode, drawing: Image.Image
) -> None:
    for threshold in (1.5, np.nan, np.inf):
        with pytest.raises(InferenceServerException, match="GUIDE") as caught:
            analyze(encode(drawing), threshold=threshold)
        assert caught.value.status() == "StatusCode.INVALID_ARGUMENT"


def test_a_bad_image_is_an_invalid_argument(
    analyze: Analyze, encode: Encode, drawing: Image.Image
) -> None:
    with pytest.raises(InferenceServerException) as caught:
        analyze(encode(drawing)[:3000])
    assert caught.value.status() == "StatusCode.INVALID_ARGUMENT"


@pytest.mark.parametrize("ensemble", ["ootd", "ootd_sequence"])
def test_an_answer_names_the_files_that_made_it(
    analyze: Analyze, encode: Encode, drawing: Image.Image, ensemble: str
) -> None:
    vector, graph = (one.decode() for one in analyze(encode(drawing), ensemble=ensemble)["SERVED"])
    files = [REPOSITORY / name / "1" / "model.onnx" for name in ("embedder", "crop")]
    digests = [hashlib.sha256(file.read_bytes()).hexdigest()[:16] for file in files]
    assert vector == "-".join(digests)
    release = json.loads((REPOSITORY / "release.json").read_text())
    assert release["fingerprints"] == {"vector": vector, "graph": graph}


def test_a_model_that_is_not_served_is_told_as_the_gateway_expects(
    client: triton_grpc.InferenceServerClient, infer: Infer
) -> None:
    assert client.is_model_ready("nothing") is False
    with pytest.raises(InferenceServerException, match="unknown model"):
        infer("nothing", IMAGE=np.zeros((1, 4), np.uint8))


def test_concurrent_requests_change_nothing(
    analyze: Analyze, encode: Encode, drawing: Image.Image
) -> None:
    images = [encode(drawing.rotate(angle)) for angle in (0, 5, 10, 15)]
    alone = [analyze(image) for image in images]
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda number: analyze(images[number % 4]), range(32)))
    for number, out in enumerate(together):
        check(out)
        for name, array in alone[number % 4].items():
            if name == "SERVED":
                assert out[name].tolist() == array.tolist()
            else:
                np.testing.assert_allclose(out[name], array, atol=1e-3, err_msg=name)


def test_crops_of_concurrent_requests_run_together(
    client: triton_grpc.InferenceServerClient, infer: Infer
) -> None:
    def counts(least: int = 0) -> tuple[int, int]:
        """Crops and runs so far; Triton counts a request a moment after it has answered it."""
        deadline = time.monotonic() + 30
        while True:
            (stats,) = client.get_inference_statistics("embedder").model_stats
            if stats.inference_count >= least or time.monotonic() > deadline:
                return stats.inference_count, stats.execution_count

    crops = np.random.default_rng(7).random((32, 4, 3, 160, 160), np.float32)
    crops_first, _ = counts()
    alone = [infer("embedder", CROPS=four)["EMBEDDING"] for four in crops[:4]]
    crops_before, runs_before = counts(least=crops_first + 4 * 4)
    # Straight to the embedder, so that more requests wait for it than it can answer one by one.
    with ThreadPoolExecutor(16) as pool:
        together = list(pool.map(lambda four: infer("embedder", CROPS=four)["EMBEDDING"], crops))
    crops_after, runs_after = counts(least=crops_before + 32 * 4)
    assert crops_after - crops_before == 32 * 4
    assert runs_after - runs_before < 32
    for expected, found in zip(alone, together, strict=False):
        np.testing.assert_allclose(found, expected, atol=1e-3)


@pytest.fixture(scope="session")
def data() -> Path:
    folder = os.environ.get("OOTD_DATA")
    if not folder:
        pytest.skip("OOTD_DATA does not name a folder with the labelled photos")
    return Path(folder)


@pytest.mark.data
def test_real_photos_give_garments(analyze: Analyze, data: Path) -> None:
    photos = sorted((data / "detect" / "images").rglob("*.jpg"))[:10]
    assert photos
    detected = 0
    for photo in photos:
        out = analyze(photo.read_bytes())
        check(out)
        detected += int((out["FLAGS"] == DETECTED).sum())
    assert detected >= len(photos), "outfit photos have more than one garment each"


@pytest.mark.data
def test_a_real_shirt_is_not_taken_for_shoes(analyze: Analyze, data: Path) -> None:
    """Listings of one thing with a photo of another; now and then one fools the models."""
    with (data / "catalog" / "val.csv").open(newline="") as file:
        shirts = [row["image"] for row in csv.DictReader(file) if row["label"] == "T-Shirt"][:30]
    statuses = []
    for name in shirts:
        out = analyze((data / "catalog" / name).read_bytes(), asked_for(SHOES))
        check(out)
        if out["FLAGS"].tolist() == [[WHOLE_PHOTO]]:
            statuses.append(int(out["GARMENT_STATUS"][0, 0]))
            assert (statuses[-1] == KEPT) == (out["GARMENT_SUPER"][0, 0] == SHOES)
    assert len(statuses) >= 25, "nearly all are seen not to have shoes"
    assert np.mean(np.array(statuses) == NOT_OF_CATEGORY) > 0.9


@pytest.mark.data
def test_real_garments_are_not_taken_for_none(analyze: Analyze, data: Path) -> None:
    with (data / "catalog" / "val.csv").open(newline="") as file:
        names = [row["image"] for row in csv.DictReader(file)][::7]
    nothing = 0
    for name in names:
        out = analyze((data / "catalog" / name).read_bytes())
        check(out)
        nothing += int((out["GARMENT_STATUS"] == NO_GARMENT).any())
    assert nothing <= len(names) // 50
