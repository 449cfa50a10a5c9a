"""The same checks of the client on the fake that users test with, and on the real gateway."""

from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest

import ootd
from ootd import AsyncClient, Client, EmbeddingUpload, UpsertSummary
from ootd.testing import FakeGateway
from photos import outfit_jpeg


@pytest.fixture(params=["fake", "real"])
def address(request: pytest.FixtureRequest) -> Iterator[str]:
    if request.param == "real":
        yield request.getfixturevalue("gateway").target
        return
    with FakeGateway() as fake:
        yield fake.target


@pytest.fixture
def client(address: str) -> Iterator[Client]:
    with Client(address, timeout_s=60) as connected:
        yield connected


@pytest.fixture
def prefix(client: Client) -> Iterator[str]:
    """What the ids of a test begin with; the items are gone after it."""
    begin = f"both-{uuid4().hex[:8]}"
    yield begin
    ids = [item.item_id for item in client.list_items(fields=[]) if item.item_id.startswith(begin)]
    if ids:
        client.delete_items(ids)


def ready(item_id: str, first: float = 0.5, **options: Any) -> EmbeddingUpload:
    return EmbeddingUpload(item_id, (first, *(0.25,) * 127), "bag", **options)


def test_upsert_items_writes_when_called(client: Client, prefix: str) -> None:
    uploads = [ready(f"{prefix}-a"), ready(f"{prefix}-b")]
    assert client.upsert_items(uploads) == UpsertSummary(created=2)
    assert client.get_item(f"{prefix}-a").garment.super_category == "bag"
    seen: list[str | None] = []
    changed = [ready(f"{prefix}-a", 0.9), ready(f"{prefix}-b"), ready("not an id")]
    summary = client.upsert_items(changed, on_result=lambda result: seen.append(result.outcome))
    assert seen == ["replaced", "unchanged", None]
    assert (summary.replaced, summary.unchanged, len(summary.failed)) == (1, 1, 1)
    assert isinstance(summary.failed[0].error, ootd.InvalidRequestError)


async def test_upsert_items_writes_when_called_within_asyncio(address: str, prefix: str) -> None:
    async with AsyncClient(address, timeout_s=60) as client:
        assert (await client.upsert_items([ready(f"{prefix}-a")])).created == 1
        assert (await client.get_item(f"{prefix}-a")).item_id == f"{prefix}-a"


def test_one_item(client: Client, prefix: str) -> None:
    assert client.upsert_item(ready(f"{prefix}-a", title="Bag")).outcome == "created"
    again = client.upsert_item(ready(f"{prefix}-a", title="Bag"))
    assert (again.outcome, again.changed) == ("unchanged", False)
    assert client.upsert_item(ready(f"{prefix}-a")).outcome == "replaced"
    photo = ootd.ItemUpload(f"{prefix}-b", outfit_jpeg())
    result = client.upsert_item(photo)
    assert result.item is not None
    assert result.item.vector_fingerprint


def test_a_str_is_no_list_of_ids(client: Client, prefix: str) -> None:
    client.upsert_items([ready(prefix)])
    with pytest.raises(TypeError, match="item_ids is one str"):
        client.delete_items(prefix)
    assert client.delete_items([prefix, f"{prefix}-none"]) == (prefix,)


def test_a_bad_element_fails_alone(client: Client, prefix: str) -> None:
    bad = EmbeddingUpload(f"{prefix}-b", (0.5,) * 128, "hat")  # type: ignore[arg-type]
    results = list(client.iter_upsert_items([ready(f"{prefix}-a"), bad, ready(f"{prefix}-c")]))
    assert [one.error is None for one in results] == [True, False, True]


def test_pages_and_fields(client: Client, prefix: str) -> None:
    client.upsert_items([ready(f"{prefix}-{n}", title="Bag", payload=b"x") for n in range(3)])
    item = client.get_item(f"{prefix}-0", fields=["title"])
    assert (item.title, item.payload, item.garment) == ("Bag", b"", ootd.Garment("bag"))
    page = client.list_page(page_size=2, fields=["payload", "garment.embedding"])
    assert len(page.items) == 2
    assert page.next_token
    assert page.total_size >= 3
    assert all(len(one.garment.embedding) == 128 and not one.title for one in page.items)
    following = client.list_page(page_size=2, token=page.next_token)
    assert following.items[0].item_id > page.items[-1].item_id
    with pytest.raises(ootd.InvalidRequestError):
        client.get_item(f"{prefix}-0", fields=["prize"])


def test_hits_are_paged_bounded_and_masked(client: Client, prefix: str) -> None:
    client.upsert_items([ready(f"{prefix}-{n}", 0.1 * n, title="Bag") for n in range(6)])
    query = (0.5, *(0.25,) * 127)
    hits = client.search_by_embedding(query, "bag", k=6)
    page = client.search_by_embedding(query, "bag", k=2, offset=2)
    assert [hit.item.item_id for hit in page] == [hit.item.item_id for hit in hits[2:4]]
    good = client.search_by_embedding(query, "bag", k=6, min_score=0.9999)
    assert 1 <= len(good) <= len(hits)
    assert all(hit.score >= 0.9999 for hit in good)
    (masked,) = client.search_by_embedding(query, "bag", k=1, fields=["garment.embedding"])
    assert len(masked.item.garment.embedding) == 128
    assert masked.item.title == ""
    with pytest.raises(ootd.InvalidRequestError) as caught:
        client.search_by_embedding(query, "bag", offset=10_001)
    assert [one.field for one in caught.value.violations] == ["hit_options.offset"]


def test_vectors_of_other_models_are_refused(client: Client, prefix: str) -> None:
    client.upsert_items([ready(f"{prefix}-a")])
    with pytest.raises(ootd.FailedPreconditionError) as caught:
        client.upsert_item(ready(f"{prefix}-b", vector_fingerprint="0000-0000"))
    assert caught.value.reason == "VECTOR_FINGERPRINT_MISMATCH"
    with pytest.raises(ootd.FailedPreconditionError):
        client.search_by_embedding((0.5,) * 128, "bag", vector_fingerprint="0000-0000")


def test_the_server_tells_what_it_is(client: Client) -> None:
    info = client.server_info()
    assert info.version
    assert info.vector_fingerprint
    assert info.limits.max_image_bytes == 20 * 2**20
    assert info.limits.max_answer_bytes == 24 * 2**20
    status = client.status()
    assert status.is_serving
    assert status.info is not None
    assert status.info.version == info.version


def test_options_of_an_analysis_hold_for_a_search(client: Client) -> None:
    photo = outfit_jpeg()
    usual = client.search_by_image(photo, k=1, fields=[])
    assert usual.vector_fingerprint == client.analyze_image(photo).vector_fingerprint
    strict = client.search_by_image(photo, k=1, score_threshold=1.0)
    assert len(strict.results) <= len(usual.results)
    with pytest.raises(ootd.InvalidRequestError) as caught:
        client.search_by_image(photo, score_threshold=1.5)
    assert [one.field for one in caught.value.violations] == ["photo.options.score_threshold"]
