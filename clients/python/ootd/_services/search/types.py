"""What SearchService gives: items that look like a garment, with their scores."""

from dataclasses import dataclass

from ootd._shared.garment import DroppedGarment, Garment, ImageAnalysis
from ootd._shared.item import Item


@dataclass(frozen=True, slots=True)
class ScoreParts:
    """score = appearance_weight * appearance + color_weight * color; the weights sum to 1."""

    appearance: float
    color: float
    appearance_weight: float
    color_weight: float


@dataclass(frozen=True, slots=True)
class Hit:
    """An item that looks like the query; `score` is -1 to 1, `parts` is there if asked for."""

    item: Item
    score: float
    parts: ScoreParts | None = None


@dataclass(frozen=True, slots=True)
class GarmentHits:
    """A garment of the query photo and the items that look like it, best first."""

    garment: Garment
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class ImageSearch:
    """What was found for each garment of a photo, the most confident garment first.

    `width` and `height` are pixels of the photo after EXIF orientation; `vector_fingerprint` is
    that of `ImageAnalysis`.
    """

    width: int
    height: int
    results: tuple[GarmentHits, ...]
    dropped: tuple[DroppedGarment, ...] = ()
    vector_fingerprint: str = ""

    @property
    def analysis(self) -> ImageAnalysis:
        """The photo's analysis, without the hits."""
        garments = tuple(result.garment for result in self.results)
        return ImageAnalysis(
            self.width, self.height, garments, self.dropped, self.vector_fingerprint
        )
