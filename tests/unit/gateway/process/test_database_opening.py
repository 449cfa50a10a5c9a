"""The start bears with a database that another process holds, for a while."""

import asyncio
import sqlite3
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from ootd_gateway.errors import StartError
from ootd_gateway.process.database_opening import open_database
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics


async def test_the_start_waits_for_a_database_that_is_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ootd.db"
    metrics = DatabaseMetrics(CollectorRegistry())
    await (await open_database(url, metrics)).close()
    holder = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with capture_logs() as lines:
        opening = asyncio.create_task(open_database(url, metrics))
        while not any("locked by another process" in one["event"] for one in lines):
            await asyncio.sleep(0.05)
            assert not opening.done()
        holder.execute("ROLLBACK")
        database = await opening
    holder.close()
    await database.close()


async def test_the_start_gives_up_on_a_database_that_stays_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ootd.db"
    metrics = DatabaseMetrics(CollectorRegistry())
    await (await open_database(url, metrics)).close()
    holder = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StartError, match="locked by another process"):
        await open_database(url, metrics, locked_seconds=0.1)
    holder.close()
