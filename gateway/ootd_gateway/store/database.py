"""An opened database, which the stores of all subjects share.

One thread writes (see `group_commit`), a few others read; SQLite's write-ahead log lets them work
side by side. SQLAlchemy's asyncio engine over aiosqlite hops to a thread and back for every
statement; a whole transaction in one hop was measured to read an item four times as fast (0.5 to 2
ms) and to write nearly twice as fast.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

import sqlalchemy as sa
import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.database_errors import unavailable
from ootd_gateway.store.database_file import DatabaseFile
from ootd_gateway.store.engine import open_engine, parse_url
from ootd_gateway.store.group_commit import GroupCommit, Work
from ootd_gateway.store.migration import migrate
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics

_Request = TypeVar("_Request")
_Result = TypeVar("_Result")
_log = structlog.get_logger(__name__)


class Database:
    """Reads and writes an SQLite database; open it with `open`. Safe for concurrent calls."""

    def __init__(
        self,
        url: sa.URL,
        *,
        read_threads: int,
        busy_timeout_s: float,
        metrics: DatabaseMetrics | None = None,
    ) -> None:
        self._metrics = metrics
        self._writer = open_engine(url, writes=True, connections=1, busy_timeout_s=busy_timeout_s)
        try:
            migrate(self._writer)
        except BaseException:
            self._writer.dispose()
            raise
        self._file = DatabaseFile(url)
        self._reader = open_engine(
            url, writes=False, connections=read_threads, busy_timeout_s=busy_timeout_s
        )
        self._group_commit = GroupCommit(self._writer, self._file, metrics)
        self._threads = ThreadPoolExecutor(read_threads, thread_name_prefix="store-reader")
        self._closed = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_threads: int = 4,
        busy_timeout_s: float = 5.0,
        metrics: DatabaseMetrics | None = None,
    ) -> "Database":
        """Open a database, such as "sqlite:///ootd.db"; create or migrate its tables. Blocks.

        `busy_timeout_s` is how long a write waits for another process's. Raises ValueError (no
        usable URL), StoreUnavailableError (cannot be opened, corrupt, written by a newer gateway).
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database is not None:
            folder = Path(parsed.database).absolute().parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(
                    f"the database's folder {folder} cannot be created: {error.strerror}"
                ) from error
        return cls(
            parsed, read_threads=read_threads, busy_timeout_s=busy_timeout_s, metrics=metrics
        )

    async def write(
        self, operation: str, work: Work[_Request, _Result], request: _Request
    ) -> _Result:
        """Do a piece of work in the next transaction; on return its outcome is durable.

        `operation` is its name in metrics. Raises StoreUnavailableError where the database cannot
        be written, and what the work raises.
        """
        with self._timed(operation):
            return await asyncio.wrap_future(self._group_commit.submit(work, request))

    async def read(self, operation: str, work: Callable[[sa.Connection], _Result]) -> _Result:
        """Read within one transaction, in a thread; `work` cannot write.

        `operation` is its name in metrics. Raises StoreUnavailableError where the database cannot
        be read, and what the work raises.
        """
        if self._closed:
            raise StoreUnavailableError("the database is closed")

        def run() -> _Result:
            self._file.check()
            with self._reader.connect() as connection:
                return work(connection)

        try:
            with self._timed(operation):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except sa.exc.SQLAlchemyError as error:
            away = unavailable(error)
            if away is None:
                raise
            _log.error("store_read_failed", error=str(error))
            raise away from error

    async def close(self) -> None:
        """Commit what waits and give back connections; may be called twice."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._group_commit.close()
        self._threads.shutdown(wait=True)
        self._reader.dispose()
        self._writer.dispose()

    def _timed(self, operation: str) -> AbstractContextManager[object]:
        if self._metrics is None:
            return nullcontext()
        return self._metrics.timed(operation)
