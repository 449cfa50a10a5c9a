"""What every `CatalogStore` must do; a store's tests subclass this with a `store` fixture."""

import asyncio
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from catalog_builders import VECTOR_FINGERPRINT, draft, garment
from ootd_gateway.errors import VectorFingerprintMismatchError
from ootd_gateway.store.catalog.base import CatalogStore, DeletionResult, UpsertOutcome
from ootd_gateway.types import Item, ItemDraft, ItemParts, SuperCategory


def same_item(item: Item, wanted: ItemDraft) -> bool:
    got, want = item.garment, wanted.garment
    same_vectors = np.array_equal(got.embedding, want.embedding) and (
        np.array_equal(got.color_histogram, want.color_histogram)
        if got.color_histogram is not None and want.color_histogram is not None
        else got.color_histogram is want.color_histogram
    )
    names = ("super_category", "sub_category", "sub_category_score", "score", "box", "box_origin")
    return (
        same_vectors
        and all(getattr(got, name) == getattr(want, name) for name in (*names, "attributes"))
        and all(
            getattr(item, name) == getattr(wanted, name)
            for name in ("item_id", "title", "payload", "source_digest", "attributes")
        )
    )


async def replayed(store: CatalogStore, *, limit: int) -> dict[int, str]:
    """The items by key, as a reader of the change log comes to know them."""
    known: dict[int, str] = {}
    place = 0
    while changes := await store.changes_after(place, limit=limit):
        assert [one.sequence_number for one in changes] == sorted(
            one.sequence_number for one in changes
        )
        assert len(changes) <= limit
        for change in changes:
            if change.item is None:
                known.pop(change.key, None)
            else:
                known[change.key] = change.item.item_id
        place = changes[-1].sequence_number
    assert place == await store.last_sequence_number()
    return known


