"""Looks every second at what the gateway stands on, and tells health and metrics."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.index.base import VectorIndex
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.store.base import CatalogStore
from ootd_gateway.types import SuperCategory
from ootd_gateway.vision.base import VisionModel

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0


class ReadinessMonitor:
    """Watches the vision graph, the store and the index.

    `on_vision` is told once at first and then at every change whether the vision graph is ready.
    """

    def __init__(
        self,
        vision: VisionModel,
        store: CatalogStore,
        index: VectorIndex,
        metrics: Metrics,
        on_vision: Callable[[bool], Awaitable[None]],
    ) -> None:
        self._vision = vision
        self._store = store
        self._index = index
        self._metrics = metrics
        self._on_vision = on_vision
        self._ready: bool | None = None
        self._looked = asyncio.Event()
        self._seen_ready = asyncio.Event()

    async def first_look(self, *, until_ready: bool) -> None:
        """Return once `run` has looked once, or, if so wished, has seen the vision graph ready."""
        await (self._seen_ready if until_ready else self._looked).wait()

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self._look()
            await asyncio.sleep(INTERVAL_SECONDS)

    async def _look(self) -> None:
        """Look once."""
        ready = await self._vision.is_ready()
        self._metrics.vision.triton_up.set(ready)
        if ready != self._ready:
            self._ready = ready
            log.info("the vision graph is ready" if ready else "the vision graph is not ready")
            await self._on_vision(ready)
        self._looked.set()
        if ready:
            self._seen_ready.set()
        for category in SuperCategory:
            count = self._index.count(category)
            self._metrics.index.entries.labels(category.label).set(count)
        self._metrics.index.sequence_number.set(self._index.applied_sequence_number)
        with suppress(StoreUnavailableError):
            newest = await self._store.last_sequence_number()
            self._metrics.store.sequence_number.set(newest)
