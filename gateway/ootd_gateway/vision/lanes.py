"""Slots in the vision graph, handed out to two lanes: people who wait, and streams of photos."""

import asyncio
import time
from collections.abc import Callable

from ootd_gateway.metrics.vision import VisionMetrics
from ootd_gateway.types import Priority

_KEPT_FREE_OF_BULK = 4
"""One in so many slots is never given to bulk, so that an interactive photo finds one free."""


class Slot:
    """The right to have one photo in the vision graph."""

    __slots__ = ("_lanes", "_priority", "_released")

    def __init__(self, lanes: "Lanes", priority: Priority) -> None:
        self._lanes = lanes
        self._priority = priority
        self._released = False

    def release(self) -> None:
        """Give the slot back. Safe to call twice."""
        if not self._released:
            self._released = True
            self._lanes.released(self._priority)


class Lanes:
    """At most `limit` slots. Within a lane, who came first goes first; across the lanes:

    - INTERACTIVE goes before BULK.
    - BULK has `bulk_share` (0 to 1) of the slots for certain, at least one: below that it takes
      turns with INTERACTIVE.
    - BULK takes no more than that while interactive photos wait, run, or ran within the last
      `bulk_yield_s` seconds. What is inside the graph cannot be overtaken, and each bulk photo in
      there makes an interactive one slower.
    - Otherwise BULK takes all slots but a quarter.
    """

    def __init__(
        self, limit: int, *, bulk_share: float, bulk_yield_s: float, metrics: VisionMetrics
    ) -> None:
        self._limit = limit
        self._guaranteed = max(1, round(limit * bulk_share))
        self._most_bulk = max(self._guaranteed, limit - limit // _KEPT_FREE_OF_BULK)
        self._bulk_yield_s = bulk_yield_s
        self._running_gauges = {one: metrics.running.labels(one.name.lower()) for one in Priority}
        self._waiting_gauges = {one: metrics.waiting.labels(one.name.lower()) for one in Priority}
        self._running = dict.fromkeys(Priority, 0)
        # Dictionaries are queues here from which any element can be taken quickly.
        self._waiting: dict[Priority, dict[asyncio.Future[Slot], None]] = {
            priority: {} for priority in Priority
        }
        self._last_granted = Priority.INTERACTIVE
        self._interactive_until = -float("inf")
        metrics.limit.set(limit)
        for priority in Priority:
            self._tell(priority)

    async def acquire(self, priority: Priority) -> Slot:
        """Wait for a slot. Cancelling the wait takes nothing from anybody.

        Raises what `refuse_waiting` was given.
        """
        waiting: asyncio.Future[Slot] = asyncio.get_running_loop().create_future()
        self._waiting[priority][waiting] = None
        self._grant()
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                waiting.result().release()
            raise
        finally:
            self._waiting[priority].pop(waiting, None)
            self._tell(priority)

    def refuse_waiting(self, error: Callable[[], Exception]) -> None:
        """Make all that wait for a slot fail."""
        for priority, queue in self._waiting.items():
            for waiting in list(queue):
                if not waiting.done():
                    waiting.set_exception(error())
            queue.clear()
            self._tell(priority)

    def released(self, priority: Priority) -> None:
        """Take a slot back; slots do this themselves."""
        self._running[priority] -= 1
        if priority is Priority.INTERACTIVE:
            self._interactive_until = time.monotonic() + self._bulk_yield_s
        self._tell(priority)
        self._grant()

    def _grant(self) -> None:
        while (priority := self._next()) is not None:
            waiting = next(iter(self._waiting[priority]))
            del self._waiting[priority][waiting]
            if waiting.done():  # cancelled, and not yet taken out of the queue
                continue
            self._running[priority] += 1
            self._last_granted = priority
            waiting.set_result(Slot(self, priority))
        for priority in Priority:
            self._tell(priority)

    def _next(self) -> Priority | None:
        """The lane whose first in line gets a slot now, if any."""
        if sum(self._running.values()) >= self._limit:
            return None
        interactive, bulk = (bool(self._waiting[lane]) for lane in Priority)
        bulk_running = self._running[Priority.BULK]
        bulk = bulk and bulk_running < self._bulk_limit()
        if interactive and bulk:
            below = bulk_running < self._guaranteed
            bulk_turn = below and self._last_granted is Priority.INTERACTIVE
            return Priority.BULK if bulk_turn else Priority.INTERACTIVE
        if interactive:
            return Priority.INTERACTIVE
        return Priority.BULK if bulk else None

    def _bulk_limit(self) -> int:
        people = (
            self._running[Priority.INTERACTIVE] > 0
            or bool(self._waiting[Priority.INTERACTIVE])
            or time.monotonic() < self._interactive_until
        )
        return self._guaranteed if people else self._most_bulk

    def _tell(self, priority: Priority) -> None:
        self._running_gauges[priority].set(self._running[priority])
        self._waiting_gauges[priority].set(len(self._waiting[priority]))
