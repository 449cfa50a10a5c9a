"""Reading, listing and deleting items, and which fields of them come."""

from typing import Any

import grpc
import pytest
from contract_calls import ContractCalls
from contract_requests import BAG, SHOES, embedding_source, histogram

WHOLE = {
    "item_id": "a",
    "embedding": embedding_source(sub_category="clutch", color_histogram=histogram(1.0)),
    "title": "A thing",
    "attributes": {"brand": "Acme"},
    "payload": b"price",
}
SEARCHES_OF_VECTORS = ("SearchByEmbedding", "SearchByItem")


def fill(calls: ContractCalls, *ids: str, category: int = BAG) -> None:
    elements = [{"item_id": one, "embedding": embedding_source(category=category)} for one in ids]
    calls.stream("UpsertItems", elements)


def ids_of(page: Any) -> list[str]:
    return [one.item_id for one in page.items]


def shown_by(calls: ContractCalls, method: str, paths: list[str]) -> Any:
    """The item as a method shows it, with the fields of a mask."""
    mask = {"paths": paths}
    if method == "GetItem":
        return calls(method, item_id="a", item_fields=mask).item
    if method == "ListItems":
        return calls(method, item_fields=mask).items[0]
    query: dict[str, Any] = embedding_source()
    if method == "SearchByItem":
        query = {"item_id": "twin"}
        calls("UpsertItem", item_id="twin", embedding=embedding_source())
    return calls(method, **query, hit_options={"item_fields": mask}).hits[0].item


