"""Bad input: a clear answer, nothing changed, the service alive."""

from collections.abc import Iterator
from typing import Any

import grpc
import pytest

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    ListItemsRequest,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from ootd.v1.error_reason_pb2 import ErrorReason
from ootd.v1.garment_pb2 import Box
from photo_requests import analyze_request, search_request, stream_request
from photos import encoded, outfit, outfit_jpeg, png_with_header, rotated_by_exif
from statuses import Failure, failing

INVALID = grpc.StatusCode.INVALID_ARGUMENT


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


def box_overlap(one: Box, other: Box) -> float:
    width = min(one.x1, other.x1) - max(one.x0, other.x0)
    height = min(one.y1, other.y1) - max(one.y0, other.y0)
    shared = max(width, 0.0) * max(height, 0.0)
    areas = [(box.x1 - box.x0) * (box.y1 - box.y0) for box in (one, other)]
    return shared / (sum(areas) - shared)
