"""Bookkeeping of one bidirectional stream: what was sent, what was answered, whether it stalls.

Requests are written from another thread (or task) than answers are read in, so all state is
behind one lock.
"""

import threading
import time
from collections import deque
from collections.abc import Callable

from ootd.errors import InternalError, OotdError


class Ledger:
    """The elements of a stream in the order in which the caller gave them.

    An element is either sent, and then answered by the server, or refused on this side (its file
    cannot be read, say) and then reported in its place between the answers.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._elements: deque[tuple[str, OotdError | None]] = deque()
        self._outstanding = 0
        self._waiting_since: float | None = None
        self._reading_since: float | None = None
        self._source_error: BaseException | None = None

    def sent(self, key: str) -> None:
        """Note that an element is on its way."""
        with self._lock:
            self._elements.append((key, None))
            self._outstanding += 1
            if self._outstanding == 1:
                self._waiting_since = self._clock()

    def refused(self, key: str, error: OotdError) -> None:
        """Note that an element was not sent, and why."""
        with self._lock:
            self._elements.append((key, error))

    def source_failed(self, error: BaseException) -> None:
        """Note that the caller's iterable raised, to be raised again after the last answer."""
        with self._lock:
            self._source_error = error

    def reading(self) -> None:
        """Note that the next answer is waited for."""
        with self._lock:
            self._reading_since = self._clock()

    def answered(self) -> tuple[str, list[tuple[str, OotdError]]]:
        """Take the element that an answer belongs to: its key, and the refused ones before it.

        Raises InternalError where no element is left to be answered.
        """
        with self._lock:
            self._reading_since = None
            refused: list[tuple[str, OotdError]] = []
            while self._elements:
                key, error = self._elements.popleft()
                if error is None:
                    self._outstanding -= 1
                    self._waiting_since = self._clock() if self._outstanding else None
                    return key, refused
                refused.append((key, error))
        raise InternalError("the gateway answered more elements than it was sent")

    def finish(self) -> list[tuple[str, OotdError]]:
        """Take what was refused after the last answer.

        Raises InternalError where an element was not answered.
        """
        with self._lock:
            if self._outstanding:
                raise InternalError(
                    f"the stream ended with {self._outstanding} elements not answered"
                )
            return [(key, error) for key, error in self._elements if error is not None]

    def raise_source_error(self) -> None:
        """Raise what the caller's iterable raised, if it did."""
        if self._source_error is not None:
            raise self._source_error

    def left_s(self, timeout_s: float) -> float:
        """Return for how many more seconds an answer may be awaited; 0 or less: it stalls.

        Time counts only while an element is on its way and its answer is read for: a slow source
        or a slow reader is no stall.
        """
        with self._lock:
            if self._waiting_since is None or self._reading_since is None:
                return timeout_s
            since = max(self._waiting_since, self._reading_since)
            return since + timeout_s - self._clock()
