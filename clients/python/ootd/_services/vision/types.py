"""What VisionService takes and gives: photos of a stream, their answers, the taxonomy."""

from dataclasses import dataclass
from typing import Literal

from ootd._shared.garment import ImageAnalysis, Region
from ootd._shared.names import AttributeModel, SuperCategory
from ootd._shared.photo import ImageSource
from ootd.errors import OotdError


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
class PhotoResult:
    """The answer to one photo of a stream: either its analysis or why there is none."""

    correlation_id: str
    analysis: ImageAnalysis | None = None
    error: OotdError | None = None


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
