"""What a photo holds: garments with their boxes, attributes and vectors."""

from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from ootd._shared.names import SuperCategory

BoxOrigin: TypeAlias = Literal["unspecified", "detected", "whole_photo", "region"]
"""How a box came about: "whole_photo": nothing was detected; "region": the caller drew it."""

DropReason: TypeAlias = Literal[
    "unspecified",
    "category_disagreement",
    "explained_by_dress",
    "explained_by_top_or_bottom",
    "not_of_category",
    "no_garment",
]
"""Why a box that was found is not a garment of the photo.

"not_of_category": nothing of the wanted category was detected, and the whole photo shows something
else; "no_garment": nothing was detected, and the whole photo does not look like a garment.
"""


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
    (both empty in listed items and hits, unless they were asked for). `box` is None for items that
    came as a ready embedding.
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
    """What one photo holds, the most confident garment first; none where it shows none.

    `width` and `height` are pixels of the photo after EXIF orientation. `vector_fingerprint` names
    the models that made embeddings and histograms ("": not known): vectors of two of them are
    never to be compared.
    """

    width: int
    height: int
    garments: tuple[Garment, ...]
    dropped: tuple[DroppedGarment, ...] = ()
    vector_fingerprint: str = ""
