"""What AsyncClient does in another way than Client; the counterpart is _sync.runtime."""

import asyncio
import inspect
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    AsyncIterator,
    Awaitable,
    Callable,
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
from ootd.channel import Connection
from ootd.errors import from_rpc_error
from ootd.types import ImageSource

__all__ = [
    "STOPPED",
    "Interceptor",
    "Link",
    "Source",
    "TokenSource",
    "aclosing",
    "call_once",
    "current_token",
    "in_thread",
    "iterate",
    "load_image",
    "responses",
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


async def iterate(source: Source[_Element]) -> AsyncIterator[_Element]:
    """Yield the elements of an iterable of either kind."""
    if isinstance(source, AsyncIterable):
        async for element in source:
            yield element
        return
    for element in source:
        yield element


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
    start: Callable[[], "grpc.aio.StreamStreamCall[Any, _Answer]"],
    ledger: Ledger,
    timeout_s: float,
    request_id: str,
    link: Link,
) -> AsyncGenerator[_Answer, None]:
    """Start a stream and yield its answers; it is cancelled when the iterator is closed.

    Raises DeadlineExceededError where an answer takes longer than `timeout_s`, ClosedError where
    the client was closed, else what the call fails with.
    """
    try:
        call = start()
    except grpc.aio.UsageError:  # The channel was closed a moment ago.
        if link.is_closed:
            raise closed_error() from None
        raise
    try:
        while True:
            answer = await _next_answer(call, ledger, timeout_s, request_id)
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
        call.cancel()


async def _next_answer(
    call: "grpc.aio.StreamStreamCall[Any, Any]", ledger: Ledger, timeout_s: float, request_id: str
) -> Any:
    ledger.reading()
    reading: asyncio.Task[Any] = asyncio.ensure_future(call.read())
    try:
        while not reading.done():
            left_s = ledger.left_s(timeout_s)
            if left_s <= 0:
                raise stalled(timeout_s, request_id)
            await asyncio.wait({reading}, timeout=left_s)
        return reading.result()
    except StopAsyncIteration:  # How older grpc ends a stream with interceptors.
        return grpc.aio.EOF
    finally:
        reading.cancel()  # Nothing where it is done.


def _caller_cancels() -> bool:
    """Whether the caller's own task is cancelled; the cancel is the channel's otherwise."""
    task = asyncio.current_task()
    # Before Python 3.11 tasks do not tell; as the client is closed, it is then taken for its doing.
    return task is not None and hasattr(task, "cancelling") and task.cancelling() > 0
