"""Opening a database, what makes commits durable, and a database that is away."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry

from catalog_builders import VECTOR_FINGERPRINT, draft
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.catalog.schema import items
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.store.database import Database
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics
from opened_store import opened_store


@pytest_asyncio.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/ootd.db", busy_timeout_s=0.2)
    yield opened
    await opened.close()


@pytest.fixture
def store(database: Database) -> SqlCatalogStore:
    return SqlCatalogStore(database)


def pragma(*statements: str) -> Callable[[sa.Connection, Sequence[object]], list[list[Any]]]:
    """A piece of work that executes these PRAGMAs, and returns their values."""

    def work(connection: sa.Connection, requests: Sequence[object]) -> list[list[Any]]:
        found = [
            connection.exec_driver_sql(f"PRAGMA {statement}").scalar_one()
            for statement in statements
        ]
        return [found for _ in requests]

    return work


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "ootd.db", ""])
def test_refuses_urls_without_a_file(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///ootd\.db"):
        Database.open(url)


async def test_creates_the_folder_and_keeps_items(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/ootd.db"
    first = Database.open(url)
    await SqlCatalogStore(first).upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    await first.close()
    await first.close()
    second = Database.open(url)
    store = SqlCatalogStore(second)
    assert (await store.list_page(page_size=5)).total_size == 1
    assert await store.vector_fingerprint() == VECTOR_FINGERPRINT
    await second.close()
    with pytest.raises(StoreUnavailableError):
        await store.get("a")
    with pytest.raises(StoreUnavailableError):
        await store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)


async def test_settings_that_make_a_commit_durable(database: Database) -> None:
    settings = pragma("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    assert await database.write("settings", settings, None) == ["wal", 2, 1, 200]


async def test_readers_cannot_write(database: Database) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be written"):
        await database.read("delete", lambda connection: connection.execute(sa.delete(items)))


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    path.write_bytes(b"this is not a database" * 200)
    with pytest.raises(StoreUnavailableError, match="no SQLite database"):
        Database.open(f"sqlite:///{path}")
    assert path.read_bytes() == b"this is not a database" * 200


def test_places_where_no_database_can_be(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        Database.open(f"sqlite:///{tmp_path}")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match="folder"):
        Database.open(f"sqlite:///{tmp_path}/file/ootd.db")


async def test_a_database_that_becomes_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    drafts = [draft(f"{n}", n) for n in range(200)]
    others = [draft(f"{n}", n + 1) for n in range(200)]
    async with opened_store(path) as store:
        await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    async with opened_store(path) as store:
        with pytest.raises(StoreUnavailableError, match="corrupt"):
            await store.list_page(page_size=100)
        with pytest.raises(StoreUnavailableError, match="corrupt"):
            await store.upsert(others, vector_fingerprint=VECTOR_FINGERPRINT)


async def test_another_process_that_holds_the_lock(tmp_path: Path, store: SqlCatalogStore) -> None:
    other = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    assert await store.get("a") is None  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    (result,) = await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    assert result.changed


async def test_a_full_disk(database: Database, store: SqlCatalogStore) -> None:
    await store.upsert([draft("before")], vector_fingerprint=VECTOR_FINGERPRINT)
    (pages,) = await database.write("pages", pragma("page_count"), None)
    await database.write("bound", pragma(f"max_page_count = {pages + 2}"), None)
    large = [draft(f"{n}", n, payload=bytes(16_000)) for n in range(40)]
    results = await asyncio.gather(
        *(store.upsert([one], vector_fingerprint=VECTOR_FINGERPRINT) for one in large),
        return_exceptions=True,
    )
    assert all(isinstance(one, StoreUnavailableError) for one in results[-20:])
    stored = [one.item_id for one in (await store.list_page(page_size=100)).items]
    acknowledged = [n for n, one in enumerate(results) if not isinstance(one, BaseException)]
    assert sorted(stored) == sorted(["before", *(str(n) for n in acknowledged)])
    await database.write("bound", pragma("max_page_count = 1000000"), None)
    await store.upsert(large, vector_fingerprint=VECTOR_FINGERPRINT)
    assert (await store.list_page(page_size=100)).total_size == 41


async def test_metrics_tell_how_long_the_database_took(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    drafts = [draft(f"{n}") for n in range(40)]
    async with opened_store(tmp_path / "a.db", metrics=DatabaseMetrics(registry)) as store:
        await asyncio.gather(
            *(store.upsert([one], vector_fingerprint=VECTOR_FINGERPRINT) for one in drafts)
        )
        await store.get("1")
        await store.delete(["1"])

    def count(name: str, operation: str | None = None) -> float:
        labels = {} if operation is None else {"operation": operation}
        return registry.get_sample_value(name, labels) or 0.0

    assert count("ootd_store_seconds_count", "upsert") == 40
    assert count("ootd_store_seconds_count", "get") == 1
    assert count("ootd_store_seconds_count", "delete") == 1
    assert count("ootd_store_commit_writes_sum") == 41
    commits = count("ootd_store_commit_writes_count")
    assert 2 <= commits < 41
    assert count("ootd_store_seconds_count", "commit") == commits


@pytest.mark.parametrize("replaced", [False, True])
async def test_nothing_is_acknowledged_into_a_file_that_is_gone(
    tmp_path: Path, replaced: bool
) -> None:
    metrics = DatabaseMetrics(CollectorRegistry())
    path = tmp_path / "ootd.db"
    async with opened_store(path, metrics=metrics) as store:
        await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
        path.rename(tmp_path / "aside.db")
        if replaced:
            path.write_bytes((tmp_path / "aside.db").read_bytes())
        for work in (
            store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT),
            store.get("a"),
            store.last_sequence_number(),
        ):
            with pytest.raises(
                StoreUnavailableError, match=r"deleted, moved or replaced"
            ) as raised:
                await work
            assert str(tmp_path) not in raised.value.message
        assert not metrics.is_writable
        (tmp_path / "aside.db").replace(path)
        await store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert metrics.is_writable


def _foreign(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE items (a INT)")
    connection.commit()
    connection.close()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda path: path.write_bytes(b"no database" * 1000), "no SQLite database, or corrupt"),
        (lambda path: path.mkdir(), "not a folder"),
        (_foreign, "holds other tables"),
    ],
)
def test_a_database_that_will_never_do_is_told_as_such_without_its_path(
    tmp_path: Path, make: Callable[[Path], object], told: str
) -> None:
    path = tmp_path / "ootd.db"
    make(path)
    with pytest.raises(StoreUnavailableError, match=told) as raised:
        Database.open(f"sqlite:///{path}")
    assert "later" not in raised.value.message
    assert str(tmp_path) not in raised.value.message
