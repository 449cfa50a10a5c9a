"""Wires the rooms together: what is started in which order, and stopped in the opposite one."""

import asyncio
import json
import os
import time
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from ootd_gateway.admission import Admission
from ootd_gateway.catalog import Catalog
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.image_header import ImageLimits
from ootd_gateway.index.shard import ShardSettings
from ootd_gateway.index.sharded import IndexSettings, ShardedIndex
from ootd_gateway.metrics.registry import Metrics
from ootd_gateway.metrics_server import MetricsServer
from ootd_gateway.readiness_monitor import ReadinessMonitor
from ootd_gateway.releases import ReleaseGuard
from ootd_gateway.replay import ChangeApplier, ReplayProgress
from ootd_gateway.rpc.catalog_service import CatalogService
from ootd_gateway.rpc.search_service import SearchService
from ootd_gateway.rpc.server import VISION, GatewayServer, Services
from ootd_gateway.rpc.vision_service import VisionService
from ootd_gateway.search import Search, SearchSettings
from ootd_gateway.server_options import admission, server_options
from ootd_gateway.settings.loading import Settings
from ootd_gateway.start_error import StartError
from ootd_gateway.stop_signals import stop_requested
from ootd_gateway.store.sql import SqlCatalogStore
from ootd_gateway.triton_source import TritonSource
from ootd_gateway.types import AttributeModel
from ootd_gateway.vision.triton import TritonVision
from ootd_gateway.vision_options import vision_options

log = structlog.get_logger(__name__)


