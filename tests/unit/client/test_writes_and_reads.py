"""Items in and out: upserts of both kinds, pages, fields, and searches that are narrowed."""

import asyncio

import grpc
import pytest

import ootd
from ootd import (
    AsyncClient,
    Client,
    EmbeddingUpload,
    ItemUpload,
    UpsertResult,
    UpsertSummary,
)
from ootd._services.catalog.conversion import upsert_from_proto
from ootd.testing import FakeGateway
from ootd.v1 import catalog_service_pb2 as catalog
from ootd.v1.garment_pb2 import Garment
from ootd.v1.taxonomy_pb2 import SUPER_CATEGORY_TOP

JPEG = b"\xff\xd8\xff"


def ready(name: str, first: float = 0.5, title: str = "", payload: bytes = b"") -> EmbeddingUpload:
    return EmbeddingUpload(name, (first, *(0.5,) * 127), "bag", title=title, payload=payload)


def test_upsert_items_writes_when_called(gateway: FakeGateway, client: Client) -> None:
    client.upsert_items([ready("a"), ready("b")])
    assert sorted(gateway.items) == ["a", "b"]


async def test_upsert_items_writes_when_called_within_asyncio(gateway: FakeGateway) -> None:
    results: list[str] = []

    async def remember(result: UpsertResult) -> None:
        await asyncio.sleep(0)
        results.append(result.item_id)

    async with AsyncClient(gateway.target) as client:
        summary = await client.upsert_items([ready("a"), ready("b")], on_result=remember)
        one = await client.upsert_item(ready("c"))
    assert (summary, results) == (UpsertSummary(created=2), ["a", "b"])
    assert one.outcome == "created"
    assert sorted(gateway.items) == ["a", "b", "c"]


def test_the_summary_tells_new_from_replaced(client: Client) -> None:
    client.upsert_items([ready("same"), ready("other")])
    seen: list[UpsertResult] = []
    uploads = [ready("new"), ready("same"), ready("other", 0.9), ready("no id!")]
    summary = client.upsert_items(uploads, on_result=seen.append)
    counts = (summary.created, summary.replaced, summary.unchanged, summary.stored)
    assert counts == (1, 1, 1, 3)
    assert [one.item_id for one in summary.failed] == ["no id!"]
    assert isinstance(summary.failed[0].error, ootd.InvalidRequestError)
    assert [one.outcome for one in seen] == ["created", "unchanged", "replaced", None]
    assert [one.changed for one in seen] == [True, False, True, False]
    assert client.upsert_items([]) == UpsertSummary()


def test_what_a_callback_raises_ends_it(gateway: FakeGateway, client: Client) -> None:
    def refuse(result: UpsertResult) -> None:
        raise KeyError(result.item_id)

    with pytest.raises(KeyError, match="a"):
        client.upsert_items([ready("a"), ready("b")], on_result=refuse)
    assert "a" in gateway.items


def test_one_item(gateway: FakeGateway, client: Client, photo: bytes) -> None:
    upload = ItemUpload("a", photo, title="Bag", payload=b"1", attributes={"brand": "Acme"})
    first = client.upsert_item(upload)
    assert (first.item_id, first.outcome, first.changed) == ("a", "created", True)
    assert first.item == client.get_item("a")
    assert client.upsert_item(upload).outcome == "unchanged"
    assert client.upsert_item(ItemUpload("a", photo)).outcome == "replaced"
    assert gateway.calls.count("UpsertItem") == 3
    gateway.fail_next("UpsertItem", ootd.UnavailableError("away"))
    assert client.upsert_item(ready("b")).outcome == "created"  # Made again.
    with pytest.raises(ootd.ImageError):
        client.upsert_item(ItemUpload("c", b"text"))
    with pytest.raises(TypeError, match="uploads must be"):
        client.upsert_item("c")  # type: ignore[arg-type]


def test_a_photo_without_the_wanted_garment_is_no_item(photo: bytes) -> None:
    nothing = ootd.ImageAnalysis(10, 10, ())
    with (
        FakeGateway(analyze=lambda *_: nothing) as gateway,
        Client(gateway.target) as client,
        pytest.raises(ootd.FailedPreconditionError) as caught,
    ):
        client.upsert_item(ItemUpload("a", photo, category="bag"))
    assert caught.value.reason == "NO_MATCHING_GARMENT"
    assert caught.value.metadata["category"] == "bag"


