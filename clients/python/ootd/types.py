"""What the client takes and gives: frozen, hashable where its parts are, free of numpy."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal, TypeAlias, get_args

from ootd.errors import OotdError

SuperCategory: TypeAlias = Literal["top", "bottom", "outer", "dress", "shoes", "bag"]
"""The six kinds of garment; each has an index of its own."""

SUPER_CATEGORIES: tuple[SuperCategory, ...] = get_args(SuperCategory)
"""All super-categories, in the order of the contract."""

AttributeModel: TypeAlias = Literal["tagger", "sequencer"]
"""What tells sub-category and attributes: a classifier, or a sequence model."""

ATTRIBUTE_MODELS: tuple[AttributeModel, ...] = get_args(AttributeModel)
"""All attribute models, in the order of the contract."""

BoxOrigin: TypeAlias = Literal["unspecified", "detected", "whole_photo", "region"]
"""How a box came about: "whole_photo": nothing was detected; "region": the caller drew it."""

DropReason: TypeAlias = Literal[
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
]
"""Why a box that was found is not a garment of the photo."""

HealthState: TypeAlias = Literal["unknown", "serving", "not_serving", "service_unknown"]
"""What the standard health service says of a service."""

ImageSource: TypeAlias = bytes | str | os.PathLike[str]
"""An encoded photo (JPEG, PNG, WebP, BMP or TIFF; at most 20 MiB), or the path of its file."""


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as fractions of the photo's width and height: 0 <= x0 < x1 <= 1, likewise y."""

    x0: float
    y0: float
    x1: float
    y1: float

    def as_tuple(self) -> tuple[float, float, float, float]:
        """Return x0, y0, x1, y1."""
        return self.x0, self.y0, self.x1, self.y1


Region: TypeAlias = Box | tuple[float, float, float, float]
"""A rectangle that the caller draws: a Box, or x0, y0, x1, y1 as fractions, 0 to 1."""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute value of a garment, such as color, navy; `score` is a probability."""

    group: str
    value: str
    score: float


@dataclass(frozen=True, slots=True)
class Garment:
    """One garment.

    `score` is the detector's confidence, 0 to 1 (0 where it was not asked or found nothing);
    `embedding` holds 128 floats, L2-normalised, and `color_histogram` 56 fractions that sum to 1
    (both empty in listed items and hits). `box` is None for items that came as a ready embedding.
    """

    super_category: SuperCategory
    box: Box | None = None
    box_origin: BoxOrigin = "unspecified"
    score: float = 0.0
    sub_category: str = ""
    sub_category_score: float = 0.0
    attributes: tuple[Attribute, ...] = ()
    embedding: tuple[float, ...] = field(default=(), repr=False)
    color_histogram: tuple[float, ...] = field(default=(), repr=False)

    def attribute(self, group: str) -> str | None:
        """Return the most probable value of an attribute group, None where there is none."""
        values = [one for one in self.attributes if one.group == group]
        return max(values, key=lambda one: one.score).value if values else None


@dataclass(frozen=True, slots=True)
class DroppedGarment:
    """A box that was found and then dropped."""

    garment: Garment
    reason: DropReason


@dataclass(frozen=True, slots=True)
class ImageAnalysis:
    """What one photo holds, the most confident garment first.

    `width` and `height` are pixels of the photo after EXIF orientation.
    """

    width: int
    height: int
    garments: tuple[Garment, ...]
    dropped: tuple[DroppedGarment, ...] = ()


@dataclass(frozen=True, slots=True)
class Photo:
    """One photo of a stream; `correlation_id` (at most 256 bytes) comes back with the answer.

    `category` or `region`, not both, says which garment is meant; `score_threshold` and
    `attribute_model` are those of `Client.analyze_image`.
    """

    correlation_id: str
    image: ImageSource
    category: SuperCategory | None = None
    region: Region | None = None
    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


@dataclass(frozen=True, slots=True)
class ItemUpload:
    """An item that a photo shows, to be added or replaced.

    `item_id`: 1 to 128 of letters, digits and "._:/-". `category` or `region`, not both, says which
    garment of the photo is the item; default: the category that the title names, else the most
    confident one. `title`: at most 512 characters; `attributes`: at most 64; `payload`: at most
    16 KiB that come back with every hit.
    """

    item_id: str
    image: ImageSource
    title: str = ""
    category: SuperCategory | None = None
    region: Region | None = None
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class EmbeddingUpload:
    """An item with a ready embedding: 128 finite values, not all 0; any length above 0.

    `color_histogram`: 56 values of 0 or more; without it colour counts nothing in the item's score.
    """

    item_id: str
    embedding: tuple[float, ...]
    super_category: SuperCategory
    sub_category: str = ""
    color_histogram: tuple[float, ...] = ()
    title: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    payload: bytes = b""


@dataclass(frozen=True, slots=True)
class Item:
    """An item as it is stored; `sequence_number` is its place in the change log."""

    item_id: str
    title: str
    attributes: Mapping[str, str]
    payload: bytes
    garment: Garment
    sequence_number: int
    update_time: datetime | None


@dataclass(frozen=True, slots=True)
class PhotoResult:
    """The answer to one photo of a stream: either its analysis or why there is none."""

    correlation_id: str
    analysis: ImageAnalysis | None = None
    error: OotdError | None = None


@dataclass(frozen=True, slots=True)
class UpsertResult:
    """The answer to one item of a stream: the item as it is now stored, or why nothing was changed.

    `changed` is False where the stored item was already the same, and where there is an error.
    """

    item_id: str
    item: Item | None = None
    error: OotdError | None = None
    changed: bool = False


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
    """What was found for each garment of a photo, the most confident garment first."""

    width: int
    height: int
    results: tuple[GarmentHits, ...]
    dropped: tuple[DroppedGarment, ...] = ()

    @property
    def analysis(self) -> ImageAnalysis:
        """The photo's analysis, without the hits."""
        garments = tuple(result.garment for result in self.results)
        return ImageAnalysis(self.width, self.height, garments, self.dropped)


@dataclass(frozen=True, slots=True)
class Category:
    """A super-category and its sub-categories."""

    super_category: SuperCategory
    name: str
    sub_categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    """A group of attribute values; `sub_categories` empty means that it applies to all.

    `trained` is False where no data supports the group yet; it is then never returned.
    """

    name: str
    kind: Literal["unspecified", "categorical", "multi_label"]
    values: tuple[str, ...]
    sub_categories: tuple[str, ...] = ()
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The names that the served models can answer with."""

    version: int
    categories: tuple[Category, ...]
    attribute_groups: tuple[AttributeGroup, ...]


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """How a gateway is: health by service name, and what could be read from it.

    `taxonomy_version` and `item_count` are None where the service that knows did not answer;
    `problems` then says why, a sentence each.
    """

    target: str
    health: Mapping[str, HealthState]
    taxonomy_version: int | None
    item_count: int | None
    problems: tuple[str, ...] = ()

    @property
    def is_serving(self) -> bool:
        """Whether every service answers "serving" and could be read from."""
        return not self.problems and all(state == "serving" for state in self.health.values())