class CatalogStoreContract:
    async def test_stores_every_field(self, store: CatalogStore) -> None:
        before = datetime.now(UTC)
        wanted = draft("sku-1", seed=3)
        (result,) = await store.upsert([wanted], vector_fingerprint=VECTOR_FINGERPRINT)
        assert result.changed
        assert same_item(result.item, wanted)
        read = await store.get("sku-1")
        assert read is not None
        assert same_item(read, wanted)
        assert (read.key, read.sequence_number) == (
            result.item.key,
            result.item.sequence_number,
        )
        assert 0 < read.key < 2**63
        assert before - timedelta(milliseconds=1) <= read.update_time <= datetime.now(UTC)

    async def test_stores_a_ready_embedding(self, store: CatalogStore) -> None:
        bare = garment(
            1, color_histogram=None, box=None, box_origin=None, sub_category="", attributes=()
        )
        wanted = draft("bare", garment=bare, title="", attributes={}, payload=b"")
        await store.upsert([wanted], vector_fingerprint=VECTOR_FINGERPRINT)
        read = await store.get("bare")
        assert read is not None
        assert same_item(read, wanted)

    async def test_get_of_an_unknown_item_is_none(self, store: CatalogStore) -> None:
        assert await store.get("nothing") is None
        assert list(await store.get_by_keys([1, 2, 3])) == []
        assert list(await store.get_by_keys([])) == []

    async def test_what_was_not_asked_for_is_left_out(self, store: CatalogStore) -> None:
        wanted = draft("sku-1", seed=3)
        (result,) = await store.upsert([wanted], vector_fingerprint=VECTOR_FINGERPRINT)
        parts = ItemParts(payload=False, vectors=False)
        (by_key,) = await store.get_by_keys([result.item.key], parts=parts)
        page = await store.list_page(page_size=5, parts=parts)
        in_category = await store.list_page(
            page_size=5, super_category=wanted.garment.super_category, parts=parts
        )
        for item in (
            await store.get("sku-1", parts=parts),
            by_key,
            *page.items,
            *in_category.items,
        ):
            assert item is not None
            assert (item.title, item.attributes) == (wanted.title, wanted.attributes)
            assert item.payload == b""
            assert item.garment.embedding.shape == (0,)
            assert item.garment.color_histogram is None
        payload_alone = await store.get("sku-1", parts=ItemParts(vectors=False, attributes=False))
        assert payload_alone is not None
        assert payload_alone.payload == wanted.payload
        assert payload_alone.attributes == {}

    async def test_pages_end_early_where_they_are_large(self, store: CatalogStore) -> None:
        await store.upsert(
            [draft(f"{n:02}", payload=bytes(10_000)) for n in range(20)],
            vector_fingerprint=VECTOR_FINGERPRINT,
        )
        found: list[str] = []
        token = ""
        while True:
            page = await store.list_page(page_size=15, after_item_id=token, max_bytes=35_000)
            assert 1 <= len(page.items) <= 4
            assert page.total_size == 20
            found += [one.item_id for one in page.items]
            token = page.next_page_token
            if not token:
                break
        assert found == [f"{n:02}" for n in range(20)]
        (one,) = (await store.list_page(page_size=15, max_bytes=1)).items
        assert one.item_id == "00"
        slim = await store.list_page(
            page_size=20, max_bytes=35_000, parts=ItemParts(payload=False, vectors=False)
        )
        assert (len(slim.items), slim.next_page_token) == (20, "")

    async def test_outcomes_tell_new_from_replaced(self, store: CatalogStore) -> None:
        outcomes = []
        for seed in (1, 1, 2):
            (result,) = await store.upsert(
                [draft("a", seed)], vector_fingerprint=VECTOR_FINGERPRINT
            )
            outcomes.append(result.outcome)
        assert outcomes == [UpsertOutcome.CREATED, UpsertOutcome.UNCHANGED, UpsertOutcome.REPLACED]
        both = await store.upsert(
            [draft("b", 1), draft("b", 2)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        assert [one.outcome for one in both] == [UpsertOutcome.CREATED, UpsertOutcome.REPLACED]
        await store.delete(["a"])
        (again,) = await store.upsert([draft("a", 2)], vector_fingerprint=VECTOR_FINGERPRINT)
        assert again.outcome is UpsertOutcome.CREATED

    async def test_same_digest_changes_nothing(self, store: CatalogStore) -> None:
        (first,) = await store.upsert([draft("sku-1")], vector_fingerprint=VECTOR_FINGERPRINT)
        number = await store.last_sequence_number()
        (again,) = await store.upsert([draft("sku-1")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert not again.changed
        assert again.item.sequence_number == first.item.sequence_number
        assert again.item.update_time == first.item.update_time
        assert await store.last_sequence_number() == number

    async def test_replacing_keeps_the_key_and_moves_the_sequence(
        self, store: CatalogStore
    ) -> None:
        (first,) = await store.upsert(
            [draft("sku-1", seed=1)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        (second,) = await store.upsert(
            [draft("sku-1", seed=2)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        assert second.changed
        assert second.item.key == first.item.key
        assert second.item.sequence_number > first.item.sequence_number
        read = await store.get("sku-1")
        assert read is not None
        assert same_item(read, draft("sku-1", seed=2))

    async def test_a_key_is_never_used_again(self, store: CatalogStore) -> None:
        (first,) = await store.upsert([draft("sku-1")], vector_fingerprint=VECTOR_FINGERPRINT)
        await store.delete(["sku-1"])
        (second,) = await store.upsert([draft("sku-1")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert second.changed
        assert second.item.key > first.item.key

    async def test_results_come_in_the_drafts_order(self, store: CatalogStore) -> None:
        await store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)
        results = await store.upsert(
            [draft("c"), draft("b"), draft("a")], vector_fingerprint=VECTOR_FINGERPRINT
        )
        assert [one.item.item_id for one in results] == ["c", "b", "a"]
        assert [one.changed for one in results] == [True, False, True]

    async def test_of_one_id_twice_in_a_call_the_last_is_stored(self, store: CatalogStore) -> None:
        drafts = [draft("a", 1), draft("a", 2), draft("a", 2), draft("a", 1)]
        results = await store.upsert(drafts, vector_fingerprint=VECTOR_FINGERPRINT)
        assert [one.changed for one in results] == [True, True, False, True]
        assert len({one.item.key for one in results}) == 1
        read = await store.get("a")
        assert read is not None
        assert same_item(read, drafts[-1])
        assert (await store.list_page(page_size=10)).total_size == 1
        assert await replayed(store, limit=10) == {read.key: "a"}

    async def test_concurrent_upserts_all_succeed_in_commit_order(
        self, store: CatalogStore
    ) -> None:
        results = await asyncio.gather(
            *(
                store.upsert([draft(f"sku-{n:03}", n)], vector_fingerprint=VECTOR_FINGERPRINT)
                for n in range(200)
            )
        )
        items = [one.item for (one,) in results]
        assert len({item.key for item in items}) == 200
        assert sorted(item.sequence_number for item in items) == list(range(1, 201))
        assert (await store.list_page(page_size=1)).total_size == 200

    async def test_one_bad_write_harms_none_beside_it(self, store: CatalogStore) -> None:
        short = garment(1, embedding=np.ones(3, dtype=np.float32))
        results = await asyncio.gather(
            *(
                store.upsert([draft(f"good-{n}", n)], vector_fingerprint=VECTOR_FINGERPRINT)
                for n in range(20)
            ),
            store.upsert(
                [draft("half", 1), draft("bad", garment=short)],
                vector_fingerprint=VECTOR_FINGERPRINT,
            ),
            *(
                store.upsert([draft(f"more-{n}", n)], vector_fingerprint=VECTOR_FINGERPRINT)
                for n in range(20)
            ),
            return_exceptions=True,
        )
        assert [n for n, one in enumerate(results) if isinstance(one, BaseException)] == [20]
        assert (await store.list_page(page_size=100)).total_size == 40
        assert await store.get("half") is None
        assert await store.get("bad") is None

    async def test_deletes_what_there_is(self, store: CatalogStore) -> None:
        await store.upsert(
            [draft("a"), draft("b"), draft("c")], vector_fingerprint=VECTOR_FINGERPRINT
        )
        result = await store.delete(["c", "x", "a", "c"])
        assert result.item_ids == ("c", "a")
        assert result.sequence_number == await store.last_sequence_number()
        assert await store.get("a") is None
        assert [one.item_id for one in (await store.list_page(page_size=9)).items] == ["b"]
        assert await store.delete(["a"]) == DeletionResult((), 0)

    async def test_reads_by_keys(self, store: CatalogStore) -> None:
        results = await store.upsert(
            [draft(f"{n}", n) for n in range(30)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        keys = [one.item.key for one in results]
        await store.delete(["3"])
        read = await store.get_by_keys([*keys, 10**12])
        assert {one.item_id for one in read} == {str(n) for n in range(30)} - {"3"}

    async def test_reads_by_many_keys(self, store: CatalogStore) -> None:
        results = await store.upsert(
            [draft(f"{n}", n) for n in range(50)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        keys = [one.item.key for one in results]
        read = await store.get_by_keys([*range(10**6, 10**6 + 6000), *keys])
        assert len(read) == 50

    async def test_pages_go_by_id_and_meet_every_item_once(self, store: CatalogStore) -> None:
        ids = ["a", "B", "a:1", "a-1", "Z", "10", "9", "_", "b/c", "b.c"]
        await store.upsert(
            [draft(one, n) for n, one in enumerate(ids)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        seen: list[str] = []
        after = ""
        while True:
            page = await store.list_page(page_size=3, after_item_id=after)
            assert page.total_size == len(ids)
            seen += [one.item_id for one in page.items]
            if not page.next_page_token:
                break
            after = page.next_page_token
            assert after == seen[-1]
        assert seen == sorted(ids)

    async def test_a_full_last_page_has_no_token(self, store: CatalogStore) -> None:
        await store.upsert([draft("a"), draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert (await store.list_page(page_size=2)).next_page_token == ""
        assert (await store.list_page(page_size=1)).next_page_token == "a"
        assert (await store.list_page(page_size=5, after_item_id="z")).items == ()

    async def test_pages_and_counts_of_one_super_category(self, store: CatalogStore) -> None:
        async def count(category: SuperCategory) -> int:
            page = await store.list_page(page_size=100, super_category=category)
            assert all(one.garment.super_category == category for one in page.items)
            assert len(page.items) == page.total_size
            return page.total_size

        await store.upsert(
            [draft(f"{n}", n, SuperCategory(n % 6)) for n in range(20)],
            vector_fingerprint=VECTOR_FINGERPRINT,
        )
        assert [await count(category) for category in SuperCategory] == [4, 4, 3, 3, 3, 3]
        await store.upsert(
            [draft("0", 99, SuperCategory.BAG)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        await store.delete(["1", "7"])
        assert [await count(category) for category in SuperCategory] == [3, 2, 3, 3, 3, 4]

    @pytest.mark.parametrize("limit", [1, 7, 1000])
    async def test_the_log_tells_the_whole_state(self, store: CatalogStore, limit: int) -> None:
        await store.upsert(
            [draft(f"{n}", n) for n in range(20)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        await store.upsert(
            [draft(f"{n}", 100 + n) for n in range(0, 20, 3)], vector_fingerprint=VECTOR_FINGERPRINT
        )
        await store.delete(["0", "1", "2"])
        await store.upsert([draft("1", 7)], vector_fingerprint=VECTOR_FINGERPRINT)
        page = await store.list_page(page_size=100)
        assert await replayed(store, limit=limit) == {one.key: one.item_id for one in page.items}

    async def test_a_reader_that_lags_misses_nothing(self, store: CatalogStore) -> None:
        await store.upsert([draft("a", 1), draft("b", 1)], vector_fingerprint=VECTOR_FINGERPRINT)
        place = await store.last_sequence_number()
        await store.upsert([draft("a", 2)], vector_fingerprint=VECTOR_FINGERPRINT)
        await store.upsert([draft("a", 3)], vector_fingerprint=VECTOR_FINGERPRINT)
        await store.delete(["b"])
        changes = await store.changes_after(place, limit=100)
        last = {change.key: change.item for change in changes}
        assert [None if one is None else one.source_digest for one in last.values()] == [
            draft("a", 3).source_digest,
            None,
        ]

    async def test_an_empty_log(self, store: CatalogStore) -> None:
        assert await store.last_sequence_number() == 0
        assert list(await store.changes_after(0, limit=10)) == []

    async def test_vectors_of_two_fingerprints_do_not_mix(self, store: CatalogStore) -> None:
        assert await store.vector_fingerprint() == ""
        await store.upsert([draft("a")], vector_fingerprint="one")
        assert await store.vector_fingerprint() == "one"
        with pytest.raises(VectorFingerprintMismatchError) as caught:
            await store.upsert([draft("b")], vector_fingerprint="two")
        assert caught.value.metadata == {"stored": "one", "served": "two"}
        assert await store.get("b") is None
        assert await store.last_sequence_number() == 1

    async def test_an_emptied_store_takes_another_fingerprint(self, store: CatalogStore) -> None:
        await store.upsert([draft("a")], vector_fingerprint="one")
        await store.delete(["a"])
        assert await store.vector_fingerprint() == ""
        await store.upsert([draft("a")], vector_fingerprint="two")
        assert await store.vector_fingerprint() == "two"

    async def test_a_cancelled_caller_leaves_the_store_working(self, store: CatalogStore) -> None:
        task = asyncio.ensure_future(
            store.upsert([draft("a")], vector_fingerprint=VECTOR_FINGERPRINT)
        )
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        (result,) = await store.upsert([draft("b")], vector_fingerprint=VECTOR_FINGERPRINT)
        assert result.changed
        total = (await store.list_page(page_size=5)).total_size
        assert total == len(await replayed(store, limit=5))
