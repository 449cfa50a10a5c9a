"""Arguments that make no sense are refused here, in a sentence, before anything is sent."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import ootd
from ootd import AsyncClient, Client, EmbeddingUpload
from ootd.testing import FakeGateway

VECTOR = (0.5,) * 128


def test_a_str_is_no_list_of_ids(gateway: FakeGateway, client: Client) -> None:
    client.upsert_items([EmbeddingUpload(name, VECTOR, "bag") for name in ("a", "b", "ab")])
    for ids in ("ab", b"ab"):
        with pytest.raises(TypeError, match=r"item_ids is one (str|bytes); give a list: \["):
            client.delete_items(ids)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"item_ids\[1\] must be a str, is int"):
        client.delete_items(["a", 5])  # type: ignore[list-item]
    assert sorted(gateway.items) == ["a", "ab", "b"]
    assert client.delete_items(name for name in ("a", "none")) == ("a",)


async def test_a_str_is_no_list_of_ids_within_asyncio(gateway: FakeGateway) -> None:
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(TypeError, match="item_ids is one str"):
            await client.delete_items("ab")
    assert gateway.calls == []


NUMBERS: dict[str, tuple[str, Callable[[Client, Any], Any]]] = {
    "k of an embedding": ("k", lambda c, n: c.search_by_embedding(VECTOR, "bag", k=n)),
    "k of an item": ("k", lambda c, n: c.search_by_item("a", k=n)),
    "k of a photo": ("k", lambda c, n: c.search_by_image(b"\xff\xd8\xff", k=n)),
    "offset": ("hit_options.offset", lambda c, n: c.search_by_item("a", offset=n)),
    "page_size": ("page_size", lambda c, n: next(c.list_items(page_size=n))),
}


@pytest.mark.parametrize("case", NUMBERS)
def test_numbers_that_no_message_can_hold(gateway: FakeGateway, client: Client, case: str) -> None:
    field, call = NUMBERS[case]
    for number in (-1, 10**20, 2**32):
        with pytest.raises(ootd.InvalidRequestError, match=rf"{field}: must be .* is {number}"):
            call(client, number)
    for other in (1.5, "3", None):
        with pytest.raises(TypeError, match=f"{field} must be an int"):
            call(client, other)
    assert gateway.calls == []


TEXTS: dict[str, Callable[[Client, Any], Any]] = {
    "get_item": lambda c, text: c.get_item(text),
    "search_by_item": lambda c, text: c.search_by_item(text),
    "delete_items": lambda c, text: c.delete_items([text]),
    "list_page": lambda c, text: c.list_page(token=text),
    "fields": lambda c, text: c.get_item("a", fields=[text]),
    "health": lambda c, text: c.health(text),
    "fingerprint": lambda c, text: c.search_by_embedding(VECTOR, "bag", vector_fingerprint=text),
}


@pytest.mark.parametrize("case", TEXTS)
def test_texts_that_no_message_can_hold(gateway: FakeGateway, client: Client, case: str) -> None:
    for other in (None, 5, b"a"):
        with pytest.raises(TypeError, match="must be a str, is"):
            TEXTS[case](client, other)
    with pytest.raises(ootd.InvalidRequestError, match="valid Unicode, is not at position 1"):
        TEXTS[case](client, "a\ud800")
    assert gateway.calls == []


def test_numbers_of_numpy_are_numbers(client: Client) -> None:
    client.upsert_items([EmbeddingUpload(name, VECTOR, "bag") for name in "abc"])
    hits = client.search_by_embedding(VECTOR, "bag", k=np.int64(2), min_score=np.float32(0.5))  # type: ignore[arg-type]
    assert len(hits) == 2


def test_one_str_is_no_list_of_fields(client: Client) -> None:
    with pytest.raises(TypeError, match="fields is one str"):
        client.get_item("a", fields="title")
    with pytest.raises(TypeError, match="fields is one str"):
        client.search_by_item("a", fields="title")


VECTORS: list[Any] = [
    list(VECTOR),
    VECTOR,
    range(128),
    np.full(128, 0.5),
    np.full(128, 0.5, dtype=np.float32),
    np.ones(128, dtype=np.int64),
    [np.float32(0.5)] * 128,
]


@pytest.mark.parametrize("vector", VECTORS, ids=[f"{type(one).__name__}" for one in VECTORS])
def test_vectors_of_all_kinds(client: Client, vector: Any) -> None:
    upload = EmbeddingUpload("e", vector, "bag", color_histogram=np.ones(56))
    result = client.upsert_item(upload)
    assert result.item is not None
    length = math.hypot(*vector)  # Gateways keep directions alone.
    expected = tuple(float(one) / length for one in vector)
    assert result.item.garment.embedding == pytest.approx(expected)
    (hit,) = client.search_by_embedding(vector, "bag", color_histogram=[1.0] * 56)
    assert hit.item.item_id == "e"


def test_an_upload_keeps_its_vector_though_the_array_changes() -> None:
    array = np.ones(128)
    upload = EmbeddingUpload("e", array, "bag")
    array[:] = 7
    assert upload.embedding == (1.0,) * 128
    assert hash(EmbeddingUpload("e", [1.0], "bag").embedding) == hash((1.0,))


@pytest.mark.parametrize("vector", ["abc", None, 5, np.ones((1, 128)), np.float64(3), [None] * 128])
def test_what_is_no_vector(client: Client, vector: Any) -> None:
    with pytest.raises(TypeError, match="embedding"):
        client.search_by_embedding(vector, "bag")
    with pytest.raises(TypeError, match="embedding"):
        client.upsert_item(EmbeddingUpload("e", vector, "bag"))


def test_super_categories_from_text() -> None:
    assert [ootd.super_category(name) for name in ("Shoes", " bag ", "TOP")] == [
        "shoes",
        "bag",
        "top",
    ]
    with pytest.raises(ValueError, match="'hat'; known are: top, bottom, outer, dress, shoes, bag"):
        ootd.super_category("hat")
    with pytest.raises(TypeError, match="is a str, got NoneType"):
        ootd.super_category(None)  # type: ignore[arg-type]


def test_unhashable_names_are_refused_too(client: Client, photo: bytes) -> None:
    with pytest.raises(ValueError, match="unknown super-category"):
        client.analyze_image(photo, category=["bag"])  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="score_threshold must be a float, is str"):
        client.analyze_image(photo, score_threshold="0.5")  # type: ignore[arg-type]
