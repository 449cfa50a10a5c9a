"""Fixtures of the gateway's tests."""

from collections.abc import AsyncIterator

import pytest
from steered_gateway import Serve, serving


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Starts servers over a vision model that the test steers; each is stopped after the test."""
    async with serving() as start:
        yield start
