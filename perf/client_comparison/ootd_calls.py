"""The checks of `ootd`: calls: how they are made, fail, wait and end."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import introspection
from checks import check, expect, failure_of, main
from ootd_setup import PHOTO, UNAVAILABLE, client
from recording_server import (
    RecordingServer,
    failing,
    free_port,
    hang,
    serving,
    status_details,
)

import ootd
from ootd.testing import FakeGateway


@check("both.there")
def _() -> str:
    return ootd.AsyncClient.__name__


@check("both.methods")
def _() -> str:
    here, there = (set(introspection.public_methods(c)) for c in (ootd.Client, ootd.AsyncClient))
    return expect(here == there, f"{len(here & there)} in both, differing: {sorted(here ^ there)}")


@check("both.parameters")
def _() -> str:
    there = introspection.public_methods(ootd.AsyncClient)
    methods = introspection.public_methods(ootd.Client).items()
    same = [introspection.parameters(m) == introspection.parameters(there[n]) for n, m in methods]
    return expect(all(same), f"{sum(same)} of {len(same)}")


@check("outside.made")
def _() -> str:
    ootd.AsyncClient("localhost:1")
    return "made in a plain thread"


@check("outside.used")
def _() -> str:
    with FakeGateway() as gateway:
        made = ootd.AsyncClient(gateway.target)

        async def use() -> int:
            async with made:
                return await made.count_items()

        return f"{asyncio.run(use())} items counted"


def _failure(code: grpc.StatusCode, reason: str, **fields: str) -> Any:
    details = status_details(code.value[0], "told so", reason, fields)
    with serving(RecordingServer(failing(code, "told so", details=details))) as server:
        with client(server.target, timeout_s=2, retry=ootd.RetryPolicy(attempts=1)) as connected:
            return failure_of(lambda: connected.get_item("a"))


@check("errors.own")
def _() -> str:
    error = _failure(grpc.StatusCode.INTERNAL, "INTERNAL")
    return expect(isinstance(error, ootd.OotdError), type(error).__name__)


@check("errors.by_cause")
def _() -> str:
    causes = (
        (grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND"),
        (grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD"),
        (UNAVAILABLE, "VISION_UNAVAILABLE"),
    )
    classes = {type(_failure(code, reason)).__name__ for code, reason in causes}
    return expect(len(classes) == 3, ", ".join(sorted(classes)))


@check("errors.code")
def _() -> str:
    code = _failure(grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND").code
    return expect("NOT_FOUND" in str(code), str(code))


@check("errors.reason")
def _() -> str:
    reason = _failure(grpc.StatusCode.NOT_FOUND, "ITEM_NOT_FOUND").reason
    return expect(reason == "ITEM_NOT_FOUND", str(reason))


@check("errors.violations")
def _() -> str:
    error = _failure(grpc.StatusCode.INVALID_ARGUMENT, "INVALID_FIELD", k="too big", id="empty")
    return expect(len(error.violations) == 2, str([one.field for one in error.violations]))


@check("errors.request_id")
def _() -> str:
    request_id = _failure(grpc.StatusCode.INTERNAL, "INTERNAL").request_id
    return expect(request_id, str(request_id))


@check("deadline.ends")
def _() -> str:
    with serving(RecordingServer(hang)) as server, client(server.target) as connected:
        begin = time.monotonic()
        error = failure_of(connected.count_items)
        seconds = time.monotonic() - begin
        return expect(seconds < 15, f"{type(error).__name__} after {seconds:.1f} s")


@check("deadline.client")
def _() -> str:
    with serving(RecordingServer(hang)) as server, client(server.target, timeout_s=1) as connected:
        begin = time.monotonic()
        failure_of(connected.count_items)
        return expect(time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s of 1 s")


@check("deadline.call")
def _() -> str:
    with serving(RecordingServer(hang)) as server, client(server.target) as connected:
        begin = time.monotonic()
        failure_of(lambda: connected.count_items(timeout_s=1))
        return expect(time.monotonic() - begin < 3, f"{time.monotonic() - begin:.1f} s of 1 s")


@check("deadline.whole")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away"))) as server:
        with client(server.target, timeout_s=2) as connected:
            begin = time.monotonic()
            failure_of(connected.count_items)
            seconds = time.monotonic() - begin
            return expect(seconds < 3, f"{len(server.calls)} attempts in {seconds:.1f} s of 2 s")


@check("retries.one")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away", first=1))) as server:
        with client(server.target) as connected:
            connected.count_items()
            return f"{len(server.calls)} attempts"


@check("retries.outage")
def _() -> str:
    def away(context: grpc.ServicerContext, _number: int) -> bytes:
        if time.monotonic() - begin < 2.5:
            context.abort(UNAVAILABLE, "restarting")
        return b""

    begin = time.monotonic()
    with serving(RecordingServer(away)) as server, client(server.target) as connected:
        connected.count_items()
        return f"answered after {time.monotonic() - begin:.1f} s, {len(server.calls)} attempts"


@check("retries.budget")
def _() -> str:
    with serving(RecordingServer(failing(UNAVAILABLE, "away"))) as server:
        with client(server.target, timeout_s=1) as connected, ThreadPoolExecutor(20) as callers:
            list(callers.map(lambda _: failure_of(connected.count_items), range(200)))
        return expect(len(server.calls) <= 600, f"{len(server.calls)} attempts of 200 calls")


@check("retries.server")
def _() -> str:
    details = status_details(8, "busy", "OVERLOADED", {}, pause_s=1)
    behaviour = failing(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", first=1, details=details)
    with serving(RecordingServer(behaviour)) as server, client(server.target) as connected:
        connected.count_items()
        pause = server.calls[1][2] - server.calls[0][2]
        return expect(pause >= 0.9, f"{pause:.1f} s of 1 s")


@check("balancing.spread")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two), client(f"localhost:{port}") as connected:
        for _ in range(20):
            connected.count_items()
            time.sleep(0.02)  # both connections come up meanwhile
        spread = sorted((len(one.calls), len(two.calls)))
        return expect(spread[0] >= 5, f"{spread[0]} and {spread[1]} of 20 calls")


@check("balancing.dead")
def _() -> str:
    port = free_port()
    one, two = (RecordingServer(host=host, port=port) for host in ("127.0.0.1", "[::1]"))
    with serving(one), serving(two), client(f"localhost:{port}") as connected:
        for _ in range(6):
            connected.count_items()
        two.stop()
        for _ in range(10):
            connected.count_items()
        return "10 of 10 calls"


@check("cancel.call")
def _() -> str:
    return _cancelled(lambda one: one.count_items())


@check("cancel.stream")
def _() -> str:
    async def first(one: ootd.AsyncClient) -> None:
        async for _ in one.analyze_images([ootd.Photo("a", PHOTO)]):
            pass

    return _cancelled(first)


def _cancelled(call: Callable[[ootd.AsyncClient], Awaitable[object]]) -> str:
    def behave(context: grpc.ServicerContext, number: int) -> bytes:
        server.note_cancel(context)
        return hang(context, number)

    async def leave() -> None:
        async with ootd.AsyncClient(server.target, check_compatibility=False) as one:
            task = asyncio.ensure_future(call(one))
            while not server.calls:
                await asyncio.sleep(0.01)
            task.cancel()
            await asyncio.wait([task])
            await asyncio.to_thread(server.cancelled.wait, 3)

    server = RecordingServer(behave, streams=frozenset({"AnalyzeImages"}))
    with serving(server):
        asyncio.run(leave())
        return expect(server.cancelled.is_set(), "seen by the server")


if __name__ == "__main__":
    main()
