"""Watches whether the event loop turns, and how late."""

import asyncio
import time

from prometheus_client import Histogram

INTERVAL_SECONDS = 0.25


class EventLoopWatch:
    """Wakes up a few times a second and notes how late that was.

    `since_turn` may be asked from any thread.
    """

    def __init__(self, lag_seconds: Histogram) -> None:
        self._lag_seconds = lag_seconds
        self._turned_at = time.monotonic()

    def since_turn(self) -> float:
        """Return how many seconds ago the event loop was last seen to turn."""
        return time.monotonic() - self._turned_at

    async def run(self) -> None:
        """Watch until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + INTERVAL_SECONDS
            await asyncio.sleep(INTERVAL_SECONDS)
            self._lag_seconds.observe(max(0.0, loop.time() - due))
            self._turned_at = time.monotonic()
