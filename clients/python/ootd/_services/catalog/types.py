"""What CatalogService takes and gives: items to be stored, acknowledged writes, pages."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ootd._shared.garment import Region
from ootd._shared.item import Item
from ootd._shared.names import AttributeModel, SuperCategory
from ootd._shared.photo import ImageSource
from ootd._shared.vector import FloatVector, frozen
from ootd.errors import OotdError


@dataclass(frozen=True, slots=True)
class ItemUpload:
    """An item that a photo shows, to be added or replaced.

    `item_id`: 1 to 128 of letters, digits and "._:/-". `category` or `region`, not both, says which
    garment of the photo is the item; default: the category that the title names, else the most
    confident one. `title`: at most 512 characters; `attributes`: at most 64; `payload`: at most
    16 KiB that come back with every hit. `score_threshold` and `attribute_model` are those of
    `Client.analyze_image`.
    """

    item_id: str
    image: ImageSource
    title: str = ""
    category: SuperCategory | None = None
    region: Region | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


@dataclass(frozen=True, slots=True)
class EmbeddingUpload:
    """An item with a ready embedding: 128 finite values, not all 0; any length above 0.

    `color_histogram`: 56 values of 0 or more; without it colour counts nothing in the item's score.
    `vector_fingerprint` names the models that made both, as answers tell it; the upload is refused
    where the stored vectors are of others. Without it the caller answers for that. Lists and arrays
    are kept as tuples.
    """

    item_id: str
    embedding: FloatVector
    super_category: SuperCategory
    sub_category: str = ""
    color_histogram: FloatVector = ()
    title: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""
    vector_fingerprint: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "embedding", frozen(self.embedding))
        object.__setattr__(self, "color_histogram", frozen(self.color_histogram))


Upload: TypeAlias = ItemUpload | EmbeddingUpload
"""An item to be added or replaced."""

UpsertOutcome: TypeAlias = Literal["created", "replaced", "unchanged"]
"""What an upsert came to: a new item, another in place of one, or the stored one was the same."""


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
class ItemPage:
    """Items in the order of their ids.

    `next_token` is what the next page is asked for with, "" on the last one; it may be kept, such
    as in a link. `total_size` is the number of items, all pages together.
    """

    items: tuple[Item, ...]
    next_token: str
    total_size: int