class ReadsContract:
    def test_what_is_not_there(self, calls: ContractCalls) -> None:
        for method in ("GetItem", "SearchByItem"):
            failure = calls.failure(method, item_id="absent")
            assert (failure.code, failure.reason) == (
                grpc.StatusCode.NOT_FOUND,
                "ITEM_NOT_FOUND",
            )
            assert failure.metadata.pop("request_id")
            assert failure.metadata == {"item_id": "absent"}

    def test_an_empty_catalogue(self, calls: ContractCalls) -> None:
        page = calls("ListItems")
        assert (ids_of(page), page.next_page_token, page.total_size) == ([], "", 0)

    def test_items_are_listed_by_id(self, calls: ContractCalls) -> None:
        ids = ["b", "a", "B", "a/1", "a-1", "10", "9", "a.", "_", "a:"]
        fill(calls, *ids)
        page = calls("ListItems")
        assert ids_of(page) == sorted(ids)
        assert (page.next_page_token, page.total_size) == ("", len(ids))

    @pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8])
    def test_pages_hold_every_item_once(self, calls: ContractCalls, size: int) -> None:
        wanted = [f"item-{number}" for number in range(6)]
        fill(calls, *wanted)
        found: list[str] = []
        token = ""
        while True:
            page = calls("ListItems", page_size=size, page_token=token)
            assert page.total_size == len(wanted)
            assert len(page.items) == min(size, len(wanted) - len(found))
            found += ids_of(page)
            token = page.next_page_token
            if not token:
                break
        assert found == wanted

    def test_a_page_has_a_hundred_items_unless_told(self, calls: ContractCalls) -> None:
        fill(calls, *(f"item-{number:03}" for number in range(101)))
        page = calls("ListItems")
        assert (len(page.items), page.total_size) == (100, 101)
        assert ids_of(calls("ListItems", page_token=page.next_page_token)) == ["item-100"]

    def test_a_page_of_one_category(self, calls: ContractCalls) -> None:
        fill(calls, "bag-1", "bag-2", "bag-3")
        fill(calls, "shoes-1", "shoes-2", category=SHOES)
        page = calls("ListItems", super_category=BAG, page_size=2)
        assert (ids_of(page), page.total_size) == (["bag-1", "bag-2"], 3)
        rest = calls("ListItems", super_category=BAG, page_token=page.next_page_token)
        assert (ids_of(rest), rest.total_size) == (["bag-3"], 3)
        # A token says where a page begins; of what, each request says itself.
        other = calls("ListItems", super_category=SHOES, page_token=page.next_page_token)
        assert (ids_of(other), other.total_size) == (["shoes-1", "shoes-2"], 2)
        assert ids_of(calls("ListItems", page_token=page.next_page_token)) == [
            "bag-3",
            "shoes-1",
            "shoes-2",
        ]

    def test_a_token_outlives_its_item(self, calls: ContractCalls) -> None:
        fill(calls, "a", "b", "c", "d")
        token = calls("ListItems", page_size=2).next_page_token
        calls("DeleteItems", item_ids=["b", "c"])
        fill(calls, "a2", "bb")
        assert ids_of(calls("ListItems", page_token=token)) == ["bb", "d"]

    def test_lists_and_hits_come_without_vectors(self, calls: ContractCalls) -> None:
        calls("UpsertItem", **WHOLE)
        whole = calls("GetItem", item_id="a").item
        assert len(whole.garment.embedding.values) == 128
        whole.garment.ClearField("embedding")
        whole.garment.ClearField("color_histogram")
        whole.ClearField("vector_fingerprint")
        assert calls("ListItems").items[0] == whole
        assert calls("SearchByEmbedding", **embedding_source()).hits[0].item == whole

    @pytest.mark.parametrize("method", ["GetItem", "ListItems", *SEARCHES_OF_VECTORS])
    @pytest.mark.parametrize(
        ("paths", "fields"),
        [
            (["item_id"], {"item_id"}),
            (["title"], {"item_id", "title"}),
            (["title", "title"], {"item_id", "title"}),
            (["payload", "attributes"], {"item_id", "payload", "attributes"}),
            (["sequence_number", "update_time"], {"item_id", "sequence_number", "update_time"}),
            (["update_time.seconds"], {"item_id", "update_time"}),
            (["vector_fingerprint"], {"item_id", "vector_fingerprint"}),
        ],
        ids=str,
    )
    def test_a_mask_chooses_the_fields(
        self, calls: ContractCalls, method: str, paths: list[str], fields: set[str]
    ) -> None:
        calls("UpsertItem", **WHOLE)
        whole = calls("GetItem", item_id="a").item
        item = shown_by(calls, method, paths)
        assert {one.name for one, _ in item.ListFields()} == fields
        for field in fields - {"update_time"}:
            assert getattr(item, field) == getattr(whole, field)

    @pytest.mark.parametrize("method", ["GetItem", "ListItems", *SEARCHES_OF_VECTORS])
    @pytest.mark.parametrize(
        ("paths", "fields"),
        [
            (["garment.super_category"], {"super_category"}),
            (["garment.embedding"], {"embedding"}),
            (["garment.embedding.values"], {"embedding"}),
            (["garment.color_histogram"], {"color_histogram"}),
            (["garment"], {"super_category", "sub_category", "embedding", "color_histogram"}),
        ],
        ids=str,
    )
    def test_a_mask_goes_into_the_garment(
        self, calls: ContractCalls, method: str, paths: list[str], fields: set[str]
    ) -> None:
        calls("UpsertItem", **WHOLE)
        whole = calls("GetItem", item_id="a").item.garment
        item = shown_by(calls, method, paths)
        assert {one.name for one, _ in item.ListFields()} == {"item_id", "garment"}
        assert {one.name for one, _ in item.garment.ListFields()} == fields
        for field in fields:
            assert getattr(item.garment, field) == getattr(whole, field)

    def test_a_mask_of_nothing_is_the_default(self, calls: ContractCalls) -> None:
        calls("UpsertItem", **WHOLE)
        assert shown_by(calls, "GetItem", []) == calls("GetItem", item_id="a").item
        assert shown_by(calls, "ListItems", []) == calls("ListItems").items[0]
        hit = calls("SearchByEmbedding", **embedding_source()).hits[0]
        assert shown_by(calls, "SearchByEmbedding", []) == hit.item

    def test_deletions(self, calls: ContractCalls) -> None:
        fill(calls, "a", "b", "c", "d")
        deleted = calls("DeleteItems", item_ids=["c", "absent", "a", "c"]).deleted_item_ids
        assert list(deleted) == ["c", "a"]
        assert ids_of(calls("ListItems")) == ["b", "d"]
        assert list(calls("DeleteItems", item_ids=["c", "a"]).deleted_item_ids) == []
        assert calls.failure("GetItem", item_id="c").reason == "ITEM_NOT_FOUND"
        hits = calls("SearchByEmbedding", **embedding_source()).hits
        assert [one.item.item_id for one in hits] == ["b", "d"]

    def test_a_refused_deletion_deletes_nothing(self, calls: ContractCalls) -> None:
        fill(calls, "a")
        assert calls.failure("DeleteItems", item_ids=["a", "not an id"]).reason == "INVALID_FIELD"
        assert ids_of(calls("ListItems")) == ["a"]
