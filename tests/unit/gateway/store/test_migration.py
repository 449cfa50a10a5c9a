"""Tables of a new, an older and a newer database."""

import sqlite3
from pathlib import Path

import alembic.autogenerate
import numpy as np
import pytest
import sqlalchemy as sa
from alembic.migration import MigrationContext

from catalog_builders import VECTOR_FINGERPRINT, draft
from index_builders import embedding
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.catalog.schema import COUNTERS
from ootd_gateway.store.database import Database
from ootd_gateway.store.tables import metadata
from opened_store import opened_store

EARLIER_DATABASE = Path(__file__).parent / "earlier_database.sql"


async def test_migrations_make_the_schema(tmp_path: Path) -> None:
    await Database.open(f"sqlite:///{tmp_path}/ootd.db").close()
    migrated = sa.create_engine(f"sqlite:///{tmp_path}/ootd.db")
    with migrated.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert alembic.autogenerate.compare_metadata(context, metadata) == []
        made = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'items' AND sql IS NOT NULL"
        ).fetchall()
    fresh = sa.create_engine("sqlite://")
    metadata.create_all(fresh)
    with fresh.connect() as connection:
        declared = connection.exec_driver_sql(
            "SELECT name, sql FROM sqlite_master WHERE tbl_name = 'items' AND sql IS NOT NULL"
        ).fetchall()
    assert sorted(name for name, _ in made) == sorted(name for name, _ in declared)
    for statements in (made, declared):
        (sql,) = (sql for name, sql in statements if name == "items")
        for name in ("super_category", "embedding", "color_histogram"):
            assert f"ck_items_{name}" in sql


async def test_a_new_database_has_all_counters_at_0(tmp_path: Path) -> None:
    await Database.open(f"sqlite:///{tmp_path}/ootd.db").close()
    with sqlite3.connect(tmp_path / "ootd.db") as connection:
        found = dict(connection.execute("SELECT name, value FROM counters"))
    assert found == dict.fromkeys(COUNTERS, 0)


async def test_an_earlier_database_opens_as_it_is(tmp_path: Path) -> None:
    """Names of tables, columns, counters and facts stay what they were."""
    path = tmp_path / "ootd.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(EARLIER_DATABASE.read_text())
    async with opened_store(path) as store:
        assert await store.vector_fingerprint() == VECTOR_FINGERPRINT
        page = await store.list_page(page_size=10)
        assert [one.item_id for one in page.items] == ["a"]
        assert page.total_size == 1
        assert np.array_equal(page.items[0].garment.embedding, embedding(7))
        changes = await store.changes_after(0, limit=10)
        assert [(one.sequence_number, one.key) for one in changes] == [(3, 1), (4, 2)]
        (outcome,) = await store.upsert([draft("c")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert (outcome.item.key, outcome.item.sequence_number) == (3, 5)


async def test_a_newer_database_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ootd.db"
    await Database.open(f"sqlite:///{path}").close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    before = path.read_bytes()
    with pytest.raises(StoreUnavailableError, match=r"newer schema 9999.*run a newer gateway"):
        Database.open(f"sqlite:///{path}")
    assert path.read_bytes() == before
