import itertools
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest

import ootd
from ootd import (
    Box,
    Client,
    EmbeddingUpload,
    ImageAnalysis,
    ItemUpload,
    OotdError,
    Photo,
    RetryPolicy,
)
from ootd.testing import FakeGateway

UNAVAILABLE = OotdError(
    "models are away", code=grpc.StatusCode.UNAVAILABLE, reason="VISION_UNAVAILABLE"
)
SHUTTING_DOWN = OotdError("about to stop", code=grpc.StatusCode.UNAVAILABLE, reason="SHUTTING_DOWN")


def overloaded(retry_after_s: float) -> OotdError:
    return OotdError(
        "too many calls",
        code=grpc.StatusCode.RESOURCE_EXHAUSTED,
        reason="OVERLOADED",
        retry_after_s=retry_after_s,
    )


def uploads(number: int) -> list[ItemUpload]:
    return [ItemUpload(f"sku-{n:04}", b"\xff\xd8\xff" + bytes([n % 256])) for n in range(number)]


def test_analysis_is_typed_and_complete(client: Client, photo: bytes) -> None:
    analysis = client.analyze_image(photo)
    assert (analysis.width, analysis.height) == (600, 800)
    scores = [garment.score for garment in analysis.garments]
    assert scores == sorted(scores, reverse=True)
    garment = analysis.garments[0]
    assert garment.super_category in ootd.SUPER_CATEGORIES
    assert garment.box_origin == "detected"
    assert len(garment.embedding) == 128
    assert len(garment.color_histogram) == 56
    assert garment.attribute("color")
    assert garment.attribute("sleeve_length") is None
    assert client.analyze_image(photo) == analysis


def test_an_image_may_be_a_path(client: Client, photo: bytes, tmp_path: Path) -> None:
    path = tmp_path / "photo.jpg"
    path.write_bytes(photo)
    assert client.analyze_image(path) == client.analyze_image(photo)
    assert client.analyze_image(str(path)) == client.analyze_image(photo)
    with pytest.raises(FileNotFoundError):
        client.analyze_image(tmp_path / "none.jpg")


def test_guides_reach_the_gateway(client: Client, photo: bytes) -> None:
    (bag,) = client.analyze_image(photo, category="bag").garments
    assert bag.super_category == "bag"
    (drawn,) = client.analyze_image(photo, region=(0.25, 0.25, 0.5, 0.75)).garments
    assert drawn.box == Box(0.25, 0.25, 0.5, 0.75)
    assert drawn.box_origin == "region"


def test_a_guide_that_is_none_is_refused_here(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    with pytest.raises(ValueError, match="not both"):
        client.analyze_image(photo, category="bag", region=(0, 0, 1, 1))
    with pytest.raises(ValueError, match="unknown super-category 'hat'"):
        client.analyze_image(photo, category="hat")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="four numbers"):
        client.analyze_image(photo, region=(0, 0, 1))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="unknown attribute model 'guesser'"):
        client.analyze_image(photo, attribute_model="guesser")  # type: ignore[arg-type]
    assert gateway.calls == []


def test_dropped_garments_come_with_their_reason(photo: bytes) -> None:
    garment = ootd.Garment("top", Box(0, 0, 0.5, 0.5), embedding=(1.0,) * 128)
    dropped = ootd.DroppedGarment(garment, "explained_by_dress")
    made = ImageAnalysis(10, 20, (), (dropped,))
    with FakeGateway(analyze=lambda *_: made) as gateway, Client(gateway.target) as client:
        assert client.analyze_image(photo) == made


