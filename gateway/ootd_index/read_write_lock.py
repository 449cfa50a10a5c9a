"""A lock for many readers or one writer, given in the order of asking."""

import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class FairReadWriteLock:
    """Readers that follow one another hold it side by side. Who asks later never passes who asked
    before: neither do searches starve a writer, nor a writer that works in steps the searches
    between its steps.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._readers = 0
        self._writing = False

    @property
    def waiting(self) -> int:
        """Threads that wait for it now."""
        return len(self._queue)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Hold it beside other readers while the block runs."""
        with self._changed:
            self._wait(lambda: not self._writing)
            self._readers += 1
            self._changed.notify_all()  # the next one may be a reader, too
        try:
            yield
        finally:
            with self._changed:
                self._readers -= 1
                self._changed.notify_all()

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold it alone while the block runs."""
        with self._changed:
            self._wait(lambda: not self._writing and not self._readers)
            self._writing = True
        try:
            yield
        finally:
            with self._changed:
                self._writing = False
                self._changed.notify_all()

    def _wait(self, is_free: Callable[[], bool]) -> None:
        ticket = object()
        self._queue.append(ticket)
        try:
            self._changed.wait_for(lambda: self._queue[0] is ticket and is_free())
        finally:
            self._queue.remove(ticket)
