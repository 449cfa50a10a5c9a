"""Order of writes whose photos take their time, options and metrics, on the real gateway."""

import uuid
from collections.abc import Iterator
from typing import Any
from urllib.request import urlopen

import numpy as np
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from gateway_process import GatewayProcess
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1.garment_pb2 import Embedding, Guide
from ootd.v1.photo_pb2 import Photo
from ootd.v1.search_service_pb2 import (
    SearchByItemRequest,
)
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_BAG, SUPER_CATEGORY_SHOES
from photo_requests import search_request
from photos import garment_jpeg, outfit_jpeg
from statuses import failing


@pytest.fixture
def prefix(gateway: GatewayProcess) -> Iterator[str]:
    """A prefix of item ids for one test; what the test stored is deleted after it."""
    chosen = f"t{uuid.uuid4().hex[:8]}-"
    yield chosen
    ids = [one.item_id for one in listed(gateway) if one.item_id.startswith(chosen)]
    for start in range(0, len(ids), 1000):
        request = catalog.DeleteItemsRequest(item_ids=ids[start : start + 1000])
        gateway.catalog.DeleteItems(request, timeout=20)


def listed(gateway: GatewayProcess) -> list[Any]:
    found: list[Any] = []
    token = ""
    while True:
        request = catalog.ListItemsRequest(
            page_size=1000, page_token=token, item_fields=FieldMask(paths=["title"])
        )
        page = gateway.catalog.ListItems(request, timeout=20)
        found += page.items
        token = page.next_page_token
        if not token:
            return found


def vector(seed: int) -> list[float]:
    values = np.random.default_rng(seed).normal(size=128)
    return [float(value) for value in values / np.linalg.norm(values)]


def ready(seed: int) -> catalog.ItemEmbedding:
    return catalog.ItemEmbedding(
        embedding=Embedding(values=vector(seed)), super_category=SUPER_CATEGORY_BAG
    )


def shoe_photo(seed: int) -> Photo:
    return Photo(image=garment_jpeg(seed, "boots"), guide=Guide(category=SUPER_CATEGORY_SHOES))


def test_of_one_id_what_came_last_is_stored(gateway: GatewayProcess, prefix: str) -> None:
    """Photos take their time in the models, embeddings none; of each id one follows the other."""
    requests = []
    for number in range(8):
        item_id = f"{prefix}{number}"
        requests.append(
            catalog.UpsertItemsRequest(item_id=item_id, title="first", photo=shoe_photo(number))
        )
        requests.append(
            catalog.UpsertItemsRequest(item_id=item_id, title="second", embedding=ready(number))
        )
    answers = list(gateway.catalog.UpsertItems(iter(requests), timeout=60))
    assert [one.item_id for one in answers] == [one.item_id for one in requests]
    outcomes = [one.outcome for one in answers]
    assert outcomes == [catalog.UPSERT_OUTCOME_CREATED, catalog.UPSERT_OUTCOME_REPLACED] * 8
    for number in range(8):
        first, second = answers[2 * number : 2 * number + 2]
        assert first.item.sequence_number < second.item.sequence_number
        item = gateway.catalog.GetItem(
            catalog.GetItemRequest(item_id=f"{prefix}{number}"), timeout=10
        ).item
        assert (item.title, item.sequence_number) == ("second", second.item.sequence_number)
        assert item.garment.super_category == SUPER_CATEGORY_BAG


def test_a_deletion_takes_its_turn(gateway: GatewayProcess, prefix: str) -> None:
    """It comes while a photo of the same id is analysed, and is what is true in the end."""
    item_id = f"{prefix}a"
    received = 'grpc_server_msg_received_total{grpc_method="UpsertItem"'
    before = gateway.metric(received)
    slow = gateway.catalog.UpsertItem.future(
        catalog.UpsertItemRequest(item_id=item_id, photo=Photo(image=outfit_jpeg(3))), timeout=30
    )
    while gateway.metric(received) == before:
        assert not slow.done()
    deleted = gateway.catalog.DeleteItems(
        catalog.DeleteItemsRequest(item_ids=[item_id]), timeout=30
    )
    assert slow.result().outcome == catalog.UPSERT_OUTCOME_CREATED
    assert list(deleted.deleted_item_ids) == [item_id]
    gone = failing(
        lambda: gateway.catalog.GetItem(catalog.GetItemRequest(item_id=item_id), timeout=10)
    )
    assert gone.reason == "ITEM_NOT_FOUND"


def test_a_photo_search_takes_options(gateway: GatewayProcess, prefix: str) -> None:
    request = catalog.UpsertItemsRequest(item_id=f"{prefix}s", photo=shoe_photo(2))
    list(gateway.catalog.UpsertItems(iter([request]), timeout=30))

    def search(**fields: Any) -> Any:
        made = search_request(outfit_jpeg(), k=5, **fields)
        return gateway.search.SearchByImage(made, timeout=30)

    usual, every = search(), search(options={"score_threshold": 0.01})
    assert len(every.results) + len(every.dropped) > len(usual.results) + len(usual.dropped)
    wrong = failing(lambda: search(options={"score_threshold": 7.0}))
    assert "photo.options.score_threshold" in wrong.violations
    none = search(hit_options={"min_score": 1.0})
    assert [len(one.hits) for one in none.results] == [0] * len(usual.results)


def test_metrics_tell_of_it_all(gateway: GatewayProcess, prefix: str) -> None:
    request = catalog.UpsertItemRequest(item_id=f"{prefix}m", embedding=ready(1))
    gateway.catalog.UpsertItem(request, timeout=10)
    gateway.search.SearchByItem(SearchByItemRequest(item_id=f"{prefix}m"), timeout=10)
    deletion = catalog.DeleteItemsRequest(item_ids=[f"{prefix}m"])
    gateway.catalog.DeleteItems(deletion, timeout=10)
    with urlopen(f"http://{gateway.addresses['metrics_address']}/metrics", timeout=10) as answer:
        lines = answer.read().decode().splitlines()
    values = {
        line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1])
        for line in lines
        if line[:1].islower()
    }
    for name in (
        'ootd_upserts_total{result="created"}',
        "ootd_deleted_items_total",
        "ootd_search_hits_count",
        'ootd_index_search_seconds_count{how="exact",super_category="bag"}',
        'ootd_store_seconds_count{operation="upsert"}',
        "ootd_store_commit_writes_count",
        'ootd_admission_limit{pool="streams"}',
        'ootd_request_bytes_count{grpc_method="UpsertItem"}',
        'ootd_index_bytes{super_category="bag"}',
    ):
        assert values.get(name, 0.0) > 0, name
    assert values["ootd_request_bytes_in_flight"] == 0
