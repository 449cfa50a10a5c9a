"""Opens the database at the start, and bears with another process that holds it for a while."""

import asyncio
import time

import structlog

from ootd_gateway.errors import StartError, StoreLockedError, StoreUnavailableError
from ootd_gateway.store.database import Database
from ootd_gateway.telemetry.log_privacy import without_passwords
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics

log = structlog.get_logger(__name__)

LOCKED_SECONDS = 60.0
"""How long the start waits for a database that another process holds."""


async def open_database(
    url: str, metrics: DatabaseMetrics, *, locked_seconds: float = LOCKED_SECONDS
) -> Database:
    """Open a database. Raises StartError where it cannot be used, or stays locked."""
    began = time.monotonic()
    while True:
        try:
            return await asyncio.to_thread(Database.open, url, metrics=metrics)
        except StoreLockedError as error:
            waited = time.monotonic() - began
            if waited >= locked_seconds:
                raise _start_error(url, error) from None
            log.warning(
                "the database is locked by another process; the start waits for it",
                waited_seconds=round(waited, 1),
                at_most_seconds=locked_seconds,
            )
            await asyncio.sleep(0.2)
        except (StoreUnavailableError, ValueError) as error:
            raise _start_error(url, error) from None


def _start_error(url: str, error: Exception) -> StartError:
    return StartError(f"database {without_passwords(url)}: {error}")
