"""Bounded concurrency with early refusal, and a bounded share for each caller."""

import asyncio
import math
import time
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from ootd_gateway.errors import CallerOverShareError, OverloadedError, ShuttingDownError
from ootd_gateway.rpc.byte_budget import ByteBudget

_Waiter = asyncio.Future[None]


class PoolObserver(Protocol):
    """Is told what happens in a pool."""

    def bounded(self, limit: int) -> None:
        """So many calls may run."""
        ...

    def changed(self, running: int, waiting: int) -> None:
        """Calls began, ended, or wait."""
        ...

    def entered(self, waited_seconds: float) -> None:
        """A call was let in after so long."""
        ...

    def refused(self) -> None:
        """A call was refused."""
        ...


class AdmissionPool:
    """Lets at most `limit` calls run; up to `queue_limit` more wait for `queue_seconds` at most.

    Whoever finds the queue full, or waits in vain, is refused: a caller that is refused at once can
    go elsewhere, one that waits for an answer that comes too late cannot.

    One caller may have the part `caller_share` (above 0, up to 1) of the places and of the queue,
    at least one place. Waiting calls are let in caller by caller in turn, those of one caller in
    the order of arrival.
    """

    def __init__(
        self,
        *,
        limit: int,
        queue_limit: int,
        queue_seconds: float,
        caller_share: float = 1.0,
        observer: PoolObserver | None = None,
    ) -> None:
        self._limit = limit
        self._queue_limit = queue_limit
        self._queue_seconds = queue_seconds
        self._caller_limit = max(1, math.floor(limit * caller_share))
        self._caller_queue_limit = math.ceil(queue_limit * caller_share)
        self._observer = observer
        # Who waits, by caller; whose turn is next comes first.
        self._waiters: OrderedDict[str, deque[_Waiter]] = OrderedDict()
        self._waiting = 0
        self._running: Counter[str] = Counter()
        self._running_in_all = 0
        self._closed = False
        self._idle = asyncio.Event()
        self._idle.set()
        if observer is not None:
            observer.bounded(limit)

    @property
    def running(self) -> int:
        """Calls that run now."""
        return self._running_in_all

    @property
    def waiting(self) -> int:
        """Calls that wait now."""
        return self._waiting

    def close(self) -> None:
        """Refuse all calls from now on, those that wait included, with ShuttingDownError."""
        self._closed = True
        for waiters in self._waiters.values():
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(shutting_down())

    async def wait_until_idle(self) -> None:
        """Return once no call runs."""
        await self._idle.wait()

    @asynccontextmanager
    async def place(self, caller: str = "") -> AsyncIterator[None]:
        """Hold a place while the block runs.

        Raises OverloadedError, CallerOverShareError, ShuttingDownError.
        """
        await self._enter(caller)
        try:
            yield
        finally:
            self._leave(caller)

    async def _enter(self, caller: str) -> None:
        if self._closed:
            raise shutting_down()
        began = time.monotonic()
        # A place is free only where nobody waits who could take it.
        if self._has_room_for(caller) and caller not in self._waiters:
            self._take(caller)
        else:
            waiting = len(self._waiters.get(caller, ()))
            if self._waiting >= self._queue_limit or waiting >= self._caller_queue_limit:
                raise self._refusal(caller)
            await self._wait(caller)
        if self._observer is not None:
            self._observer.entered(time.monotonic() - began)

    async def _wait(self, caller: str) -> None:
        waiter: _Waiter = asyncio.get_running_loop().create_future()
        self._waiters.setdefault(caller, deque()).append(waiter)
        self._waiting += 1
        self._changed()
        try:
            async with asyncio.timeout(self._queue_seconds):
                await waiter
        except TimeoutError:
            self._abandon(caller, waiter)
            raise self._refusal(caller) from None
        except BaseException:
            self._abandon(caller, waiter)
            raise

    def _abandon(self, caller: str, waiter: _Waiter) -> None:
        """Take back a wait; a place that was handed over in the same moment goes to the next."""
        if waiter.done() and not waiter.cancelled() and waiter.exception() is None:
            self._leave(caller)
            return
        waiters = self._waiters.get(caller)
        if waiters is not None and waiter in waiters:
            waiters.remove(waiter)
            self._waiting -= 1
            if not waiters:
                del self._waiters[caller]
        self._changed()

    def _leave(self, caller: str) -> None:
        self._running_in_all -= 1
        self._running[caller] -= 1
        if not self._running[caller]:
            del self._running[caller]
        self._let_in()
        if self._running_in_all == 0:
            self._idle.set()
        self._changed()

    def _let_in(self) -> None:
        """Give free places to those that wait, one caller after the other."""
        for caller in tuple(self._waiters):
            if self._running_in_all >= self._limit:
                return
            if not self._has_room_for(caller):
                continue
            waiters = self._waiters[caller]
            while waiters:
                waiter = waiters.popleft()
                self._waiting -= 1
                if not waiter.done():
                    # The place passes from hand to hand, so that no newcomer slips in between.
                    self._take(caller)
                    waiter.set_result(None)
                    break
            if waiters:
                self._waiters.move_to_end(caller)
            else:
                del self._waiters[caller]

    def _has_room_for(self, caller: str) -> bool:
        return self._running_in_all < self._limit and self._running[caller] < self._caller_limit

    def _take(self, caller: str) -> None:
        self._running[caller] += 1
        self._running_in_all += 1
        self._idle.clear()
        self._changed()

    def _refusal(self, caller: str) -> OverloadedError | CallerOverShareError:
        if self._observer is not None:
            self._observer.refused()
        if self._running[caller] >= self._caller_limit < self._limit:
            limit = self._caller_limit
            return CallerOverShareError(
                f"{limit} calls of this caller run, as many as one may have; try again in a moment",
                {"limit": str(limit)},
            )
        return OverloadedError(
            f"the server runs {self._limit} calls, as many as it takes; try again in a moment",
            {"limit": str(self._limit)},
        )

    def _changed(self) -> None:
        if self._observer is not None:
            self._observer.changed(self._running_in_all, self._waiting)


def shutting_down() -> ShuttingDownError:
    """Return the refusal of a server that is about to stop."""
    return ShuttingDownError("the server is about to stop and takes no new calls; try another one")


@dataclass(frozen=True, slots=True)
class Admission:
    """The server's pools. Streams last long and have places of their own, so that ingests never
    take those of interactive calls. `request_bytes` are those of all requests in work.
    """

    calls: AdmissionPool
    streams: AdmissionPool
    closing: asyncio.Event
    request_bytes: ByteBudget = field(default_factory=lambda: ByteBudget(1 << 30))

    def close(self) -> None:
        """Refuse new calls; streams that run take nothing more and end with their last answer."""
        self.calls.close()
        self.streams.close()
        self.closing.set()

    async def wait_until_idle(self) -> None:
        """Return once no call and no stream runs."""
        await self.calls.wait_until_idle()
        await self.streams.wait_until_idle()