def test_errors_carry_reason_violations_and_request_id(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    with pytest.raises(ootd.InvalidRequestError) as caught:
        client.search_by_image(photo, k=0)
    error = caught.value
    assert error.reason == "INVALID_FIELD"
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert [one.field for one in error.violations] == ["k"]
    assert error.request_id == gateway.request_ids[-1]
    assert len(error.request_id) == 32
    with pytest.raises(ootd.NotFoundError) as missing:
        client.get_item("nothing")
    assert missing.value.metadata["item_id"] == "nothing"


def test_a_read_is_made_again_while_the_gateway_is_unavailable(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    gateway.fail_next("AnalyzeImage", UNAVAILABLE, times=3)
    assert client.analyze_image(photo).garments
    assert gateway.calls == ["AnalyzeImage"] * 4
    gateway.fail_next("AnalyzeImage", UNAVAILABLE, times=4)
    with pytest.raises(ootd.UnavailableError, match="models are away"):
        client.analyze_image(photo)
    assert gateway.calls == ["AnalyzeImage"] * 8


def test_an_overloaded_gateway_is_left_alone_as_long_as_it_says(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    gateway.fail_next("SearchByImage", overloaded(0.2))
    begin = time.monotonic()
    client.search_by_image(photo)
    assert time.monotonic() - begin >= 0.2


def test_no_retry_outlives_the_callers_time(
    gateway: FakeGateway, client: Client, photo: bytes
) -> None:
    gateway.fail_next("AnalyzeImage", overloaded(30.0))
    begin = time.monotonic()
    with pytest.raises(ootd.OverloadedError) as caught:
        client.analyze_image(photo, timeout_s=2.0)
    assert time.monotonic() - begin < 1.0
    assert caught.value.retry_after_s == 30.0


def test_delete_is_made_again_only_where_it_was_refused_before_it_began(
    gateway: FakeGateway, client: Client
) -> None:
    client.upsert_items(uploads(2))
    gateway.fail_next("DeleteItems", SHUTTING_DOWN)
    assert client.delete_items(["sku-0000", "sku-9999"]) == ("sku-0000",)
    store_away = OotdError("away", code=grpc.StatusCode.UNAVAILABLE, reason="STORE_UNAVAILABLE")
    gateway.fail_next("DeleteItems", store_away)
    with pytest.raises(ootd.UnavailableError):
        client.delete_items(["sku-0001"])
    assert gateway.calls.count("DeleteItems") == 3


def test_a_deadline_is_kept(photo: bytes) -> None:
    release = threading.Event()

    def never(*_: object) -> ImageAnalysis:
        release.wait(20)
        return ImageAnalysis(1, 1, ())

    with FakeGateway(analyze=never) as gateway, Client(gateway.target) as client:
        begin = time.monotonic()
        with pytest.raises(ootd.DeadlineExceededError) as caught:
            client.analyze_image(photo, timeout_s=0.2)
        with pytest.raises(ootd.DeadlineExceededError, match=r"took longer than 0\.2 s"):
            list(client.analyze_images([Photo("a", photo)], timeout_s=0.2))
        assert time.monotonic() - begin < 5
        assert caught.value.reason in {"", "DEADLINE_EXCEEDED"}
        release.set()


def test_nothing_at_the_address_is_unavailable(photo: bytes) -> None:
    with FakeGateway() as gateway:
        target = gateway.target
    with (
        Client(target, retry=RetryPolicy(attempts=1)) as client,
        pytest.raises(ootd.UnavailableError) as caught,
    ):
        client.analyze_image(photo)
    assert caught.value.reason == ""
    assert len(caught.value.request_id) == 32


def test_a_gateway_that_comes_back_is_found_again(gateway: FakeGateway, photo: bytes) -> None:
    policy = RetryPolicy(attempts=100, initial_backoff_s=0.05, max_backoff_s=0.1)
    with Client(gateway.target, retry=policy) as client:
        client.analyze_image(photo)
        gateway.stop()
        threading.Timer(0.3, gateway.start).start()
        assert client.analyze_image(photo, timeout_s=10).garments


def test_stream_answers_in_order_and_goes_on_past_bad_photos(
    client: Client, photo: bytes, tmp_path: Path
) -> None:
    photos = [
        Photo("missing", tmp_path / "none.jpg"),
        Photo("first", photo),
        Photo("text", b"some text"),
        Photo("too-big", b"\xff\xd8\xff" + bytes(33 * 1024 * 1024)),
        Photo("shoes", photo, category="shoes"),
        Photo("missing too", tmp_path / "none.png"),
    ]
    results = list(client.analyze_images(photos))
    assert [one.correlation_id for one in results] == [one.correlation_id for one in photos]
    reasons = [one.error.reason if one.error else None for one in results]
    unreadable = "IMAGE_UNREADABLE"
    assert reasons == [unreadable, None, unreadable, "IMAGE_TOO_LARGE", None, unreadable]
    assert all((one.analysis is None) == (one.error is not None) for one in results)
    text = results[2].error
    assert isinstance(text, ootd.ImageError)
    assert len(text.request_id) == 32
    shoes = results[4].analysis
    assert shoes is not None
    assert [garment.super_category for garment in shoes.garments] == ["shoes"]


def test_stream_is_pipelined_and_takes_no_more_than_there_is_room_for(photo: bytes) -> None:
    """The source is read ahead of the answers, but not to its end."""
    taken = itertools.count()
    sent = 0
    gate = threading.Event()

    def endless() -> Iterator[Photo]:
        nonlocal sent
        for number in taken:
            sent = number
            if number == 3:
                gate.set()  # Three more were taken before the first was answered.
            yield Photo(str(number), photo + bytes(500_000))

    def answer(*_: object) -> ImageAnalysis:
        gate.wait(10)
        return ImageAnalysis(1, 1, ())

    with FakeGateway(analyze=answer) as gateway, Client(gateway.target) as client:
        stream = client.analyze_images(endless())
        assert next(stream).correlation_id == "0"
        assert gate.is_set()
        stream.close()
        assert sent < 200


def test_what_the_source_raises_comes_out_after_the_answers(client: Client, photo: bytes) -> None:
    def broken() -> Iterator[Photo]:
        yield Photo("a", photo)
        raise KeyError("source")

    stream = client.analyze_images(broken())
    assert next(stream).analysis
    with pytest.raises(KeyError, match="source"):
        next(stream)


def test_a_stream_that_breaks_tells_what_was_acknowledged(
    gateway: FakeGateway, client: Client
) -> None:
    acknowledged: list[str] = []

    def source() -> Iterator[ItemUpload]:
        yield from uploads(2)
        while len(acknowledged) < 2:
            time.sleep(0.001)
        gateway.fail_next("UpsertItems", SHUTTING_DOWN)
        yield from uploads(3)[2:]

    answers = client.iter_upsert_items(source())
    acknowledged.append(next(answers).item_id)
    acknowledged.append(next(answers).item_id)
    with pytest.raises(ootd.UnavailableError, match="about to stop"):
        next(answers)
    assert acknowledged == ["sku-0000", "sku-0001"]
    assert sorted(gateway.items) == acknowledged


def test_upsert_is_acknowledged_and_idempotent(client: Client, photo: bytes) -> None:
    upload = ItemUpload(
        "sku-1", photo, title="Blue bag", attributes={"brand": "Acme"}, payload=b"\x00price"
    )
    (first,) = client.iter_upsert_items([upload])
    (again,) = client.iter_upsert_items([upload])
    assert (first.changed, again.changed) == (True, False)
    item = client.get_item("sku-1")
    assert (item.title, item.payload) == ("Blue bag", b"\x00price")
    assert item.attributes == {"brand": "Acme"}
    assert item.update_time is not None
    assert item.update_time.utcoffset() is not None
    assert len(item.garment.embedding) == 128


def test_an_item_may_come_with_a_ready_embedding(client: Client) -> None:
    good = EmbeddingUpload("e-1", (0.5,) * 128, "bag", sub_category="clutch")
    bad = EmbeddingUpload("e-2", (0.5,) * 5, "bag")
    stored, refused = client.iter_upsert_items([good, bad])
    assert stored.item is not None
    assert stored.item.garment.box is None
    assert isinstance(refused.error, ootd.InvalidRequestError)
    assert refused.error.violations[0].field == "embedding.embedding.values"
    hits = client.search_by_embedding((0.5,) * 128, "bag", include_score_parts=True)
    assert [hit.item.item_id for hit in hits] == ["e-1"]
    parts = hits[0].parts
    assert parts is not None
    weighted = parts.appearance_weight * parts.appearance + parts.color_weight * parts.color
    assert weighted == pytest.approx(hits[0].score, abs=1e-6)


def test_list_pages_through_all_items(gateway: FakeGateway, client: Client) -> None:
    client.upsert_items(uploads(25))
    ids = [item.item_id for item in client.list_items(page_size=10)]
    assert ids == [f"sku-{n:04}" for n in range(25)]
    assert gateway.calls.count("ListItems") == 3
    by_category = {name: client.count_items(super_category=name) for name in ootd.SUPER_CATEGORIES}
    assert sum(by_category.values()) == client.count_items() == 25
    tops = list(client.list_items(super_category="top"))
    assert len(tops) == by_category["top"]
    assert all(item.garment.super_category == "top" for item in tops)


def test_search_finds_the_same_photo_first(client: Client) -> None:
    items = uploads(40)
    client.upsert_items(items)
    assert isinstance(items[7].image, bytes)
    found = client.search_by_image(items[7].image, k=3)
    assert found.analysis.garments == tuple(result.garment for result in found.results)
    stored = client.get_item("sku-0007").garment.super_category
    hits = next(one.hits for one in found.results if one.garment.super_category == stored)
    assert hits[0].item.item_id == "sku-0007"
    assert hits[0].score == pytest.approx(1.0, abs=1e-5)
    assert hits[0].parts is None
    assert len(hits) == 3
    others = client.search_by_item("sku-0007", k=5)
    assert "sku-0007" not in [hit.item.item_id for hit in others]


def test_status_tells_health_and_sizes(gateway: FakeGateway, client: Client) -> None:
    status = client.status()
    assert status.is_serving
    assert set(status.health) >= {"", "ootd.v1.SearchService"}
    assert (status.taxonomy_version, status.item_count) == (1, 0)
    assert client.health("no.such.Service") == "service_unknown"
    gateway.is_serving = False
    gateway.fail_next("GetTaxonomy", UNAVAILABLE, times=9)
    status = client.status()
    assert not status.is_serving
    assert status.taxonomy_version is None
    assert "models are away" in status.problems[0]


def test_taxonomy(client: Client) -> None:
    taxonomy = client.taxonomy()
    assert [one.super_category for one in taxonomy.categories] == list(ootd.SUPER_CATEGORIES)
    assert taxonomy.attribute_groups[0].kind == "categorical"


def test_the_token_goes_with_every_call(photo: bytes) -> None:
    with FakeGateway(token="secret") as gateway:
        with Client(gateway.target, token="secret") as client:
            assert client.analyze_image(photo).garments
            assert next(client.analyze_images([Photo("a", photo)])).analysis
        with Client(gateway.target) as client:
            with pytest.raises(ootd.UnauthenticatedError):
                client.analyze_image(photo)
            with pytest.raises(ootd.UnauthenticatedError):
                list(client.analyze_images([Photo("a", photo)]))


@pytest.mark.parametrize("timeout_s", [0, -1, float("nan")])
def test_a_timeout_that_is_none_is_refused(client: Client, photo: bytes, timeout_s: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        client.analyze_image(photo, timeout_s=timeout_s)
    with pytest.raises(ValueError, match="above 0"):
        Client("localhost:1", timeout_s=timeout_s)
