"""What callers set on the connection and on calls: metadata, tokens, interceptors, options."""

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import grpc.aio
import pytest
from tcp_proxy import TcpProxy

import ootd
from ootd import AsyncClient, Client, RetryPolicy, UnavailableError
from ootd._call_metadata import call_metadata
from ootd.channel import Connection
from ootd.testing import FakeGateway
from ootd.testing._services.registry import add_services


class Recorder(grpc.ServerInterceptor):
    """Remembers the metadata of calls on the server's side."""

    def __init__(self) -> None:
        self.seen: list[dict[str, str]] = []

    def intercept_service(self, continuation: Any, details: Any) -> Any:
        self.seen.append(dict(details.invocation_metadata))
        return continuation(details)


@pytest.fixture
def recorded() -> Iterator[tuple[str, list[dict[str, str]]]]:
    """A gateway's target, and the metadata of the calls that reach it."""
    recorder = Recorder()
    server = grpc.server(ThreadPoolExecutor(4), interceptors=[recorder])
    add_services(FakeGateway(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield f"127.0.0.1:{port}", recorder.seen
    server.stop(None).wait()


def test_metadata_goes_with_every_call(recorded: Any, photo: bytes) -> None:
    target, seen = recorded
    own = {"X-Tenant": "shop", "traceparent": "00-1"}
    with Client(target, metadata=own, check_compatibility=False) as client:
        client.analyze_image(photo, metadata={"traceparent": "00-2", "x-request-id": "mine"})
        list(client.analyze_images([ootd.Photo("a", photo)], metadata={"x-stream": "1"}))
        client.health()
    assert [one["x-tenant"] for one in seen] == ["shop"] * 3
    assert [one["traceparent"] for one in seen] == ["00-2", "00-1", "00-1"]
    assert seen[0]["x-request-id"] == "mine"
    assert seen[1]["x-stream"] == "1"
    assert "x-stream" not in seen[2]


def test_the_callers_request_id_is_the_errors(gateway: FakeGateway, client: Client) -> None:
    with pytest.raises(ootd.NotFoundError) as caught:
        client.get_item("none", metadata={"x-request-id": "mine"})
    assert caught.value.request_id == "mine"
    assert gateway.request_ids == ["mine"]


@pytest.mark.parametrize(
    ("metadata", "error", "message"),
    [
        ({"two words": "x"}, ValueError, "metadata names"),
        ({"grpc-timeout": "1"}, ValueError, "metadata names"),
        ({"x-bin": "1"}, ValueError, "metadata names"),
        ({"x": "two\nlines"}, ValueError, "printable ASCII"),
        ({"x": "é"}, ValueError, "printable ASCII"),
        ({"x": b"1"}, TypeError, "str to str"),
        ([("x", "1")], TypeError, "str to str"),
    ],
)
def test_metadata_that_cannot_be_sent_is_refused(
    client: Client, metadata: Any, error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        client.taxonomy(metadata=metadata)
    with pytest.raises(error, match=message):
        Client(metadata=metadata)


def test_a_token_function_is_asked_for_each_attempt(gateway: FakeGateway, photo: bytes) -> None:
    tokens = iter(["first", "second", "third", "fourth"])
    seen: list[str] = []

    def token() -> str:
        seen.append(next(tokens))
        return seen[-1]

    quick = RetryPolicy(initial_backoff_s=0.01)
    gateway.fail_next("AnalyzeImage", UnavailableError("away"), times=2)
    with Client(gateway.target, token=token, retry=quick) as client:
        client.analyze_image(photo)
        assert seen == ["first", "second", "third"]
        list(client.analyze_images([ootd.Photo("a", photo)]))
        assert seen[-1] == "fourth"


def test_a_token_that_rotates_is_valid_again(photo: bytes) -> None:
    now = "old"
    with FakeGateway(token="new") as gateway, Client(gateway.target, token=lambda: now) as client:
        with pytest.raises(ootd.UnauthenticatedError):
            client.analyze_image(photo)
        now = "new"
        assert client.analyze_image(photo).garments


async def test_a_token_may_be_fetched_within_asyncio(photo: bytes) -> None:
    async def token() -> str:
        await asyncio.sleep(0)
        return "secret"

    with FakeGateway(token="secret") as gateway:
        async with AsyncClient(gateway.target, token=token) as client:
            assert (await client.analyze_image(photo)).garments


@pytest.mark.parametrize("bad", ["", "two\nlines", "sécret"])
def test_a_token_that_cannot_be_sent_is_refused_and_not_shown(
    gateway: FakeGateway, bad: str
) -> None:
    with pytest.raises(ValueError, match="token") as caught:
        Client(token=bad)
    assert not bad or bad not in str(caught.value)
    with (
        Client(gateway.target, token=lambda: bad) as client,
        pytest.raises(ValueError, match="token"),
    ):
        client.taxonomy()
    with (
        Client(gateway.target, token=lambda: None) as client,  # type: ignore[arg-type]
        pytest.raises(TypeError, match="token must be a str"),
    ):
        client.taxonomy()


def test_a_token_never_crosses_a_network_in_plaintext_unasked() -> None:
    token: str | Callable[[], str]
    for token in ("secret", lambda: "secret"):
        for target in ("gateway:8500", "ipv4:127.0.0.1:1,10.0.0.1:1"):
            with pytest.raises(ValueError, match="plaintext"):
                Client(target, token=token)
        Client("gateway:8500", token=token, tls=True).close()
        Client("gateway:8500", token=token, allow_plaintext_token=True).close()
        for target in ("localhost:8500", "ipv4:127.0.0.1:1,127.0.0.2:1", "unix:/tmp/x"):
            Client(target, token=token).close()
    bearer = {"authorization": "Bearer x"}
    with pytest.raises(ValueError, match="plaintext"):
        Client("gateway:8500", metadata=bearer)
    with Client("gateway:8500") as client, pytest.raises(ValueError, match="plaintext"):
        client.taxonomy(metadata=bearer)


def test_calls_carry_request_id_and_token() -> None:
    request_id, pairs = call_metadata("r-1", "secret", {})
    assert (request_id, dict(pairs)) == (
        "r-1",
        {"x-request-id": "r-1", "authorization": "Bearer secret"},
    )
    assert "authorization" not in dict(call_metadata("r-1", None, {})[1])
    own = {"authorization": "Bearer other", "x-request-id": "r-2"}
    assert call_metadata("r-1", "secret", own) == ("r-2", tuple(reversed(own.items())))


class Counting(grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor):
    def __init__(self) -> None:
        self.methods: list[str] = []

    def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        self.methods.append(details.method.rpartition("/")[2])
        return continuation(details, request)

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        self.methods.append(details.method.rpartition("/")[2])
        return continuation(details, requests)


def test_interceptors_stand_around_every_call(gateway: FakeGateway, photo: bytes) -> None:
    counting = Counting()
    with Client(gateway.target, interceptors=[counting], check_compatibility=False) as client:
        client.analyze_image(photo)
        (result,) = client.analyze_images([ootd.Photo("a", photo)])
        with pytest.raises(ootd.NotFoundError):
            client.get_item("none")
    assert result.error is None
    assert counting.methods == ["AnalyzeImage", "AnalyzeImages", "GetItem"]


class AsyncCountingUnary(grpc.aio.UnaryUnaryClientInterceptor):
    def __init__(self, methods: list[str]) -> None:
        self.methods = methods

    async def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
        method = details.method
        name = method.decode() if isinstance(method, bytes) else method
        self.methods.append(name.rpartition("/")[2])
        return await continuation(details, request)


class AsyncCountingStream(grpc.aio.StreamStreamClientInterceptor):
    def __init__(self, methods: list[str]) -> None:
        self.methods = methods

    async def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        self.methods.append("stream")
        return await continuation(details, requests)


async def test_interceptors_within_asyncio(gateway: FakeGateway, photo: bytes) -> None:
    methods: list[str] = []
    both = [AsyncCountingUnary(methods), AsyncCountingStream(methods)]
    async with AsyncClient(gateway.target, interceptors=both, check_compatibility=False) as client:
        await client.analyze_image(photo)
        results = [one async for one in client.analyze_images([ootd.Photo("a", photo)])]
        with pytest.raises(ootd.NotFoundError):
            await client.get_item("none")
    assert results[0].error is None
    assert methods == ["AnalyzeImage", "stream", "GetItem"]


def test_interceptors_of_the_other_kind_are_refused() -> None:
    with pytest.raises(TypeError, match="interceptors must be of grpc, got AsyncCountingUnary"):
        Client(interceptors=[AsyncCountingUnary([])])  # type: ignore[list-item]
    with pytest.raises(TypeError, match=r"interceptors must be of grpc\.aio, got Counting"):
        AsyncClient(interceptors=[Counting()])  # type: ignore[list-item]


def test_channel_options_go_before_our_own() -> None:
    options = dict(Connection(channel_options={"grpc.keepalive_time_ms": 5, "x": "y"}).options())
    assert options["grpc.keepalive_time_ms"] == 5
    assert options["x"] == "y"
    with pytest.raises(TypeError, match="channel_options"):
        Client(channel_options={"grpc.keepalive_time_ms": 1.5})  # type: ignore[dict-item]


@pytest.mark.parametrize("kind", ["gzip", "deflate"])
async def test_requests_are_compressed(recorded: Any, kind: Any) -> None:
    target, _ = recorded
    upload = ootd.EmbeddingUpload("e", (0.5,) * 128, "bag", title="x" * 500)
    sizes: list[int] = []
    for compression in (None, kind):
        with TcpProxy(target) as proxy:
            with Client(proxy.target, compression=compression, check_compatibility=False) as client:
                assert client.upsert_item(upload).error is None
            async with AsyncClient(proxy.target, compression=compression) as other:
                assert (await other.upsert_item(upload)).error is None
            sizes.append(proxy.sent)
    assert sizes[1] < sizes[0] - 1000
    with pytest.raises(ValueError, match="unknown compression 'zip'; known are: gzip, deflate"):
        Client(compression="zip")  # type: ignore[arg-type]
