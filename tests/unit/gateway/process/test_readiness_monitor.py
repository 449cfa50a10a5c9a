"""The readiness monitor: it tells what is missing, and nothing ends it."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

import pytest
from steered_gateway import FACTS

from catalog_builders import new_index
from fake_vision import FakeVision
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.process import readiness_monitor
from ootd_gateway.process.readiness_monitor import ReadinessMonitor
from ootd_gateway.rpc.readiness import Dependency, Readiness
from ootd_gateway.services.server.domain import ServerInformation
from ootd_gateway.telemetry.metrics.registry import Metrics
from ootd_index.vector_index import IndexChange


class Vision(FakeVision):
    ready: Callable[[], Awaitable[bool]]

    async def is_ready(self) -> bool:
        return await self.ready()


class Store:
    """A database of which only the newest number and the vector fingerprint are asked."""

    def __init__(self) -> None:
        self.newest: Callable[[], Awaitable[int]] = returning(0)

    async def last_sequence_number(self) -> int:
        return await self.newest()

    async def vector_fingerprint(self) -> str:
        return "r"


def returning(value: Any) -> Callable[[], Awaitable[Any]]:
    async def answer() -> Any:
        return value

    return answer


def raising(error: BaseException) -> Callable[[], Awaitable[Any]]:
    async def answer() -> Any:
        raise error

    return answer


async def hanging() -> Any:
    await asyncio.Event().wait()


class Watched:
    """A monitor over doubles, and what it told."""

    def __init__(self) -> None:
        self.vision, self.store, self.metrics = Vision(), Store(), Metrics()
        self.vision.ready = returning(True)
        self.readiness = Readiness()
        self.readiness.set(Dependency.GATEWAY)
        self.readiness.set(Dependency.INDEX)
        self.reports = 0
        self.report_fails = False
        self.index = new_index()
        store = cast("Any", self.store)
        self.monitor = ReadinessMonitor(
            self.vision,
            store,
            self.index,
            ServerInformation(FACTS, self.vision, store),
            metrics=self.metrics,
            readiness=self.readiness,
            report=self.report,
            interval_s=0.005,
        )

    async def report(self) -> None:
        self.reports += 1
        if self.report_fails:
            raise RuntimeError("health is broken")

    def value(self, name: str, **labels: str) -> float | None:
        return self.metrics.registry.get_sample_value(name, labels)

    async def until_missing(self, *names: str) -> None:
        async with asyncio.timeout(5):
            while set(self.readiness.missing()) != set(names):
                await asyncio.sleep(0.002)


@asynccontextmanager
async def running() -> AsyncIterator[Watched]:
    watched = Watched()
    task = asyncio.create_task(watched.monitor.run())
    try:
        yield watched
        assert not task.done()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_everything_there_is_told_once() -> None:
    async with running() as watched:
        await watched.until_missing()
        await watched.monitor.first_look(until_ready=True)
        await asyncio.sleep(0.05)
        assert watched.reports == 2  # of the vision graph, of the store
        assert watched.value("ootd_dependency_ready", dependency="store") == 1
        labels = {"version": "9.8.7", "taxonomy": "1", "release": "g", "triton": "fake 1"}
        assert watched.value("ootd_build_info", **labels) == 1


async def test_what_goes_and_comes_back_is_told() -> None:
    async with running() as watched:
        await watched.until_missing()
        watched.vision.ready = returning(False)
        await watched.until_missing("vision")
        watched.store.newest = raising(StoreUnavailableError("the disk is gone"))
        await watched.until_missing("vision", "store")
        assert watched.readiness.missing()["store"] == "the disk is gone"
        assert watched.value("ootd_dependency_ready", dependency="store") == 0
        watched.vision.ready, watched.store.newest = returning(True), returning(0)
        await watched.until_missing()


@pytest.mark.parametrize("error", [RuntimeError("a bug"), KeyError("x"), ValueError()])
async def test_an_unexpected_error_is_told_and_survived(error: Exception) -> None:
    async with running() as watched:
        await watched.until_missing()
        watched.vision.ready = watched.store.newest = raising(error)
        await watched.until_missing("vision", "store")
        watched.vision.ready, watched.store.newest = returning(True), returning(0)
        await watched.until_missing()


async def test_a_report_that_fails_ends_nothing() -> None:
    async with running() as watched:
        await watched.until_missing()
        watched.report_fails = True
        watched.vision.ready = returning(False)
        await watched.until_missing("vision")
        watched.vision.ready = returning(True)
        await watched.until_missing()


async def test_a_look_that_hangs_holds_up_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness_monitor, "LATE_SECONDS", 0.05)
    async with running() as watched:
        await watched.until_missing()
        watched.vision.ready = hanging
        await watched.until_missing("vision")
        assert "does not answer" in watched.readiness.missing()["vision"]
        watched.store.newest = raising(StoreUnavailableError("away"))
        await watched.until_missing("vision", "store")


async def test_the_lag_of_the_index_is_in_seconds() -> None:
    async with running() as watched:
        watched.store.newest = returning(7)  # the index has applied nothing
        async with asyncio.timeout(5):
            while not (watched.value("ootd_index_lag_seconds") or 0) > 0.05:
                await asyncio.sleep(0.005)
        watched.index.apply([IndexChange(7, 1, None)])
        async with asyncio.timeout(5):
            while watched.value("ootd_index_lag_seconds") != 0:
                await asyncio.sleep(0.005)


async def test_a_vision_graph_that_is_missing_is_told_with_its_cause(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def cause() -> str:
        return "127.0.0.1:1: connection refused"

    async with running() as watched:
        monkeypatch.setattr(watched.vision, "obstacle", cause)
        watched.vision.ready = returning(False)
        await watched.until_missing("vision")
        assert watched.readiness.missing()["vision"].endswith("127.0.0.1:1: connection refused")
