"""The checks of `tritonclient.grpc`: calls: how they are made, fail, wait and end."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import introspection
from checks import Missing, check, expect, failure_of, main
from recording_server import (
    RecordingServer,
    failing,
    free_port,
    hang,
    serving,
    status_details,
)
from triton_setup import UNAVAILABLE, AsyncClient, Client, client
from tritonclient.utils import InferenceServerException


@check("both.there")
def _() -> str:
    return "tritonclient.grpc.aio"


@check("both.methods")
def _() -> str:
    here, there = (set(introspection.public_methods(c)) for c in (Client, AsyncClient))
    return expect(here == there, f"differing: {sorted(here ^ there)}")


@check("both.parameters")
def _() -> str:
    there = introspection.public_methods(AsyncClient)
    differing = [
        name
        for name, one in introspection.public_methods(Client).items()
        if name in there and introspection.parameters(one) != introspection.parameters(there[name])
    ]
    return expect(not differing, f"differing: {differing}")


@check("outside.made")
def _() -> str:
    AsyncClient("localhost:1")
    return "made in a plain thread"


@check("outside.used")
def _() -> str:
    with serving(RecordingServer()) as server:
        made = AsyncClient(server.target)

        async def use() -> object:
            return await made.get_server_metadata()

        asyncio.run(use())
        return "get_server_metadata"


def _failure(code: grpc.StatusCode, reason: str, **fields: str) -> Any:
    details = status_details(code.value[0], "told so", reason, fields)
    with serving(RecordingServer(failing(code, "told so", details=details))) as server:
        return failure_of(client(server.target).get_server_metadata)


@check("errors.own")
def _() -> str:
    error = _failure(grpc.StatusCode.INTERNAL, "INTERNAL")
    return expect(isinstance(error, InferenceServerException), type(error).__name__)


@check("errors.by_cause")
def _() -> str:
    codes = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT, UNAVAILABLE)
    classes = {type(_failure(code, "SOME")).__name__ for code in codes}
    return expect(len(classes) == 3, ", ".join(sorted(classes)))


@check("errors.code")
def _() -> str:
    code = _failure(grpc.StatusCode.NOT_FOUND, "SOME").status()
    return expect("NOT_FOUND" in str(code), str(code))


@check("errors.reason")
def _() -> str:
    return expect(hasattr(_failure(grpc.StatusCode.NOT_FOUND, "SOME"), "reason"), "not decoded")


@check("errors.violations")
def _() -> str:
    error = _failure(grpc.StatusCode.INVALID_ARGUMENT, "SOME", k="too big", id="empty")
    return expect(hasattr(error, "violations"), "not decoded")


@check("errors.request_id")
def _() -> str:
    with serving(RecordingServer()) as server:
        client(server.target).get_server_metadata()
        sent = {key for _, metadata, _ in server.calls for key in metadata}
    return expect(any("request-id" in key for key in sent), f"sends {sorted(sent)}")


@check("deadline.ends")
def _() -> str:
    with serving(RecordingServer(hang)) as server:
        begin = time.monotonic()
        error = failure_of(client(server.target).get_server_metadata)
        seconds = time.monotonic() - begin
        return expect(seconds < 15, f"{type(error).__name__} after {seconds:.1f} s")


@check("deadline.client")
def _() -> str:
    names = introspection.parameters(Client.__init__)
    if not any("timeout" in name for name in names):
        raise Missing
    return str(names)


@check("deadline.call")
def _() -> str:
    with serving(RecordingServer(hang)) as server:
        begin = time.monotonic()
        failure_of(lambda: client(server.target).get_server_metadata(client_timeout=1))
        return expect(time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s of 1 s")


@check("deadline.whole")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away"))) as server:
        begin = time.monotonic()
        failure_of(lambda: client(server.target).get_server_metadata(client_timeout=2))
        seconds = time.monotonic() - begin
        return expect(seconds < 3, f"{len(server.calls)} attempts in {seconds:.1f} s of 2 s")


@check("retries.one")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away", first=1))) as server:
        client(server.target).get_server_metadata()
        return f"{len(server.calls)} attempts"


@check("retries.outage")
def _() -> str:
    def away(context: grpc.ServicerContext, _number: int) -> bytes:
        if time.monotonic() - begin < 2.5:
            context.abort(UNAVAILABLE, "restarting")
        return b""

    begin = time.monotonic()
    with serving(RecordingServer(away)) as server:
        client(server.target).get_server_metadata()
        return f"answered after {time.monotonic() - begin:.1f} s"


@check("retries.budget")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away"))) as server:
        connected = client(server.target)
        with ThreadPoolExecutor(20) as callers:
            list(callers.map(lambda _: failure_of(connected.get_server_metadata), range(200)))
        return expect(len(server.calls) <= 600, f"{len(server.calls)} attempts of 200 calls")


@check("retries.server")
def _() -> str:
    details = status_details(8, "busy", "OVERLOADED", {}, pause_s=1)
    behaviour = failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", first=1, details=details)
    with serving(RecordingServer(behaviour)) as server:
        client(server.target).get_server_metadata()
        pause = server.calls[1][2] - server.calls[0][2]
        return expect(pause >= 0.9, f"{pause:.1f} s of 1 s")


@check("balancing.spread")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two):
        connected = client(f"localhost:{port}")
        for _ in range(20):
            connected.get_server_metadata()
            time.sleep(0.02)
        spread = sorted((len(one.calls), len(two.calls)))
        return expect(spread[0] >= 5, f"{spread[0]} and {spread[1]} of 20 calls")


@check("balancing.dead")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two):
        connected = client(f"localhost:{port}")
        for _ in range(6):
            connected.get_server_metadata()
        (two if two.calls else one).stop()
        for _ in range(10):
            connected.get_server_metadata()
        return "10 of 10 calls"


@check("cancel.call")
def _() -> str:
    def behave(context: grpc.ServicerContext, number: int) -> bytes:
        server.note_cancel(context)
        return hang(context, number)

    async def leave() -> None:
        one = AsyncClient(server.target)
        task = asyncio.ensure_future(one.get_server_metadata())
        while not server.calls:
            await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait([task])
        await asyncio.to_thread(server.cancelled.wait, 3)

    server = RecordingServer(behave)
    with serving(server):
        asyncio.run(leave())
        return expect(server.cancelled.is_set(), "seen by the server")


@check("cancel.stream")
def _() -> str:
    def behave(context: grpc.ServicerContext, number: int) -> bytes:
        server.note_cancel(context)
        return hang(context, number)

    server = RecordingServer(behave, streams=frozenset({"ModelStreamInfer"}))
    with serving(server):
        connected = client(server.target)
        connected.start_stream(lambda result, error: None)
        connected.async_stream_infer("model", [])
        end = time.monotonic() + 5
        while not server.calls and time.monotonic() < end:
            time.sleep(0.02)
        connected.stop_stream(cancel_requests=True)
        server.cancelled.wait(3)
        return expect(server.cancelled.is_set(), "stop_stream(cancel_requests=True)")


if __name__ == "__main__":
    main()
