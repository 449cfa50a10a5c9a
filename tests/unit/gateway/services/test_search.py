from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from catalog_shop import searching

from catalog_builders import (
    VECTOR_FINGERPRINT,
    TableVision,
    draft,
    encoded_photo,
    garment,
    new_index,
)
from index_builders import embedding, histogram
from ootd_gateway.errors import (
    AnswerTooLargeError,
    ImageUnreadableError,
    ItemNotFoundError,
    StoreUnavailableError,
    VectorFingerprintMismatchError,
    VisionUnavailableError,
)
from ootd_gateway.process.index_opening import VECTOR_SIZES
from ootd_gateway.services.catalog.replay import ChangeApplier
from ootd_gateway.services.search.domain import Search
from ootd_gateway.services.search.types import Hit, HitOptions
from ootd_gateway.store.catalog.sql import SqlCatalogStore
from ootd_gateway.store.database import Database
from ootd_gateway.types import (
    ALL_PARTS,
    AnalyzeOptions,
    AttributeModel,
    CategoryGuide,
    ItemParts,
    Photo,
    Priority,
    ServedModels,
    SuperCategory,
)
from ootd_index.sharded_index import ShardedIndex
from ootd_index.vector_index import Neighbor, Query

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = SuperCategory
PHOTO, EMPTY_PHOTO = encoded_photo(), encoded_photo(70, 70)


@dataclass
class Shop:
    search: Search
    database: Database
    store: SqlCatalogStore
    index: ShardedIndex
    vision: TableVision
    applier: ChangeApplier


@pytest_asyncio.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    """60 items: seeds 0 to 39 are tops, 40 to 59 bottoms."""
    database = Database.open(f"sqlite:///{tmp_path}/ootd.db")
    store = SqlCatalogStore(database)
    await store.upsert(
        [draft(f"sku-{n:02}", n, TOP if n < 40 else BOTTOM) for n in range(60)],
        vector_fingerprint=VECTOR_FINGERPRINT,
    )
    index = new_index()
    applier = ChangeApplier(store, index)
    await applier.replay()
    vision = TableVision(
        {PHOTO: (garment(3, TOP), garment(45, BOTTOM), garment(7, BAG)), EMPTY_PHOTO: ()}
    )
    search = searching(index, store, vision, color_weight=0.15)
    yield Shop(search, database, store, index, vision, applier)
    await search.close()
    await database.close()


def ids(hits: Sequence[Hit]) -> list[str]:
    return [hit.item.item_id for hit in hits]


async def test_a_photo_searches_with_each_garment(shop: Shop) -> None:
    found = await shop.search.by_image(Photo(PHOTO), hits=HitOptions(k=5))
    tops, bottoms, bags = found.results
    assert [one.garment for one in found.results] == list(found.analysis.garments)
    assert ids(tops.hits)[0] == "sku-03"
    assert ids(bottoms.hits)[0] == "sku-45"
    assert (len(tops.hits), len(bottoms.hits), len(bags.hits)) == (5, 5, 0)
    assert all(hit.item.garment.super_category == BOTTOM for hit in bottoms.hits)
    scores = [hit.score for hit in tops.hits]
    assert scores == sorted(scores, reverse=True)
    assert tops.hits[0].parts.color_weight == 0.15
    assert tops.hits[0].score == pytest.approx(1.0, abs=1e-5)


async def test_the_guide_goes_to_the_models(shop: Shop) -> None:
    await shop.search.by_image(Photo(PHOTO, CategoryGuide(TOP)))
    assert shop.vision.guides == [CategoryGuide(TOP)]


async def test_a_photo_without_garments_has_no_results(shop: Shop) -> None:
    assert (await shop.search.by_image(Photo(EMPTY_PHOTO))).results == ()


async def test_an_item_is_left_out_of_its_own_hits(shop: Shop) -> None:
    hits = await shop.search.by_item("sku-03", hits=HitOptions(k=1000))
    assert len(hits) == 39
    assert "sku-03" not in ids(hits)
    (nearest,) = await shop.search.by_item("sku-03", hits=HitOptions(k=1))
    assert nearest.item.item_id == hits[0].item.item_id
    with pytest.raises(ItemNotFoundError):
        await shop.search.by_item("nothing")


async def test_an_embedding_searches_one_super_category(shop: Shop) -> None:
    hits = await shop.search.by_embedding(embedding(45), BOTTOM)
    assert (len(hits), hits[0].item.item_id) == (10, "sku-45")
    assert hits[0].parts.color_weight == 0.0
    with_color = await shop.search.by_embedding(
        embedding(45), BOTTOM, hits=HitOptions(k=20), color_histogram=histogram(45)
    )
    assert (len(with_color), with_color[0].item.item_id) == (20, "sku-45")
    assert with_color[0].parts.color == pytest.approx(1.0, abs=1e-5)
    assert await shop.search.by_embedding(embedding(1), SHOES) == ()


