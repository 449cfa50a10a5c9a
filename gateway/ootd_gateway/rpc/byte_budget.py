"""Bounds how many bytes of requests are held in memory, and a bounded share for each caller."""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from ootd_gateway.errors import CallerOverShareError, OverloadedError


class BytePlace:
    """Bytes that are held; `shrink` gives a part of them back."""

    def __init__(self, budget: "ByteBudget", size: int, caller: str) -> None:
        self._budget = budget
        self._caller = caller
        self.size = size

    def shrink(self, size: int) -> None:
        """Hold no more than `size` from now on."""
        kept = min(self.size, size)
        self._budget.give(self.size - kept, self._caller)
        self.size = kept


@dataclass(frozen=True, slots=True, eq=False)
class _Waiter:
    """Who waits for bytes."""

    size: int
    caller: str
    served: "asyncio.Future[None]"


class ByteBudget:
    """At most `limit` bytes are held; who wants more waits, in the order of asking.

    One caller may hold the part `caller_share` (above 0, up to 1) of them; while it waits for its
    own, others pass. A single request of more than the limit is let in where nothing else is held,
    and one of more than the share where its caller holds nothing else.
    """

    def __init__(self, limit: int, *, wait_seconds: float = 1.0, caller_share: float = 1.0) -> None:
        self._limit = limit
        self._caller_limit = int(limit * caller_share)
        self._wait_seconds = wait_seconds
        self._held = 0
        self._held_by: Counter[str] = Counter()
        self._waiters: deque[_Waiter] = deque()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    @asynccontextmanager
    async def place(self, size: int, caller: str = "") -> AsyncIterator[BytePlace]:
        """Hold bytes while the block runs, waiting for them for `wait_seconds` at most.

        Raises OverloadedError, CallerOverShareError.
        """
        try:
            async with asyncio.timeout(self._wait_seconds):
                taken = await self.take(size, caller)
        except TimeoutError:
            raise self._refusal(size, caller) from None
        place = BytePlace(self, taken, caller)
        try:
            yield place
        finally:
            place.shrink(0)

    @contextmanager
    def hold(self, size: int, caller: str = "") -> Iterator[None]:
        """Count bytes that are here already, whether or not there is room, while the block runs."""
        self._add(size, caller)
        try:
            yield
        finally:
            self.give(size, caller)

    async def take(self, size: int, caller: str = "") -> int:
        """Wait for bytes without end, and return how many are to be given back."""
        size = min(size, self._limit)
        waiter = _Waiter(size, caller, asyncio.get_running_loop().create_future())
        self._waiters.append(waiter)
        self._serve()
        try:
            await waiter.served
        except BaseException:
            if waiter.served.done() and not waiter.served.cancelled():
                self.give(size, caller)
            elif waiter in self._waiters:
                self._waiters.remove(waiter)
                self._serve()
            raise
        return size

    def give(self, size: int, caller: str = "") -> None:
        """Give back bytes of a caller."""
        self._held -= size
        self._held_by[caller] -= size
        if not self._held_by[caller]:
            del self._held_by[caller]
        self._serve()

    def _serve(self) -> None:
        over_share = set()
        for waiter in tuple(self._waiters):
            if waiter.caller in over_share:
                continue
            if not self._has_share_for(waiter.size, waiter.caller):
                over_share.add(waiter.caller)
                continue
            if self._held + waiter.size > self._limit:
                return  # those behind would fit, but then this one would wait for ever
            self._waiters.remove(waiter)
            if not waiter.served.done():
                self._add(waiter.size, waiter.caller)
                waiter.served.set_result(None)

    def _has_share_for(self, size: int, caller: str) -> bool:
        held = self._held_by[caller]
        return not held or held + size <= self._caller_limit

    def _add(self, size: int, caller: str) -> None:
        self._held += size
        self._held_by[caller] += size

    def _refusal(self, size: int, caller: str) -> OverloadedError | CallerOverShareError:
        if self._caller_limit >= self._limit or self._has_share_for(size, caller):
            return OverloadedError(
                f"requests of {self._limit} bytes are being worked on, as many as the server "
                "holds; try again in a moment",
                {"limit": str(self._limit)},
            )
        return CallerOverShareError(
            f"requests of this caller of {self._caller_limit} bytes come in or are being worked "
            "on, as many as one may have; try again in a moment",
            {"limit": str(self._caller_limit)},
        )
