"""What AsyncClient does in another way than Client; the counterpart is _sync.runtime."""

import asyncio
import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Coroutine,
    Iterable,
    Sequence,
)
from contextlib import aclosing
from typing import Any, TypeAlias, TypeVar

import grpc
import grpc.aio

from ootd._call_metadata import check_token
from ootd._faults import closed_error, late_token, stalled
from ootd._images import Pieces, heif_kind, read_image
from ootd._ledger import Ledger
from ootd._shared.photo import ImageSource
from ootd.channel import Connection
from ootd.errors import from_rpc_error

__all__ = [
    "STOPPED",
    "Aside",
    "Interceptor",
    "Link",
    "Source",
    "TokenSource",
    "aclosing",
    "call_once",
    "close_source",
    "current_token",
    "in_thread",
    "iterate",
    "load_image",
    "responses",
    "room",
    "settle",
    "sleep",
]

_Element = TypeVar("_Element")
_Answer = TypeVar("_Answer")
_Result = TypeVar("_Result")

Source: TypeAlias = Iterable[_Element] | AsyncIterable[_Element]
"""Elements of a stream, as they become ready."""

TokenSource: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A bearer token, or what returns the one of the moment; it is called for each attempt."""

Interceptor: TypeAlias = grpc.aio.ClientInterceptor
"""What stands between the client and the wire, such as for tracing."""

STOPPED = (GeneratorExit, asyncio.CancelledError)
"""What a generator gets whose reader has gone; it is no fault of what the generator reads."""

sleep = asyncio.sleep

_CLOSE_SOURCE_S = 1.0
"""How long the end of a stream waits for the caller's generator to clean up."""


class Link:
    """The channel of one client: opened with the first call, closed once.

    It belongs to the event loop of its first call; when that loop is closed, the next call opens
    another.
    """

    def __init__(self, connection: Connection, interceptors: Sequence[Interceptor]) -> None:
        for one in interceptors:
            if not isinstance(one, grpc.aio.ClientInterceptor):
                raise TypeError(f"interceptors must be of grpc.aio, got {type(one).__name__}")
        self._connection = connection
        self._interceptors = tuple(interceptors)
        self._channel: grpc.aio.Channel | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self.is_closed = False

    def channel(self) -> grpc.aio.Channel:
        """Return the channel of the running loop; ClosedError, RuntimeError without a loop."""
        if self.is_closed:
            raise closed_error()
        loop = asyncio.get_running_loop()
        if self._channel is not None and self._loop is not loop:
            if self._loop is not None and not self._loop.is_closed():
                raise RuntimeError("an AsyncClient belongs to the event loop of its first call")
            self._channel = None
        if self._channel is None:
            self._channel, self._loop = self._open(), loop
        return self._channel

    async def close(self) -> None:
        """Cancel what runs and give back the connections; does nothing the second time."""
        self.is_closed = True
        channel, self._channel = self._channel, None
        if channel is not None and self._loop is asyncio.get_running_loop():
            await channel.close()

    def _open(self) -> grpc.aio.Channel:
        connection = self._connection
        credentials = connection.credentials()
        address, options = connection.address, connection.options()
        compression, interceptors = connection.grpc_compression, self._interceptors
        if credentials is None:
            return grpc.aio.insecure_channel(address, options, compression, interceptors)
        return grpc.aio.secure_channel(address, credentials, options, compression, interceptors)


