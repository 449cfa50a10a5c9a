"""Keeps the index abreast of the store: replays the change log on start, then tails it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.catalog.base import CatalogStore, ItemChange
from ootd_index.vector_index import IndexChange, IndexEntry, VectorIndex

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class ReplayProgress:
    """How far a replay has come: sequence numbers, and how long it took until now in seconds."""

    applied: int
    last: int
    elapsed_s: float


ProgressCallback = Callable[[ReplayProgress], None]


def _nothing() -> None:
    return None


class ChangeApplier:
    """The only writer of an index: applies the store's changes in their order, each once.

    `batch_size` is how many changes are read at a time; `tail_interval_s` how often the log is
    looked at for changes of other processes; `on_tail_failure` is called for each look that fails.
    """

    def __init__(
        self,
        store: CatalogStore,
        index: VectorIndex,
        *,
        batch_size: int = 1000,
        tail_interval_s: float = 0.5,
        on_tail_failure: Callable[[], None] = _nothing,
    ) -> None:
        self._store = store
        self._index = index
        self._batch_size = batch_size
        self._tail_interval_s = tail_interval_s
        self._on_tail_failure = on_tail_failure
        self._applying = asyncio.Lock()
        self._tail: asyncio.Task[None] | None = None

    @property
    def applied_sequence_number(self) -> int:
        """The newest change that searches see."""
        return self._index.applied_sequence_number

    async def replay(self, progress: ProgressCallback | None = None) -> int:
        """Apply all changes that there are; return how many were applied.

        `progress` is called after each batch. Raises StoreUnavailableError.
        """
        begun = time.monotonic()
        last = await self._store.last_sequence_number()
        applied = 0
        while self.applied_sequence_number < last:
            async with self._applying:
                count = await self._apply_batch()
            applied += count
            if progress is not None:
                elapsed = time.monotonic() - begun
                progress(ReplayProgress(self.applied_sequence_number, last, elapsed))
            if count == 0:  # the log's last entries are gone: another database under the same name
                _log.warning("replay_ended_early", applied=self.applied_sequence_number, last=last)
                break
        return applied

    async def catch_up_to(self, sequence_number: int) -> None:
        """Return once searches see this change. Raises StoreUnavailableError.

        Callers that wait while a batch is applied are mostly served by one batch more.
        """
        while self.applied_sequence_number < sequence_number:
            async with self._applying:
                if self.applied_sequence_number >= sequence_number:
                    return
                if await self._apply_batch() == 0:
                    return

    def start(self) -> None:
        """Start tailing the log in the background; a store that fails is tried again."""
        if self._tail is None:
            self._tail = asyncio.create_task(self._run_tail(), name="change-applier")

    async def close(self) -> None:
        """Stop tailing; waits for a batch that is being applied."""
        if self._tail is not None:
            self._tail.cancel()
            await asyncio.gather(self._tail, return_exceptions=True)
            self._tail = None
        async with self._applying:
            pass

    async def _run_tail(self) -> None:
        failing = False
        while True:
            await asyncio.sleep(self._tail_interval_s)
            try:
                await self.catch_up_to(await self._store.last_sequence_number())
                failing = False
            except Exception as error:  # noqa: BLE001 - the tail outlives whatever one round meets
                self._on_tail_failure()
                if not failing:
                    expected = isinstance(error, StoreUnavailableError)
                    _log.error("tail_failed", error=str(error), exc_info=not expected)
                failing = True

    async def _apply_batch(self) -> int:
        """Apply the next changes; whoever calls this holds the lock, so that batches keep order."""
        # Shielded: a caller that gives up must not let the next batch begin beside this one.
        return await _finished(asyncio.ensure_future(self._read_and_apply()))

    async def _read_and_apply(self) -> int:
        changes = await self._store.changes_after(
            self.applied_sequence_number, limit=self._batch_size
        )
        if changes:
            await asyncio.to_thread(self._index.apply, _index_changes(changes))
        return len(changes)


async def _finished(task: "asyncio.Future[int]") -> int:
    """Wait for a task to the end, even where the waiting is cancelled; then pass that on."""
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _index_changes(changes: Sequence[ItemChange]) -> list[IndexChange]:
    result = []
    for change in changes:
        entry = None
        if change.item is not None:
            garment = change.item.garment
            entry = IndexEntry(
                key=change.key,
                partition=garment.super_category,
                embedding=garment.embedding,
                color_histogram=garment.color_histogram,
            )
        result.append(IndexChange(change.sequence_number, change.key, entry))
    return result