async def test_equal_scores_come_by_item_id(shop: Shop) -> None:
    twins = [draft(item_id, 7, SHOES) for item_id in ("z", "b", "m", "a")]
    await shop.store.upsert(twins, vector_fingerprint=VECTOR_FINGERPRINT)
    await shop.applier.replay()
    assert ids(await shop.search.by_embedding(embedding(7), SHOES)) == ["a", "b", "m", "z"]


class LaggingIndex(ShardedIndex):
    """The real index, which here finds out too late what happened to the store meanwhile."""

    def __init__(self, index: ShardedIndex) -> None:
        super().__init__(SuperCategory, VECTOR_SIZES)
        self._shards = index._shards
        self.searches = 0

    def search(self, query: Query) -> Sequence[Neighbor]:
        self.searches += 1
        return super().search(query)


@pytest.mark.parametrize("k", [1, 10, 25, 40])
async def test_deleted_items_are_replaced_by_the_next_best(shop: Shop, k: int) -> None:
    index = LaggingIndex(shop.index)
    search = searching(index, shop.store, shop.vision)
    before = ids(await search.by_embedding(embedding(3), TOP, hits=HitOptions(k=40)))
    gone = before[:15]
    await shop.store.delete(gone)
    found = ids(await search.by_embedding(embedding(3), TOP, hits=HitOptions(k=k)))
    assert found == before[15 : 15 + k]
    assert index.searches <= 6
    await search.close()


async def test_items_that_moved_to_another_category_are_no_hits(shop: Shop) -> None:
    search = searching(LaggingIndex(shop.index), shop.store, shop.vision)
    await shop.store.upsert([draft("sku-03", 3, BAG)], vector_fingerprint=VECTOR_FINGERPRINT)
    hits = await search.by_embedding(embedding(3), TOP, hits=HitOptions(k=10))
    assert "sku-03" not in ids(hits)
    assert len(hits) == 10
    await search.close()


@pytest.mark.parametrize("size", [1, 7, 13])
async def test_pages_of_hits_are_the_hits_in_their_order(shop: Shop, size: int) -> None:
    everything = await shop.search.by_embedding(embedding(3), TOP, hits=HitOptions(k=40))
    paged: list[Hit] = []
    while page := await shop.search.by_embedding(
        embedding(3), TOP, hits=HitOptions(k=size, offset=len(paged))
    ):
        assert len(page) <= size
        paged += page
    assert ids(paged) == ids(everything)
    by_item = await shop.search.by_item("sku-03", hits=HitOptions(k=5, offset=36))
    assert len(by_item) == 3  # 39 others


async def test_pages_are_filled_where_items_are_gone(shop: Shop) -> None:
    search = searching(LaggingIndex(shop.index), shop.store, shop.vision)
    before = ids(await search.by_embedding(embedding(3), TOP, hits=HitOptions(k=40)))
    await shop.store.delete(before[5:15])
    found = await search.by_embedding(embedding(3), TOP, hits=HitOptions(k=10, offset=5))
    assert ids(found) == before[15:25]
    await search.close()


async def test_hits_below_the_lowest_score_are_left_out(shop: Shop) -> None:
    everything = await shop.search.by_embedding(embedding(3), TOP, hits=HitOptions(k=40))
    bar = everything[11].score
    found = await shop.search.by_embedding(embedding(3), TOP, hits=HitOptions(k=40, min_score=bar))
    assert ids(found) == ids(everything)[:12]
    second = HitOptions(k=10, offset=8, min_score=bar)
    found = await shop.search.by_embedding(embedding(3), TOP, hits=second)
    assert ids(found) == ids(everything)[8:12]
    none = await shop.search.by_image(Photo(PHOTO), hits=HitOptions(min_score=1.0))
    assert [len(one.hits) for one in none.results] == [1, 1, 0]  # two are the garments themselves


async def test_items_carry_what_was_asked_for(shop: Shop) -> None:
    (plain,) = await shop.search.by_item("sku-03", hits=HitOptions(k=1))
    assert plain.item.payload == b"\x00price\xff"
    assert plain.item.garment.embedding.shape == (0,)
    bare = HitOptions(k=1, parts=ItemParts(payload=False, vectors=True))
    (hit,) = await shop.search.by_item("sku-03", hits=bare)
    assert hit.item.payload == b""
    assert hit.item.garment.embedding.shape == (128,)


