"""Slots in the vision graph, handed out to two lanes: people who wait, and streams of photos."""

import asyncio
import math
import time
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable

from ootd_gateway.telemetry.metrics.vision import VisionMetrics
from ootd_gateway.types import Priority

_KEPT_FREE_OF_BULK = 4
"""One in so many slots is never given to bulk, so that an interactive photo finds one free."""


_Wait = asyncio.Future["Slot"]


class Slot:
    """The right to have one photo in the vision graph."""

    __slots__ = ("_caller", "_lanes", "_priority", "_released")

    def __init__(self, lanes: "Lanes", priority: Priority, caller: str) -> None:
        self._lanes = lanes
        self._priority = priority
        self._caller = caller
        self._released = False

    def release(self) -> None:
        """Give the slot back. Safe to call twice."""
        if not self._released:
            self._released = True
            self._lanes.released(self._priority, self._caller)


class Lanes:
    """At most `limit` slots. Within a lane callers take turns, and of one caller's photos the one
    that came first goes first. While others wait too, a caller that has the part `caller_share`
    (above 0, up to 1) of all slots, at least one, waits. Across the lanes:

    - INTERACTIVE goes before BULK.
    - BULK has `bulk_share` (0 to 1) of the slots for certain, at least one: below that it takes
      turns with INTERACTIVE.
    - BULK takes no more than that while interactive photos wait, run, or ran within the last
      `bulk_yield_s` seconds. What is inside the graph cannot be overtaken, and each bulk photo in
      there makes an interactive one slower.
    - Otherwise BULK takes all slots but a quarter.
    """

    def __init__(
        self,
        limit: int,
        *,
        bulk_share: float,
        bulk_yield_s: float,
        metrics: VisionMetrics,
        caller_share: float = 1.0,
    ) -> None:
        self._limit = limit
        self._guaranteed = max(1, round(limit * bulk_share))
        self._most_bulk = max(self._guaranteed, limit - limit // _KEPT_FREE_OF_BULK)
        self._caller_limit = max(1, math.floor(limit * caller_share))
        self._bulk_yield_s = bulk_yield_s
        self._running_gauges = {one: metrics.running.labels(one.name.lower()) for one in Priority}
        self._waiting_gauges = {one: metrics.waiting.labels(one.name.lower()) for one in Priority}
        self._running = dict.fromkeys(Priority, 0)
        self._running_of: Counter[str] = Counter()
        self._waiting = {priority: _Queue() for priority in Priority}
        self._last_granted = Priority.INTERACTIVE
        self._interactive_until = -float("inf")
        metrics.limit.set(limit)
        for priority in Priority:
            self._tell(priority)

    async def acquire(self, priority: Priority, caller: str = "") -> Slot:
        """Wait for a slot. Cancelling the wait takes nothing from anybody.

        Raises what `refuse_waiting` was given.
        """
        waiting: _Wait = asyncio.get_running_loop().create_future()
        self._waiting[priority].add(caller, waiting)
        self._grant()
        try:
            return await waiting
        except asyncio.CancelledError:
            if waiting.done() and not waiting.cancelled() and waiting.exception() is None:
                waiting.result().release()
            raise
        finally:
            self._waiting[priority].discard(caller, waiting)
            self._tell(priority)

    def refuse_waiting(self, error: Callable[[], Exception]) -> None:
        """Make all that wait for a slot fail."""
        for priority, queue in self._waiting.items():
            for waiting in queue.take_all():
                if not waiting.done():
                    waiting.set_exception(error())
            self._tell(priority)

    def released(self, priority: Priority, caller: str) -> None:
        """Take a slot back; slots do this themselves."""
        self._running[priority] -= 1
        self._running_of[caller] -= 1
        if not self._running_of[caller]:
            del self._running_of[caller]
        if priority is Priority.INTERACTIVE:
            self._interactive_until = time.monotonic() + self._bulk_yield_s
        self._tell(priority)
        self._grant()

    def _grant(self) -> None:
        while (priority := self._next()) is not None:
            caller, waiting = self._waiting[priority].take(self._may_have_another)
            if waiting.done():  # cancelled, and not yet taken out of the queue
                continue
            self._running[priority] += 1
            self._running_of[caller] += 1
            self._last_granted = priority
            waiting.set_result(Slot(self, priority, caller))
        for priority in Priority:
            self._tell(priority)

    def _may_have_another(self, caller: str) -> bool:
        return self._running_of[caller] < self._caller_limit

    def _next(self) -> Priority | None:
        """The lane that gets a slot now, if any."""
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


class _Queue:
    """The waits of one lane, by caller; whose turn is next comes first."""

    def __init__(self) -> None:
        # Dictionaries are queues here from which any element can be taken quickly.
        self._waits: OrderedDict[str, dict[_Wait, None]] = OrderedDict()
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, caller: str, wait: _Wait) -> None:
        self._waits.setdefault(caller, {})[wait] = None
        self._count += 1

    def discard(self, caller: str, wait: _Wait) -> None:
        """Take a wait out, where it is still in."""
        waits = self._waits.get(caller, {})
        if wait in waits:
            del waits[wait]
            self._count -= 1
            if not waits:
                del self._waits[caller]

    def take(self, may_have_another: Callable[[str], bool]) -> tuple[str, _Wait]:
        """Take out the next: of the first caller that may have another slot, else of the first."""
        caller = next(filter(may_have_another, self._waits), None)
        caller = next(iter(self._waits)) if caller is None else caller
        wait = next(iter(self._waits[caller]))
        self.discard(caller, wait)
        if caller in self._waits:
            self._waits.move_to_end(caller)
        return caller, wait

    def take_all(self) -> Iterable[_Wait]:
        """Take out all."""
        all_waits = [wait for waits in self._waits.values() for wait in waits]
        self._waits.clear()
        self._count = 0
        return all_waits
