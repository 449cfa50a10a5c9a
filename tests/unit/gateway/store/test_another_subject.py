"""What all subjects share serves one that it does not know: notes, beside the catalogue."""

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from prometheus_client import CollectorRegistry
from sqlalchemy.dialects import postgresql

from catalog_builders import VECTOR_FINGERPRINT, draft
from ootd_gateway.store.catalog.schema import COUNTERS
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.store.change_log import ChangeLog, LogEntry, change_log_table
from ootd_gateway.store.counters import Counters
from ootd_gateway.store.database import Database
from ootd_gateway.store.tables import NUMBER, counters
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics

tables = sa.MetaData()
notes = sa.Table(
    "notes",
    tables,
    sa.Column("key", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("text", sa.Text, nullable=False),
)
log = ChangeLog(change_log_table("note_changes", tables), "notes.change")
read_changes = log.select_after(notes)


class BlankNoteError(Exception):
    """A note without text."""


def create_tables(connection: sa.Connection, requests: Sequence[None]) -> Sequence[None]:
    tables.create_all(connection)
    connection.execute(sa.insert(counters), {"name": log.counter, "value": 0})
    return requests


def add_notes(connection: sa.Connection, texts: Sequence[str]) -> list[int]:
    """A note's key is the number of its first change."""
    locked = Counters.lock(connection, [log.counter])
    numbers = [log.next_number(locked) for _ in texts]
    rows = [{"key": number, "text": text} for number, text in zip(numbers, texts, strict=True)]
    connection.execute(sa.insert(notes), rows)
    if "" in texts:  # when much is written already
        raise BlankNoteError
    log.write(connection, [LogEntry(number, number) for number in numbers], superseded=[])
    locked.write(connection)
    return numbers


def replace_notes(connection: sa.Connection, requests: Sequence[tuple[int, str]]) -> list[int]:
    """Take the text of a note, or, without one, the note away; keys are of one change before."""
    locked = Counters.lock(connection, [log.counter])
    numbers = []
    for key, text in requests:
        same = notes.c.key == key
        connection.execute(
            sa.update(notes).where(same).values(text=text) if text else sa.delete(notes).where(same)
        )
        numbers.append(log.next_number(locked))
        log.write(connection, [LogEntry(numbers[-1], key)], superseded=[key])
    locked.write(connection)
    return numbers


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@pytest_asyncio.fixture
async def database(tmp_path: Path, registry: CollectorRegistry) -> AsyncIterator[Database]:
    opened = Database.open(f"sqlite:///{tmp_path}/ootd.db", metrics=DatabaseMetrics(registry))
    await opened.write("create_tables", create_tables, None)
    yield opened
    await opened.close()


@pytest.fixture
def catalog(database: Database) -> SqlCatalogStore:
    return SqlCatalogStore(database)


def add(database: Database, text: str) -> "asyncio.Task[int]":
    return asyncio.ensure_future(database.write("add_note", add_notes, text))


def upsert(catalog: SqlCatalogStore, item_id: str) -> "asyncio.Task[Any]":
    work = catalog.upsert([draft(item_id)], vector_fingerprint=VECTOR_FINGERPRINT)
    return asyncio.ensure_future(work)


class HeldWriter:
    """Keeps the writer at work, so that what is submitted meanwhile goes into one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._began, self._may_end = threading.Event(), threading.Event()

    async def __aenter__(self) -> None:
        self._held = asyncio.ensure_future(self._database.write("hold", self._hold, None))
        await asyncio.to_thread(self._began.wait)

    async def __aexit__(self, *_: object) -> None:
        await asyncio.sleep(0)  # the tasks of the block have their turn, and submit their writes
        self._may_end.set()
        await self._held

    def _hold(self, _: sa.Connection, requests: Sequence[None]) -> Sequence[None]:
        self._began.set()
        self._may_end.wait(30)
        return requests


async def changes(database: Database, after: int = 0) -> list[tuple[Any, ...]]:
    """Number, key of what changed, key and text of the note as it is."""

    def read(connection: sa.Connection) -> list[tuple[Any, ...]]:
        rows = connection.execute(read_changes, {"after": after, "count": 1000})
        return [tuple(row) for row in rows]

    return await database.read("note_changes", read)


async def test_what_is_acknowledged_is_committed(tmp_path: Path, database: Database) -> None:
    number = await add(database, "one")
    with sqlite3.connect(tmp_path / "ootd.db") as other:
        assert other.execute("SELECT text FROM notes").fetchall() == [("one",)]
        assert other.execute("SELECT sequence_number FROM note_changes").fetchall() == [(number,)]


async def test_writes_of_two_subjects_share_a_commit_and_keep_their_order(
    database: Database, catalog: SqlCatalogStore, registry: CollectorRegistry
) -> None:
    def commits() -> float:
        return registry.get_sample_value("ootd_store_commit_writes_count") or 0.0

    before = commits()
    added, upserted = [], []
    async with HeldWriter(database):
        for n in range(20):
            added.append(add(database, f"note {n}"))
            upserted.append(upsert(catalog, f"item {n}"))
    numbers = await asyncio.gather(*added)
    outcomes = await asyncio.gather(*upserted)
    assert commits() - before == 2, "the one that was held, and one for all others"
    assert numbers == list(range(1, 21))
    assert [one.item.sequence_number for (one,) in outcomes] == list(range(1, 21))
    assert [text for *_, text in await changes(database)] == [f"note {n}" for n in range(20)]


async def test_a_write_whose_work_fails_is_rolled_back_alone(
    database: Database, catalog: SqlCatalogStore
) -> None:
    async with HeldWriter(database):
        writes = [
            add(database, "before"),
            upsert(catalog, "a"),
            add(database, ""),
            upsert(catalog, "b"),
            add(database, "after"),
        ]
    first, _, failed, _, last = await asyncio.gather(*writes, return_exceptions=True)
    assert isinstance(failed, BlankNoteError)
    assert (first, last) == (1, 2)
    assert await changes(database) == [(1, 1, 1, "before"), (2, 2, 2, "after")]
    assert [one.item_id for one in (await catalog.list_page(page_size=9)).items] == ["a", "b"]
    assert await catalog.last_sequence_number() == 2


async def test_work_that_forgets_an_outcome_changes_nothing(database: Database) -> None:
    def forgetful(connection: sa.Connection, texts: Sequence[str]) -> list[int]:
        return add_notes(connection, texts)[1:]

    with pytest.raises(RuntimeError, match="0 outcomes of 1 request"):
        await database.write("add_note", forgetful, "lost")
    assert await changes(database) == []


async def test_the_log_keeps_the_last_change_of_each_record(database: Database) -> None:
    for text in ("one", "two", "three"):
        await add(database, text)
    assert await database.write("replace_note", replace_notes, (1, "uno")) == 4
    assert await database.write("replace_note", replace_notes, (2, "")) == 5
    expected = [(3, 3, 3, "three"), (4, 1, 1, "uno"), (5, 2, None, None)]
    assert await changes(database) == expected
    assert await changes(database, after=4) == expected[2:]
    assert await database.read("last_note_change", log.last_number) == 5


async def test_logs_of_two_subjects_count_apart(
    database: Database, catalog: SqlCatalogStore
) -> None:
    await add(database, "one")
    await upsert(catalog, "a")
    await upsert(catalog, "b")
    assert await database.read("last_note_change", log.last_number) == 1
    assert await catalog.last_sequence_number() == 2


async def test_a_subject_locks_its_own_counters_alone(database: Database) -> None:
    statements: list[str] = []
    dialect: Any = postgresql.dialect

    def watch(connection: sa.Connection, requests: Sequence[None]) -> Sequence[None]:
        @sa.event.listens_for(connection, "before_execute")
        def note(_: object, clause: sa.ClauseElement, *__: object) -> None:
            statements.append(str(clause.compile(dialect=dialect())))

        locked = Counters.lock(connection, [log.counter])
        with pytest.raises(KeyError):
            locked.next(COUNTERS[0])
        return requests

    await database.write("lock", watch, None)
    (lock,) = statements
    assert "WHERE counters.name IN" in lock
    assert lock.endswith("FOR UPDATE")
