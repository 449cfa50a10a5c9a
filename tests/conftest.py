"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ootd_gateway.embedded import EmbeddedTriton, EmbeddedTritonSettings

MODEL_REPOSITORY = Path(__file__).parents[1] / "model_repository"


@pytest.fixture(scope="session")
def triton() -> Iterator[EmbeddedTriton]:
    """The real Triton with the real model repository, started once for all tests."""
    with EmbeddedTriton(EmbeddedTritonSettings(MODEL_REPOSITORY)) as running:
        yield running
