"""What standard tools find: reflection, channelz, health, compression, connections' age."""

import asyncio
from contextlib import suppress
from typing import Any

import grpc
import pytest
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from grpc_channelz.v1 import channelz_pb2
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from steered_calls import PHOTO, error_info, failure, photo
from steered_gateway import FACTS, Serve, Served

from ootd.v1.server_service_pb2 import GetServerInfoRequest
from ootd.v1.server_service_pb2_grpc import ServerServiceStub
from ootd.v1.vision_service_pb2 import (
    GetTaxonomyRequest,
)
from ootd.v1.vision_service_pb2_grpc import VisionServiceStub
from ootd_gateway.rpc.readiness import Dependency
from ootd_gateway.types import SuperCategory, Taxonomy
from photo_requests import analyze_request, stream_request
from service_names import CATALOG, SEARCH, SERVER, VISION
from standard_stubs import channelz_stub, health_stub

ALL = ("", VISION, CATALOG, SEARCH, SERVER)


class ReflectionClient:
    """As grpcurl: knows the reflection service of one version, and nothing of the server's."""

    def __init__(self, channel: grpc.aio.Channel, version: str) -> None:
        self._channel = channel
        self._package = f"grpc.reflection.{version}"
        self.pool = descriptor_pool.DescriptorPool()

    async def ask(self, **question: Any) -> Any:
        # The messages of both versions are the same on the wire.
        call: Any = self._channel.stream_stream(
            f"/{self._package}.ServerReflection/ServerReflectionInfo",
            request_serializer=reflection_pb2.ServerReflectionRequest.SerializeToString,
            response_deserializer=reflection_pb2.ServerReflectionResponse.FromString,
        )()
        await call.write(reflection_pb2.ServerReflectionRequest(**question))
        answer = await call.read()
        await call.done_writing()
        assert not answer.HasField("error_response"), answer
        return answer

    async def services(self) -> set[str]:
        answer = await self.ask(list_services="")
        return {one.name for one in answer.list_services_response.service}

    async def learn(self, symbol: str) -> None:
        """Fetch the file that describes a symbol, and those that it imports."""
        await self._add(await self.ask(file_containing_symbol=symbol))

    async def _add(self, answer: Any) -> None:
        for text in answer.file_descriptor_response.file_descriptor_proto:
            file = descriptor_pb2.FileDescriptorProto.FromString(text)
            for name in file.dependency:
                try:
                    self.pool.FindFileByName(name)
                except KeyError:
                    await self._add(await self.ask(file_by_filename=name))
            self.pool.Add(file)


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_a_client_that_knows_nothing_calls_what_it_found(serve: Serve, version: str) -> None:
    served = await serve()
    client = ReflectionClient(served.channel, version)
    found = await client.services()
    assert {VISION, CATALOG, SEARCH, SERVER, "grpc.health.v1.Health"} <= found
    assert f"grpc.reflection.{version}.ServerReflection" in found
    await client.learn(VISION)
    method = client.pool.FindServiceByName(VISION).FindMethodByName("GetTaxonomy")
    ask = message_factory.GetMessageClass(method.input_type)
    answer = message_factory.GetMessageClass(method.output_type)
    call: Any = served.channel.unary_unary(
        f"/{VISION}/{method.name}",
        request_serializer=ask.SerializeToString,
        response_deserializer=answer.FromString,
    )
    assert (await call(ask())).taxonomy.version == 1


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
async def test_reflection_describes_itself(serve: Serve, version: str) -> None:
    served = await serve()
    client = ReflectionClient(served.channel, version)
    package = f"grpc.reflection.{version}"
    await client.learn(f"{package}.ServerReflection")
    (method,) = client.pool.FindServiceByName(f"{package}.ServerReflection").methods
    assert method.input_type.full_name == f"{package}.ServerReflectionRequest"
    kinds = {one.message_type.full_name for one in method.output_type.fields if one.message_type}
    assert all(kind.startswith(package + ".") for kind in kinds)


async def test_channelz_is_off_unless_asked_for_and_wants_a_token(serve: Serve) -> None:
    request = channelz_pb2.GetServersRequest()
    closed = await serve()
    error = await failure(channelz_stub(closed.channel).GetServers(request))
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED
    served = await serve(channelz=True, tokens=("s3cret",))
    stub = channelz_stub(served.channel)
    assert error_info(await failure(stub.GetServers(request))).reason == "UNAUTHENTICATED"
    answer = await stub.GetServers(request, metadata=(("authorization", "Bearer s3cret"),))
    assert any(one.listen_socket for one in answer.server)


async def health_of(served: Served, service: str) -> str:
    stub = health_stub(served.channel)
    answer = await stub.Check(health_pb2.HealthCheckRequest(service=service), timeout=5)
    return health_pb2.HealthCheckResponse.ServingStatus.Name(answer.status)


async def serving(served: Served) -> set[str]:
    return {one for one in ALL if await health_of(served, one) == "SERVING"}


@pytest.mark.parametrize(
    ("missing", "left"),
    [
        (Dependency.VISION, {CATALOG, SEARCH, SERVER}),
        (Dependency.STORE, {VISION, SERVER}),
        (Dependency.INDEX, {VISION, CATALOG, SERVER}),
        (Dependency.GATEWAY, set()),
    ],
)
async def test_each_service_shows_what_it_depends_on(
    serve: Serve, missing: Dependency, left: set[str]
) -> None:
    served = await serve()
    assert await serving(served) == set(ALL)
    served.server.readiness.set(missing, "away")
    await served.server.report()
    assert await serving(served) == left
    served.server.readiness.set(missing)
    await served.server.report()
    assert await serving(served) == set(ALL)


