"""Bounds how many bytes of requests are held in memory."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ootd_gateway.errors import OverloadedError


class BytePlace:
    """Bytes that are held; `shrink` gives a part of them back."""

    def __init__(self, budget: "ByteBudget", size: int) -> None:
        self._budget = budget
        self.size = size

    def shrink(self, size: int) -> None:
        """Hold no more than `size` from now on."""
        kept = min(self.size, size)
        self._budget.give(self.size - kept)
        self.size = kept


class ByteBudget:
    """At most `limit` bytes are held; who wants more waits, in the order of asking.

    A single request of more than the limit is let in where nothing else is held.
    """

    def __init__(self, limit: int, *, wait_seconds: float = 1.0) -> None:
        self._limit = limit
        self._wait_seconds = wait_seconds
        self._held = 0
        self._waiters: deque[tuple[int, asyncio.Future[None]]] = deque()

    @property
    def held(self) -> int:
        """Bytes that are held now."""
        return self._held

    @asynccontextmanager
    async def place(self, size: int) -> AsyncIterator[BytePlace]:
        """Hold bytes while the block runs, waiting for them for `wait_seconds` at most.

        Raises OverloadedError.
        """
        try:
            async with asyncio.timeout(self._wait_seconds):
                taken = await self.take(size)
        except TimeoutError:
            raise OverloadedError(
                f"requests of {self._limit} bytes are being worked on, as many as the server "
                "holds; try again in a moment",
                {"limit": str(self._limit)},
            ) from None
        place = BytePlace(self, taken)
        try:
            yield place
        finally:
            place.shrink(0)

    async def take(self, size: int) -> int:
        """Wait for bytes without end, and return how many are to be given back."""
        size = min(size, self._limit)
        if not self._waiters and self._held + size <= self._limit:
            self._held += size
            return size
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        entry = (size, waiter)
        self._waiters.append(entry)
        try:
            await waiter
        except BaseException:
            if waiter.done() and not waiter.cancelled():
                self.give(size)
            elif entry in self._waiters:
                self._waiters.remove(entry)
                self._serve()
            raise
        return size

    def give(self, size: int) -> None:
        """Give bytes back."""
        self._held -= size
        self._serve()

    def _serve(self) -> None:
        while self._waiters and self._held + self._waiters[0][0] <= self._limit:
            size, waiter = self._waiters.popleft()
            if not waiter.done():
                self._held += size
                waiter.set_result(None)
