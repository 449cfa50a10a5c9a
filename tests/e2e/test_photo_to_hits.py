"""The whole path: photos in, garments out; items in, hits out."""

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    DeleteItemsRequest,
    GetItemRequest,
    ListItemsRequest,
    UpsertItemsRequest,
    UpsertItemsResponse,
)
from ootd.v1.garment_pb2 import Guide
from ootd.v1.photo_pb2 import Photo
from ootd.v1.search_service_pb2 import (
    SearchByItemRequest,
)
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_SHOES
from ootd.v1.vision_service_pb2 import (
    GetTaxonomyRequest,
)
from photo_requests import analyze_request, search_request
from photos import garment_jpeg, outfit_jpeg

SUBS = ("boots", "sneakers", "heels", "sandals", "loafers")


@pytest.fixture
def prefix(gateway: GatewayProcess) -> Iterator[str]:
    """A prefix of item ids for one test; what the test stored is deleted after it."""
    chosen = f"t{uuid.uuid4().hex[:8]}-"
    yield chosen
    page = gateway.catalog.ListItems(ListItemsRequest(page_size=1000), timeout=10)
    ids = [one.item_id for one in page.items if one.item_id.startswith(chosen)]
    if ids:
        gateway.catalog.DeleteItems(DeleteItemsRequest(item_ids=ids), timeout=10)


def upsert(gateway: GatewayProcess, *requests: UpsertItemsRequest) -> list[UpsertItemsResponse]:
    answers = list(gateway.catalog.UpsertItems(iter(requests), timeout=60))
    for answer in answers:
        assert answer.WhichOneof("result") == "item", answer.error
    return answers


def shoes(prefix: str, count: int) -> list[UpsertItemsRequest]:
    return [
        UpsertItemsRequest(
            item_id=f"{prefix}{number}",
            photo=Photo(
                image=garment_jpeg(number, SUBS[number % len(SUBS)]),
                guide=Guide(category=SUPER_CATEGORY_SHOES),
            ),
            title=f"Shoes {number}",
            attributes={"brand": f"Brand {number}"},
            payload=bytes([number]) * 100,
        )
        for number in range(count)
    ]


def test_a_photo_becomes_garments(gateway: GatewayProcess) -> None:
    image = outfit_jpeg()
    analysis = gateway.vision.AnalyzeImage(analyze_request(image), timeout=20).analysis
    assert analysis.width > 0
    assert analysis.garments
    scores = [one.score for one in analysis.garments]
    assert scores == sorted(scores, reverse=True)
    for garment in analysis.garments:
        assert 0 <= garment.box.x0 < garment.box.x1 <= 1
        assert 0 <= garment.box.y0 < garment.box.y1 <= 1
        assert 1 <= garment.super_category <= 6
        assert garment.sub_category
        assert len(garment.embedding.values) == 128
        assert sum(value**2 for value in garment.embedding.values) == pytest.approx(1, abs=1e-3)
        assert sum(garment.color_histogram) == pytest.approx(1, abs=1e-3)


def test_items_are_stored_found_and_deleted(gateway: GatewayProcess, prefix: str) -> None:
    requests = shoes(prefix, 20)
    answers = upsert(gateway, *requests)
    assert [one.item_id for one in answers] == [one.item_id for one in requests]
    assert all(one.changed for one in answers)
    for request, answer in zip(requests, answers, strict=True):
        assert answer.item.garment.super_category == SUPER_CATEGORY_SHOES
        got = gateway.catalog.GetItem(GetItemRequest(item_id=request.item_id), timeout=10).item
        assert got == answer.item
        assert (got.payload, got.title) == (request.payload, request.title)
        assert dict(got.attributes) == dict(request.attributes)
    ids = [one.item_id for one in requests]
    deleted = gateway.catalog.DeleteItems(
        DeleteItemsRequest(item_ids=[*ids[:5], "nothing"]), timeout=10
    )
    assert list(deleted.deleted_item_ids) == ids[:5]
    hits = search_by_image(gateway, requests[0], k=1000)
    assert not {one.item.item_id for one in hits} & set(ids[:5])


def search_by_image(gateway: GatewayProcess, item: UpsertItemsRequest, **options: Any) -> Any:
    request = search_request(item.photo.image, guide=item.photo.guide, **options)
    return gateway.search.SearchByImage(request, timeout=20).results[0].hits


def test_the_same_photo_finds_its_item_first(gateway: GatewayProcess, prefix: str) -> None:
    requests = shoes(prefix, 10)
    upsert(gateway, *requests)
    for request in requests[:3]:
        hits = search_by_image(gateway, request, k=3, include_score_parts=True)
        assert hits[0].item.item_id == request.item_id
        assert hits[0].score == pytest.approx(1.0, abs=0.01)
        assert hits[0].item.payload == request.payload
        assert not hits[0].item.garment.HasField("embedding")
        for hit in hits:
            parts = hit.parts
            again = parts.appearance_weight * parts.appearance + parts.color_weight * parts.color
            assert hit.score == pytest.approx(again, abs=1e-5)
    hits = gateway.search.SearchByItem(
        SearchByItemRequest(item_id=requests[0].item_id, k=1000), timeout=10
    ).hits
    found = {one.item.item_id for one in hits}
    assert requests[0].item_id not in found
    assert {one.item_id for one in requests[1:]} <= found


def test_the_taxonomy_names_every_answer(gateway: GatewayProcess) -> None:
    taxonomy = gateway.vision.GetTaxonomy(GetTaxonomyRequest(), timeout=10).taxonomy
    assert [one.name for one in taxonomy.categories] == [
        "top",
        "bottom",
        "outer",
        "dress",
        "shoes",
        "bag",
    ]
    names = {name for one in taxonomy.categories for name in one.sub_categories}
    assert len(names) == 32
    analysis = gateway.vision.AnalyzeImage(analyze_request(outfit_jpeg()), timeout=20).analysis
    values = {(group.name, value) for group in taxonomy.attribute_groups for value in group.values}
    for garment in analysis.garments:
        assert garment.sub_category in names
        assert {(one.group, one.value) for one in garment.attributes} <= values


def test_health_and_metrics_tell_of_the_parts(gateway: GatewayProcess) -> None:
    for service in ("", *(f"ootd.v1.{name}Service" for name in ("Vision", "Catalog", "Search"))):
        assert gateway.health(service) == "SERVING"
    assert gateway.metric("ootd_triton_up") == 1
    before = gateway.metric('ootd_vision_seconds_count{outcome="ok"}')
    gateway.vision.AnalyzeImage(analyze_request(outfit_jpeg()), timeout=20)
    assert gateway.metric('ootd_vision_seconds_count{outcome="ok"}') == before + 1


def test_a_request_id_is_in_the_log(gateway: GatewayProcess) -> None:
    request_id = f"e2e-{uuid.uuid4().hex[:8]}"
    gateway.vision.AnalyzeImage(
        analyze_request(outfit_jpeg()),
        timeout=20,
        metadata=(("x-request-id", request_id),),
    )
    (line,) = [one for one in gateway.log_events() if one.get("request_id") == request_id]
    assert (line["event"], line["method"], line["code"]) == ("call", "AnalyzeImage", "OK")
    assert line["milliseconds"] > 0
