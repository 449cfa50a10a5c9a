"""What is particular to the SQL store: durability, migrations, and a database that is away."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import alembic.autogenerate
import pytest
import pytest_asyncio
import sqlalchemy as sa
from alembic.migration import MigrationContext
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from catalog_builders import VECTOR_FINGERPRINT, draft
from ootd_gateway.errors import StartError, StoreUnavailableError
from ootd_gateway.process.store_opening import open_store
from ootd_gateway.store import schema
from ootd_gateway.store.sql import SqlCatalogStore
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics

TESTS = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlCatalogStore]:
    opened = SqlCatalogStore.open(f"sqlite:///{tmp_path}/ootd.db", busy_timeout_s=0.2)
    yield opened
    await opened.close()


def python(code: str, *arguments: str) -> subprocess.Popen[str]:
    path = os.pathsep.join([str(TESTS), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
    )


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "ootd.db", ""])
def test_refuses_urls_without_a_file(url: str) -> None:
    with pytest.raises(ValueError, match=r"sqlite:///ootd\.db"):
        SqlCatalogStore.open(url)


async def test_creates_the_folder_and_keeps_items(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/folder/ootd.db"
    first = SqlCatalogStore.open(url)
    await first.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    await first.close()
    await first.close()
    second = SqlCatalogStore.open(url)
    assert (await second.list_page(page_size=5)).total_size == 1
    assert await second.vector_fingerprint() == VECTOR_FINGERPRINT
    await second.close()
    with pytest.raises(StoreUnavailableError):
        await second.get("a")
    with pytest.raises(StoreUnavailableError):
        await second.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)


async def test_settings_that_make_a_commit_durable(store: SqlCatalogStore) -> None:
    with store._writer.connect() as connection:
        values = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar_one()
            for name in ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        }
    assert values == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "busy_timeout": 200,
    }


async def test_readers_cannot_write(store: SqlCatalogStore) -> None:
    with store._reader.connect() as connection, pytest.raises(sa.exc.OperationalError):
        connection.execute(sa.delete(schema.items))


async def test_migrations_make_the_schema(store: SqlCatalogStore) -> None:
    with store._writer.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert alembic.autogenerate.compare_metadata(context, schema.metadata) == []
        made = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'items' AND sql IS NOT NULL"
        ).fetchall()
    fresh = sa.create_engine("sqlite://")
    schema.metadata.create_all(fresh)
    with fresh.connect() as connection:
        declared = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'items' AND sql IS NOT NULL"
        ).fetchall()
    assert sorted(name for name, _ in made) == sorted(name for name, _ in declared)
    for sql in dict(made)["items"], dict(declared)["items"]:
        for name in ("super_category", "embedding", "color_histogram"):
            assert f"ck_items_{name}" in sql


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    opened = SqlCatalogStore.open(f"sqlite:///{path}")
    await opened.close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match=r"newer schema 9999.*run a newer gateway"):
        SqlCatalogStore.open(f"sqlite:///{path}")
    assert path.read_bytes() == before


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    path.write_bytes(b"this is not a database" * 200)
    with pytest.raises(StoreUnavailableError, match="no SQLite database"):
        SqlCatalogStore.open(f"sqlite:///{path}")
    assert path.read_bytes() == b"this is not a database" * 200


def test_places_where_no_database_can_be(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailableError, match="cannot be opened"):
        SqlCatalogStore.open(f"sqlite:///{tmp_path}")
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match="folder"):
        SqlCatalogStore.open(f"sqlite:///{tmp_path}/file/ootd.db")


async def test_a_database_that_becomes_corrupt(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    opened = SqlCatalogStore.open(f"sqlite:///{path}")
    await opened.upsert(
        [draft(f"{n}", n) for n in range(200)], vector_fingerprint=VECTOR_FINGERPRINT
    )
    await opened.close()
    content = bytearray(path.read_bytes())
    content[8192:] = b"\xa5" * (len(content) - 8192)
    path.write_bytes(content)
    reopened = SqlCatalogStore.open(f"sqlite:///{path}")
    with pytest.raises(StoreUnavailableError, match="corrupt"):
        await reopened.list_page(page_size=100)
    with pytest.raises(StoreUnavailableError, match="corrupt"):
        await reopened.upsert(
            [draft(f"{n}", n + 1) for n in range(200)], vector_fingerprint=VECTOR_FINGERPRINT
        )
    await reopened.close()


async def test_another_process_that_holds_the_lock(tmp_path: Path, store: SqlCatalogStore) -> None:
    other = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreUnavailableError, match="locked"):
        await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    assert await store.get("a") is None  # reading goes on
    other.execute("ROLLBACK")
    other.close()
    (outcome,) = await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    assert outcome.changed


async def test_a_full_disk(tmp_path: Path, store: SqlCatalogStore) -> None:
    await store.upsert([draft("before")], vector_fingerprint=VECTOR_FINGERPRINT)
    with store._writer.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 2}")
    large = [draft(f"{n}", n, payload=bytes(16_000)) for n in range(40)]
    results = await asyncio.gather(
        *(store.upsert([one], vector_fingerprint=VECTOR_FINGERPRINT) for one in large),
        return_exceptions=True,
    )
    assert all(isinstance(one, StoreUnavailableError) for one in results[-20:])
    stored = [one.item_id for one in (await store.list_page(page_size=100)).items]
    acknowledged = [n for n, one in enumerate(results) if not isinstance(one, BaseException)]
    assert sorted(stored) == sorted(["before", *(str(n) for n in acknowledged)])
    with store._writer.connect() as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 1000000")
    await store.upsert(large, vector_fingerprint=VECTOR_FINGERPRINT)
    assert (await store.list_page(page_size=100)).total_size == 41


async def test_two_gateways_on_one_new_file(tmp_path: Path) -> None:
    """Both migrate it, both write it, and neither loses anything."""
    url = f"sqlite:///{tmp_path}/ootd.db"
    code = """
        import asyncio, sys
        from catalog_builders import VECTOR_FINGERPRINT, draft
        from ootd_gateway.store.sql import SqlCatalogStore

        async def main(url, name):
            store = SqlCatalogStore.open(url, busy_timeout_s=60.0)
            for n in range(10):
                drafts = [draft(f"{name}-{n}", n), draft(f"both-{n}")]
                await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
            await store.close()

        asyncio.run(main(*sys.argv[1:]))
    """
    running = [python(code, url, name) for name in ("a", "b")]
    for process in running:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
    store = SqlCatalogStore.open(url)
    page = await store.list_page(page_size=100)
    assert page.total_size == len(page.items) == 30
    assert len({one.key for one in page.items}) == 30
    changes = await store.changes_after(0, limit=1000)
    assert [one.sequence_number for one in changes] == list(range(1, 31))
    await store.close()


async def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ootd.db"
    code = """
        import asyncio, sys
        from catalog_builders import VECTOR_FINGERPRINT, draft
        from ootd_gateway.store.sql import SqlCatalogStore

        async def main(url):
            store = SqlCatalogStore.open(url)

            async def write(worker):
                for n in range(100_000):
                    name = f"{worker}-{n}"
                    drafts = [draft(name, n), draft(name + "-twin", n)]
                    await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
                    print(name, flush=True)

            await asyncio.gather(*(write(worker) for worker in range(8)))

        asyncio.run(main(*sys.argv[1:]))
    """
    process = python(code, url)
    assert process.stdout is not None
    acknowledged = [process.stdout.readline().strip() for _ in range(150)]
    process.send_signal(signal.SIGKILL)
    acknowledged += process.stdout.read().split()
    process.communicate()
    store = SqlCatalogStore.open(url)
    stored: set[str] = set()
    after = ""
    while True:
        page = await store.list_page(page_size=1000, after_item_id=after)
        stored |= {one.item_id for one in page.items}
        if not (after := page.next_page_token):
            break
    assert "" not in acknowledged, "the writer failed before it was killed"
    assert stored.issuperset(acknowledged)
    twins = {name for name in stored if name.endswith("-twin")}
    assert stored == twins | {name.removesuffix("-twin") for name in twins}, "a half-written pair"
    logged = await store.changes_after(0, limit=10**6)
    assert {one.item.item_id for one in logged if one.item is not None} == stored
    assert page.total_size == len(stored)
    await store.close()


async def test_metrics_tell_how_long_the_database_took(tmp_path: Path) -> None:
    registry = CollectorRegistry()
    store = SqlCatalogStore.open(f"sqlite:///{tmp_path}/a.db", metrics=DatabaseMetrics(registry))
    await asyncio.gather(
        *(store.upsert([draft(f"{n}")], vector_fingerprint=VECTOR_FINGERPRINT) for n in range(40))
    )
    await store.get("1")
    await store.delete(["1"])
    await store.close()

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
    store = SqlCatalogStore.open(f"sqlite:///{path}", metrics=metrics)
    await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    path.rename(tmp_path / "aside.db")
    if replaced:
        path.write_bytes((tmp_path / "aside.db").read_bytes())
    for work in (
        store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT),
        store.get("a"),
        store.last_sequence_number(),
    ):
        with pytest.raises(StoreUnavailableError, match=r"deleted, moved or replaced") as raised:
            await work
        assert str(tmp_path) not in raised.value.message
    assert not metrics.is_writable
    (tmp_path / "aside.db").replace(path)
    await store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)
    assert metrics.is_writable
    await store.close()


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
        SqlCatalogStore.open(f"sqlite:///{path}")
    assert "later" not in raised.value.message
    assert str(tmp_path) not in raised.value.message


async def test_the_start_waits_for_a_database_that_is_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ootd.db"
    metrics = DatabaseMetrics(CollectorRegistry())
    await (await open_store(url, metrics)).close()
    holder = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with capture_logs() as lines:
        opening = asyncio.create_task(open_store(url, metrics))
        while not any("locked by another process" in one["event"] for one in lines):
            await asyncio.sleep(0.05)
            assert not opening.done()
        holder.execute("ROLLBACK")
        store = await opening
    holder.close()
    await store.close()


async def test_the_start_gives_up_on_a_database_that_stays_locked(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/ootd.db"
    metrics = DatabaseMetrics(CollectorRegistry())
    await (await open_store(url, metrics)).close()
    holder = sqlite3.connect(tmp_path / "ootd.db", isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StartError, match="locked by another process"):
        await open_store(url, metrics, locked_seconds=0.1)
    holder.close()
