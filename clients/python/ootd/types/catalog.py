"""What the catalogue answers: stored items, pages, acknowledged writes, hits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ootd.errors import OotdError
from ootd.types.garments import DroppedGarment, Garment, ImageAnalysis
from ootd.types.names import UpsertOutcome


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is stored; `sequence_number` is its place in the change log.

    Where only some fields were asked for, the others are empty; `item_id` and the garment's
    super-category always come. `vector_fingerprint` names the models that made embedding and
    histogram, where these are there.
    """

    item_id: str
    title: str
    attributes: Mapping[str, str]
    payload: bytes
    garment: Garment
    sequence_number: int
    update_time: datetime | None
    vector_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Items in the order of their ids.

    `next_token` is what the next page is asked for with, "" on the last one; it may be kept, such
    as in a link. `total_size` is the number of items, all pages together.
    """

    items: tuple[Item, ...]
    next_token: str
    total_size: int


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """The answer to one photo of a stream: either its analysis or why there is none."""

    correlation_id: str
    analysis: ImageAnalysis | None = None
    error: OotdError | None = None


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The answer to one upload: the item as it is now stored, or why nothing was changed.

    `outcome` is None where there is an error. A gateway that does not tell new from replaced is
    taken to have created what it changed.
    """

    item_id: str
    item: Item | None = None
    error: OotdError | None = None
    outcome: UpsertOutcome | None = None

    @property
    def changed(self) -> bool:
        """Whether something is now stored that was not before."""
        return self.outcome in {"created", "replaced"}


@dataclass(frozen=True, slots=True)
class UpsertSummary:
    """What many uploads came to, as numbers; `failed` holds the answers of those that failed."""

    created: int = 0
    replaced: int = 0
    unchanged: int = 0
    failed: tuple[UpsertResult, ...] = ()

    @property
    def stored(self) -> int:
        """How many of the uploads are now stored: all but those that failed."""
        return self.created + self.replaced + self.unchanged


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
