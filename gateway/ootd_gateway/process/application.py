"""Wires the rooms together: what is started in which order, and stopped in the opposite one."""

import asyncio
import math
import os
import time
from collections.abc import Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ootd_gateway.errors import StartError, StoreUnavailableError
from ootd_gateway.process.command_line import gateway_version
from ootd_gateway.process.database_opening import open_database
from ootd_gateway.process.index_opening import open_index
from ootd_gateway.process.metrics_server import MetricsServer, Probes
from ootd_gateway.process.readiness_monitor import ReadinessMonitor
from ootd_gateway.process.ready_file import ReadyFile
from ootd_gateway.process.server_options import admission_pools, server_facts, server_options
from ootd_gateway.process.settings import Settings
from ootd_gateway.process.stop_signals import stop_requested
from ootd_gateway.process.triton_source import TritonSource
from ootd_gateway.process.vision_options import image_limits, vision_options
from ootd_gateway.rpc.admission import Admission
from ootd_gateway.rpc.server import GatewayServer
from ootd_gateway.rpc.service_binding import ServiceBinding
from ootd_gateway.services.catalog.domain import Catalog
from ootd_gateway.services.catalog.replay import ChangeApplier, ReplayProgress
from ootd_gateway.services.catalog.servicer import CatalogService
from ootd_gateway.services.search.domain import Search
from ootd_gateway.services.search.servicer import SearchService
from ootd_gateway.services.server.domain import ServerInformation
from ootd_gateway.services.server.servicer import ServerService
from ootd_gateway.services.vector_fingerprint_guard import VectorFingerprintGuard
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.services.vision.servicer import VisionService
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.telemetry.event_loop_watch import EventLoopWatch
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_gateway.vision.triton_vision import TritonVision
from ootd_index.vector_index import VectorIndex

log = structlog.get_logger(__name__)

REPORT_SECONDS = 1.0
"""How often the log tells how far the replay is, at most."""


