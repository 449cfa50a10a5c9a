"""What a photo does not show is not answered, nor stored: over the real graph."""

import csv
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from PIL import Image

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    DeleteItemsRequest,
    ListItemsRequest,
    UpsertItemRequest,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from ootd.v1.error_reason_pb2 import ERROR_REASON_NO_MATCHING_GARMENT
from ootd.v1.garment_pb2 import (
    DROP_REASON_NO_GARMENT,
    DROP_REASON_NOT_OF_CATEGORY,
    Box,
    Guide,
    ImageAnalysis,
)
from ootd.v1.photo_pb2 import Photo
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_BAG, SUPER_CATEGORY_SHOES, SUPER_CATEGORY_TOP
from photo_requests import analyze_request, search_request
from photos import encoded, garment_jpeg
from statuses import failing

SHOES = Guide(category=SUPER_CATEGORY_SHOES)
NOTHING = encoded(Image.new("RGB", (400, 300), (128, 128, 128)), "PNG")


@pytest.fixture(scope="module")
def shirt() -> bytes:
    return garment_jpeg(3, "shirt")


@pytest.fixture
def real_shirt() -> bytes:
    """A photo of a T-shirt in which the detector sees no shoes."""
    folder = os.environ.get("OOTD_DATA")
    if not folder:
        pytest.skip("OOTD_DATA does not name a folder with the labelled photos")
    with (Path(folder) / "catalog" / "val.csv").open(newline="") as file:
        name = next(row["image"] for row in csv.DictReader(file) if row["label"] == "T-Shirt")
    return (Path(folder) / "catalog" / name).read_bytes()


@pytest.fixture
def item_id(gateway: GatewayProcess) -> Iterator[str]:
    yield "not-there"
    gateway.catalog.DeleteItems(DeleteItemsRequest(item_ids=["not-there"]), timeout=10)


def analyze(gateway: GatewayProcess, image: bytes, guide: Guide | None) -> ImageAnalysis:
    request = analyze_request(image, guide=guide)
    answer = gateway.vision.AnalyzeImage(request, timeout=20)
    return answer.analysis


def upsert(
    gateway: GatewayProcess, item_id: str, image: bytes, guide: Guide | None = None, title: str = ""
) -> UpsertItemsResponse:
    photo = Photo(image=image, guide=guide)
    request = UpsertItemsRequest(item_id=item_id, photo=photo, title=title)
    (answer,) = gateway.catalog.UpsertItems(iter([request]), timeout=30)
    return answer


def is_stored(gateway: GatewayProcess, item_id: str) -> bool:
    page = gateway.catalog.ListItems(ListItemsRequest(page_size=1000), timeout=5)
    return item_id in {one.item_id for one in page.items}


@pytest.mark.parametrize("fields", [{"guide": SHOES}, {"title": "Leather boots, brown"}])
def test_a_shirt_is_not_stored_as_shoes(
    gateway: GatewayProcess, item_id: str, shirt: bytes, fields: dict[str, Any]
) -> None:
    answer = upsert(gateway, item_id, shirt, **fields)
    assert answer.error.reason == ERROR_REASON_NO_MATCHING_GARMENT
    assert dict(answer.error.metadata)["category"] == "shoes"
    assert "no shoes were found" in answer.error.message
    assert "the photo shows a top" in answer.error.message
    assert not is_stored(gateway, item_id)
    assert upsert(gateway, item_id, shirt, title="Shirt").WhichOneof("result") == "item"


@pytest.mark.data
@pytest.mark.parametrize("fields", [{"guide": SHOES}, {"title": "Leather boots, brown"}])
def test_a_real_shirt_is_not_stored_as_shoes(
    gateway: GatewayProcess, item_id: str, real_shirt: bytes, fields: dict[str, Any]
) -> None:
    answer = upsert(gateway, item_id, real_shirt, **fields)
    assert answer.error.reason == ERROR_REASON_NO_MATCHING_GARMENT, answer
    assert not is_stored(gateway, item_id)


def test_a_search_for_what_is_not_there_has_no_results(
    gateway: GatewayProcess, shirt: bytes
) -> None:
    analysis = analyze(gateway, shirt, SHOES)
    assert not analysis.garments
    (dropped,) = analysis.dropped
    assert dropped.reason == DROP_REASON_NOT_OF_CATEGORY
    assert dropped.garment.super_category == SUPER_CATEGORY_TOP
    request = search_request(shirt, guide=SHOES)
    found = gateway.search.SearchByImage(request, timeout=20)
    assert not found.results
    assert [one.reason for one in found.dropped] == [DROP_REASON_NOT_OF_CATEGORY]


@pytest.mark.parametrize("guide", [None, Guide(category=SUPER_CATEGORY_BAG)])
def test_a_photo_of_nothing_has_no_garment(
    gateway: GatewayProcess, item_id: str, guide: Guide | None
) -> None:
    analysis = analyze(gateway, NOTHING, guide)
    assert (analysis.width, analysis.height) == (400, 300)
    assert not analysis.garments
    assert [one.reason for one in analysis.dropped] == [DROP_REASON_NO_GARMENT]
    answer = upsert(gateway, item_id, NOTHING, guide=guide)
    assert answer.error.reason == ERROR_REASON_NO_MATCHING_GARMENT
    assert "does not look like a garment" in answer.error.message
    assert not is_stored(gateway, item_id)
    found = gateway.search.SearchByImage(search_request(NOTHING, guide=guide), timeout=20)
    assert not found.results


def test_a_rectangle_is_the_callers_word(gateway: GatewayProcess, item_id: str) -> None:
    region = Guide(region=Box(x0=0.1, y0=0.1, x1=0.9, y1=0.9))
    assert len(analyze(gateway, NOTHING, region).garments) == 1
    assert upsert(gateway, item_id, NOTHING, guide=region).WhichOneof("result") == "item"


def test_a_call_for_one_item_fails_as_the_stream_does(
    gateway: GatewayProcess, item_id: str, shirt: bytes
) -> None:
    request = UpsertItemRequest(item_id=item_id, photo=Photo(image=shirt, guide=SHOES))
    failure = failing(lambda: gateway.catalog.UpsertItem(request, timeout=20))
    assert failure.code is grpc.StatusCode.FAILED_PRECONDITION
    assert failure.reason == "NO_MATCHING_GARMENT"
