"""Group commit: writes that wait for the writer are committed together.

A commit costs one sync of the disk, however much it holds. So one thread owns the writing
connection; while it commits, other writes gather, and go into its next transaction together. Each
write still is all or nothing on its own: where a transaction fails for the sake of one write, each
is tried alone.
"""

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from itertools import groupby
from typing import TypeVar

import sqlalchemy as sa
import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.base import DeletionOutcome, UpsertOutcome
from ootd_gateway.store.database_file import DatabaseFile
from ootd_gateway.store.engine import unavailable
from ootd_gateway.store.writing import delete_items, upsert_items
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics
from ootd_gateway.types import ItemDraft

MAX_WRITES = 256
"""Writes in one transaction; bounds how long the first of them waits."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True, eq=False)
class Upsert:
    """Items to add or replace, and the fingerprint of the models that made their vectors."""

    drafts: Sequence[ItemDraft]
    vector_fingerprint: str
    done: "Future[list[UpsertOutcome]]" = field(default_factory=Future)


@dataclass(slots=True, eq=False)
class Deletion:
    """Ids of items to delete."""

    item_ids: Sequence[str]
    done: "Future[DeletionOutcome]" = field(default_factory=Future)


Write = Upsert | Deletion


class GroupCommit:
    """The writer's thread; `submit` may be called from any thread."""

    def __init__(
        self, engine: sa.Engine, file: DatabaseFile, metrics: DatabaseMetrics | None = None
    ) -> None:
        self._engine = engine
        self._file = file
        self._metrics = metrics
        self._waiting: queue.SimpleQueue[Write | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    def submit(self, write: Write) -> None:
        """Queue a write; its `done` tells once it is durable, or why it is not."""
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the database is closed")
            self._waiting.put(write)

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

    def _batches(self) -> Iterator[list[Write]]:
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

    def _commit(self, writes: Sequence[Write]) -> None:
        try:
            self._file.check()
            with self._timed(), self._engine.begin() as connection:
                answers = [answer for group in _alike(writes) for answer in group(connection)]
            self._file.check()  # nothing is acknowledged that went into a file without a name
        except Exception as error:  # noqa: BLE001 - each waiting caller is told, whatever it is
            self._failed(writes, error)
            return
        if self._metrics is not None:
            self._metrics.commit_writes.observe(len(writes))
            self._metrics.tell_writable(True)
        for answer in answers:
            answer()

    def _timed(self) -> AbstractContextManager[object]:
        if self._metrics is None:
            return nullcontext()
        return self._metrics.timed("commit")

    def _failed(self, writes: Sequence[Write], error: Exception) -> None:
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


_Answer = Callable[[], None]
_Result = TypeVar("_Result")


def _alike(writes: Sequence[Write]) -> Iterator[Callable[[sa.Connection], list[_Answer]]]:
    """Group neighbouring writes of one kind, so that each group takes few statements."""

    def kind(write: Write) -> str | None:
        return write.vector_fingerprint if isinstance(write, Upsert) else None

    for _, group in groupby(writes, key=kind):
        yield _Group(list(group)).run


@dataclass(frozen=True, slots=True)
class _Group:
    writes: list[Write]

    def run(self, connection: sa.Connection) -> list[_Answer]:
        upserts = [one for one in self.writes if isinstance(one, Upsert)]
        answers: list[_Answer] = []
        if upserts:
            drafts = [draft for one in upserts for draft in one.drafts]
            outcomes = iter(upsert_items(connection, drafts, upserts[0].vector_fingerprint))
            answers += [_answer(one.done, [next(outcomes) for _ in one.drafts]) for one in upserts]
        for deletion in self.writes:
            if isinstance(deletion, Deletion):
                gone = delete_items(connection, deletion.item_ids)
                answers.append(_answer(deletion.done, gone))
        return answers


def _answer(done: "Future[_Result]", result: _Result) -> _Answer:
    return lambda: done.set_result(result)
