import asyncio
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from catalog_builders import VECTOR_FINGERPRINT, draft, new_index
from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.process.index_opening import VECTOR_SIZES
from ootd_gateway.services.catalog.replay import ChangeApplier, ReplayProgress
from ootd_gateway.store.catalog.base import ItemChange
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.types import SuperCategory
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import IndexChange
from opened_store import opened_store


class WatchedIndex(ShardedIndex):
    """The real index; it notes which changes reach it, and that no two writers meet in it."""

    def __init__(self) -> None:
        super().__init__(SuperCategory, VECTOR_SIZES)
        self.applied: list[int] = []
        self.is_writing = False

    def apply(self, changes: Sequence[IndexChange]) -> None:
        assert not self.is_writing
        self.is_writing = True
        super().apply(changes)
        self.applied += [change.sequence_number for change in changes]
        self.is_writing = False


@pytest_asyncio.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqlCatalogStore]:
    async with opened_store(tmp_path / "ootd.db") as opened:
        yield opened


async def until_applied(applier: ChangeApplier, number: int) -> None:
    async with asyncio.timeout(10):
        while applier.applied_sequence_number < number:
            await asyncio.sleep(0.005)


async def test_replays_in_batches_and_tells_how_far(store: SqlCatalogStore) -> None:
    await store.upsert(
        [draft(f"{n}", n, SuperCategory(n % 6)) for n in range(95)],
        vector_fingerprint=VECTOR_FINGERPRINT,
    )
    await store.delete(["0", "1", "2", "3", "4"])
    index, told = new_index(), list[ReplayProgress]()
    applier = ChangeApplier(store, index, batch_size=20)
    assert await applier.replay(told.append) == 95
    assert index.count() == 90
    assert [one.applied for one in told] == [25, 45, 65, 85, 100]
    assert {one.last for one in told} == {100}
    assert await applier.replay(told.append) == 0


async def test_an_empty_store(store: SqlCatalogStore) -> None:
    assert await ChangeApplier(store, new_index()).replay() == 0


async def test_catching_up_stops_where_the_log_ends(store: SqlCatalogStore) -> None:
    await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    applier = ChangeApplier(store, new_index())
    await applier.catch_up_to(10**9)
    assert applier.applied_sequence_number == 1


async def test_the_tail_sees_what_others_write(tmp_path: Path, store: SqlCatalogStore) -> None:
    index = new_index()
    applier = ChangeApplier(store, index, tail_interval_s=0.01)
    applier.start()
    applier.start()
    async with opened_store(tmp_path / "ootd.db") as other:
        drafts = [draft(f"{n}", n) for n in range(10)]
        await other.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
        await until_applied(applier, 10)
        await other.delete(["0"])
        await until_applied(applier, 11)
        assert index.count() == 9
        await applier.close()


async def test_own_writes_and_the_tail_apply_everything_once(store: SqlCatalogStore) -> None:
    index = WatchedIndex()
    applier = ChangeApplier(store, index, batch_size=7, tail_interval_s=0.001)
    applier.start()

    async def write(worker: int) -> None:
        for n in range(15):
            (outcome,) = await store.upsert(
                [draft(f"{worker}-{n}", n)], vector_fingerprint=VECTOR_FINGERPRINT
            )
            await applier.catch_up_to(outcome.item.sequence_number)
            assert index.applied_sequence_number >= outcome.item.sequence_number

    await asyncio.gather(*(write(worker) for worker in range(12)))
    await applier.close()
    assert index.applied == list(range(1, 181))
    assert index.count() == 180


async def test_a_cancelled_caller_breaks_no_batch(store: SqlCatalogStore) -> None:
    index = WatchedIndex()
    applier = ChangeApplier(store, index, batch_size=5)
    await store.upsert(
        [draft(f"{n}", n) for n in range(100)], vector_fingerprint=VECTOR_FINGERPRINT
    )
    for _ in range(10):
        task = asyncio.create_task(applier.catch_up_to(100))
        for _ in range(3):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await applier.catch_up_to(100)
    assert index.applied == list(range(1, 101))


async def test_the_tail_outlives_a_store_that_is_away(
    store: SqlCatalogStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures = 0

    async def away(*_: object, **__: object) -> Sequence[ItemChange]:
        nonlocal failures
        failures += 1
        raise StoreUnavailableError("away")

    index = new_index()
    applier = ChangeApplier(store, index, tail_interval_s=0.001)
    await store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
    monkeypatch.setattr(store, "changes_after", away)
    with pytest.raises(StoreUnavailableError):
        await applier.replay()
    applier.start()
    async with asyncio.timeout(10):
        while failures < 4:
            await asyncio.sleep(0.001)
    monkeypatch.undo()
    await until_applied(applier, 1)
    assert index.count() == 1
    await applier.close()


async def test_an_index_that_is_rebuilt_is_the_same(store: SqlCatalogStore) -> None:
    first = new_index()
    applier = ChangeApplier(store, first)
    for round_number in range(5):
        await store.upsert(
            [draft(f"{n}", 10 * n + round_number, SuperCategory(n % 6)) for n in range(30)],
            vector_fingerprint=VECTOR_FINGERPRINT,
        )
        await store.delete([f"{n}" for n in range(round_number, 30, 7)])
        await applier.replay()
    second = new_index()
    await ChangeApplier(store, second, batch_size=3).replay()
    for category in SuperCategory:
        assert first.count(category) == second.count(category)
        page = await store.list_page(page_size=1, super_category=category)
        assert page.total_size == first.count(category)
    assert first.applied_sequence_number == second.applied_sequence_number
