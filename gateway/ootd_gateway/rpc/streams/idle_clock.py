"""Ends a wait of a stream that lasts too long, with one timer a stream."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager


class IdleError(Exception):
    """A wait lasted too long."""


class IdleClock:
    """Watches one kind of wait of a stream, such as for its next message; one wait at a time.

    A stream waits for each message, and a timer for each wait would cost more than most waits. So
    one timer runs on; when it fires it looks whether a wait has lasted `seconds`. None: waits may
    last for ever.
    """

    def __init__(self, seconds: float | None) -> None:
        self._seconds = seconds
        self._deadline: float | None = None
        self._waiter: asyncio.Task[object] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._has_expired = False

    @contextmanager
    def wait(self, *, paused: bool = False) -> Iterator[None]:
        """Let the block wait, within a task. Raises IdleError where it lasts too long.

        `paused`: the time begins with `restart` only.
        """
        task = asyncio.current_task()
        if self._seconds is None or task is None:
            yield
            return
        self._waiter, self._has_expired = task, False
        if not paused:
            self.restart()
        try:
            yield
        except asyncio.CancelledError:
            # Cancelled by this clock alone, or by somebody else, too?
            if self._has_expired and not task.uncancel():
                raise IdleError from None
            raise
        finally:
            self._deadline = self._waiter = None

    def restart(self) -> None:
        """Let the time of a wait that is going on begin now."""
        if self._seconds is None or self._waiter is None:
            return
        loop = asyncio.get_running_loop()
        self._deadline = loop.time() + self._seconds
        if self._timer is None:
            self._timer = loop.call_at(self._deadline, self._look)

    def close(self) -> None:
        """Stop the timer; no wait may follow."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None or self._waiter is None:
            return  # the next wait sets it again
        loop = asyncio.get_running_loop()
        if loop.time() < self._deadline:
            self._timer = loop.call_at(self._deadline, self._look)
            return
        self._has_expired, self._deadline = True, None
        self._waiter.cancel()
