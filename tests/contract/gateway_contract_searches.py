"""Searches: which items are hits, in which order, with which scores. Embeddings are the tests' own,
so that what must come can be reckoned by hand.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import grpc
import pytest
from contract_calls import ContractCalls
from contract_requests import (
    SHOES,
    embedding_source,
    histogram,
    photo,
    photo_of_nothing,
    random_vector,
)

LIMIT = 24 * 1024 * 1024
"""Bytes that an answer has at most."""


def at(degrees: float) -> tuple[float, float]:
    """A direction whose cosine with the query `at(0)` is that of the angle."""
    radians = math.radians(degrees)
    return math.cos(radians), math.sin(radians)


def fill(calls: ContractCalls, **degrees: float) -> None:
    elements = [
        {"item_id": name, "embedding": embedding_source(at(one))} for name, one in degrees.items()
    ]
    calls.stream("UpsertItems", elements)


def search(calls: ContractCalls, values: Sequence[float] = (1.0,), **fields: Any) -> Any:
    return calls("SearchByEmbedding", **embedding_source(values), **fields).hits


def ids_of(hits: Any) -> list[str]:
    return [one.item.item_id for one in hits]


class SearchesContract:
    def test_the_nearest_come_first(self, calls: ContractCalls) -> None:
        fill(calls, far=120, same=0, near=20, opposite=180, right=90)
        hits = search(calls)
        assert ids_of(hits) == ["same", "near", "right", "far", "opposite"]
        expected = [math.cos(math.radians(one)) for one in (0, 20, 90, 120, 180)]
        assert [one.score for one in hits] == pytest.approx(expected, abs=1e-5)
        assert all(-1.0 <= one.score <= 1.0 for one in hits)
        assert not any(one.HasField("parts") for one in hits)

    def test_no_score_is_above_one(self, calls: ContractCalls) -> None:
        for number in range(20):
            source = embedding_source(random_vector(number), color_histogram=[0.1] * 56)
            calls("UpsertItem", item_id=f"item-{number}", embedding=source)
        for number in range(20):
            hits = search(calls, random_vector(number), color_histogram=[0.3] * 56)
            assert hits[0].item.item_id == f"item-{number}"
            assert hits[0].score == pytest.approx(1.0, abs=1e-5)
            assert all(one.score <= 1.0 for one in hits)

    def test_colour_counts_where_both_have_it(self, calls: ContractCalls) -> None:
        weight = calls("GetServerInfo").color_weight
        assert 0 < weight < 1
        colours = {"red": histogram(1.0), "half": histogram(0.5, 0.5), "blue": histogram(0, 1.0)}
        for name, bins in colours.items():
            source = embedding_source(at(30), color_histogram=bins)
            calls("UpsertItem", item_id=name, embedding=source)
        calls("UpsertItem", item_id="colourless", embedding=embedding_source(at(30)))
        cosine = math.cos(math.radians(30))
        hits = search(calls, color_histogram=histogram(2.0), include_score_parts=True)
        shared = {"red": 1.0, "half": 0.5, "blue": 0.0}
        for hit in hits:
            name, parts = hit.item.item_id, hit.parts
            own = weight if name in shared else 0.0
            assert parts.appearance == pytest.approx(cosine, abs=1e-5)
            assert parts.color == pytest.approx(shared.get(name, 0.0), abs=1e-5)
            assert (parts.appearance_weight, parts.color_weight) == pytest.approx((1 - own, own))
            score = (1 - own) * cosine + own * shared.get(name, 0.0)
            assert hit.score == pytest.approx(score, abs=1e-5)
        assert ids_of(hits) == ["red", "colourless", "half", "blue"]
        without = search(calls, include_score_parts=True)
        assert ids_of(without) == ["blue", "colourless", "half", "red"]
        for hit in without:
            assert (hit.parts.color, hit.parts.color_weight) == (0.0, 0.0)
            assert hit.score == pytest.approx(cosine, abs=1e-5)

    def test_equal_scores_come_by_id(self, calls: ContractCalls) -> None:
        fill(calls, c=10, a=10, best=0, d=10, b=10, worst=90)
        assert ids_of(search(calls)) == ["best", "a", "b", "c", "d", "worst"]

    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_pages_of_equal_hits_hold_each_once(self, calls: ContractCalls, size: int) -> None:
        fill(calls, c=10, a=10, best=0, d=10, b=10, worst=90)
        found: list[str] = []
        while len(found) < 6:
            page = ids_of(search(calls, k=size, hit_options={"offset": len(found)}))
            assert len(page) == min(size, 6 - len(found))
            found += page
        assert (found[0], sorted(found[1:5]), found[5]) == ("best", list("abcd"), "worst")
        assert search(calls, k=size, hit_options={"offset": 6}) == []

    def test_ten_hits_unless_told(self, calls: ContractCalls) -> None:
        fill(calls, **{f"item-{number:02}": number for number in range(12)})
        assert len(search(calls)) == 10
        assert len(search(calls, k=11)) == 11
        assert len(search(calls, k=1000)) == 12
        assert ids_of(search(calls, k=3, hit_options={"offset": 10})) == ["item-10", "item-11"]

    def test_a_lowest_score(self, calls: ContractCalls) -> None:
        fill(calls, a=0, b=30, c=60, d=90, e=120, f=180)
        for bar, wanted in ((0.6, "ab"), (0.0 - 0.01, "abcd"), (-0.6, "abcde"), (-1.0, "abcdef")):
            hits = search(calls, hit_options={"min_score": bar})
            assert ids_of(hits) == list(wanted)
            rest = search(calls, k=2, hit_options={"min_score": bar, "offset": 1})
            assert ids_of(rest) == list(wanted)[1:3]
        none = search(calls, (-0.6, 0.8), hit_options={"min_score": 1.0})
        assert ids_of(none) == []

    def test_other_categories_are_never_hits(self, calls: ContractCalls) -> None:
        fill(calls, a=0, b=10)
        calls("UpsertItem", item_id="shoe", embedding=embedding_source(category=SHOES))
        assert ids_of(search(calls)) == ["a", "b"]
        calls("UpsertItem", item_id="b", embedding=embedding_source(category=SHOES))
        assert ids_of(search(calls)) == ["a"]
        shoes = calls("SearchByEmbedding", **embedding_source(category=SHOES)).hits
        assert ids_of(shoes) == ["b", "shoe"]

    def test_what_is_written_is_found_at_once(self, calls: ContractCalls) -> None:
        fill(calls, a=90)
        assert search(calls)[0].score == pytest.approx(0.0, abs=1e-5)
        fill(calls, a=0)
        (hit,) = search(calls)
        assert hit.score == pytest.approx(1.0, abs=1e-5)

    def test_by_item_is_by_its_vectors_without_itself(self, calls: ContractCalls) -> None:
        bins = histogram(0.5, 0.5)
        for name, degrees in {"a": 0, "b": 10, "c": 20, "twin": 0}.items():
            source = embedding_source(at(degrees), color_histogram=bins)
            calls("UpsertItem", item_id=name, embedding=source)
        by_item = calls("SearchByItem", item_id="a", include_score_parts=True).hits
        assert ids_of(by_item) == ["twin", "b", "c"]
        by_vector = search(calls, color_histogram=bins, include_score_parts=True)
        assert list(by_item) == [one for one in by_vector if one.item.item_id != "a"]
        second = calls("SearchByItem", item_id="a", k=1, hit_options={"offset": 1}).hits
        assert ids_of(second) == ["b"]

    def test_by_image_is_by_each_of_its_garments(self, calls: ContractCalls) -> None:
        analysis = calls("AnalyzeImage", photo={"image": photo()}).analysis
        assert analysis.garments
        calls("UpsertItem", item_id="same", photo={"image": photo()})
        for number, one in enumerate(analysis.garments):
            source = embedding_source(random_vector(number), one.super_category)
            calls("UpsertItem", item_id=f"other-{number}", embedding=source)
        found = calls("SearchByImage", photo={"image": photo()}, include_score_parts=True)
        assert [one.garment for one in found.results] == list(analysis.garments)
        assert list(found.dropped) == list(analysis.dropped)
        assert (found.width, found.height) == (analysis.width, analysis.height)
        assert found.vector_fingerprint == analysis.vector_fingerprint
        first = found.results[0].hits[0]
        assert first.item.item_id == "same"
        assert first.score == pytest.approx(1.0, abs=1e-4)
        for one in found.results:
            vectors = {
                "embedding": one.garment.embedding,
                "super_category": one.garment.super_category,
                "color_histogram": one.garment.color_histogram,
            }
            hits = calls("SearchByEmbedding", **vectors, include_score_parts=True).hits
            assert ids_of(hits) == ids_of(one.hits)
            assert [hit.score for hit in hits] == pytest.approx(
                [hit.score for hit in one.hits], abs=1e-5
            )
            assert all(b.score <= a.score for a, b in pairwise(one.hits))

    @pytest.mark.parametrize(
        "known",
        [
            {"options": {"score_threshold": 1.0}},
            {"options": {"attribute_model": 2}},
            {"guide": {"category": SHOES}},
            {"guide": {"region": {"x0": 0.25, "y0": 0.25, "x1": 0.75, "y1": 0.5}}},
        ],
        ids=["threshold", "model", "category", "region"],
    )
    def test_by_image_is_by_what_an_analysis_finds(
        self, calls: ContractCalls, known: dict[str, Any]
    ) -> None:
        sent = {"image": photo(), **known}
        analysis = calls("AnalyzeImage", photo=sent).analysis
        found = calls("SearchByImage", photo=sent)
        assert [one.garment for one in found.results] == list(analysis.garments)
        assert list(found.dropped) == list(analysis.dropped)

    def test_hit_options_hold_for_each_garment(self, calls: ContractCalls) -> None:
        analysis = calls("AnalyzeImage", photo={"image": photo()}).analysis
        for number, one in enumerate(analysis.garments):
            for place in range(3):
                source = embedding_source(random_vector(10 * number + place), one.super_category)
                calls("UpsertItem", item_id=f"item-{number}-{place}", title="x", embedding=source)
        usual = calls("SearchByImage", photo={"image": photo()}).results
        options = {"offset": 1, "item_fields": {"paths": ["title"]}}
        paged = calls("SearchByImage", photo={"image": photo()}, k=1, hit_options=options).results
        for all_hits, hits in zip(usual, paged, strict=True):
            assert ids_of(hits.hits) == ids_of(all_hits.hits)[1:2]
            names = {field.name for hit in hits.hits for field, _ in hit.item.ListFields()}
            assert names == {"item_id", "title"}

    def test_by_an_image_of_nothing(self, calls: ContractCalls) -> None:
        found = calls("SearchByImage", photo={"image": photo_of_nothing()})
        analysis = calls("AnalyzeImage", photo={"image": photo_of_nothing()}).analysis
        assert list(found.results) == []
        assert list(found.dropped) == list(analysis.dropped)

    @pytest.mark.parametrize("is_filled", [False, True])
    def test_vectors_of_the_served_models(self, calls: ContractCalls, is_filled: bool) -> None:
        served = calls("GetServerInfo").vector_fingerprint
        if is_filled:
            fill(calls, a=0)
            assert calls("GetServerInfo").stored_vector_fingerprint == served
        found = search(calls, vector_fingerprint=served)
        assert ids_of(found) == (["a"] if is_filled else [])
        stated = calls("UpsertItem", item_id="b", embedding=embedding_source(
            at(1), vector_fingerprint=served
        ))  # fmt: skip
        assert stated.item.vector_fingerprint == served
        again = calls("UpsertItem", item_id="b", embedding=embedding_source(at(1)))
        assert again.item == stated.item

    @pytest.mark.parametrize("is_filled", [False, True])
    @pytest.mark.parametrize("method", ["UpsertItem", "UpsertItems", "SearchByEmbedding"])
    def test_vectors_of_other_models(
        self, calls: ContractCalls, method: str, is_filled: bool
    ) -> None:
        served = calls("GetServerInfo").vector_fingerprint
        if is_filled:
            fill(calls, a=0)
        source = embedding_source(vector_fingerprint="0000-0000")
        fields = source if method == "SearchByEmbedding" else {"item_id": "b", "embedding": source}
        failure = calls.failure(method, **fields)
        assert failure.code is grpc.StatusCode.FAILED_PRECONDITION
        assert failure.reason == "VECTOR_FINGERPRINT_MISMATCH"
        assert failure.metadata.pop("request_id")
        assert failure.metadata == {"stored": served, "served": "0000-0000"}
        assert calls.failure("GetItem", item_id="b").reason == "ITEM_NOT_FOUND"

    def test_answers_keep_to_their_limit(self, calls: ContractCalls) -> None:
        attributes = {f"attribute-{number}": "x" * 256 for number in range(62)}
        wanted = [f"item-{number:03}" for number in range(800)]
        elements = (
            {
                "item_id": name,
                "embedding": embedding_source(at(number / 10)),
                "payload": bytes(16 * 1024),
                "attributes": attributes,
            }
            for number, name in enumerate(wanted)
        )
        assert all(one.changed for one in calls.stream("UpsertItems", elements))
        for failure in (
            calls.failure("SearchByEmbedding", **embedding_source(), k=1000),
            calls.failure("SearchByItem", item_id=wanted[0], k=1000),
        ):
            assert failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED
            assert failure.reason == "ANSWER_TOO_LARGE"
            assert int(failure.metadata["bytes"]) > LIMIT
            assert failure.metadata["limit_bytes"] == str(LIMIT)
        slim = {"item_fields": {"paths": ["title"]}}
        assert ids_of(search(calls, k=1000, hit_options=slim)) == wanted
        found: list[str] = []
        sizes: list[int] = []
        token = ""
        while not sizes or token:
            page = calls("ListItems", page_size=1000, page_token=token)
            sizes.append(page.ByteSize())
            found += [one.item_id for one in page.items]
            token = page.next_page_token
        assert found == wanted
        assert len(sizes) == 2
        assert LIMIT - (1 << 20) < max(sizes) <= LIMIT
