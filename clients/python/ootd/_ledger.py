"""Bookkeeping of one bidirectional stream: what was sent, what was answered, whether it stalls.

Requests are written from another thread (or task) than answers are read in, so all state is
behind one lock.
"""

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ootd.errors import InternalError, OotdError

_MOST_REFUSED = 64
"""So many refused elements may wait to be given out before no more are taken from the iterable."""


class Ledger:
    """The elements of a stream in the order in which the caller gave them.

    An element is either sent, and then answered by the server, or refused on this side (its file
    cannot be read, say) and then reported in its place between the answers, as soon as nothing that
    was sent stands before it.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._elements: deque[tuple[str, OotdError | None]] = deque()
        self._outstanding = 0
        self._refused = 0
        self._is_source_at_end = False
        self._has_ended = False
        self.source_task: asyncio.Task[Any] | None = None  # Within asyncio, while it reads on.
        self._on_change: list[Callable[[], object]] = []
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
        self._changed()

    def refused(self, key: str, error: OotdError) -> None:
        """Note that an element was not sent, and why."""
        with self._lock:
            self._elements.append((key, error))
            self._refused += 1
        self._changed()

    def source_ended(self) -> None:
        """Note that the caller's iterable has no more elements, or is not asked for more."""
        self._is_source_at_end = True
        self._changed()

    def end(self) -> None:
        """Note that the stream has ended: nothing more is to be sent."""
        self._has_ended = True
        self._changed()

    @property
    def has_ended(self) -> bool:
        """Whether the stream has ended."""
        return self._has_ended

    @property
    def has_room(self) -> bool:
        """Whether another element may be taken from the iterable, or nobody waits for it."""
        return self._refused < _MOST_REFUSED or self._has_ended

    @property
    def is_refused_next(self) -> bool:
        """Whether a refused element stands before all that wait for their answers."""
        with self._lock:
            return bool(self._elements) and self._elements[0][1] is not None

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing to wait for but the source: all is answered and given out."""
        with self._lock:
            return not (self._elements or self._is_source_at_end or self._has_ended)

    def call_at_change(self, callback: Callable[[], object]) -> None:
        """Call once, from any thread, when any of this may have changed."""
        with self._lock:
            self._on_change.append(callback)

    def _changed(self) -> None:
        if self._on_change:
            with self._lock:
                callbacks, self._on_change = self._on_change, []
            for callback in callbacks:
                callback()

    def source_failed(self, error: BaseException) -> None:
        """Note that the caller's iterable raised, to be raised again after the last answer."""
        with self._lock:
            self._source_error = error

    def reading(self) -> None:
        """Note that the next answer is waited for."""
        with self._lock:
            self._reading_since = self._clock()

    def take_refused(self) -> list[tuple[str, OotdError]]:
        """Take the refused elements that stand before all that wait for their answers."""
        refused: list[tuple[str, OotdError]] = []
        with self._lock:
            while self._elements:
                key, error = self._elements[0]
                if error is None:
                    break
                self._elements.popleft()
                refused.append((key, error))
            self._refused -= len(refused)
        self._changed()
        return refused

    def answered(self) -> tuple[str, list[tuple[str, OotdError]]]:
        """Take the element that an answer belongs to: its key, and the refused ones before it.

        Raises InternalError where no element is left to be answered.
        """
        refused = self.take_refused()
        with self._lock:
            self._reading_since = None
            if self._elements:
                key, _ = self._elements.popleft()
                self._outstanding -= 1
                self._waiting_since = self._clock() if self._outstanding else None
                return key, refused
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
