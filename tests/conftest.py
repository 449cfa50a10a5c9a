"""Fixtures that several kinds of tests share."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog

from ootd_gateway.embedded import EmbeddedTriton, EmbeddedTritonSettings

# Where a test does not set up the log: no tracebacks with all locals, which take minutes to print.
structlog.configure(
    processors=[
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(),
        structlog.dev.ConsoleRenderer(
            colors=False, exception_formatter=structlog.dev.plain_traceback
        ),
    ]
)

MODEL_REPOSITORY = Path(__file__).parents[1] / "model_repository"


@pytest.fixture(scope="session")
def triton() -> Iterator[EmbeddedTriton]:
    """The real Triton with the real model repository, started once for all tests."""
    with EmbeddedTriton(EmbeddedTritonSettings(MODEL_REPOSITORY)) as running:
        yield running
