"""Terms of searches. Their values are valid: `conversion` makes them."""

from dataclasses import dataclass

from ootd_gateway import validation
from ootd_gateway.types import (
    NO_VECTORS,
    FloatVector,
    Garment,
    ImageAnalysis,
    Item,
    ItemParts,
    SuperCategory,
)
from ootd_index.vector_index import ScoreParts


@dataclass(frozen=True, slots=True)
class HitOptions:
    """Which hits come: `k` (1 to 1000) of the best after the first `offset` (0 to 10000), with a
    score of `min_score` (-1 to 1) at least; their items have `parts`.

    Where the index stays the same, pages of hits that follow one another hold each hit once.
    """

    k: int = validation.DEFAULT_K
    offset: int = 0
    min_score: float | None = None
    parts: ItemParts = NO_VECTORS


TEN_BEST = HitOptions()


@dataclass(frozen=True, slots=True, eq=False)
class EmbeddingQuery:
    """What to look for, without a photo: float32[128], and float32[56] or None;
    `vector_fingerprint` names the models that made them, "" is not said."""

    embedding: FloatVector
    super_category: SuperCategory
    color_histogram: FloatVector | None
    vector_fingerprint: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Hit:
    """An item that looks like the query."""

    item: Item
    parts: ScoreParts

    @property
    def score(self) -> float:
        """Likeness, -1 to 1."""
        return self.parts.score


@dataclass(frozen=True, slots=True, eq=False)
class GarmentHits:
    """A garment of the query photo and its hits, best first."""

    garment: Garment
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ImageSearchResult:
    """What a photo holds, and the hits of each garment, in the order of `analysis.garments`."""

    analysis: ImageAnalysis
    results: tuple[GarmentHits, ...]