async def test_until_it_is_open_health_says_no_and_calls_are_told_to_wait(serve: Serve) -> None:
    served = await serve(is_open=False, tokens=("s3cret",))
    assert await serving(served) == set()
    metadata = (("authorization", "Bearer s3cret"),)
    served.server.tell_start("7 of 9 changes are replayed")
    error = await failure(served.stub.AnalyzeImage(PHOTO, metadata=metadata))
    assert error.code() is grpc.StatusCode.UNAVAILABLE
    assert error_info(error).reason == "STORE_UNAVAILABLE"
    assert error.details() == (
        "the gateway is starting: 7 of 9 changes are replayed; try again in a moment"
    )
    stream = served.stub.AnalyzeImages(metadata=metadata)
    await stream.write(stream_request(photo()))
    assert error_info(await failure(stream.read())).reason == "STORE_UNAVAILABLE"
    # Strangers are not told.
    assert error_info(await failure(served.stub.AnalyzeImage(PHOTO))).reason == "UNAUTHENTICATED"
    await served.server.open()
    assert await serving(served) == set(ALL)
    await served.stub.AnalyzeImage(PHOTO, metadata=metadata)


async def test_draining_waits_for_balancers_first(serve: Serve) -> None:
    served = await serve()
    drain = asyncio.create_task(served.server.drain(20, delay_seconds=1.0))
    async with asyncio.timeout(5):
        while await serving(served):
            await asyncio.sleep(0.01)
    await served.stub.AnalyzeImage(PHOTO)
    async with asyncio.timeout(10):
        await drain


async def test_server_info_is_told_as_far_as_it_is_known(serve: Serve) -> None:
    served = await serve()
    told = await ServerServiceStub(served.channel).GetServerInfo(GetServerInfoRequest())
    assert told.version == "9.8.7"
    assert told.taxonomy_version == 1
    assert (told.vector_fingerprint, told.graph_fingerprint) == ("r", "g")
    assert told.vision_server == "fake 1"
    assert told.stored_vector_fingerprint == ""  # the database is away
    assert told.attribute_model == 2
    assert told.color_weight == 0.25
    limits = FACTS.limits
    assert told.limits.min_image_side == limits.min_image_side_pixels
    assert told.limits.stream_idle_seconds == limits.stream_idle_seconds


class Counter:
    """A way to a server that counts the bytes which come back over it."""

    def __init__(self, address: str) -> None:
        host, _, port = address.rpartition(":")
        self._target = (host, int(port))
        self.bytes_back = 0
        self.connections = 0

    async def __aenter__(self) -> "Counter":
        self._server = await asyncio.start_server(self._connect, "127.0.0.1", 0)
        self.address = f"127.0.0.1:{self._server.sockets[0].getsockname()[1]}"
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        there, back = await asyncio.open_connection(*self._target)
        with suppress(asyncio.CancelledError):
            await asyncio.gather(
                self._copy(reader, back),
                self._copy(there, writer, count=True),
                return_exceptions=True,
            )

    async def _copy(
        self, source: asyncio.StreamReader, target: asyncio.StreamWriter, *, count: bool = False
    ) -> None:
        while data := await source.read(65536):
            if count:
                self.bytes_back += len(data)
            target.write(data)
            await target.drain()
        target.close()


@pytest.mark.parametrize(
    ("above", "accepts", "is_small"),
    [(0, True, False), (10_000, True, True), (10_000_000, True, False), (10_000, False, False)],
)
async def test_large_answers_are_compressed_for_callers_that_take_it(
    serve: Serve, monkeypatch: pytest.MonkeyPatch, above: int, accepts: bool, is_small: bool
) -> None:
    served = await serve(compress_answers_above_bytes=above)
    names = {
        SuperCategory.TOP: tuple(f"a sub-category, the {number}th" for number in range(10_000))
    }

    async def taxonomy() -> Taxonomy:
        return Taxonomy(1, names, ())

    monkeypatch.setattr(served.vision, "taxonomy", taxonomy)
    options = [] if accepts else [("grpc.compression_enabled_algorithms_bitset", 1)]
    async with Counter(served.server.address) as counter:
        async with grpc.aio.insecure_channel(counter.address, options=options) as channel:
            answer = await VisionServiceStub(channel).GetTaxonomy(GetTaxonomyRequest())
        assert answer.ByteSize() > 250_000
        assert (counter.bytes_back < 100_000) == is_small


async def test_streams_are_answered_where_large_answers_are_compressed(serve: Serve) -> None:
    served = await serve(compress_answers_above_bytes=1)
    stream = served.stub.AnalyzeImages()
    for name in ("a", "b"):
        await stream.write(stream_request(photo(), name))
        assert (await stream.read()).correlation_id == name
    await stream.done_writing()


async def test_old_connections_end_gently_and_streams_outlive_them(serve: Serve) -> None:
    served = await serve(max_connection_age_seconds=0.5)
    async with Counter(served.server.address) as counter:
        async with grpc.aio.insecure_channel(counter.address) as channel:
            stub = VisionServiceStub(channel)
            stream: Any = stub.AnalyzeImages()
            for number in range(12):  # 3 s: six ages
                await stream.write(stream_request(photo(), str(number)))
                assert (await stream.read()).correlation_id == str(number)
                await stub.AnalyzeImage(analyze_request(photo()))
                await asyncio.sleep(0.25)
            await stream.done_writing()
        assert counter.connections > 2
