"""The SQL store keeps the contract."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio
from catalog_store_contract import CatalogStoreContract

from ootd_gateway.store.base import CatalogStore
from ootd_gateway.store.sql import SqlCatalogStore


class TestSqliteCatalogStore(CatalogStoreContract):
    @pytest_asyncio.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[CatalogStore]:
        opened = SqlCatalogStore.open(f"sqlite:///{tmp_path}/ootd.db")
        yield opened
        await opened.close()
