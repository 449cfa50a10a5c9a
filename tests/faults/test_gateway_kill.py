"""kill -9 of the gateway in the middle of an ingest: what was acknowledged is there, all of it."""

from collections.abc import Iterator
from pathlib import Path

import grpc
import numpy as np
import pytest

from gateway_process import GatewayProcess
from ootd.v1.catalog_service_pb2 import (
    GetItemRequest,
    Item,
    ItemEmbedding,
    ListItemsRequest,
    UpsertItemsRequest,
)
from ootd.v1.garment_pb2 import Embedding, Guide
from ootd.v1.photo_pb2 import Photo
from ootd.v1.search_service_pb2 import SearchByEmbeddingRequest, SearchByItemRequest
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_SHOES, SUPER_CATEGORY_TOP
from ootd_gateway.embedded import EmbeddedTriton
from photos import garment_jpeg

pytestmark = pytest.mark.triton

ENDLESS = 1_000_000


def embedding(number: int) -> list[float]:
    vector: list[float] = np.random.default_rng(number).normal(size=128).tolist()
    return vector


def ready_items() -> Iterator[UpsertItemsRequest]:
    for number in range(ENDLESS):
        yield UpsertItemsRequest(
            item_id=f"ready-{number}",
            embedding=ItemEmbedding(
                embedding=Embedding(values=embedding(number)),
                super_category=SUPER_CATEGORY_TOP,
            ),
            title=f"Item {number}",
            payload=str(number).encode(),
        )


def photo_items() -> Iterator[UpsertItemsRequest]:
    for number in range(ENDLESS):
        yield UpsertItemsRequest(
            item_id=f"photo-{number}",
            photo=Photo(image=garment_jpeg(number % 5), guide=Guide(category=SUPER_CATEGORY_SHOES)),
            payload=str(number).encode(),
        )


def acknowledged_until_killed(
    gateway: GatewayProcess, requests: Iterator[UpsertItemsRequest], count: int
) -> list[Item]:
    """Ingest, kill the gateway after `count` answers, return all answers that came."""
    items = []

    def ingest() -> None:
        for answer in gateway.catalog.UpsertItems(requests):
            assert answer.WhichOneof("result") == "item", answer.error
            items.append(answer.item)
            if len(items) == count:
                gateway.process.kill()

    with pytest.raises(grpc.RpcError):
        ingest()
    gateway.kill()
    return items


@pytest.fixture
def gateway(triton: EmbeddedTriton, tmp_path: Path) -> Iterator[GatewayProcess]:
    made = GatewayProcess(tmp_path, triton_mode="external", triton_address=triton.grpc_url)
    yield made
    made.stop()


@pytest.mark.parametrize("count", [1, 300])
def test_every_acknowledged_item_is_found_by_get_list_and_search(
    gateway: GatewayProcess, count: int
) -> None:
    gateway.start()
    acknowledged = acknowledged_until_killed(gateway, ready_items(), count)
    assert len(acknowledged) >= count
    gateway.start()
    listed = everything(gateway)
    for item in acknowledged:
        got = gateway.catalog.GetItem(GetItemRequest(item_id=item.item_id), timeout=10).item
        assert got == item
        assert item.item_id in listed
        number = int(item.payload)
        request = SearchByEmbeddingRequest(
            embedding=Embedding(values=embedding(number)), super_category=SUPER_CATEGORY_TOP, k=1
        )
        (hit,) = gateway.search.SearchByEmbedding(request, timeout=10).hits
        assert hit.item.item_id == item.item_id
        assert hit.item.payload == item.payload
    nothing_is_half_written(gateway, listed)


def test_items_with_photos_survive_and_the_ingest_can_be_repeated(gateway: GatewayProcess) -> None:
    gateway.start()
    acknowledged = acknowledged_until_killed(gateway, photo_items(), 12)
    gateway.start()
    listed = everything(gateway)
    assert {one.item_id for one in acknowledged} <= set(listed)
    nothing_is_half_written(gateway, listed)
    again = [one for one, _ in zip(photo_items(), acknowledged, strict=False)]
    answers = list(gateway.catalog.UpsertItems(iter(again), timeout=60))
    assert [one.changed for one in answers] == [False] * len(again)


def everything(gateway: GatewayProcess) -> dict[str, Item]:
    token = ""
    found: dict[str, Item] = {}
    while True:
        page = gateway.catalog.ListItems(
            ListItemsRequest(page_size=1000, page_token=token), timeout=10
        )
        found |= {one.item_id: one for one in page.items}
        token = page.next_page_token
        if not token:
            assert page.total_size == len(found)
            return found


def nothing_is_half_written(gateway: GatewayProcess, listed: dict[str, Item]) -> None:
    """Every item that is visible is whole, and search finds the same items as list."""
    for item_id, item in listed.items():
        got = gateway.catalog.GetItem(GetItemRequest(item_id=item_id), timeout=10).item
        assert len(got.garment.embedding.values) == 128
        assert got.sequence_number == item.sequence_number > 0
        assert got.payload == item_id.rpartition("-")[2].encode()
    some = next(iter(listed))
    hits = gateway.search.SearchByItem(SearchByItemRequest(item_id=some, k=1000), timeout=10).hits
    expected = min(len(listed) - 1, 1000)
    assert len(hits) == expected
    assert {one.item.item_id for one in hits} <= set(listed)
