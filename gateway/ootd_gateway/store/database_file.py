"""Whether the path of an SQLite database still leads to the file that was opened."""

import os
from pathlib import Path

import sqlalchemy as sa
import structlog

from ootd_gateway.errors import StoreUnavailableError

_log = structlog.get_logger(__name__)


class DatabaseFile:
    """Remembers which file was opened; may be asked from any thread.

    SQLite goes on with a file that was deleted: what it commits is gone with the process. Make this
    once the database is open. A URL that names no plain path is not watched.
    """

    def __init__(self, url: sa.URL) -> None:
        self._path = Path(url.database or "").absolute()
        self._opened = _identity(self._path)
        self._is_told = False

    def check(self) -> None:
        """Raise StoreUnavailableError where the file was deleted, moved or replaced."""
        if self._opened is None:
            return
        if _identity(self._path) == self._opened:
            self._is_told = False
            return
        if not self._is_told:
            self._is_told = True
            _log.error(
                "the database's file was deleted, moved or replaced while the gateway runs; put it "
                "back, or stop the gateway, restore the file and start again",
                path=str(self._path),
            )
        raise StoreUnavailableError(
            "the database's file was deleted, moved or replaced while the server runs: nothing can "
            "be read or written until it is restored and the server started again"
        )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        found = os.stat(path)  # noqa: PTH116 - called for every read and commit
    except OSError:
        return None
    return found.st_dev, found.st_ino