def test_options_of_an_upload_reach_the_gateway(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    upload = ItemUpload("a", photo, score_threshold=1.0, attribute_model="sequencer")
    item = client.upsert_item(upload).item
    assert item is not None
    assert item.garment.box_origin == "whole_photo"
    client.search_by_image(photo, score_threshold=0.1, attribute_model="tagger")
    assert gateway.attribute_models == ["sequencer", "tagger"]


def test_an_older_gateway_tells_only_what_changed() -> None:
    item = catalog.Item(item_id="a", garment=Garment(super_category=SUPER_CATEGORY_TOP))
    for changed, outcome in ((True, "created"), (False, "unchanged")):
        answer = catalog.UpsertItemsResponse(item_id="a", item=item, changed=changed)
        assert upsert_from_proto("a", answer).outcome == outcome


def test_pages_can_be_asked_for_one_by_one(client: Client) -> None:
    client.upsert_items([ready(f"{number:02}") for number in range(25)])
    first = client.list_page(page_size=10)
    assert [one.item_id for one in first.items] == [f"{number:02}" for number in range(10)]
    assert (first.next_token != "", first.total_size) == (True, 25)
    last = client.list_page(token=client.list_page(token=first.next_token, page_size=10).next_token)
    assert [one.item_id for one in last.items] == [f"{number:02}" for number in range(20, 25)]
    assert last.next_token == ""
    assert client.list_page(super_category="top") == ootd.ItemPage((), "", 0)


def test_a_page_ends_early_where_it_would_be_too_large(client: Client) -> None:
    limits = ootd.ServerLimits(
        max_image_bytes=10**6, max_request_bytes=10**6, max_answer_bytes=50_000
    )
    info = ootd.ServerInfo("1", limits=limits)
    with FakeGateway(server_info=info) as gateway, Client(gateway.target) as small:
        small.upsert_items([ready(f"{number}", payload=bytes(16_000)) for number in range(9)])
        page = small.list_page(page_size=1000)
        assert 1 <= len(page.items) <= 3
        assert page.next_token
        assert len(list(small.list_items(page_size=1000))) == 9
        with pytest.raises(ootd.MessageTooLargeError, match="fewer hits") as caught:
            small.search_by_item("0", k=8)
        assert caught.value.reason == "ANSWER_TOO_LARGE"
        assert len(small.search_by_item("0", k=8, fields=["title"])) == 8


def test_only_the_fields_that_were_asked_for_come(client: Client) -> None:
    client.upsert_items([ready("a", title="Bag", payload=b"1"), ready("b")])
    everything = client.get_item("a")
    assert everything.garment.embedding
    assert everything.vector_fingerprint
    title = client.get_item("a", fields=["title"])
    assert (title.item_id, title.title, title.payload) == ("a", "Bag", b"")
    assert title.garment == ootd.Garment("bag")
    (listed, _) = client.list_items(fields=("garment.embedding",))
    assert listed.garment.embedding == everything.garment.embedding
    assert (listed.title, listed.garment.super_category) == ("", "bag")
    whole = client.list_page(fields=["garment"]).items[0]
    assert whole.garment == everything.garment
    (hit,) = client.search_by_item("b", fields=["payload", "garment.embedding"])
    assert (hit.item.payload, hit.item.title) == (b"1", "")
    assert hit.item.garment.embedding == everything.garment.embedding
    assert client.get_item("a", fields=[]).title == ""
    with pytest.raises(ootd.InvalidRequestError, match=r'must name fields of Item .*, is "prize"'):
        client.get_item("a", fields=["title", "prize"])


def test_hits_can_be_paged_and_bounded(client: Client) -> None:
    client.upsert_items([ready(f"{number}", first=float(number)) for number in range(10)])
    query = (0.5,) * 128
    hits = client.search_by_embedding(query, "bag", k=10)
    ids = [hit.item.item_id for hit in hits]
    page = client.search_by_embedding(query, "bag", k=3, offset=4)
    assert [hit.item.item_id for hit in page] == ids[4:7]
    lowest = hits[4].score
    good = client.search_by_embedding(query, "bag", min_score=lowest)
    assert len(good) in {4, 5}  # The score goes over the wire as a float of 32 bits.
    assert client.search_by_item("0", min_score=0.999999, k=10) == ()
    with pytest.raises(ootd.InvalidRequestError, match="offset: must be 0 to 10000, is 10001"):
        client.search_by_item("0", offset=10_001)
    with pytest.raises(ootd.InvalidRequestError, match="min_score: must be -1 to 1"):
        client.search_by_item("0", min_score=2)
    found = client.search_by_image(JPEG + b"1", category="bag", k=2, offset=9)
    assert len(found.results[0].hits) == 1
    assert found.vector_fingerprint
    assert found.analysis.vector_fingerprint == found.vector_fingerprint


def test_vectors_of_other_models_are_refused(client: Client, photo: bytes) -> None:
    ours = client.analyze_image(photo).vector_fingerprint
    assert ours
    good = EmbeddingUpload("a", (0.5,) * 128, "bag", vector_fingerprint=ours)
    assert client.upsert_item(good).outcome == "created"
    bad = EmbeddingUpload("a", (0.5,) * 128, "bag", vector_fingerprint="other")
    with pytest.raises(ootd.FailedPreconditionError) as caught:
        client.upsert_item(bad)
    assert caught.value.reason == "VECTOR_FINGERPRINT_MISMATCH"
    with pytest.raises(ootd.FailedPreconditionError):
        client.search_by_embedding((0.5,) * 128, "bag", vector_fingerprint="other")


def test_messages_that_are_too_large_are_an_error_of_their_own(
    gateway: FakeGateway, photo: bytes
) -> None:
    """gRPC's own refusals, which come without details, from either side."""
    upload = ready("a", title="x" * 400)
    with (
        Client(gateway.target, channel_options={"grpc.max_receive_message_length": 100}) as tight,
        pytest.raises(ootd.MessageTooLargeError, match=r"answer has \d+ bytes.*fewer hits"),
    ):
        tight.upsert_item(upload)
    assert gateway.calls == ["UpsertItem"]  # Never made again.
    with Client(gateway.target, channel_options={"grpc.max_send_message_length": 100}) as tight:
        with pytest.raises(ootd.MessageTooLargeError, match=r"the request has \d+ bytes") as caught:
            tight.upsert_item(upload)
        assert caught.value.code is grpc.StatusCode.RESOURCE_EXHAUSTED
        (result,) = tight.iter_upsert_items([upload])
        assert isinstance(result.error, ootd.MessageTooLargeError)
    limits = ootd.ServerLimits(10**6, max_request_bytes=200, max_answer_bytes=10**6)
    info = ootd.ServerInfo("1", limits=limits)
    with FakeGateway(server_info=info) as small, Client(small.target) as client:
        with pytest.raises(
            ootd.MessageTooLargeError, match=r"request .*has \d+ bytes, at most 200"
        ):
            client.upsert_item(upload)
        with pytest.raises(ootd.MessageTooLargeError, match=r"request .*has"):
            client.upsert_items([upload])
