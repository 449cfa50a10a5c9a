"""Upserts: what an item comes to, by itself and in streams, and what is read of it then."""

import math
from typing import Any

import grpc
import pytest
from contract_calls import ContractCalls, element_failure
from contract_requests import (
    BAG,
    SHOES,
    UPSERTS,
    embedding_source,
    histogram,
    photo,
    photo_of_nothing,
    random_vector,
)

from ootd.v1.catalog_service_pb2 import (
    UPSERT_OUTCOME_CREATED as CREATED,
)
from ootd.v1.catalog_service_pb2 import (
    UPSERT_OUTCOME_REPLACED as REPLACED,
)
from ootd.v1.catalog_service_pb2 import (
    UPSERT_OUTCOME_UNCHANGED as UNCHANGED,
)
from ootd.v1.catalog_service_pb2 import (
    UPSERT_OUTCOME_UNSPECIFIED as FAILED,
)

VECTORS: dict[str, Any] = {
    "embedding": {"values": random_vector(1)},
    "super_category": BAG,
    "sub_category": "clutch",
    "color_histogram": histogram(0.25, 0.75),
}
WHOLE: dict[str, Any] = {
    "item_id": "a",
    "embedding": VECTORS,
    "title": "A thing",
    "attributes": {"brand": "Acme", "size": "M"},
    "payload": b"price",
}
PHOTO_ITEM = {"item_id": "a", "title": "A thing", "photo": {"image": photo()}}


def doubled(values: Any) -> list[float]:
    """The same direction, twice as long."""
    return [2.0 * one for one in values]


def with_vectors(**changes: Any) -> dict[str, Any]:
    return {**WHOLE, "embedding": VECTORS | changes}


def with_photo(**changes: Any) -> dict[str, Any]:
    return {**PHOTO_ITEM, "photo": {"image": photo(), **changes}}


