"""What callers without rights can do to health and reflection, and so to everybody."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2
from steered_calls import PHOTO, error_info, failure, token, until
from steered_gateway import Serve, Served
from structlog.testing import capture_logs

from ootd_gateway.rpc.interceptors.standard_services import StandardServiceBounds
from ootd_gateway.rpc.readiness import Dependency
from service_names import VISION
from standard_stubs import health_stub, reflection_stub

ANY = health_pb2.HealthCheckRequest()
SERVING = health_pb2.HealthCheckResponse.SERVING
NOT_SERVING = health_pb2.HealthCheckResponse.NOT_SERVING


def health(channel: grpc.aio.Channel) -> Any:
    return health_stub(channel)


async def opened(call: Any) -> str:
    """Tell whether a stream is open, or why it is not."""
    try:
        await call.read()
    except grpc.aio.AioRpcError as error:
        return str(error_info(error).reason)
    return "open"


async def test_watchers_take_no_calls_from_others(serve: Serve) -> None:
    served = await serve(tokens=("right",), max_open_calls=24)
    watches = [health(served.channel).Watch(ANY) for _ in range(20)]
    with capture_logs() as lines:
        outcomes = Counter([await opened(one) for one in watches])
        for _ in range(20):
            late = health(served.channel).Watch(ANY)
            outcomes[await opened(late)] += 1
    assert outcomes == {"open": 16, "CALLER_OVER_SHARE": 24}
    refused = served.metric("ootd_admission_refused_total", pool="standard_streams")
    assert (refused, served.metric("ootd_admission_calls", pool="standard_streams")) == (24, 16)
    told = [one for one in lines if "are refused" in one["event"]]
    assert [one["refused"] for one in told] == [1]  # one line a minute
    await served.stub.AnalyzeImage(PHOTO, metadata=token("right"), timeout=5)
    assert (await health(served.channel).Check(ANY, timeout=5)).status == SERVING
    for one in watches:
        one.cancel()
    await until(lambda: not served.metric("ootd_admission_calls", pool="standard_streams"))
    assert await opened(health(served.channel).Watch(ANY)) == "open"


async def test_watchers_of_the_health_port_leave_room_for_probes(serve: Serve) -> None:
    served = await serve(health_address="127.0.0.1:0")
    async with grpc.aio.insecure_channel(served.server.health_address) as channel:
        watches = [health(channel).Watch(ANY) for _ in range(70)]
        outcomes = Counter([await opened(one) for one in watches])
        assert outcomes == {"open": 16, "CALLER_OVER_SHARE": 54}
        assert (await health(channel).Check(ANY, timeout=5)).status == SERVING
    assert served.metric("ootd_admission_refused_total", pool="probe_streams") == 54


async def test_reflection_is_bounded_as_watchers_are(serve: Serve) -> None:
    bounds = StandardServiceBounds(streams=3, streams_of_address=3)
    served = await serve(standard_services=bounds)
    request = reflection_pb2.ServerReflectionRequest(list_services="")
    stub: Any = reflection_stub(served.channel)
    calls = [stub.ServerReflectionInfo() for _ in range(3)]
    for one in calls:
        await one.write(request)
        assert (await one.read()).list_services_response.service
    assert await opened(stub.ServerReflectionInfo()) == "OVERLOADED"
    await calls[0].done_writing()
    assert await calls[0].read() is grpc.aio.EOF
    assert await opened(health(served.channel).Watch(ANY)) == "open"


async def nothing_yet(done: asyncio.Event) -> AsyncIterator[health_pb2.HealthCheckRequest]:
    await done.wait()
    yield ANY


@pytest.mark.parametrize("method", ["Check", "Watch"])
async def test_bodies_that_never_come_hold_no_place(serve: Serve, method: str) -> None:
    bounds = StandardServiceBounds(
        streams=4, streams_of_address=2, checks=4, checks_of_address=2, body_seconds=0.5
    )
    served = await serve(standard_services=bounds)
    kind = served.channel.stream_unary if method == "Check" else served.channel.stream_stream
    call: Any = kind(
        f"/grpc.health.v1.Health/{method}",
        request_serializer=health_pb2.HealthCheckRequest.SerializeToString,
        response_deserializer=health_pb2.HealthCheckResponse.FromString,
    )
    never = asyncio.Event()

    async def outcome() -> str:
        made = call(nothing_yet(never), timeout=10)
        error = await failure(made if method == "Check" else made.read())
        return str(error_info(error).reason)

    outcomes = Counter(await asyncio.gather(*(outcome() for _ in range(5))))
    assert outcomes == {"CALLER_OVER_SHARE": 3, "DEADLINE_EXCEEDED": 2}
    assert (await health(served.channel).Check(ANY, timeout=5)).status == SERVING


async def test_a_check_of_garbage_or_of_nothing_is_told_so(serve: Serve) -> None:
    served = await serve()
    garbage: Any = served.channel.unary_unary("/grpc.health.v1.Health/Check")
    assert error_info(await failure(garbage(b"\xff" * 20))).reason == "INVALID_FIELD"
    unknown = health_pb2.HealthCheckRequest(service="nobody")
    error = await failure(health(served.channel).Check(unknown))
    assert error.code() is grpc.StatusCode.NOT_FOUND


async def test_a_watch_ends_in_time_and_can_be_opened_again(serve: Serve) -> None:
    served = await serve(standard_services=StandardServiceBounds(stream_seconds=0.3))
    for _ in range(2):
        watch = health(served.channel).Watch(ANY, timeout=10)
        assert (await watch.read()).status == SERVING
        assert await watch.read() is grpc.aio.EOF
        assert await watch.code() is grpc.StatusCode.OK
    assert served.metric("ootd_admission_calls", pool="standard_streams") == 0


async def become(served: Served, why: str | None) -> None:
    served.server.readiness.set(Dependency.VISION, *([why] if why else []))
    await served.server.report()


async def test_watchers_hear_of_changes_after_others_have_gone(serve: Serve) -> None:
    served = await serve()
    request = health_pb2.HealthCheckRequest(service=VISION)
    gone, stays = (health(served.channel).Watch(request, timeout=10) for _ in range(2))
    assert (await gone.read()).status == (await stays.read()).status == SERVING
    gone.cancel()
    await until(lambda: served.metric("ootd_admission_calls", pool="standard_streams") == 1)
    await become(served, "away")
    assert (await stays.read()).status == NOT_SERVING
    await become(served, None)
    assert (await stays.read()).status == SERVING
