"""Group commit: writes that wait for the writer are committed together.

A commit costs one sync of the disk, however much it holds. So one thread owns the writing
connection; while it commits, other writes gather, and go into its next transaction together, in the
order in which they came. Each write still is all or nothing on its own: where a transaction fails
for the sake of one write, each is tried alone.

What is written is none of this file's business: a write is a piece of work and a request for it.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.database_errors import unavailable
from ootd_gateway.store.database_file import DatabaseFile
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics

MAX_WRITES = 256
"""Writes in one transaction; bounds how long the first of them waits."""

_log = structlog.get_logger(__name__)

_Request = TypeVar("_Request")
_Outcome = TypeVar("_Outcome")

Work = Callable[[sa.Connection, Sequence[_Request]], Sequence[_Outcome]]
"""Serves requests within the shared transaction, and returns an outcome for each.

Requests of one work that come one after the other are served at once, so that they take few
statements. It is the same work where it is equal: a function, or a method of one object. It neither
commits nor rolls back; what it raises rolls back all, and then every request is tried alone.
"""


@dataclass(slots=True, eq=False)
class _Write:
    work: Work[Any, Any]
    request: Any
    done: "Future[Any]" = field(default_factory=Future)


class GroupCommit:
    """The writer's thread; `submit` may be called from any thread."""

    def __init__(
        self, engine: sa.Engine, file: DatabaseFile, metrics: DatabaseMetrics | None = None
    ) -> None:
        self._engine = engine
        self._file = file
        self._metrics = metrics
        self._waiting: queue.SimpleQueue[_Write | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, work: Work[_Request, _Outcome], request: _Request) -> "Future[_Outcome]":
        """Queue a write; the future tells its outcome once it is durable, or why it is not.

        One that is cancelled before its turn is not written. Raises StoreUnavailableError once
        this is closed.
        """
        write = _Write(work, request)
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the database is closed")
            self._waiting.put(write)
        return write.done

    def close(self) -> None:
        """Commit what waits, then stop the thread."""
        with self._lock:
            if not self._closed:
                self._closed = True
                self._waiting.put(None)
        self._thread.join()

    def _run(self) -> None:
        for writes in self._batches():
            running = [one for one in writes if one.done.set_running_or_notify_cancel()]
            if running:
                self._commit(running)

    def _batches(self) -> Iterator[list[_Write]]:
        while True:
            first = self._waiting.get()
            if first is None:
                return
            writes = [first]
            while len(writes) < MAX_WRITES:
                try:
                    following = self._waiting.get_nowait()
                except queue.Empty:
                    break
                if following is None:
                    yield writes
                    return
                writes.append(following)
            yield writes

    def _commit(self, writes: Sequence[_Write]) -> None:
        try:
            self._file.check()
            with self._timed(), self._engine.begin() as connection:
                outcomes = _outcomes(connection, writes)
            self._file.check()  # nothing is acknowledged that went into a file without a name
        except Exception as error:  # noqa: BLE001 - each waiting caller is told, whatever it is
            self._failed(writes, error)
            return
        if self._metrics is not None:
            self._metrics.commit_writes.observe(len(writes))
            self._metrics.tell_writable(True)
        for write, outcome in zip(writes, outcomes, strict=True):
            write.done.set_result(outcome)

    def _timed(self) -> AbstractContextManager[object]:
        if self._metrics is None:
            return nullcontext()
        return self._metrics.timed("commit")

    def _failed(self, writes: Sequence[_Write], error: Exception) -> None:
        away = error if isinstance(error, StoreUnavailableError) else unavailable(error)
        if away is not None:
            _log.error("store_write_failed", error=str(error), writes=len(writes))
            if self._metrics is not None:
                self._metrics.tell_writable(False)
        if away is None and len(writes) > 1:
            for write in writes:
                self._commit([write])
            return
        for write in writes:
            write.done.set_exception(away or error)


def _outcomes(connection: sa.Connection, writes: Sequence[_Write]) -> list[Any]:
    """Do the work of all writes, neighbours with the same work at once."""
    outcomes: list[Any] = []
    for work, group in groupby(writes, key=attrgetter("work")):
        requests = [write.request for write in group]
        answered = work(connection, requests)
        if len(answered) != len(requests):
            raise RuntimeError(f"{work} has {len(answered)} outcomes of {len(requests)} requests")
        outcomes += answered
    return outcomes
