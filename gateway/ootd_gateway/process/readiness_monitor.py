"""Looks every second at what the gateway stands on, and tells health and metrics."""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable

import structlog

from ootd_gateway.errors import OotdError
from ootd_gateway.rpc.readiness import Dependency, Readiness
from ootd_gateway.services.server.domain import ServerInformation
from ootd_gateway.store.catalog.base import CatalogStore
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.telemetry.tracing import untraced
from ootd_gateway.types import SuperCategory
from ootd_gateway.vision.base import VisionModel
from ootd_index.vector_index import VectorIndex

log = structlog.get_logger(__name__)

INTERVAL_SECONDS = 1.0

LATE_SECONDS = 10.0
"""How long a look may take. A busy database answers late, but then it answers."""

BUILD_INFO_SECONDS = 30.0
"""How often models and vision server are asked what they are, once the vision graph is ready."""

MOST_PENDING = 600
"""So many newest changes are remembered while the index does not follow."""

NOT_READY = "the vision graph is not ready"


class ReadinessMonitor:
    """Watches the vision graph, the store and the index, each by itself: none waits for another.

    It outlives whatever a look meets: what cannot be looked at counts as missing. `report` is
    called whenever something of `readiness` comes or goes.
    """

    def __init__(
        self,
        vision: VisionModel,
        store: CatalogStore,
        index: VectorIndex,
        information: ServerInformation,
        *,
        metrics: Metrics,
        readiness: Readiness,
        report: Callable[[], Awaitable[None]],
        interval_s: float = INTERVAL_SECONDS,
    ) -> None:
        self._vision = vision
        self._store = store
        self._index = index
        self._information = information
        self._metrics = metrics
        self._readiness = readiness
        self._report = report
        self._interval_s = interval_s
        self._known: set[Dependency] = set()
        self._looked = asyncio.Event()
        self._seen_ready = asyncio.Event()
        # Newest changes of former looks that the index had not applied, and when they were seen.
        self._pending: deque[tuple[int, float]] = deque()
        version = information.facts.version
        metrics.process.tell_build(version=version, taxonomy="", release="", triton="")
        self._build_told_at: float | None = None

    async def first_look(self, *, until_ready: bool) -> None:
        """Return once `run` has looked at the vision graph, or, if so wished, seen it ready."""
        await (self._seen_ready if until_ready else self._looked).wait()

    async def run(self) -> None:
        """Look until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._watch(Dependency.VISION, self._look_at_vision))
            group.create_task(self._watch(Dependency.STORE, self._look_at_store))

    async def _watch(self, what: Dependency, look: Callable[[], Awaitable[str]]) -> None:
        while True:
            obstacle = await self._obstacle(what, look)
            # The looks' own faults end here, so those of the report must not end the watch either.
            try:
                await self._tell(what, obstacle)
            except Exception:
                log.exception("readiness cannot be told", dependency=what.value)
            await asyncio.sleep(self._interval_s)

    async def _obstacle(self, what: Dependency, look: Callable[[], Awaitable[str]]) -> str:
        try:
            with untraced():
                async with asyncio.timeout(LATE_SECONDS):
                    return await look()
        except TimeoutError:
            return f"it does not answer within {LATE_SECONDS:g} s"
        except OotdError as error:
            return error.message
        except Exception:
            if not self._readiness.missing([what]) or what not in self._known:
                log.exception("a look failed", dependency=what.value)
            return "it cannot be looked at; the log says why"

    async def _tell(self, what: Dependency, obstacle: str) -> None:
        changed = self._readiness.set(what, obstacle)
        missing = self._readiness.missing()
        for one in Dependency:
            self._metrics.process.ready.labels(one.value).set(one.value not in missing)
        if what is Dependency.VISION:
            self._metrics.vision.triton_up.set(not obstacle)
        if changed or what not in self._known:
            self._log(what, obstacle, first=what not in self._known)
            self._known.add(what)
            await self._report()
        if what is Dependency.VISION:
            self._looked.set()
            if not obstacle:
                self._seen_ready.set()

    def _log(self, what: Dependency, obstacle: str, *, first: bool) -> None:
        if what is Dependency.VISION and obstacle:
            log.warning(NOT_READY)
        elif what is Dependency.VISION:
            log.info("the vision graph is ready")
        elif obstacle:
            log.error("the database cannot be used", reason=obstacle)
        elif not first:
            log.info("the database can be used again")

    async def _look_at_vision(self) -> str:
        if not await self._vision.is_ready():
            self._build_told_at = None
            why = await self._vision.obstacle()
            return f"{NOT_READY}: {why}" if why else NOT_READY
        now = time.monotonic()
        if self._build_told_at is None or now - self._build_told_at > BUILD_INFO_SECONDS:
            self._build_told_at = now
            await self._tell_build()
        return ""

    async def _tell_build(self) -> None:
        served = await self._information.now()
        self._metrics.process.tell_build(
            version=self._information.facts.version,
            taxonomy=str(served.taxonomy_version or ""),
            release=served.models.graph_fingerprint,
            triton=served.vision_server,
        )

    async def _look_at_store(self) -> str:
        for category in SuperCategory:
            count = self._index.count(category)
            self._metrics.index.entries.labels(category.label).set(count)
        applied = self._index.applied_sequence_number
        self._metrics.index.sequence_number.set(applied)
        newest = await self._store.last_sequence_number()
        self._metrics.store.sequence_number.set(newest)
        self._metrics.process.index_lag_seconds.set(self._lag_seconds(newest))
        return ""

    def _lag_seconds(self, newest: int) -> float:
        """Return how long ago the oldest change was first seen that searches do not see yet."""
        now, applied = time.monotonic(), self._index.applied_sequence_number
        if not self._pending or newest > self._pending[-1][0]:
            self._pending.append((newest, now))
        while self._pending and self._pending[0][0] <= applied:
            self._pending.popleft()
        if len(self._pending) > MOST_PENDING:
            del self._pending[1]
        return now - self._pending[0][1] if self._pending else 0.0