async def run(settings: Settings, *, ready_file: Path | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain.

    `ready_file` is written once everything is ready: JSON of the addresses that `Gateway.start`
    returns; it is removed before the start and at the stop. Raises StartError where the gateway
    cannot start.
    """
    told = ReadyFile(ready_file)
    with stop_requested() as stop:
        async with AsyncExitStack() as rooms:
            gateway = Gateway(settings, rooms)
            starting = asyncio.create_task(gateway.start())
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                addresses = starting.result()
                told.write(addresses)
                await waiting
            waiting.cancel()
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            told.remove()
            log.info("stopping")
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the services stand on."""

    store: SqlCatalogStore
    index: VectorIndex
    vision: TritonVision
    applier: ChangeApplier


class Gateway:
    """One gateway. What it opens is closed by `stack`, last opened first."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._metrics = Metrics()

    async def start(self) -> dict[str, str | int]:
        """Start everything; on return all is served.

        Returns "address", "metrics_address" and "health_address" ("" where off), "triton_address",
        "triton_metrics_address" ("" where Triton is elsewhere) and "pid". Raises StartError.
        """
        began = time.monotonic()
        # Ports first: that one is taken is known in a moment, models take seconds.
        admission = admission_pools(self._settings.admission, self._metrics)
        options = server_options(self._settings, self._metrics)
        server = GatewayServer(options, admission, self._metrics)
        metrics_address = self._start_metrics_server(server)
        self._make_data_folder()
        triton = TritonSource(
            self._settings.vision, self._settings.storage.data_folder, self._metrics.vision
        )
        self._stack.push_async_callback(triton.stop)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(triton.start())
                serving = group.create_task(self._serve(server, admission, triton.address))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        # An embedded Triton is ready now; the connection to it is within a second.
        await serving.result().first_look(until_ready=triton.is_embedded)
        addresses: dict[str, str | int] = {
            "address": server.address,
            "metrics_address": metrics_address,
            "health_address": server.health_address,
            **triton.addresses,
            "pid": os.getpid(),
        }
        log.info("serving", **addresses, seconds=round(time.monotonic() - began, 1))
        return addresses

    async def _serve(
        self, server: GatewayServer, admission: Admission, triton_address: str
    ) -> ReadinessMonitor:
        """Open the store, answer, replay the log, let calls in; watch what all stands on."""
        rooms = await self._open_rooms(triton_address)
        facts = server_facts(self._settings, gateway_version())
        information = ServerInformation(facts, rooms.vision, rooms.store)
        await server.start(self._services(rooms, server, admission, information))
        monitor = ReadinessMonitor(
            rooms.vision,
            rooms.store,
            rooms.index,
            information,
            metrics=self._metrics,
            readiness=server.readiness,
            report=server.report,
        )
        self._watch(monitor.run())
        self._stack.push_async_callback(
            server.drain,
            self._settings.server.drain_seconds,
            delay_seconds=self._settings.server.drain_delay_seconds,
        )
        await self._replay(rooms, server)
        await server.open()
        return monitor

    async def _open_rooms(self, triton_address: str) -> Rooms:
        settings = self._settings
        database = await open_database(self._database_url(), self._metrics.database)
        self._stack.push_async_callback(database.close)
        store = SqlCatalogStore(database)
        index = open_index(settings.search, self._metrics.index)
        self._stack.callback(index.close)
        vision = TritonVision(
            triton_address,
            metrics=self._metrics,
            options=vision_options(
                settings.vision, caller_share=settings.admission.max_caller_share
            ),
        )
        self._stack.push_async_callback(vision.close)
        await vision.start()
        applier = ChangeApplier(
            store, index, on_tail_failure=self._metrics.process.tail_failures.inc
        )
        self._stack.push_async_callback(applier.close)
        return Rooms(store, index, vision, applier)

    async def _replay(self, rooms: Rooms, server: GatewayServer) -> None:
        """Bring the index up to date, and tell callers meanwhile how far it is."""

        told_at = -math.inf

        def report(progress: ReplayProgress) -> None:
            nonlocal told_at
            server.tell_start(f"{progress.applied} of {progress.last} changes are replayed")
            if progress.elapsed_s - told_at < REPORT_SECONDS:
                return
            told_at = progress.elapsed_s
            log.info(
                "replaying changes",
                applied=progress.applied,
                last=progress.last,
                seconds=round(progress.elapsed_s, 1),
            )

        began = time.monotonic()
        server.tell_start("the change log is being read")
        try:
            applied = await rooms.applier.replay(report)
        except StoreUnavailableError as error:
            raise StartError(f"database: {error}") from None
        seconds = time.monotonic() - began
        self._metrics.process.replay_seconds.set(seconds)
        log.info(
            "the index is up to date",
            changes=applied,
            entries=rooms.index.count(),
            seconds=round(seconds, 1),
        )
        rooms.applier.start()

    def _services(
        self,
        rooms: Rooms,
        server: GatewayServer,
        admission: Admission,
        information: ServerInformation,
    ) -> list[ServiceBinding]:
        fingerprints = VectorFingerprintGuard(rooms.store, rooms.vision)
        photos = PhotoAnalyzer(rooms.vision, image_limits(self._settings.vision))
        catalog = Catalog(
            rooms.store,
            photos,
            rooms.applier,
            fingerprints=fingerprints,
            attribute_model=self._settings.vision.attribute_model,
        )
        search = Search(
            rooms.index,
            rooms.store,
            photos,
            self._settings.search,
            fingerprints=fingerprints,
        )
        self._stack.push_async_callback(search.close)
        deadlines = server.deadlines
        closing, metrics = admission.closing, self._metrics
        return [
            VisionService(photos, deadlines=deadlines, closing=closing, metrics=metrics).binding(),
            CatalogService(
                catalog, deadlines=deadlines, closing=closing, metrics=metrics
            ).binding(),
            SearchService(search, deadlines=deadlines, metrics=metrics).binding(),
            ServerService(information).binding(),
        ]

    def _start_metrics_server(self, server: GatewayServer) -> str:
        address = self._settings.server.metrics_address
        if not address:
            return ""
        watch = EventLoopWatch(self._metrics.process.event_loop_lag_seconds)
        self._watch(watch.run())
        probes = Probes(
            since_turn=watch.since_turn, missing=server.readiness.missing, remark=self._remark
        )
        metrics_server = MetricsServer(address, self._metrics.registry, probes)
        self._stack.callback(metrics_server.close)
        return metrics_server.address

    def _remark(self) -> str:
        if self._metrics.database.is_writable:
            return ""
        return "store: the last write failed, reads go on; the log says why"

    def _watch(self, work: Coroutine[Any, Any, None]) -> None:
        """Have something run beside the calls until the gateway stops."""
        self._stack.push_async_callback(_end, asyncio.create_task(work))

    def _make_data_folder(self) -> None:
        folder = self._settings.storage.data_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"cannot make the data folder {folder}: {error.strerror}; set OOTD_DATA_FOLDER to "
                "one that can be written"
            ) from None

    def _database_url(self) -> str:
        path = (self._settings.storage.data_folder / "ootd.sqlite").absolute()
        return self._settings.storage.database_url or f"sqlite:///{path}"


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task
