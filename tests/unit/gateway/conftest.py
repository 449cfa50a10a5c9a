"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from catalog_shop import Shop, open_shop
from replica_looks import quick_looks
from steered_gateway import Serve, serving

__all__ = ["quick_looks"]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers over a vision model that the test steers; each is stopped after the test."""
    async with serving() as start:
        yield start


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """A catalogue over a real database and index."""
    async with asynccontextmanager(open_shop)(tmp_path) as opened:
        yield opened
