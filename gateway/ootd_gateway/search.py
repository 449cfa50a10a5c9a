"""What the search calls do, in domain terms: query vectors, neighbours, items."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from ootd_gateway import validation
from ootd_gateway.catalog import item_not_found
from ootd_gateway.image_header import DEFAULT_LIMITS, ImageLimits, check_image
from ootd_gateway.index.base import Neighbor, Query, VectorIndex
from ootd_gateway.releases import ReleaseGuard
from ootd_gateway.store.base import CatalogStore
from ootd_gateway.types import (
    FloatVector,
    Garment,
    GarmentHits,
    Guide,
    Hit,
    ImageAnalysis,
    Item,
    SuperCategory,
)
from ootd_gateway.vision.base import VisionModel

_RELEASE_AGE_S = 1.0  # one read of the database a second tells soon enough


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """`color_weight` (0 to 1) is the colour part of a score; `threads` search at a time."""

    color_weight: float = 0.25
    threads: int = 4


@dataclass(frozen=True, slots=True, eq=False)
class ImageSearchResult:
    """What a photo holds, and the hits of each garment, in the order of `analysis.garments`."""

    analysis: ImageAnalysis
    results: tuple[GarmentHits, ...]


class Search:
    """Finds items that look alike. Safe for concurrent calls."""

    def __init__(
        self,
        index: VectorIndex,
        store: CatalogStore,
        vision: VisionModel,
        settings: SearchSettings = SearchSettings(),
        limits: ImageLimits = DEFAULT_LIMITS,
        *,
        releases: ReleaseGuard | None = None,
    ) -> None:
        """`releases` is shared with the catalogue of the same store and models."""
        self._index = index
        self._store = store
        self._vision = vision
        self._settings = settings
        self._limits = limits
        self._releases = releases or ReleaseGuard(store, vision)
        self._threads = ThreadPoolExecutor(settings.threads, thread_name_prefix="search")

    async def by_image(
        self,
        image: bytes,
        *,
        guide: Guide = None,
        k: int | None = None,
        timeout_s: float | None = None,
    ) -> ImageSearchResult:
        """Search with each garment of a photo; `k` hits for each, 1 to 1000, None is 10.

        Raises InvalidRequestError, the image errors of `image_header.check_image`,
        VisionUnavailableError, DeadlineExceededError, ReleaseMismatchError, StoreUnavailableError.
        """
        count = _checked_k(k)
        check_image(image, self._limits)
        analysis = await self._vision.analyze(image, guide, timeout_s=timeout_s)
        # What answered decides, not what was served before: servers may be about to change models.
        models = await self._releases.answered(analysis.served)
        await self._releases.check(models.vector_fingerprint, max_age_s=_RELEASE_AGE_S)
        queries = [self._query(garment, count) for garment in analysis.garments]
        hits = await self._hits(queries)
        return ImageSearchResult(
            analysis,
            tuple(
                GarmentHits(garment, found)
                for garment, found in zip(analysis.garments, hits, strict=True)
            ),
        )

    async def by_item(self, item_id: str, *, k: int | None = None) -> tuple[Hit, ...]:
        """Search with an item, which is left out of the hits.

        Raises InvalidRequestError, ItemNotFoundError, StoreUnavailableError.
        """
        violations = validation.Violations()
        validation.item_id(item_id, "item_id", violations)
        count = validation.k(k, "k", violations)
        violations.check()
        item = await self._store.get(item_id)
        if item is None:
            raise item_not_found(item_id)
        query = replace(self._query(item.garment, count), exclude_key=item.key)
        (hits,) = await self._hits([query])
        return hits

    async def by_embedding(
        self,
        embedding: FloatVector,
        super_category: SuperCategory,
        *,
        k: int | None = None,
        color_histogram: FloatVector | None = None,
        vector_fingerprint: str = "",
    ) -> tuple[Hit, ...]:
        """Search with an embedding, float32[128] as `validation.embedding` returns it.

        `vector_fingerprint` names the models that made it; "" is not said, and the caller answers
        for the served ones. Raises InvalidRequestError, ReleaseMismatchError,
        StoreUnavailableError.
        """
        count = _checked_k(k)
        await self._releases.check_query(vector_fingerprint, max_age_s=_RELEASE_AGE_S)
        garment = Garment(super_category, embedding, color_histogram)
        (hits,) = await self._hits([self._query(garment, count)])
        return hits

    async def close(self) -> None:
        """Give back the worker threads; waits for searches that are running."""
        await asyncio.to_thread(self._threads.shutdown)

    def _query(self, garment: Garment, k: int) -> Query:
        return Query(
            super_category=garment.super_category,
            embedding=garment.embedding,
            k=k,
            color_histogram=garment.color_histogram,
            color_weight=self._settings.color_weight,
        )

    async def _hits(self, queries: Sequence[Query]) -> list[tuple[Hit, ...]]:
        """Return each query's hits, best first, equal scores by item id.

        An item may be deleted, or change its category, after the index named it. Its place is
        filled by asking for more than twice as many, until there are enough or the index has no
        more.
        """
        hits: list[tuple[Hit, ...]] = [()] * len(queries)
        asked = list(queries)
        open_queries = list(range(len(queries)))
        while open_queries:
            found = await self._round([asked[number] for number in open_queries])
            still_open = []
            for number, (several, is_all) in zip(open_queries, found, strict=True):
                hits[number] = several[: queries[number].k]
                if not is_all and len(several) < queries[number].k:
                    asked[number] = replace(asked[number], k=2 * asked[number].k + 8)
                    still_open.append(number)
            open_queries = still_open
        return hits

    async def _round(self, queries: Sequence[Query]) -> list[tuple[tuple[Hit, ...], bool]]:
        """Return each query's hits that are still there, and whether the index has no more."""
        neighbors = await asyncio.get_running_loop().run_in_executor(
            self._threads, lambda: [self._index.search(query) for query in queries]
        )
        keys = list({one.key for several in neighbors for one in several})
        items = {item.key: item for item in await self._store.get_by_keys(keys)}
        return [
            (_join(query, several, items), len(several) < query.k)
            for query, several in zip(queries, neighbors, strict=True)
        ]


def _join(
    query: Query, neighbors: Sequence[Neighbor], items: Mapping[int, Item]
) -> tuple[Hit, ...]:
    hits = [
        Hit(items[one.key], one.parts)
        for one in neighbors
        if one.key in items and items[one.key].garment.super_category == query.super_category
    ]
    return tuple(sorted(hits, key=lambda hit: (-hit.score, hit.item.item_id)))


def _checked_k(k: int | None) -> int:
    violations = validation.Violations()
    count = validation.k(k, "k", violations)
    violations.check()
    return count
