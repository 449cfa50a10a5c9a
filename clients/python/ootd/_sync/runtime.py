"""What Client does in another way than AsyncClient; the counterpart is _async.runtime."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Sequence
from contextlib import closing
from contextvars import copy_context
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import grpc

from ootd._call_metadata import check_token
from ootd._faults import closed_error, stalled
from ootd._images import read_image
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
    "call_once",
    "close_source",
    "closing",
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

Source: TypeAlias = Iterable[_Element]
"""Elements of a stream; the iterable is read in another thread."""

TokenSource: TypeAlias = str | Callable[[], str]
"""A bearer token, or what returns the one of the moment; it is called for each attempt."""

Interceptor: TypeAlias = grpc.UnaryUnaryClientInterceptor | grpc.StreamStreamClientInterceptor
"""What stands between the client and the wire, such as for tracing."""

STOPPED = (GeneratorExit,)
"""What a generator gets whose reader has gone; it is no fault of what the generator reads."""

sleep = time.sleep


class Link:
    """The channel of one client: opened with the first call, closed once. Safe for threads."""

    def __init__(self, connection: Connection, interceptors: Sequence[Interceptor]) -> None:
        kinds = (grpc.UnaryUnaryClientInterceptor, grpc.StreamStreamClientInterceptor)
        for one in interceptors:
            if not isinstance(one, kinds):
                raise TypeError(f"interceptors must be of grpc, got {type(one).__name__}")
        self._connection = connection
        self._interceptors = tuple(interceptors)
        self._channel: grpc.Channel | None = None
        self._lock = threading.Lock()
        self.is_closed = False

    def channel(self) -> grpc.Channel:
        """Return the channel; ClosedError once the client is closed."""
        with self._lock:
            if self.is_closed:
                raise closed_error()
            if self._channel is None:
                self._channel = self._open()
            return self._channel

    def close(self) -> None:
        """Cancel what runs and give back the connections; does nothing the second time."""
        with self._lock:
            self.is_closed = True
            channel, self._channel = self._channel, None
        if channel is not None:
            channel.close()

    def _open(self) -> grpc.Channel:
        connection = self._connection
        credentials = connection.credentials()
        address, options = connection.address, connection.options()
        compression = connection.grpc_compression
        if credentials is None:
            channel = grpc.insecure_channel(address, options, compression)
        else:
            channel = grpc.secure_channel(address, credentials, options, compression)
        return grpc.intercept_channel(channel, *self._interceptors)


class Aside:
    """One piece of work beside the calls: nobody waits for it, and closing ends it."""

    def __init__(self) -> None:
        self._thread: threading.Thread | None = None

    def start(self, work: Callable[[], None]) -> None:
        """Begin it in a thread of its own; `work` must raise nothing, and end soon by itself."""
        run = copy_context().run
        thread = threading.Thread(target=run, args=(work,), name="ootd-aside", daemon=True)
        try:
            thread.start()
        except RuntimeError:  # No more threads, or Python is about to end.
            return
        self._thread = thread

    def finish(self, longest_s: float) -> None:
        """Wait for it for so many seconds; what it calls then ends with the channel."""
        thread, self._thread = self._thread, None
        if thread is not None and thread is not threading.current_thread():
            thread.join(longest_s)


def iterate(
    source: Source[_Element],
    ledger: Ledger,  # noqa: ARG001 - of use within asyncio alone
) -> Generator[_Element, None, None]:
    """Yield the elements of an iterable."""
    yield from source


def room(ledger: Ledger) -> None:
    """Wait until another element may be taken from the iterable."""
    while not ledger.has_room:
        changed = threading.Event()
        ledger.call_at_change(changed.set)
        if not ledger.has_room:
            changed.wait()


def close_source(
    requests: Generator[Any, None, None],  # noqa: ARG001 - it may run in gRPC's thread even now
    ledger: Ledger,
) -> None:
    """Let what makes the requests end; gRPC's thread that runs it lets go of it then."""
    ledger.end()


def load_image(image: ImageSource) -> bytes:
    """Return the bytes of a photo; raises what `ootd._images.read_image` raises."""
    return read_image(image)


def in_thread(work: Callable[[], _Result]) -> _Result:
    """Return what a function returns; here nothing else waits for this thread."""
    return work()


def settle(value: object) -> None:
    """Do nothing with what a caller's function returned: it is done."""


def current_token(token: TokenSource | None, limit_s: float) -> str | None:
    """Return the token of the moment, None where there is none.

    Raises what the caller's function raises; TypeError or ValueError for what cannot be sent. How
    long the function takes is its own affair: nothing can break it off.
    """
    del limit_s
    return token if token is None or isinstance(token, str) else check_token(token())


def call_once(
    method: "grpc.UnaryUnaryMultiCallable[Any, _Answer]",
    request: Any,
    timeout_s: float,
    metadata: tuple[tuple[str, str], ...],
    link: Link,
) -> _Answer:
    """Make one attempt of one call; grpc.RpcError, or ClosedError where the client was closed."""
    try:
        return method(request, timeout=timeout_s, metadata=metadata)
    except ValueError:  # What gRPC raises for a channel that was closed a moment ago.
        if link.is_closed:
            raise closed_error() from None
        raise


class _StallWatch:
    """Cancels a call from a thread of its own when the answer that is waited for takes too long.

    `next()` on a blocking call takes no timeout, and a deadline of the whole stream would depend on
    how much the caller has to send.
    """

    def __init__(self, cancel: Callable[[], object], ledger: Ledger, timeout_s: float) -> None:
        self.has_stalled = False
        self._cancel = cancel
        self._ledger = ledger
        self._timeout_s = timeout_s
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="ootd-stall-watch", daemon=True)

    def __enter__(self) -> "_StallWatch":
        self._thread.start()
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stopped.set()

    def _watch(self) -> None:
        left_s = self._timeout_s
        while not self._stopped.wait(left_s):
            left_s = self._ledger.left_s(self._timeout_s)
            if left_s <= 0:
                self.has_stalled = True
                self._cancel()
                return


def responses(
    start: Callable[[], Any],  # grpc.StreamStreamCall has no common type with its iterator.
    ledger: Ledger,
    timeout_s: float,
    request_id: str,
    link: Link,
) -> Generator[Any, None, None]:
    """Start a stream and yield its answers; it is cancelled when the iterator is closed.

    None stands for refused elements that are to be taken from the ledger before the next answer.

    Raises DeadlineExceededError where an answer takes longer than `timeout_s`, ClosedError where
    the client was closed, else what the call fails with.
    """
    try:
        call = start()
    except ValueError:
        if link.is_closed:
            raise closed_error() from None
        raise
    with _StallWatch(call.cancel, ledger, timeout_s) as watch:
        try:
            if not call.add_callback(ledger.end):
                ledger.end()
            while True:
                _wait_for_turn(ledger)
                if ledger.is_refused_next:
                    yield None
                    continue
                ledger.reading()
                try:
                    answer = next(call)
                except StopIteration:
                    return
                yield answer
        except grpc.RpcError as error:
            if watch.has_stalled:
                raise stalled(timeout_s, request_id) from None
            raise from_rpc_error(error, request_id) from None
        finally:
            call.cancel()
            ledger.end()


def _wait_for_turn(ledger: Ledger) -> None:
    """Wait while nothing is sent or refused: a read could not be left for what is refused then."""
    while ledger.is_settled:
        changed = threading.Event()
        ledger.call_at_change(changed.set)
        if ledger.is_settled:
            changed.wait()