async def run(settings: Settings, *, ready_file: Path | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C, then drain.

    `ready_file` is written once everything is ready: JSON of the addresses that `Gateway.start`
    returns. Raises StartError where the gateway cannot start.
    """
    with stop_requested() as stop:
        async with AsyncExitStack() as rooms:
            gateway = Gateway(settings, rooms)
            starting = asyncio.create_task(gateway.start())
            waiting = asyncio.create_task(stop.wait())
            await asyncio.wait({starting, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                addresses = starting.result()
                if ready_file is not None:
                    _write_atomically(ready_file, json.dumps(addresses))
                await waiting
            waiting.cancel()
            starting.cancel()
            with suppress(asyncio.CancelledError):
                await starting
            log.info("stopping")
    log.info("stopped")


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the services stand on."""

    store: SqlCatalogStore
    index: ShardedIndex
    vision: TritonVision
    applier: ChangeApplier


class Gateway:
    """One gateway. What it opens is closed by `stack`, last opened first."""

    def __init__(self, settings: Settings, stack: AsyncExitStack) -> None:
        self._settings = settings
        self._stack = stack
        self._metrics = Metrics()
        self._limits = ImageLimits(
            max_bytes=settings.max_image_bytes,
            max_pixels=settings.max_image_pixels,
            min_side=settings.min_image_side_pixels,
        )

    async def start(self) -> dict[str, str | int]:
        """Start everything; on return all is served.

        Returns "address", "metrics_address" ("" where off), "triton_address",
        "triton_metrics_address" ("" where Triton is elsewhere) and "pid". Raises StartError.
        """
        began = time.monotonic()
        # Ports first: that one is taken is known in a moment, models take seconds.
        places = admission(self._settings, self._metrics)
        server = GatewayServer(server_options(self._settings), places, self._metrics)
        metrics_address = self._start_metrics_server()
        self._make_data_folder()
        triton = TritonSource(self._settings, self._metrics.vision)
        self._stack.push_async_callback(triton.stop)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(triton.start())
                serving = group.create_task(self._serve(server, places, triton.address))
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        # An embedded Triton is ready now; the connection to it is within a second.
        await serving.result().first_look(until_ready=triton.is_embedded)
        addresses: dict[str, str | int] = {
            "address": server.address,
            "metrics_address": metrics_address,
            **triton.addresses,
            "pid": os.getpid(),
        }
        log.info("serving", **addresses, seconds=round(time.monotonic() - began, 1))
        return addresses

    async def _serve(
        self, server: GatewayServer, places: Admission, triton_address: str
    ) -> ReadinessMonitor:
        """Open store and index, begin to answer, and watch the vision graph come up."""
        rooms = await self._open_rooms(triton_address)
        await server.start(self._services(rooms, server, places))
        self._stack.push_async_callback(server.drain, self._settings.drain_seconds)
        monitor = ReadinessMonitor(
            rooms.vision,
            rooms.store,
            rooms.index,
            self._metrics,
            on_vision=lambda ready: server.set_serving(VISION, serving=ready),
        )
        watching = asyncio.create_task(monitor.run())
        self._stack.push_async_callback(_end, watching)
        return monitor

    async def _open_rooms(self, triton_address: str) -> Rooms:
        settings = self._settings
        try:
            store = await asyncio.to_thread(
                SqlCatalogStore.open, self._database_url(), metrics=self._metrics.database
            )
        except (StoreUnavailableError, ValueError) as error:
            raise StartError(f"database: {error}") from None
        self._stack.push_async_callback(store.close)
        index = ShardedIndex(
            IndexSettings(
                shards_per_category=settings.shards_per_category,
                shard=ShardSettings(
                    exact_limit=settings.index_exact_limit_items,
                    connectivity=settings.index_connectivity,
                    expansion_add=settings.index_expansion_add,
                    expansion_search=settings.index_expansion_search,
                    precision=settings.index_precision,
                ),
            ),
            self._metrics.index,
        )
        self._stack.callback(index.close)
        vision = TritonVision(
            triton_address, metrics=self._metrics, options=vision_options(settings)
        )
        self._stack.push_async_callback(vision.close)
        await vision.start()
        applier = ChangeApplier(store, index)
        self._stack.push_async_callback(applier.close)
        try:
            applied = await applier.replay(_report_replay)
        except StoreUnavailableError as error:
            raise StartError(f"database: {error}") from None
        log.info("the index is up to date", changes=applied, entries=index.count())
        applier.start()
        return Rooms(store, index, vision, applier)

    def _services(self, rooms: Rooms, server: GatewayServer, places: Admission) -> Services:
        releases = ReleaseGuard(rooms.store, rooms.vision)
        catalog = Catalog(
            rooms.store,
            rooms.vision,
            rooms.applier,
            self._limits,
            releases=releases,
            attribute_model=AttributeModel(self._settings.attribute_model),
        )
        search = Search(
            rooms.index,
            rooms.store,
            rooms.vision,
            SearchSettings(
                color_weight=self._settings.color_weight, threads=self._settings.search_threads
            ),
            self._limits,
            releases=releases,
        )
        self._stack.push_async_callback(search.close)
        deadlines = server.deadlines
        return Services(
            vision=VisionService(
                rooms.vision,
                limits=self._limits,
                deadlines=deadlines,
                closing=places.closing,
                metrics=self._metrics,
            ),
            catalog=CatalogService(
                catalog, deadlines=deadlines, closing=places.closing, metrics=self._metrics
            ),
            search=SearchService(search, deadlines=deadlines, metrics=self._metrics),
        )

    def _start_metrics_server(self) -> str:
        address = self._settings.metrics_address
        if not address:
            return ""
        metrics_server = MetricsServer(address, self._metrics.registry)
        self._stack.callback(metrics_server.close)
        return metrics_server.address

    def _make_data_folder(self) -> None:
        folder = self._settings.data_folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StartError(
                f"cannot make the data folder {folder}: {error.strerror}; set OOTD_DATA_FOLDER to "
                "one that can be written"
            ) from None

    def _database_url(self) -> str:
        path = (self._settings.data_folder / "ootd.sqlite").absolute()
        return self._settings.database_url or f"sqlite:///{path}"


def _report_replay(progress: ReplayProgress) -> None:
    log.info(
        "replaying changes",
        applied=progress.applied,
        last=progress.last,
        seconds=round(progress.elapsed_s, 1),
    )


async def _end(task: "asyncio.Task[None]") -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


def _write_atomically(path: Path, text: str) -> None:
    """Write a file so that nobody ever reads half of it."""
    partial = path.with_name(path.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)
