"""What the search calls do, in domain terms: query vectors, neighbours, items."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from ootd_gateway.services.answer_size import AnswerSize
from ootd_gateway.services.catalog.domain import item_not_found
from ootd_gateway.services.search.settings import SearchSettings
from ootd_gateway.services.search.types import (
    TEN_BEST,
    GarmentHits,
    Hit,
    HitOptions,
    ImageSearchResult,
)
from ootd_gateway.services.vector_fingerprint_guard import VectorFingerprintGuard
from ootd_gateway.services.vision.domain import PhotoAnalyzer
from ootd_gateway.store.catalog.base import CatalogStore
from ootd_gateway.types import (
    FloatVector,
    Garment,
    Item,
    ItemParts,
    Photo,
    Priority,
    SuperCategory,
)
from ootd_index.vector_index import Neighbor, Query, VectorIndex

_FINGERPRINT_AGE_S = 1.0  # one read of the database a second tells soon enough
_ITEMS_A_READ = 256
"""Items that are read before their size is held against that of an answer."""


class Search:
    """Finds items that look alike. Safe for concurrent calls."""

    def __init__(
        self,
        index: VectorIndex,
        store: CatalogStore,
        photos: PhotoAnalyzer,
        settings: SearchSettings,
        *,
        fingerprints: VectorFingerprintGuard,
    ) -> None:
        """`fingerprints` is shared with the catalogue of the same store and models."""
        self._index = index
        self._store = store
        self._photos = photos
        self._settings = settings
        self._fingerprints = fingerprints
        self._threads = ThreadPoolExecutor(settings.search_threads, thread_name_prefix="search")

    async def by_image(
        self,
        photo: Photo,
        *,
        hits: HitOptions = TEN_BEST,
        timeout_s: float | None = None,
    ) -> ImageSearchResult:
        """Search with each garment of a photo.

        Raises the image errors of `PhotoAnalyzer.check`,
        AttributeModelNotServedError, VisionUnavailableError, DeadlineExceededError,
        VectorFingerprintMismatchError, StoreUnavailableError, AnswerTooLargeError.
        """
        analysis = await self._photos.analyze(
            self._photos.check(photo), priority=Priority.INTERACTIVE, timeout_s=timeout_s
        )
        # What answered decides, not what was served before: servers may be about to change models.
        self._fingerprints.answered(analysis.served)
        await self._fingerprints.check(
            analysis.served.vector_fingerprint, max_age_s=_FINGERPRINT_AGE_S
        )
        queries = [self._query(garment, hits) for garment in analysis.garments]
        found = await self._hits(queries, hits)
        return ImageSearchResult(
            analysis,
            tuple(
                GarmentHits(garment, several)
                for garment, several in zip(analysis.garments, found, strict=True)
            ),
        )

    async def by_item(self, item_id: str, *, hits: HitOptions = TEN_BEST) -> tuple[Hit, ...]:
        """Search with an item, which is left out of the hits.

        Raises ItemNotFoundError, StoreUnavailableError, AnswerTooLargeError.
        """
        item = await self._store.get(item_id, parts=ItemParts(payload=False, attributes=False))
        if item is None:
            raise item_not_found(item_id)
        query = replace(self._query(item.garment, hits), exclude_key=item.key)
        (found,) = await self._hits([query], hits)
        return found

    async def by_embedding(
        self,
        embedding: FloatVector,
        super_category: SuperCategory,
        *,
        color_histogram: FloatVector | None = None,
        vector_fingerprint: str = "",
        hits: HitOptions = TEN_BEST,
    ) -> tuple[Hit, ...]:
        """Search with an embedding, float32[128] as `validation.embedding` returns it.

        `vector_fingerprint` names the models that made it; "" is not said, and the caller answers
        for the served ones. Raises VectorFingerprintMismatchError, StoreUnavailableError,
        AnswerTooLargeError.
        """
        await self._fingerprints.check_query(vector_fingerprint, max_age_s=_FINGERPRINT_AGE_S)
        garment = Garment(super_category, embedding, color_histogram)
        (found,) = await self._hits([self._query(garment, hits)], hits)
        return found

    async def vector_fingerprint(self) -> str:
        """Return the fingerprint of the models that made the stored vectors; "" where there are
        none. Up to a second old. Raises StoreUnavailableError.
        """
        return await self._fingerprints.stored(max_age_s=_FINGERPRINT_AGE_S)

    async def close(self) -> None:
        """Give back the worker threads; waits for searches that are running."""
        await asyncio.to_thread(self._threads.shutdown)

    def _query(self, garment: Garment, hits: HitOptions) -> Query:
        return Query(
            partition=garment.super_category,
            embedding=garment.embedding,
            k=hits.offset + hits.k,
            offset=hits.offset,
            color_histogram=garment.color_histogram,
            color_weight=self._settings.color_weight,
        )

    async def _hits(self, queries: Sequence[Query], options: HitOptions) -> list[tuple[Hit, ...]]:
        """Return each query's hits, best first, equal scores by item id.

        An item may be deleted, or change its category, after the index named it. Its place is
        filled by asking for more than twice as many, until there are enough or the index has no
        more.
        """
        hits: list[tuple[Hit, ...]] = [()] * len(queries)
        asked = list(queries)
        open_queries = list(range(len(queries)))
        while open_queries:
            found = await self._round([asked[number] for number in open_queries], options)
            still_open = []
            for number, (several, is_all) in zip(open_queries, found, strict=True):
                hits[number] = several[: options.k]
                if not is_all and len(several) < options.k:
                    asked[number] = replace(asked[number], k=2 * asked[number].k + 8)
                    still_open.append(number)
            open_queries = still_open
        return hits

    async def _round(
        self, queries: Sequence[Query], options: HitOptions
    ) -> list[tuple[tuple[Hit, ...], bool]]:
        """Return each query's hits that are still there, and whether the index has no more."""
        searches = [self._neighbors(query, options.min_score) for query in queries]
        found = await asyncio.gather(*searches)
        keys = list({one.key for several, _ in found for one in several})
        items = await self._items(keys, options.parts)
        return [
            (_join(query, several, items), is_all)
            for query, (several, is_all) in zip(queries, found, strict=True)
        ]

    async def _neighbors(
        self, query: Query, min_score: float | None
    ) -> tuple[Sequence[Neighbor], bool]:
        """Return the neighbours that are good enough, and whether there are no more of them."""
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._threads, self._index.search, query)
        is_all = len(found) < query.k - query.offset
        if min_score is None:
            return found, is_all
        good = [one for one in found if one.parts.score >= min_score]
        return good, is_all or len(good) < len(found)

    async def _items(self, keys: Sequence[int], parts: ItemParts) -> dict[int, Item]:
        """Return the items that are still there; raises AnswerTooLargeError before it has read
        more of them than fit into an answer.
        """
        size, items = AnswerSize(), dict[int, Item]()
        for start in range(0, len(keys), _ITEMS_A_READ):
            piece = keys[start : start + _ITEMS_A_READ]
            for item in await self._store.get_by_keys(piece, parts=parts):
                size.add(_least_bytes(item))
                items[item.key] = item
        return items


def _least_bytes(item: Item) -> int:
    """Return what the large parts of an item take in an answer at least."""
    attributes = sum(len(name) + len(value) for name, value in item.attributes.items())
    return len(item.payload) + attributes + item.garment.embedding.nbytes


def _join(
    query: Query, neighbors: Sequence[Neighbor], items: Mapping[int, Item]
) -> tuple[Hit, ...]:
    hits = [
        Hit(items[one.key], one.parts)
        for one in neighbors
        if one.key in items and items[one.key].garment.super_category == query.partition
    ]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.item.item_id)))