async def test_the_photos_options_go_to_the_models(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []
    analyze = shop.vision.analyze

    async def watched(photo: Photo, **kwargs: Any) -> object:
        seen.append((photo.options, kwargs["priority"]))
        return await analyze(photo, **kwargs)

    monkeypatch.setattr(shop.vision, "analyze", watched)
    options = AnalyzeOptions(0.5, AttributeModel.SEQUENCER)
    await shop.search.by_image(Photo(PHOTO, options=options))
    assert seen == [(options, Priority.INTERACTIVE)]


async def test_no_more_items_are_read_than_fit_into_an_answer(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ootd_gateway.services.search.domain._ITEMS_A_READ", 4)
    large = [draft(f"large-{n}", n, SHOES, payload=bytes(4 << 20)) for n in range(20)]
    await shop.store.upsert(large, vector_fingerprint=VECTOR_FINGERPRINT)
    await shop.applier.replay()
    read = 0
    get_by_keys = shop.store.get_by_keys

    async def counted(keys: Sequence[int], *, parts: ItemParts) -> object:
        nonlocal read
        read += len(keys)
        return await get_by_keys(keys, parts=parts)

    monkeypatch.setattr(shop.store, "get_by_keys", counted)
    with pytest.raises(AnswerTooLargeError) as caught:
        await shop.search.by_embedding(embedding(3), SHOES, hits=HitOptions(k=20))
    assert read == 8
    assert caught.value.metadata["limit_bytes"] == str(24 << 20)
    assert "item_fields" in caught.value.message
    slim = HitOptions(k=20, parts=ItemParts(False, False, False))
    assert len(await shop.search.by_embedding(embedding(3), SHOES, hits=slim)) == 20


async def test_a_photo_that_is_none_asks_no_model(shop: Shop) -> None:
    with pytest.raises(ImageUnreadableError):
        await shop.search.by_image(Photo(b"text"))
    assert shop.vision.guides == []


async def test_another_embedder_is_refused(shop: Shop) -> None:
    shop.vision.served_vectors = "vectors-b"
    with pytest.raises(VectorFingerprintMismatchError):
        await shop.search.by_image(Photo(PHOTO))
    with pytest.raises(VectorFingerprintMismatchError):
        await shop.search.by_embedding(embedding(1), TOP)
    assert len(await shop.search.by_item("sku-01")) == 10  # a stored vector among stored ones


async def test_what_answered_decides_not_what_is_told(shop: Shop) -> None:
    """Of several vision servers, some have other models for a while."""
    shop.vision.told = ServedModels(VECTOR_FINGERPRINT, "graph-a")
    shop.vision.served_vectors = "vectors-b"
    with pytest.raises(VectorFingerprintMismatchError) as caught:
        await shop.search.by_image(Photo(PHOTO))
    assert caught.value.metadata == {"stored": VECTOR_FINGERPRINT, "served": "vectors-b"}
    # What answered last counts for vectors that come without a word, too.
    with pytest.raises(VectorFingerprintMismatchError):
        await shop.search.by_embedding(embedding(1), TOP)
    shop.vision.told = ServedModels("vectors-b", "graph-b")
    shop.vision.served_vectors = VECTOR_FINGERPRINT
    found = await shop.search.by_image(Photo(PHOTO))
    assert found.analysis.served.vector_fingerprint == VECTOR_FINGERPRINT


@pytest.mark.parametrize("is_away", [False, True])
async def test_an_embedding_may_name_its_models(shop: Shop, is_away: bool) -> None:
    shop.vision.is_away = is_away
    shop.vision.served_vectors = "vectors-b"
    found = await shop.search.by_embedding(embedding(1), TOP, vector_fingerprint=VECTOR_FINGERPRINT)
    assert len(found) == 10
    with pytest.raises(VectorFingerprintMismatchError) as caught:
        await shop.search.by_embedding(embedding(1), TOP, vector_fingerprint="vectors-b")
    assert caught.value.metadata == {"stored": VECTOR_FINGERPRINT, "served": "vectors-b"}


async def test_in_an_empty_catalogue_the_served_models_count(shop: Shop) -> None:
    await shop.store.delete([f"sku-{n:02}" for n in range(60)])
    with pytest.raises(VectorFingerprintMismatchError):
        await shop.search.by_embedding(embedding(1), TOP, vector_fingerprint="vectors-b")
    shop.vision.is_away = True
    assert (
        await shop.search.by_embedding(embedding(1), BAG, vector_fingerprint=VECTOR_FINGERPRINT)
        == ()
    )


async def test_without_models_embeddings_and_items_are_still_searched(shop: Shop) -> None:
    shop.vision.is_away = True
    assert len(await shop.search.by_embedding(embedding(1), TOP)) == 10
    assert len(await shop.search.by_item("sku-01")) == 10
    with pytest.raises(VisionUnavailableError):
        await shop.search.by_image(Photo(PHOTO))


async def test_without_a_store(shop: Shop) -> None:
    await shop.database.close()
    with pytest.raises(StoreUnavailableError):
        await shop.search.by_item("sku-01")


async def test_scores_can_be_recomputed_from_their_parts(shop: Shop) -> None:
    for hit in await shop.search.by_item("sku-05", hits=HitOptions(k=20, parts=ALL_PARTS)):
        query, item = garment(5), hit.item.garment
        assert item.color_histogram is not None
        cosine = float(np.dot(query.embedding, item.embedding))
        color = float(np.minimum(histogram(5), item.color_histogram).sum())
        assert hit.parts.appearance == pytest.approx(cosine, abs=2e-6)
        assert hit.parts.color == pytest.approx(color, abs=2e-6)
        assert hit.score == pytest.approx(0.85 * cosine + 0.15 * color, abs=4e-6)
