"""A drawn photo and what is in it."""

from __future__ import annotations

from dataclasses import dataclass
from io import BytesIO

from PIL import Image

from ootd_samples.canvas import Canvas
from ootd_samples.design import GarmentDesign

_LEAST_SHARE = 0.12  # a garment of which less can be seen is hidden
_LEAST_SHARE_OF_BAG = 0.03  # the body of a backpack is hidden, its straps are not
_LEAST_AREA = 0.0004  # ... or which covers less of the photo


@dataclass(frozen=True)
class SampleGarment:
    """One garment that can be seen in a drawn photo.

    `box` is x0, y0, x1, y1, tight around its visible pixels, divided by the photo's width and
    height. `item` names its design: the same design in another photo has the same item.
    """

    super_category: str
    sub_category: str
    box: tuple[float, float, float, float]
    color: str
    pattern: str
    sleeve_length: str | None
    item: str
    title: str


@dataclass(frozen=True)
class Sample:
    """A drawn photo (RGB) with its garments, back to front, and the seed that it was drawn from."""

    image: Image.Image
    garments: tuple[SampleGarment, ...]
    seed: int

    def jpeg(self, quality: int = 90) -> bytes:
        """The photo as a JPEG; `quality` is 1 to 95 (ValueError otherwise)."""
        if not 1 <= quality <= 95:
            raise ValueError(f"JPEG quality must be 1 to 95, got {quality}")
        buffer = BytesIO()
        self.image.save(buffer, "JPEG", quality=quality)
        return buffer.getvalue()


def check_size(size: tuple[int, int]) -> tuple[int, int]:
    """Width and height in px, each 64 to 4096; ValueError otherwise."""
    width, height = size
    if not (64 <= width <= 4096 and 64 <= height <= 4096):
        raise ValueError(f"a photo's width and height must be 64 to 4096 px, got {width}x{height}")
    return int(width), int(height)


def check_seed(seed: int) -> int:
    """A seed of 0 or more; ValueError otherwise."""
    if seed < 0:
        raise ValueError(f"the seed must be 0 or more, got {seed}")
    return int(seed)


def labels(canvas: Canvas, designs: list[GarmentDesign]) -> tuple[SampleGarment, ...]:
    """What can be seen of the designs; design i was painted as owner i + 1."""
    found: list[SampleGarment] = []
    for index, design in enumerate(designs):
        seen = canvas.visible(index + 1)
        if seen is None:
            continue
        box, share, pixels = seen
        least = _LEAST_SHARE_OF_BAG if design.super_category == "bag" else _LEAST_SHARE
        if share < least or pixels < _LEAST_AREA * canvas.width * canvas.height:
            continue
        found.append(
            SampleGarment(
                super_category=design.super_category,
                sub_category=design.sub_category,
                box=box,
                color=design.color,
                pattern=design.pattern,
                sleeve_length=design.sleeve_length if design.super_category == "top" else None,
                item=design.item,
                title=design.title,
            )
        )
    return tuple(found)
