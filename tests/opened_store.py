"""The catalogue's store in a database that is opened for a test."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.store.database import Database


@asynccontextmanager
async def opened_store(path: Path | str, **options: Any) -> AsyncIterator[SqlCatalogStore]:
    """Opens the database of this file with `Database.open`; it is closed at the end."""
    database = Database.open(f"sqlite:///{path}", **options)
    try:
        yield SqlCatalogStore(database)
    finally:
        await database.close()
