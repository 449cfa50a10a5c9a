"""Bad input: a clear answer, nothing changed, the service alive."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest
from PIL import Image

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    DeleteItemsRequest,
    GetItemRequest,
    ListItemsRequest,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from ootd.v1.error_reason_pb2 import ErrorReason
from ootd.v1.search_service_pb2 import (
    SearchByEmbeddingRequest,
    SearchByItemRequest,
)
from photo_requests import analyze_request, search_request, stream_request
from photos import encoded, noise_png, outfit, outfit_jpeg, png_with_header, rotated_by_exif
from statuses import Failure, failing

INVALID = grpc.StatusCode.INVALID_ARGUMENT
TOO_MUCH = grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.fixture(autouse=True)
def nothing_changes_and_the_service_lives(gateway: GatewayProcess) -> Iterator[None]:
    before = stored(gateway)
    yield
    assert stored(gateway) == before
    answer = gateway.vision.AnalyzeImage(analyze_request(outfit_jpeg()), timeout=20)
    assert answer.analysis.garments


def stored(gateway: GatewayProcess) -> tuple[int, list[tuple[str, int]]]:
    page = gateway.catalog.ListItems(ListItemsRequest(page_size=1000), timeout=10)
    return page.total_size, [(one.item_id, one.sequence_number) for one in page.items]


def analyze(gateway: GatewayProcess, image: bytes, **guide: Any) -> Any:
    request = analyze_request(image, guide=guide or None)
    return gateway.vision.AnalyzeImage(request, timeout=20).analysis


def upsert(gateway: GatewayProcess, **fields: Any) -> UpsertItemsResponse:
    request = UpsertItemsRequest(**{"item_id": "bad-1", **fields})
    (answer,) = gateway.catalog.UpsertItems(iter([request]), timeout=20)
    assert isinstance(answer, UpsertItemsResponse)
    return answer


def refused_everywhere(gateway: GatewayProcess, image: bytes) -> Failure:
    """Send the photo to every method that takes one; all must say the same. Returns what."""
    found = failing(lambda: analyze(gateway, image))
    search = failing(lambda: gateway.search.SearchByImage(search_request(image), timeout=20))
    (element,) = gateway.vision.AnalyzeImages(iter([stream_request(image, "c")]), timeout=20)
    item = upsert(gateway, photo={"image": image})
    assert (search.code, search.reason) == (found.code, found.reason)
    for error in (element.error, item.error):
        assert error.code == found.code.value[0]
        assert error.reason == ErrorReason.Value(f"ERROR_REASON_{found.reason}")
        assert error.metadata["request_id"]
    assert element.correlation_id == "c"
    assert item.item_id == "bad-1"
    return found


def test_empty_bytes(gateway: GatewayProcess) -> None:
    found = failing(lambda: analyze(gateway, b""))
    assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
    assert "photo.image" in found.violations
    element = upsert(gateway, photo={"image": b""})
    assert element.error.violations[0].field == "photo.image"


def test_text(gateway: GatewayProcess) -> None:
    found = refused_everywhere(gateway, b"This is no photo.\n" * 50)
    assert (found.code, found.reason) == (INVALID, "IMAGE_UNREADABLE")
    assert found.metadata["detected_format"] == "text"


@pytest.mark.parametrize("part", [0.02, 0.5, 0.98])
def test_truncated_jpeg(gateway: GatewayProcess, part: float) -> None:
    whole = outfit_jpeg()
    found = refused_everywhere(gateway, whole[: int(len(whole) * part)])
    assert (found.code, found.reason) == (INVALID, "IMAGE_UNREADABLE")


def test_png_with_a_false_header(gateway: GatewayProcess) -> None:
    found = refused_everywhere(gateway, png_with_header(640, 480))
    assert (found.code, found.reason) == (INVALID, "IMAGE_UNREADABLE")


def test_jpeg_with_the_name_of_a_png(gateway: GatewayProcess) -> None:
    found = refused_everywhere(gateway, b"\x89PNG\r\n\x1a\n" + outfit_jpeg()[8:])
    assert (found.code, found.reason) == (INVALID, "IMAGE_UNREADABLE")


def test_one_pixel(gateway: GatewayProcess) -> None:
    found = refused_everywhere(gateway, encoded(Image.new("RGB", (1, 1)), "PNG"))
    assert (found.code, found.reason) == (INVALID, "IMAGE_TOO_SMALL")
    assert found.metadata["minimum_side"] == "16"


def test_decompression_bomb_is_refused_from_its_header(gateway: GatewayProcess) -> None:
    bomb = png_with_header(30_000, 30_000)
    assert len(bomb) < 200  # there is nothing in it to decode
    found = refused_everywhere(gateway, bomb)
    assert (found.code, found.reason) == (INVALID, "IMAGE_TOO_MANY_PIXELS")
    assert (found.metadata["width"], found.metadata["height"]) == ("30000", "30000")


def test_file_of_25_megabytes(gateway: GatewayProcess) -> None:
    image = noise_png(2960)
    assert len(image) > 25 * 1024 * 1024
    found = refused_everywhere(gateway, image)
    assert (found.code, found.reason) == (TOO_MUCH, "IMAGE_TOO_LARGE")
    assert int(found.metadata["bytes"]) == len(image)
    assert int(found.metadata["limit_bytes"]) == 20 * 1024 * 1024


def test_message_above_the_transports_limit(gateway: GatewayProcess) -> None:
    with pytest.raises(grpc.RpcError) as raised:
        analyze(gateway, bytes(40 * 1024 * 1024))
    assert raised.value.code() is TOO_MUCH


@pytest.mark.parametrize(
    ("mode", "file_format"),
    [("CMYK", "JPEG"), ("L", "JPEG"), ("L", "PNG"), ("RGBA", "PNG"), ("LA", "PNG"), ("P", "PNG")],
)
def test_colour_spaces_are_fine(gateway: GatewayProcess, mode: str, file_format: str) -> None:
    image = outfit()
    analysis = analyze(gateway, encoded(image.convert(mode), file_format))
    assert (analysis.width, analysis.height) == image.size
    assert analysis.garments


def test_cmyk_keeps_its_colours(gateway: GatewayProcess) -> None:
    image, region = outfit(), {"x0": 0.3, "y0": 0.3, "x1": 0.7, "y1": 0.6}
    plain = analyze(gateway, encoded(image, "JPEG", quality=92), region=region).garments[0]
    cmyk = analyze(
        gateway, encoded(image.convert("CMYK"), "JPEG", quality=92), region=region
    ).garments[0]
    assert overlap(plain.color_histogram, cmyk.color_histogram) > 0.8


def test_exif_rotated_photo_has_its_boxes_right_way_up(gateway: GatewayProcess) -> None:
    image = outfit()
    upright = analyze(gateway, outfit_jpeg())
    rotated = analyze(gateway, rotated_by_exif(image))
    assert (rotated.width, rotated.height) == (upright.width, upright.height) == image.size
    for one, other in zip(upright.garments[:1], rotated.garments[:1], strict=True):
        assert box_overlap(one.box, other.box) > 0.8
    # A part of the photo is the same part of it.
    region = {"x0": 0.2, "y0": 0.1, "x1": 0.8, "y1": 0.5}
    there = analyze(gateway, outfit_jpeg(), region=region).garments[0]
    here = analyze(gateway, rotated_by_exif(image), region=region).garments[0]
    assert overlap(there.color_histogram, here.color_histogram) > 0.9
    cosine = sum(a * b for a, b in zip(there.embedding.values, here.embedding.values, strict=True))
    assert cosine > 0.9


def overlap(one: Any, other: Any) -> float:
    return float(sum(min(a, b) for a, b in zip(one, other, strict=True)))


def box_overlap(one: Any, other: Any) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other)]
    return shared / (sum(areas) - shared)


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_embedding_that_is_not_finite(gateway: GatewayProcess, wrong: float) -> None:
    values = [1.0] * 127 + [wrong]
    refuses_embedding(gateway, values)


@pytest.mark.parametrize("length", [0, 127, 129])
def test_embedding_of_wrong_length(gateway: GatewayProcess, length: int) -> None:
    refuses_embedding(gateway, [1.0] * length)


def test_embedding_of_zeros(gateway: GatewayProcess) -> None:
    refuses_embedding(gateway, [0.0] * 128)


def refuses_embedding(gateway: GatewayProcess, values: list[float]) -> None:
    request = SearchByEmbeddingRequest(embedding={"values": values}, super_category=1)
    found = failing(lambda: gateway.search.SearchByEmbedding(request, timeout=20))
    assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
    assert any(name.startswith("embedding.values") for name in found.violations)
    item = upsert(gateway, embedding={"embedding": {"values": values}, "super_category": 1})
    assert item.error.code == INVALID.value[0]
    assert item.error.violations[0].field.startswith("embedding.embedding.values")


def test_unknown_category(gateway: GatewayProcess) -> None:
    found = failing(lambda: analyze(gateway, outfit_jpeg(), category=99))
    assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
    assert "99" in found.violations["photo.guide.category"]
    values = [1.0] * 128
    item = upsert(
        gateway,
        embedding={
            "embedding": {"values": values},
            "super_category": 1,
            "sub_category": "spacesuit",
        },
    )
    assert item.error.code == INVALID.value[0]
    assert "spacesuit" in item.error.message


@pytest.mark.parametrize(
    "region",
    [
        {"x0": -0.1, "y0": 0.0, "x1": 0.5, "y1": 0.5},
        {"x0": 0.0, "y0": 0.0, "x1": 1.5, "y1": 0.5},
        {"x0": 100.0, "y0": 100.0, "x1": 300.0, "y1": 300.0},
        {"x0": float("nan"), "y0": 0.0, "x1": 0.5, "y1": 0.5},
    ],
)
def test_rectangle_outside_the_photo(gateway: GatewayProcess, region: dict[str, float]) -> None:
    found = failing(lambda: analyze(gateway, outfit_jpeg(), region=region))
    assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
    assert all(name.startswith("photo.guide.region.") for name in found.violations)


@pytest.mark.parametrize(
    "region",
    [
        {"x0": 0.8, "y0": 0.1, "x1": 0.2, "y1": 0.9},
        {"x0": 0.1, "y0": 0.9, "x1": 0.9, "y1": 0.1},
        {"x0": 0.5, "y0": 0.5, "x1": 0.5, "y1": 0.5},
    ],
)
def test_rectangle_inside_out(gateway: GatewayProcess, region: dict[str, float]) -> None:
    found = failing(lambda: analyze(gateway, outfit_jpeg(), region=region))
    assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
    assert found.violations


@pytest.mark.parametrize("k", [0, 100_000])
def test_k_out_of_range(gateway: GatewayProcess, k: int) -> None:
    values = [1.0] * 128
    for call in (
        lambda: gateway.search.SearchByImage(search_request(outfit_jpeg(), k=k)),
        lambda: gateway.search.SearchByItem(SearchByItemRequest(item_id="sku", k=k)),
        lambda: gateway.search.SearchByEmbedding(
            SearchByEmbeddingRequest(embedding={"values": values}, super_category=1, k=k)
        ),
    ):
        found = failing(call)
        assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
        assert str(k) in found.violations["k"]


def test_unknown_item(gateway: GatewayProcess) -> None:
    for call in (
        lambda: gateway.catalog.GetItem(GetItemRequest(item_id="nothing-1"), timeout=10),
        lambda: gateway.search.SearchByItem(SearchByItemRequest(item_id="nothing-1"), timeout=10),
    ):
        found = failing(call)
        assert (found.code, found.reason) == (grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND")
        assert found.metadata["item_id"] == "nothing-1"
    deleted = gateway.catalog.DeleteItems(DeleteItemsRequest(item_ids=["nothing-1"]), timeout=10)
    assert list(deleted.deleted_item_ids) == []


def test_item_id_of_10000_characters(gateway: GatewayProcess) -> None:
    long_id = "i" * 10_000
    for call in (
        lambda: gateway.catalog.GetItem(GetItemRequest(item_id=long_id), timeout=10),
        lambda: gateway.search.SearchByItem(SearchByItemRequest(item_id=long_id), timeout=10),
        lambda: gateway.catalog.DeleteItems(DeleteItemsRequest(item_ids=[long_id]), timeout=10),
    ):
        found = failing(call)
        assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
        assert "10000" in " ".join(found.violations.values())
    item = upsert(gateway, item_id=long_id, photo={"image": outfit_jpeg()})
    assert item.error.violations[0].field == "item_id"


def test_title_full_of_control_characters(gateway: GatewayProcess) -> None:
    item = upsert(gateway, title="\x00\x07\x1b[31m\u2028", photo={"image": outfit_jpeg()})
    assert item.error.code == INVALID.value[0]
    assert item.error.violations[0].field == "title"
    assert item.error.message.isprintable()


def test_neither_photo_nor_embedding(gateway: GatewayProcess) -> None:
    item = upsert(gateway)
    assert item.error.violations[0].field == "source"


def test_bytes_that_are_no_message(gateway: GatewayProcess) -> None:
    unary = gateway.channel.unary_unary("/ootd.v1.VisionService/AnalyzeImage")
    stream = gateway.channel.stream_stream("/ootd.v1.CatalogService/UpsertItems")
    for call in (
        lambda: unary(b"\xff\xff\xff", timeout=10),
        lambda: list(stream(iter([b"\xff\xff\xff"]), timeout=10)),
    ):
        found = failing(call)
        assert (found.code, found.reason) == (INVALID, "INVALID_FIELD")
        assert "Error" not in found.message
