"""Bounded concurrency with early refusal."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from ootd_gateway.errors import OverloadedError, ShuttingDownError


class PoolObserver(Protocol):
    """Is told what happens in a pool."""

    def changed(self, running: int, waiting: int) -> None:
        """Calls began, ended, or wait."""
        ...

    def refused(self) -> None:
        """A call was refused."""
        ...


class AdmissionPool:
    """Lets at most `limit` calls run; up to `queue_limit` more wait for `queue_seconds` at most.

    Whoever finds the queue full, or waits in vain, is refused with OverloadedError: a caller that
    is refused at once can go elsewhere, one that waits for an answer that comes too late cannot.
    Waiting calls are let in in the order of arrival.
    """

    def __init__(
        self,
        *,
        limit: int,
        queue_limit: int,
        queue_seconds: float,
        observer: PoolObserver | None = None,
    ) -> None:
        self._limit = limit
        self._queue_limit = queue_limit
        self._queue_seconds = queue_seconds
        self._observer = observer
        self._waiters: deque[asyncio.Future[None]] = deque()
        self._running = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()

    @property
    def running(self) -> int:
        """Calls that run now."""
        return self._running

    @property
    def waiting(self) -> int:
        """Calls that wait now."""
        return len(self._waiters)

    def close(self) -> None:
        """Refuse all calls from now on, those that wait included, with ShuttingDownError."""
        self._closed = True
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(shutting_down())

    async def wait_until_idle(self) -> None:
        """Return once no call runs."""
        await self._idle.wait()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Hold a place while the block runs.

        Raises OverloadedError, ShuttingDownError.
        """
        await self._enter()
        try:
            yield
        finally:
            self._leave()

    async def _enter(self) -> None:
        if self._closed:
            raise shutting_down()
        if self._running < self._limit and not self._waiters:
            self._running += 1
            self._idle.clear()
            self._changed()
            return
        if len(self._waiters) >= self._queue_limit:
            raise self._refusal()
        await self._wait()

    async def _wait(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiters.append(waiter)
        self._changed()
        try:
            async with asyncio.timeout(self._queue_seconds):
                await waiter
        except TimeoutError:
            self._abandon(waiter)
            raise self._refusal() from None
        except BaseException:
            self._abandon(waiter)
            raise

    def _abandon(self, waiter: asyncio.Future[None]) -> None:
        """Take back a wait; a place that was handed over in the same moment goes to the next."""
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._leave()
            return
        if waiter in self._waiters:
            self._waiters.remove(waiter)
        self._changed()

    def _leave(self) -> None:
        while self._waiters:
            waiter = self._waiters.popleft()
            if not waiter.done():
                # The place passes from hand to hand, so that no newcomer slips in between.
                waiter.set_result(None)
                self._changed()
                return
        self._running -= 1
        if self._running == 0:
            self._idle.set()
        self._changed()

    def _refusal(self) -> OverloadedError:
        if self._observer is not None:
            self._observer.refused()
        return OverloadedError(
            f"the server runs {self._limit} calls, as many as it takes; try again in a moment",
            {"limit": str(self._limit)},
        )

    def _changed(self) -> None:
        if self._observer is not None:
            self._observer.changed(self._running, len(self._waiters))


def shutting_down() -> ShuttingDownError:
    """Return the refusal of a server that is about to stop."""
    return ShuttingDownError("the server is about to stop and takes no new calls; try another one")


@dataclass(frozen=True, slots=True)
class Admission:
    """The server's pools. Streams last long and have places of their own, so that ingests never
    take those of interactive calls.
    """

    calls: AdmissionPool
    streams: AdmissionPool
    closing: asyncio.Event

    def close(self) -> None:
        """Refuse new calls; streams that run take nothing more and end with their last answer."""
        self.calls.close()
        self.streams.close()
        self.closing.set()

    async def wait_until_idle(self) -> None:
        """Return once no call and no stream runs."""
        await self.calls.wait_until_idle()
        await self.streams.wait_until_idle()
