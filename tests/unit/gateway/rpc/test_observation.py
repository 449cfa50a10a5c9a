"""What is counted and logged of calls: who, how much, how it ended; never contents."""

import asyncio
import hashlib
from typing import Any

import grpc
import structlog
from grpc_health.v1 import health_pb2
from prometheus_client import generate_latest
from steered_calls import PHOTO, failure, photo
from steered_gateway import Serve
from structlog.testing import capture_logs

from ootd.v1.vision_service_pb2 import AnalyzeImageRequest
from photo_requests import analyze_request, stream_request
from service_names import CATALOG, SEARCH, VISION
from standard_stubs import health_stub


async def test_calls_are_counted_and_timed_by_their_code(serve: Serve) -> None:
    served = await serve()
    await served.stub.AnalyzeImage(PHOTO)
    await failure(served.stub.AnalyzeImage(AnalyzeImageRequest()))
    labels = {"grpc_type": "unary", "grpc_service": VISION, "grpc_method": "AnalyzeImage"}
    assert served.metric("grpc_server_started_total", **labels) == 2
    assert served.metric("grpc_server_handled_total", grpc_code="OK", **labels) == 1
    assert served.metric("grpc_server_handled_total", grpc_code="InvalidArgument", **labels) == 1
    assert served.metric("grpc_server_handling_seconds_count", **labels) == 2


async def test_health_and_reflection_are_not_counted(serve: Serve) -> None:
    served = await serve()
    await health_stub(served.channel).Check(health_pb2.HealthCheckRequest())
    (started,) = served.metrics.calls.started.collect()
    services = {one.labels["grpc_service"] for one in started.samples}
    assert services == {VISION, CATALOG, SEARCH, "ootd.v1.ServerService"}
    assert sum(one.value for one in started.samples if one.name.endswith("_total")) == 0


async def test_every_method_has_its_series_before_its_first_call(serve: Serve) -> None:
    served = await serve()
    names = ("AnalyzeImage", "UpsertItem", "DeleteItems", "SearchByImage", "GetServerInfo")
    (handled,) = served.metrics.calls.handled.collect()
    known = {
        one.labels["grpc_method"] for one in handled.samples if one.labels["grpc_code"] == "OK"
    }
    assert known >= {*names, "AnalyzeImages", "UpsertItems"}


async def test_messages_errors_and_elements_are_counted(serve: Serve) -> None:
    served = await serve()
    await served.stub.AnalyzeImage(PHOTO)
    await failure(served.stub.AnalyzeImage(analyze_request(b"text")))
    call = served.stub.AnalyzeImages()
    for image in (photo(), b"text", photo()):
        await call.write(stream_request(image))
        await call.read()
    await call.done_writing()
    await call.read()
    unary = {"grpc_type": "unary", "grpc_service": VISION, "grpc_method": "AnalyzeImage"}
    stream = {"grpc_type": "bidi_stream", "grpc_service": VISION, "grpc_method": "AnalyzeImages"}
    assert served.metric("grpc_server_msg_received_total", **unary) == 2
    assert served.metric("grpc_server_msg_sent_total", **unary) == 1
    assert served.metric("grpc_server_msg_received_total", **stream) == 3
    assert served.metric("grpc_server_msg_sent_total", **stream) == 3
    method = {"grpc_method": "AnalyzeImage"}
    assert served.metric("ootd_errors_total", reason="IMAGE_UNREADABLE", **method) == 1
    assert served.metric("ootd_request_bytes_count", **method) == 2
    elements = {"grpc_method": "AnalyzeImages"}
    assert served.metric("ootd_stream_elements_total", outcome="ok", **elements) == 2
    assert served.metric("ootd_stream_elements_total", outcome="failed", **elements) == 1
    assert served.metric("ootd_admission_limit", pool="calls") == 8
    assert served.metric("ootd_admission_wait_seconds_count", pool="calls") == 2


async def test_callers_make_no_labels(serve: Serve) -> None:
    """Whatever callers send, no series has a value of theirs."""
    served = await serve(tokens=("s3cret",))
    unknown: Any = served.channel.unary_unary("/made.up.Service/Method-of-mine")
    await failure(unknown(b""))
    odd = (("authorization", "Bearer s3cret"), ("x-request-id", "id-of-mine"))
    request = stream_request(b"text", "name-of-mine")
    call = served.stub.AnalyzeImages(metadata=(*odd, ("user-agent", "agent-of-mine")))
    await call.write(request)
    await call.read()
    call.cancel()
    text = generate_latest(served.metrics.registry).decode()
    for own in ("of-mine", "made.up", "s3cret", "127.0.0.1", hashlib.sha256(b"s3cret").hexdigest()):
        assert own not in text


def call_lines(logged: list[Any]) -> list[dict[str, Any]]:
    return [one for one in logged if one["event"] in {"call", "call failed"}]


async def test_the_line_of_a_call_tells_who_and_how_much(serve: Serve) -> None:
    served = await serve()
    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await served.stub.AnalyzeImage(PHOTO, metadata=(("x-request-id", "r-9"),))
        bad = analyze_request(b"x", guide={"region": {"x0": 2.0}})
        await failure(served.stub.AnalyzeImage(bad))
    good, failed = call_lines(logged)
    assert (good["service"], good["method"], good["request_id"]) == (VISION, "AnalyzeImage", "r-9")
    assert (good["code"], good["garments"]) == ("OK", 1)
    assert good["request_bytes"] == PHOTO.ByteSize()
    assert good["peer"].startswith("ipv4:127.0.0.1:")
    assert "grpc-python-asyncio" in good["user_agent"]
    assert (failed["code"], failed["reason"]) == ("INVALID_ARGUMENT", "INVALID_FIELD")
    assert failed["fields"] == ["photo.guide.region.x0"]


async def test_the_line_of_a_stream_tells_of_its_elements(serve: Serve) -> None:
    served = await serve()
    with capture_logs() as logged:
        call = served.stub.AnalyzeImages()
        for number in range(30):
            image = photo() if number % 3 == 0 else b"no photo, but words"
            await call.write(stream_request(image))
            await call.read()
        await call.done_writing()
        assert await call.read() is grpc.aio.EOF
        async with asyncio.timeout(5):
            while not call_lines(logged):
                await asyncio.sleep(0.01)
    (line,) = call_lines(logged)
    assert line["elements"] == {"ok": 10, "IMAGE_UNREADABLE": 20}
    assert (line["requests"], line["garments"]) == (30, 10)
    failures = [one for one in logged if one["event"] == "element failed"]
    assert len(failures) == 20
    assert failures[0]["reason"] == "IMAGE_UNREADABLE"
    assert "words" not in repr(logged)


async def test_a_flood_of_failed_elements_is_no_flood_of_lines(serve: Serve) -> None:
    served = await serve()
    with capture_logs() as logged:
        call = served.stub.AnalyzeImages()
        for _ in range(100):
            await call.write(stream_request(b"words"))
            await call.read()
        call.cancel()
    failures = [one for one in logged if one["event"] == "element failed"]
    assert [one["is_last_logged"] for one in failures] == [False] * 19 + [True]
