"""A lock that is given in the order of asking."""

import threading
from types import TracebackType


class FairLock:
    """A ticket lock. `threading.Lock` lets a thread that gives it back take it again at once, so a
    writer that works in steps would starve the searches that wait.
    """

    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._next_ticket = 0
        self._serving = 0

    def __enter__(self) -> None:
        with self._turn:
            ticket = self._next_ticket
            self._next_ticket += 1
            while ticket != self._serving:
                self._turn.wait()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        with self._turn:
            self._serving += 1
            if self._serving != self._next_ticket:
                self._turn.notify_all()
