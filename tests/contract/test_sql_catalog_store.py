"""The SQL store keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from catalog_store_contract import CatalogStoreContract

from ootd_gateway.store.catalog.base import CatalogStore
from opened_store import opened_store


class TestSqliteCatalogStore(CatalogStoreContract):
    @pytest_asyncio.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[CatalogStore]:
        async with opened_store(tmp_path / "ootd.db") as opened:
            yield opened