class Aside:
    """One piece of work beside the calls: nobody waits for it, and closing ends it."""

    def __init__(self) -> None:
        self._task: asyncio.Task[None] | None = None

    def start(self, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begin it in the running loop; `work` must raise nothing."""
        self._task = asyncio.get_running_loop().create_task(work())

    async def finish(self, longest_s: float) -> None:
        """Wait for it for so many seconds, then cancel it."""
        task, self._task = self._task, None
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            return
        try:
            await asyncio.wait({task}, timeout=longest_s)
        finally:
            task.cancel()  # Nothing where it is done.
        await asyncio.wait({task}, timeout=longest_s)  # Until it has left the channel.


async def iterate(source: Source[_Element], ledger: Ledger) -> AsyncGenerator[_Element, None]:
    """Yield the elements of an iterable of either kind; a generator is closed at the end."""
    if isinstance(source, AsyncIterable):
        ledger.source_task = asyncio.current_task()
        try:
            async for element in source:
                yield element
        finally:
            ledger.source_task = None
            if isinstance(source, AsyncGenerator):
                await source.aclose()
        return
    for element in source:
        yield element


async def room(ledger: Ledger) -> None:
    """Wait until another element may be taken from the iterable."""
    while not ledger.has_room:
        await _change(ledger)


async def close_source(requests: AsyncGenerator[Any, None], ledger: Ledger) -> None:
    """Close what makes the requests, and with it the caller's generator, also while it waits.

    gRPC leaves it waiting where the other side ended the call.
    """
    ledger.end()
    task = ledger.source_task
    if task is not None and task is not asyncio.current_task():
        task.cancel()
        await asyncio.wait({task}, timeout=_CLOSE_SOURCE_S)
    try:
        await requests.aclose()
    except RuntimeError:  # It runs even now, as the caller's generator takes long to clean up.
        return


def _change(ledger: Ledger) -> "asyncio.Future[None]":
    """Return what is done when the ledger has changed; it changes in this loop alone."""
    changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    ledger.call_at_change(lambda: None if changed.done() else changed.set_result(None))
    return changed


async def load_image(image: ImageSource) -> bytes:
    """Return the bytes of a photo, made beside the event loop unless they are there.

    A file whose `read` is to be awaited is read here. Raises what `ootd._images.read_image` raises.
    """
    read = getattr(image, "read", None)
    if inspect.iscoroutinefunction(read):
        pieces = Pieces(image)
        while pieces.add(await read(pieces.wanted_bytes)):
            pass
        return await asyncio.to_thread(pieces.photo)
    if isinstance(image, bytes) and heif_kind(image) is None:
        return read_image(image)
    return await asyncio.to_thread(read_image, image)


async def in_thread(work: Callable[[], _Result]) -> _Result:
    """Return what a function returns that blocks."""
    return await asyncio.to_thread(work)


async def settle(value: object) -> None:
    """Wait for what a caller's function returned, where it is to be waited for."""
    if inspect.isawaitable(value):
        await value


async def current_token(token: TokenSource | None, limit_s: float) -> str | None:
    """Return the token of the moment, None where there is none.

    Raises what the caller's function raises, DeadlineExceededError where what it returned is not
    there within `limit_s`; TypeError or ValueError for what cannot be sent.
    """
    if token is None or isinstance(token, str):
        return token
    value = token()
    if not inspect.isawaitable(value):
        return check_token(value)
    coming = asyncio.ensure_future(value)
    try:
        await asyncio.wait({coming}, timeout=limit_s)
        if not coming.done():
            raise late_token(limit_s)
        return check_token(coming.result())
    finally:
        coming.cancel()  # Nothing where it is done.


async def call_once(
    method: "grpc.aio.UnaryUnaryMultiCallable[Any, _Answer]",
    request: Any,
    timeout_s: float,
    metadata: tuple[tuple[str, str], ...],
    link: Link,
) -> _Answer:
    """Make one attempt of one call; grpc.RpcError, or ClosedError where the client was closed."""
    try:
        return await method(request, timeout=timeout_s, metadata=metadata)
    except grpc.RpcError:
        raise
    except (asyncio.CancelledError, grpc.aio.UsageError, asyncio.InvalidStateError):
        if link.is_closed and not _caller_cancels():
            raise closed_error() from None
        raise


async def responses(
    start: Callable[[], Any],  # The answers' type would not be inferred through None.
    ledger: Ledger,
    timeout_s: float,
    request_id: str,
    link: Link,
) -> AsyncGenerator[Any, None]:
    """Start a stream and yield its answers; it is cancelled when the iterator is closed.

    None stands for refused elements that are to be taken from the ledger before the next answer.

    Raises DeadlineExceededError where an answer takes longer than `timeout_s`, ClosedError where
    the client was closed, else what the call fails with.
    """
    try:
        call = start()
    except grpc.aio.UsageError:  # The channel was closed a moment ago.
        if link.is_closed:
            raise closed_error() from None
        raise
    reading = _Reading(call, ledger)
    try:
        while True:
            if not await reading.comes_first(timeout_s, request_id):
                yield None
                continue
            answer = reading.take()
            if answer is grpc.aio.EOF:
                return
            yield answer
    except grpc.RpcError as error:
        raise from_rpc_error(error, request_id) from None
    except (asyncio.CancelledError, grpc.aio.UsageError, asyncio.InvalidStateError):
        if link.is_closed and not _caller_cancels():
            raise closed_error() from None
        raise
    finally:
        reading.cancel()
        call.cancel()
        ledger.end()


class _Reading:
    """The next answer of a stream, read while refused elements before it are given out.

    A read cannot be broken off without the call, so it is kept until it is done.
    """

    def __init__(self, call: "grpc.aio.StreamStreamCall[Any, Any]", ledger: Ledger) -> None:
        self._call = call
        self._ledger = ledger
        self._reading: asyncio.Task[Any] | None = None
        self._change: asyncio.Future[None] | None = None

    async def comes_first(self, timeout_s: float, request_id: str) -> bool:
        """Wait for the answer (True), or for refused elements before it (False).

        Raises DeadlineExceededError where it takes longer than `timeout_s`.
        """
        ledger = self._ledger
        ledger.reading()
        if self._reading is None:
            self._reading = asyncio.ensure_future(self._call.read())
        while not self._reading.done():
            if ledger.is_refused_next:
                return False
            left_s = ledger.left_s(timeout_s)
            if left_s <= 0:
                raise stalled(timeout_s, request_id)
            if self._change is None or self._change.done():
                self._change = _change(ledger)
            await asyncio.wait(
                {self._reading, self._change},
                timeout=left_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        return True

    def take(self) -> Any:
        """Return the answer that has come, EOF after the last; raises what the call failed with."""
        reading, self._reading = self._reading, None
        assert reading is not None
        try:
            return reading.result()
        except StopAsyncIteration:  # How older grpc ends a stream with interceptors.
            return grpc.aio.EOF

    def cancel(self) -> None:
        """Leave the answer; the call is over with that."""
        if self._reading is not None:
            self._reading.cancel()  # Nothing where it is done.


def _caller_cancels() -> bool:
    """Whether the caller's own task is cancelled; the cancel is the channel's otherwise."""
    task = asyncio.current_task()
    # Before Python 3.11 tasks do not tell; as the client is closed, it is then taken for its doing.
    return task is not None and hasattr(task, "cancelling") and task.cancelling() > 0
