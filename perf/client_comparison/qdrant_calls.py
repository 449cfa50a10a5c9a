"""The checks of `qdrant-client`: calls: how they are made, fail, wait and end."""

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import introspection
from checks import Missing, check, expect, failure_of, main
from qdrant_client import AsyncQdrantClient, QdrantClient
from qdrant_setup import NAME, UNAVAILABLE, client, point, read
from recording_server import (
    RecordingServer,
    failing,
    free_port,
    hang,
    serving,
    status_details,
)


@check("both.there")
def _() -> str:
    return str(AsyncQdrantClient.__name__)


@check("both.methods")
def _() -> str:
    here, there = (set(introspection.public_methods(c)) for c in (QdrantClient, AsyncQdrantClient))
    return expect(here == there, f"{len(here & there)} in both, differing: {sorted(here ^ there)}")


@check("both.parameters")
def _() -> str:
    there = introspection.public_methods(AsyncQdrantClient)
    methods = introspection.public_methods(QdrantClient).items()
    differing = [
        name
        for name, one in methods
        if name in there and introspection.parameters(one) != introspection.parameters(there[name])
    ]
    return expect(not differing, f"differing: {differing}")


@check("outside.made")
def _() -> str:
    AsyncQdrantClient(host="localhost", grpc_port=1, prefer_grpc=True, check_compatibility=False)
    return "made in a plain thread"


@check("outside.used")
def _() -> str:
    with serving(RecordingServer()) as server:
        made = AsyncQdrantClient(
            host="127.0.0.1", grpc_port=server.port, prefer_grpc=True, check_compatibility=False
        )

        async def use() -> object:
            return await made.retrieve(NAME, ids=[1])

        return f"retrieve: {asyncio.run(use())}"


def _failure(code: grpc.StatusCode, reason: str, **fields: str) -> Any:
    details = status_details(code.value[0], "told so", reason, fields)
    with serving(RecordingServer(failing(code, "told so", details=details))) as server:
        return failure_of(lambda: read(client(server.port)))


@check("errors.own")
def _() -> str:
    error = _failure(grpc.StatusCode.INTERNAL, "INTERNAL")
    return expect(type(error).__module__.startswith("qdrant"), type(error).__name__)


@check("errors.by_cause")
def _() -> str:
    codes = (grpc.StatusCode.NOT_FOUND, grpc.StatusCode.INVALID_ARGUMENT, UNAVAILABLE)
    classes = {type(_failure(code, "SOME")).__name__ for code in codes}
    return expect(len(classes) == 3, ", ".join(sorted(classes)))


@check("errors.code")
def _() -> str:
    code = _failure(grpc.StatusCode.NOT_FOUND, "SOME").code()
    return expect("NOT_FOUND" in str(code), str(code))


@check("errors.reason")
def _() -> str:
    error = _failure(grpc.StatusCode.NOT_FOUND, "SOME")
    return expect(hasattr(error, "reason"), "undecoded in the trailing metadata")


@check("errors.violations")
def _() -> str:
    error = _failure(grpc.StatusCode.INVALID_ARGUMENT, "SOME", k="too big", id="empty")
    return expect(hasattr(error, "violations"), "undecoded in the trailing metadata")


@check("errors.request_id")
def _() -> str:
    with serving(RecordingServer()) as server:
        read(client(server.port))
        sent = {key for _, metadata, _ in server.calls for key in metadata}
    return expect(any("request-id" in key for key in sent), f"sends {sorted(sent)}")


@check("deadline.ends")
def _() -> str:
    with serving(RecordingServer(hang)) as server:
        begin = time.monotonic()
        error = failure_of(lambda: read(client(server.port)))
        seconds = time.monotonic() - begin
        return expect(seconds < 15, f"{type(error).__name__} after {seconds:.1f} s")


@check("deadline.client")
def _() -> str:
    with serving(RecordingServer(hang)) as server:
        begin = time.monotonic()
        failure_of(lambda: read(client(server.port, timeout=1)))
        return expect(time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s of 1 s")


@check("deadline.call")
def _() -> str:
    with serving(RecordingServer(hang)) as server:
        begin = time.monotonic()
        failure_of(lambda: read(client(server.port), timeout=1))
        return expect(time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s of 1 s")


@check("deadline.whole")
def _() -> str:
    def slow(context: grpc.ServicerContext, _number: int) -> bytes:
        time.sleep(1.5)
        context.abort(UNAVAILABLE, "away")
        return b""

    # Bulk writes alone are made again.
    with serving(RecordingServer(slow)) as server:
        connected = client(server.port, timeout=2)
        begin = time.monotonic()
        failure_of(lambda: connected.upload_points(NAME, [point(1)], wait=True))
        seconds = time.monotonic() - begin
        return expect(seconds < 3, f"{len(server.calls)} attempts in {seconds:.1f} s of 2 s")


@check("retries.one")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away", first=1))) as server:
        read(client(server.port))
        return f"{len(server.calls)} attempts"


@check("retries.outage")
def _() -> str:
    def away(context: grpc.ServicerContext, _number: int) -> bytes:
        if time.monotonic() - begin < 2.5:
            context.abort(UNAVAILABLE, "restarting")
        return b""

    begin = time.monotonic()
    with serving(RecordingServer(away)) as server:
        read(client(server.port))
        return f"answered after {time.monotonic() - begin:.1f} s"


@check("retries.budget")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away"))) as server:
        connected = client(server.port, timeout=1)
        with ThreadPoolExecutor(20) as callers:
            list(callers.map(lambda _: failure_of(lambda: read(connected)), range(200)))
        return expect(len(server.calls) <= 600, f"{len(server.calls)} attempts of 200 calls")


@check("retries.server")
def _() -> str:
    def busy(context: grpc.ServicerContext, number: int) -> bytes:
        if number == 0:
            context.set_trailing_metadata((("retry-after", "1"),))
            context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")
        return b""

    with serving(RecordingServer(busy)) as server:
        client(server.port).upload_points(NAME, [point(1)], wait=True)
        pause = server.calls[1][2] - server.calls[0][2]
        return expect(pause >= 0.9, f"{pause:.1f} s of 1 s, in bulk writes")


@check("balancing.spread")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two):
        connected = client(port, "localhost")
        for _ in range(20):
            read(connected)
            time.sleep(0.02)
        spread = sorted((len(one.calls), len(two.calls)))
        return expect(spread[0] >= 5, f"{spread[0]} and {spread[1]} of 20 calls")


@check("balancing.dead")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two):
        connected = client(port, "localhost")
        for _ in range(6):
            read(connected)
        (two if two.calls else one).stop()
        for _ in range(10):
            read(connected)
        return "10 of 10 calls"


@check("cancel.call")
def _() -> str:
    def behave(context: grpc.ServicerContext, number: int) -> bytes:
        server.note_cancel(context)
        return hang(context, number)

    async def leave() -> None:
        one = AsyncQdrantClient(
            host="127.0.0.1", grpc_port=server.port, prefer_grpc=True, check_compatibility=False
        )
        task = asyncio.ensure_future(one.retrieve(NAME, ids=[1]))
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
    raise Missing("no streams")


if __name__ == "__main__":
    main()
