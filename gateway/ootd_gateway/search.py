"""What the search calls do, in domain terms: query vectors, neighbours, items."""

from dataclasses import dataclass

from ootd_gateway.image_header import DEFAULT_LIMITS, ImageLimits
from ootd_gateway.index.base import VectorIndex
from ootd_gateway.store.base import CatalogStore
from ootd_gateway.types import (
    FloatVector,
    GarmentHits,
    Guide,
    Hit,
    ImageAnalysis,
    SuperCategory,
)
from ootd_gateway.vision.base import VisionModel


@dataclass(frozen=True, slots=True)
class SearchSettings:
    """`color_weight` (0 to 1) is the colour part of a score; `threads` search at a time."""

    color_weight: float = 0.15
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
    ) -> None:
        raise NotImplementedError

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
        raise NotImplementedError

    async def by_item(self, item_id: str, *, k: int | None = None) -> tuple[Hit, ...]:
        """Search with an item, which is left out of the hits.

        Raises InvalidRequestError, ItemNotFoundError, StoreUnavailableError.
        """
        raise NotImplementedError

    async def by_embedding(
        self,
        embedding: FloatVector,
        super_category: SuperCategory,
        *,
        k: int | None = None,
        color_histogram: FloatVector | None = None,
    ) -> tuple[Hit, ...]:
        """Search with an embedding, float32[128] as `validation.embedding` returns it.

        Raises InvalidRequestError, ReleaseMismatchError, StoreUnavailableError.
        """
        raise NotImplementedError

    async def close(self) -> None:
        """Give back the worker threads; waits for searches that are running."""
        raise NotImplementedError
