"""The domain's frozen types. Arrays are float32 and never written to after creation."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum, StrEnum
from typing import Literal, NewType, TypeAlias

import numpy as np
from numpy.typing import NDArray

EMBEDDING_SIZE = 128
"""Length of an embedding."""

HISTOGRAM_BINS = 56
"""Bins of an HSV colour histogram."""

FloatVector: TypeAlias = NDArray[np.float32]


class SuperCategory(IntEnum):
    """The six kinds of garment, numbered as the models number them."""

    TOP = 0
    BOTTOM = 1
    OUTER = 2
    DRESS = 3
    SHOES = 4
    BAG = 5

    @property
    def label(self) -> str:
        """Name in requests and files, such as "top"."""
        return self.name.lower()


class BoxOrigin(IntEnum):
    """How a garment's box came about, numbered as the graph's FLAGS."""

    DETECTED = 0
    WHOLE_PHOTO = 1
    REGION = 2


class DropReason(IntEnum):
    """Why a box was not kept, numbered as the graph's GARMENT_STATUS."""

    CATEGORY_DISAGREEMENT = 1
    EXPLAINED_BY_DRESS = 2
    EXPLAINED_BY_TOP_OR_BOTTOM = 3
    NOT_OF_CATEGORY = 4
    NO_GARMENT = 5


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle as fractions of the photo's width and height: 0 <= x0 < x1 <= 1, likewise y."""

    x0: float
    y0: float
    x1: float
    y1: float


@dataclass(frozen=True, slots=True)
class CategoryGuide:
    """The caller wants garments of this super-category only (11st option 2)."""

    category: SuperCategory


@dataclass(frozen=True, slots=True)
class RegionGuide:
    """The caller drew the garment's rectangle (11st option 3)."""

    region: Box


Guide: TypeAlias = CategoryGuide | RegionGuide | None
"""What the caller already knows; None is nothing (11st option 1)."""


class AttributeModel(StrEnum):
    """Which model tells sub-category and attributes; boxes and embeddings are the same with both.

    The tagger judges each attribute group by itself; the sequencer tells one attribute after the
    other, guided by the caller's category (11st).
    """

    TAGGER = "tagger"
    SEQUENCER = "sequencer"


@dataclass(frozen=True, slots=True)
class AnalyzeOptions:
    """How a photo is to be analysed.

    `score_threshold` is the lowest detector score of a garment, 0 to 1; None is the graph's own.
    `attribute_model` None is the one that the gateway is set to.
    """

    score_threshold: float | None = None
    attribute_model: AttributeModel | None = None


USUAL = AnalyzeOptions()
"""Nothing asked for: as the graph and the gateway are set."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A photo and what is known of it: encoded bytes, the caller's guide, how to analyse it."""

    image: bytes
    guide: Guide = None
    options: AnalyzeOptions = USUAL


CheckedPhoto = NewType("CheckedPhoto", Photo)
"""A photo whose header was held against the limits."""


class Priority(IntEnum):
    """Who goes first in the vision graph: people who wait, or streams of many photos."""

    INTERACTIVE = 0
    BULK = 1


@dataclass(frozen=True, slots=True)
class ServedModels:
    """Which models answered.

    `vector_fingerprint` is of those that make embeddings and colour histograms: vectors of two
    fingerprints are never compared. `graph_fingerprint` is of all models and rules together.
    Both are "" where they are not known.
    """

    vector_fingerprint: str = ""
    graph_fingerprint: str = ""


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute value given to a garment; `score` is a probability."""

    group: str
    value: str
    score: float


@dataclass(frozen=True, slots=True, eq=False)
class Garment:
    """One garment.

    `embedding` is float32[128], L2-normalised. `color_histogram` is float32[56] that sums to 1, or
    None where the garment came as a ready embedding without one; `box` is None for those too.
    `sub_category` is "" where it is not known.
    """

    super_category: SuperCategory
    embedding: FloatVector
    color_histogram: FloatVector | None = None
    box: Box | None = None
    box_origin: BoxOrigin | None = None
    score: float = 0.0
    sub_category: str = ""
    sub_category_score: float = 0.0
    attributes: tuple[Attribute, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class DroppedGarment:
    """A box that was found and then dropped."""

    garment: Garment
    reason: DropReason


@dataclass(frozen=True, slots=True, eq=False)
class ImageAnalysis:
    """What one photo holds; `width` and `height` in pixels, after EXIF orientation.

    `garments` may be empty; `dropped` then says why. `served` tells which models answered.
    """

    width: int
    height: int
    garments: tuple[Garment, ...]
    dropped: tuple[DroppedGarment, ...] = ()
    served: ServedModels = ServedModels()


@dataclass(frozen=True, slots=True)
class AttributeGroup:
    """A group of attribute values; `sub_categories` empty means that it applies to all."""

    name: str
    kind: Literal["categorical", "multi_label"]
    values: tuple[str, ...]
    sub_categories: tuple[str, ...] = ()
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The names that the served models answer with, in the order of their outputs."""

    version: int
    sub_categories: Mapping[SuperCategory, tuple[str, ...]]
    attribute_groups: tuple[AttributeGroup, ...]


@dataclass(frozen=True, slots=True, eq=False)
class ItemDraft:
    """An item as it is to be stored.

    `source_digest` is the SHA-256 (hex) of all that the caller sent and of the models that
    analysed it; the same digest again changes nothing.
    """

    item_id: str
    title: str
    attributes: Mapping[str, str]
    payload: bytes
    garment: Garment
    source_digest: str


@dataclass(frozen=True, slots=True)
class ItemParts:
    """Which of the large parts of items are read: the payload; embedding and histogram; the shop's
    attributes.

    Of an item that was read without them, the payload is b"", the embedding empty, the histogram
    None, the attributes are empty.
    """

    payload: bool = True
    vectors: bool = True
    attributes: bool = True


ALL_PARTS = ItemParts()
"""Items as they are stored."""

NO_VECTORS = ItemParts(vectors=False)
"""Items as people look at them."""


@dataclass(frozen=True, slots=True, eq=False)
class Item:
    """An item as it is stored.

    `key` is its number in the index (positive, fits 63 bits), the same for as long as the item
    lives; `sequence_number` is its last change's place in the change log.
    """

    key: int
    item_id: str
    title: str
    attributes: Mapping[str, str]
    payload: bytes
    garment: Garment
    source_digest: str
    sequence_number: int
    update_time: datetime


@dataclass(frozen=True, slots=True)
class ItemPage:
    """A page of items by id; `next_page_token` is "" on the last page."""

    items: tuple[Item, ...]
    next_page_token: str
    total_size: int
