"""Streams that break, stall or carry bad elements."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import grpc
import pytest
from tcp_proxy import TcpProxy

import ootd
from ootd import AsyncClient, Client, EmbeddingUpload, ItemUpload, Photo
from ootd.testing import FakeGateway

VALID = EmbeddingUpload("good", (0.5,) * 128, "bag")
JPEG = b"\xff\xd8\xff"


class BrokenFile:
    def read(self, size: int = -1, /) -> bytes:
        raise RuntimeError("out of order")


BAD_UPLOADS: dict[str, tuple[Any, str, str]] = {
    "category": (ItemUpload("x", JPEG, category="hat"), "INVALID_FIELD", "'hat'"),  # type: ignore[arg-type]
    "both": (ItemUpload("x", JPEG, category="bag", region=(0, 0, 1, 1)), "INVALID_FIELD", "both"),
    "three corners": (ItemUpload("x", JPEG, region=(0, 0, 1)), "INVALID_FIELD", "four numbers"),  # type: ignore[arg-type]
    "corners of text": (
        ItemUpload("x", JPEG, region=("0", "0", "1", "1")),  # type: ignore[arg-type]
        "INVALID_FIELD",
        r"region\[0\] must be a float, is str",
    ),
    "model": (ItemUpload("x", JPEG, attribute_model="guess"), "INVALID_FIELD", "attribute model"),  # type: ignore[arg-type]
    "file": (ItemUpload("x", Path("/no/such.jpg")), "IMAGE_UNREADABLE", "No such file"),
    "URL": (ItemUpload("x", "https://example.com/a.jpg"), "INVALID_FIELD", "is a URL"),
    "image": (ItemUpload("x", 7), "INVALID_FIELD", "got int"),  # type: ignore[arg-type]
    "empty": (ItemUpload("x", b""), "IMAGE_UNREADABLE", "empty"),
    "title": (ItemUpload("x", JPEG, title=5), "INVALID_FIELD", "title must be a str, is int"),  # type: ignore[arg-type]
    "surrogate": (ItemUpload("x", JPEG, title="\ud800"), "INVALID_FIELD", "valid Unicode"),
    "attributes": (
        ItemUpload("x", JPEG, attributes={"size": 5}),  # type: ignore[dict-item]
        "INVALID_FIELD",
        "must be a str, is int",
    ),
    "payload": (ItemUpload("x", JPEG, payload="€"), "INVALID_FIELD", "payload must be bytes"),  # type: ignore[arg-type]
    "vector of text": (EmbeddingUpload("x", "abc", "bag"), "INVALID_FIELD", "numbers in a row"),  # type: ignore[arg-type]
    "no vector": (EmbeddingUpload("x", None, "bag"), "INVALID_FIELD", "numbers in a row"),  # type: ignore[arg-type]
    "rows": (EmbeddingUpload("x", [[0.5] * 128], "bag"), "INVALID_FIELD", "one dimension"),  # type: ignore[list-item]
    "no upload": ("x", "INVALID_FIELD", "invalid str: uploads must be"),
    "nothing": (None, "INVALID_FIELD", "invalid NoneType: uploads must be"),
    "too large": (
        EmbeddingUpload("x", (0.5,) * 128, "bag", title="x" * (33 << 20)),
        "",
        "can be sent",
    ),
    "broken file": (ItemUpload("x", BrokenFile()), "INVALID_FIELD", "out of order"),
}


@pytest.mark.parametrize("case", BAD_UPLOADS)
def test_a_bad_upload_fails_alone(client: Client, case: str) -> None:
    bad, reason, message = BAD_UPLOADS[case]
    results = list(client.iter_upsert_items([VALID, bad, VALID]))
    assert [one.outcome for one in results] == ["created", None, "unchanged"]
    error = results[1].error
    assert error is not None
    assert error.reason == reason
    with pytest.raises(ootd.OotdError, match=message):
        raise error


async def test_a_bad_photo_fails_alone_within_asyncio(gateway: FakeGateway, photo: bytes) -> None:
    photos: list[Any] = [
        Photo("a", photo),
        Photo("hat", photo, category="hat"),  # type: ignore[arg-type]
        Photo("corners", photo, region=(0, 0, 1)),  # type: ignore[arg-type]
        Photo("model", photo, attribute_model="guess"),  # type: ignore[arg-type]
        Photo(7, photo),  # type: ignore[arg-type]
        "some path",
        Photo("b", photo),
    ]
    async with AsyncClient(gateway.target) as client:
        results = [one async for one in client.analyze_images(photos)]
    good = [one.correlation_id for one in results if one.error is None]
    assert good == ["a", "b"]
    assert [one.correlation_id for one in results] == ["a", "hat", "corners", "model", "7", "", "b"]
    for one in results[1:-1]:
        assert isinstance(one.error, ootd.InvalidRequestError)
        assert one.error.code is grpc.StatusCode.INVALID_ARGUMENT


@pytest.mark.parametrize("one", [VALID, "path.jpg", b"bytes", ItemUpload("a", JPEG)])
def test_one_element_is_no_stream(gateway: FakeGateway, client: Client, one: Any) -> None:
    with pytest.raises(TypeError, match=r"give a list: \["):
        client.upsert_items(one)
    with pytest.raises(TypeError, match=r"give a list: \["):
        next(client.analyze_images(one))
    assert gateway.calls == []


def test_a_server_that_goes_away_ends_the_stream(gateway: FakeGateway, client: Client) -> None:
    answered: list[str] = []

    def source() -> Iterator[EmbeddingUpload]:
        for number in range(1000):
            while number > len(answered) + 1:
                time.sleep(0.001)
            yield EmbeddingUpload(f"sku-{number}", (0.5,) * 128, "bag")

    begin = time.monotonic()

    def stop_after_three(result: ootd.UpsertResult) -> None:
        answered.append(result.item_id)
        if len(answered) == 3:
            gateway.stop()

    with pytest.raises(ootd.UnavailableError) as caught:
        client.upsert_items(source(), on_result=stop_after_three)
    assert time.monotonic() - begin < 5
    assert len(caught.value.request_id) == 32
    assert set(answered) <= set(gateway.items)


async def test_a_server_that_goes_away_within_asyncio(gateway: FakeGateway, photo: bytes) -> None:
    async with AsyncClient(gateway.target) as client:
        stream = client.analyze_images(Photo(str(number), photo) for number in range(10**9))
        assert (await anext(stream)).error is None
        gateway.stop()
        with pytest.raises(ootd.UnavailableError):
            async for _ in stream:
                pass


def test_a_peer_that_vanished_without_a_word_is_noticed(gateway: FakeGateway, photo: bytes) -> None:
    """The network goes dark while an answer is waited for; keepalive ends the wait."""
    quick = {"grpc.keepalive_time_ms": 1000, "grpc.keepalive_timeout_ms": 500}
    once = ootd.RetryPolicy(attempts=1)
    with (
        TcpProxy(gateway.target) as proxy,
        Client(proxy.target, channel_options=quick, retry=once, timeout_s=60) as client,
    ):
        client.analyze_image(photo)
        gateway.delay_next("AnalyzeImages", 30)
        proxy.swallow()
        begin = time.monotonic()
        with pytest.raises(ootd.UnavailableError):
            list(client.analyze_images([Photo("a", photo)]))
        assert time.monotonic() - begin < 20


def missing_photos(taken: list[int]) -> Iterator[ItemUpload]:
    for number in range(5000):
        taken.append(number)
        yield ItemUpload(str(number), f"/no/such/{number}.jpg")


def test_refused_elements_come_out_as_the_iterable_is_read(client: Client) -> None:
    taken: list[int] = []
    stream = client.iter_upsert_items(missing_photos(taken))
    for number in range(200):
        assert next(stream).item_id == str(number)
        assert len(taken) <= number + 200
    stream.close()
    seen: list[str] = []
    client.upsert_items(missing_photos([]), on_result=lambda one: seen.append(one.item_id))
    assert seen == [str(number) for number in range(5000)]


async def test_refused_elements_come_out_within_asyncio(gateway: FakeGateway) -> None:
    taken: list[int] = []
    async with AsyncClient(gateway.target) as client:
        async with aclosing(client.iter_upsert_items(missing_photos(taken))) as stream:
            for number in range(200):
                assert (await anext(stream)).item_id == str(number)
                assert len(taken) <= number + 200
        results = [one.item_id async for one in client.iter_upsert_items(missing_photos([]))]
    assert results == [str(number) for number in range(5000)]


def test_a_refused_element_is_told_of_while_the_next_is_not_there(client: Client) -> None:
    go_on = threading.Event()
    resumed: list[str] = []

    def source() -> Iterator[EmbeddingUpload | ItemUpload]:
        yield VALID
        yield ItemUpload("bad", "/no/such.jpg")
        go_on.wait(10)
        resumed.append("yes")
        yield VALID

    stream = client.iter_upsert_items(source())
    assert next(stream).error is None
    assert next(stream).item_id == "bad"
    assert not resumed
    go_on.set()
    assert [one.item_id for one in stream] == ["good"]


@pytest.mark.parametrize("end", ["gateway", "client"])
def test_a_stream_that_only_waits_for_its_source_is_ended(gateway: FakeGateway, end: str) -> None:
    go_on = threading.Event()

    def source() -> Iterator[EmbeddingUpload]:
        yield VALID
        go_on.wait(30)

    client = Client(gateway.target)
    stream = client.iter_upsert_items(source())
    assert next(stream).error is None
    ending = threading.Timer(0.2, gateway.stop if end == "gateway" else client.close)
    ending.start()
    begin = time.monotonic()
    with pytest.raises(ootd.UnavailableError if end == "gateway" else ootd.ClosedError):
        next(stream)
    assert time.monotonic() - begin < 10
    go_on.set()
    ending.join()
    client.close()


@pytest.mark.parametrize("waits", [False, True])
async def test_the_callers_generator_is_closed_when_the_stream_breaks(
    gateway: FakeGateway, *, waits: bool
) -> None:
    closed: list[str] = []

    async def source() -> AsyncGenerator[EmbeddingUpload, None]:
        try:
            while True:
                yield VALID
                if waits:
                    await asyncio.sleep(60)
        finally:
            closed.append("yes")

    elements = source()
    async with AsyncClient(gateway.target) as client:
        stream = client.iter_upsert_items(elements)
        assert (await anext(stream)).error is None
        gateway.stop()
        with pytest.raises(ootd.UnavailableError):
            async for _ in stream:
                pass
        assert closed == ["yes"]


class Exit(BaseException):
    """As SystemExit and KeyboardInterrupt, which asyncio would end the process for."""


def failing_source() -> Iterator[EmbeddingUpload]:
    yield VALID
    raise Exit("from the source")


def test_what_ends_a_program_comes_out_of_a_stream(client: Client) -> None:
    """gRPC's own thread would die of it, and the stream stay open for ever."""
    stored: list[str] = []
    failure: list[BaseException] = []

    def run() -> None:
        try:
            stored.extend(one.item_id for one in client.iter_upsert_items(failing_source()))
        except BaseException as error:  # noqa: BLE001 - what it is, is the question
            failure.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert isinstance(failure[0], Exit)


async def test_what_ends_a_program_comes_out_of_an_asynchronous_stream(
    gateway: FakeGateway,
) -> None:
    async with AsyncClient(gateway.target) as client:
        with pytest.raises(Exit, match="from the source"):
            await client.upsert_items(failing_source())