class UpsertsContract:
    @pytest.mark.parametrize("method", UPSERTS)
    def test_an_item_is_created_and_then_the_same(self, calls: ContractCalls, method: str) -> None:
        created = calls(method, **WHOLE)
        assert created.outcome == CREATED
        again = calls(method, **WHOLE)
        assert again.outcome == UNCHANGED
        assert again.item == created.item
        if method == "UpsertItems":
            assert (created.item_id, created.changed, again.changed) == ("a", True, False)

    def test_both_upserts_mean_the_same_item(self, calls: ContractCalls) -> None:
        assert calls("UpsertItem", **WHOLE).outcome == CREATED
        assert calls("UpsertItems", **WHOLE).outcome == UNCHANGED

    @pytest.mark.parametrize(
        "same",
        [
            with_vectors(embedding={"values": doubled(VECTORS["embedding"]["values"])}),
            with_vectors(color_histogram=doubled(VECTORS["color_histogram"])),
            {**WHOLE, "attributes": {"size": "M", "brand": "Acme"}},
        ],
        ids=["a longer vector", "a fuller histogram", "attributes in another order"],
    )
    def test_what_means_the_same_changes_nothing(
        self, calls: ContractCalls, same: dict[str, Any]
    ) -> None:
        calls("UpsertItem", **WHOLE)
        assert calls("UpsertItem", **same).outcome == UNCHANGED

    @pytest.mark.parametrize(
        "other",
        [
            {**WHOLE, "title": "Another thing"},
            {**WHOLE, "title": ""},
            {**WHOLE, "attributes": {"brand": "Acme"}},
            {**WHOLE, "payload": b""},
            with_vectors(embedding={"values": random_vector(2)}),
            with_vectors(super_category=SHOES, sub_category="boots"),
            with_vectors(sub_category=""),
            with_vectors(color_histogram=[]),
            with_vectors(color_histogram=histogram(0.75, 0.25)),
            PHOTO_ITEM,
        ],
        ids=[
            "title", "no title", "attributes", "payload", "vector", "super-category",
            "sub-category", "no histogram", "histogram", "photo",
        ],
    )  # fmt: skip
    def test_another_item_replaces_it_whole(
        self, calls: ContractCalls, other: dict[str, Any]
    ) -> None:
        first = calls("UpsertItem", **WHOLE).item
        answer = calls("UpsertItem", **other)
        assert answer.outcome == REPLACED
        assert answer.item.sequence_number > first.sequence_number
        assert answer.item == calls("GetItem", item_id="a").item
        assert answer.item.title == other.get("title", "")
        assert dict(answer.item.attributes) == other.get("attributes", {})
        assert answer.item.payload == other.get("payload", b"")

    @pytest.mark.parametrize(
        ("second", "outcome"),
        [
            (PHOTO_ITEM, UNCHANGED),
            (with_photo(options={"attribute_model": 1}), UNCHANGED),
            (with_photo(options={}, guide={}), UNCHANGED),
            (with_photo(options={"attribute_model": 2}), REPLACED),
            (with_photo(options={"score_threshold": 0.2}), REPLACED),
            (with_photo(guide={"region": {"x0": 0.2, "y0": 0.2, "x1": 0.8, "y1": 0.8}}), REPLACED),
            ({**PHOTO_ITEM, "title": "Another thing"}, REPLACED),
            (WHOLE, REPLACED),
        ],
        ids=[
            "same", "default model by name", "empty options", "other model", "threshold", "guide",
            "title", "embedding",
        ],
    )  # fmt: skip
    def test_a_photo_again(
        self, calls: ContractCalls, second: dict[str, Any], outcome: int
    ) -> None:
        assert calls("UpsertItem", **PHOTO_ITEM).outcome == CREATED
        assert calls("UpsertItem", **second).outcome == outcome

    def test_what_is_stored(self, calls: ContractCalls) -> None:
        item = calls("UpsertItem", **WHOLE).item
        assert (item.item_id, item.title, item.payload) == ("a", "A thing", b"price")
        assert dict(item.attributes) == WHOLE["attributes"]
        assert item.sequence_number > 0
        assert item.update_time.seconds > 0
        assert item.vector_fingerprint == calls("GetServerInfo").vector_fingerprint
        garment = item.garment
        assert (garment.super_category, garment.sub_category) == (BAG, "clutch")
        assert not garment.HasField("box")
        assert (garment.box_origin, garment.score, garment.sub_category_score) == (0, 0.0, 0.0)
        assert list(garment.attributes) == []
        assert math.hypot(*garment.embedding.values) == pytest.approx(1.0, abs=1e-6)
        ratio = garment.embedding.values[0] / VECTORS["embedding"]["values"][0]
        expected = [ratio * one for one in VECTORS["embedding"]["values"]]
        assert list(garment.embedding.values) == pytest.approx(expected, abs=1e-6)
        assert list(garment.color_histogram) == pytest.approx(histogram(0.25, 0.75), abs=1e-6)
        assert calls("GetItem", item_id="a").item == item

    @pytest.mark.parametrize("values", [(3e38, -3e38), (1e-40, 1e-40)])
    def test_the_length_of_a_vector_counts_nothing(
        self, calls: ContractCalls, values: tuple[float, float]
    ) -> None:
        source = embedding_source(values, color_histogram=histogram(3e38, 3e38))
        garment = calls("UpsertItem", item_id="a", embedding=source).item.garment
        assert math.hypot(*garment.embedding.values) == pytest.approx(1.0, abs=1e-5)
        assert sum(garment.color_histogram) == pytest.approx(1.0, abs=1e-5)

    def test_an_item_of_a_photo_is_one_of_its_garments(self, calls: ContractCalls) -> None:
        analysis = calls("AnalyzeImage", photo={"image": photo()}).analysis
        item = calls("UpsertItem", item_id="a", photo={"image": photo()}).item
        assert item.garment == analysis.garments[0]
        assert item.vector_fingerprint == analysis.vector_fingerprint
        region = {"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.5}
        guided = {"image": photo(), "guide": {"region": region}}
        stored = calls("UpsertItem", item_id="a", photo=guided).item.garment
        (garment,) = calls("AnalyzeImage", photo=guided).analysis.garments
        assert stored == garment

    @pytest.mark.parametrize("method", UPSERTS)
    @pytest.mark.parametrize(
        ("guide", "category"),
        [({}, "any"), ({"category": SHOES}, "shoes"), ({"category": BAG}, "bag")],
    )
    def test_a_photo_without_the_item(
        self, calls: ContractCalls, method: str, guide: dict[str, Any], category: str
    ) -> None:
        source = {"image": photo_of_nothing(), "guide": guide}
        failure = calls.failure(method, item_id="a", photo=source)
        assert failure.code is grpc.StatusCode.FAILED_PRECONDITION
        assert failure.reason == "NO_MATCHING_GARMENT"
        assert failure.metadata.pop("request_id")
        assert failure.metadata == {"item_id": "a", "category": category}
        assert calls.failure("GetItem", item_id="a").reason == "ITEM_NOT_FOUND"

    def test_a_deleted_item_is_created_anew(self, calls: ContractCalls) -> None:
        first = calls("UpsertItem", **WHOLE).item
        calls("DeleteItems", item_ids=["a"])
        again = calls("UpsertItem", **WHOLE)
        assert again.outcome == CREATED
        assert again.item.sequence_number > first.sequence_number

    def test_a_stream_answers_each_element_in_order(self, calls: ContractCalls) -> None:
        elements: list[dict[str, Any]] = [
            {"item_id": f"item-{number}", "embedding": embedding_source((1.0, number))}
            for number in range(40)
        ]
        elements[3] = {"item_id": "not an id", "embedding": embedding_source()}
        elements[5] = {"item_id": "item-5", "photo": {"image": photo()}}
        elements[7] = {"item_id": "item-7", "photo": {"image": b"no photo\n"}}
        elements[8] = {"item_id": "item-8", "photo": {"image": photo_of_nothing()}}
        elements[9] = {"item_id": "item-9", "embedding": embedding_source(vector_fingerprint="0-0")}
        elements[10] = {"item_id": "item-10"}
        answers = calls.stream("UpsertItems", elements)
        assert [one.item_id for one in answers] == [one["item_id"] for one in elements]
        failed = {
            number: element_failure(one).reason
            for number, one in enumerate(answers)
            if one.HasField("error")
        }
        assert failed == {
            3: "INVALID_FIELD",
            7: "IMAGE_UNREADABLE",
            8: "NO_MATCHING_GARMENT",
            9: "VECTOR_FINGERPRINT_MISMATCH",
            10: "INVALID_FIELD",
        }
        for number, answer in enumerate(answers):
            wanted = (False, FAILED) if number in failed else (True, CREATED)
            assert (answer.changed, answer.outcome) == wanted
        stored = calls("ListItems", page_size=1000).items
        good = {one["item_id"] for number, one in enumerate(elements) if number not in failed}
        assert {one.item_id for one in stored} == good

    def test_of_one_id_what_came_last_is_stored(self, calls: ContractCalls) -> None:
        elements = [
            {"item_id": "a", "title": str(number), "embedding": embedding_source()}
            for number in range(20)
        ]
        answers = calls.stream("UpsertItems", [*elements, elements[-1]])
        assert [one.outcome for one in answers] == [CREATED, *[REPLACED] * 19, UNCHANGED]
        numbers = [one.item.sequence_number for one in answers[:20]]
        assert numbers == sorted(set(numbers))
        assert calls("GetItem", item_id="a").item == answers[-1].item

    def test_a_stream_of_nothing(self, calls: ContractCalls) -> None:
        assert calls.stream("UpsertItems", []) == []
        assert calls.stream("AnalyzeImages", []) == []
