"""What Client does in another way than AsyncClient; the counterpart is _runtime_async."""

import threading
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Any, TypeAlias, TypeVar

import grpc

from ootd._ledger import Ledger
from ootd.errors import DeadlineExceededError, from_rpc_error
from ootd.types import ImageSource

__all__ = ["Source", "closing", "iterate", "read_image", "responses", "sleep"]

_Element = TypeVar("_Element")
_Answer = TypeVar("_Answer")

Source: TypeAlias = Iterable[_Element]
"""Elements of a stream; the iterable is read in another thread."""

sleep = time.sleep


def iterate(source: Source[_Element]) -> Iterator[_Element]:
    """Yield the elements of an iterable."""
    yield from source


def read_image(image: ImageSource) -> bytes:
    """Return the bytes of a photo; OSError where the file cannot be read."""
    return image if isinstance(image, bytes) else Path(image).read_bytes()


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
    call: Any,  # grpc.StreamStreamCall has no common type with its iterator in the stubs.
    ledger: Ledger,
    timeout_s: float,
    request_id: str,
) -> Generator[Any, None, None]:
    """Yield a stream's answers; the call is cancelled when the iterator is closed.

    Raises DeadlineExceededError where an answer takes longer than `timeout_s`, else what the call
    fails with.
    """
    with _StallWatch(call.cancel, ledger, timeout_s) as watch:
        try:
            ledger.reading()
            for answer in call:
                yield answer
                ledger.reading()
        except grpc.RpcError as error:
            if watch.has_stalled:
                raise DeadlineExceededError(
                    f"the stream's next answer took longer than {timeout_s:g} s",
                    code=grpc.StatusCode.DEADLINE_EXCEEDED,
                    reason="DEADLINE_EXCEEDED",
                    request_id=request_id,
                ) from None
            raise from_rpc_error(error, request_id) from None
        finally:
            call.cancel()
