"""Which garment of a photo is the item, and what is said where none is."""

import numpy as np
import pytest

from catalog_builders import garment
from ootd_gateway.services.catalog.category_parser import TitleCategory
from ootd_gateway.services.catalog.garment_choice import choose_garment, no_matching_garment
from ootd_gateway.types import (
    Box,
    CategoryGuide,
    DroppedGarment,
    DropReason,
    Guide,
    RegionGuide,
    SuperCategory,
)

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = SuperCategory
SHIRT = garment(1, TOP, score=0.9, sub_category="shirt")
JEANS = garment(2, BOTTOM, score=0.8, sub_category="jeans")
SKIRT = garment(3, BOTTOM, score=0.85, sub_category="skirt")
REGION = RegionGuide(Box(0, 0, 1, 1))


def test_choosing() -> None:
    named = TitleCategory(BOTTOM, "jeans")
    garments = [SHIRT, SKIRT, JEANS]
    assert choose_garment([], None, None) is None
    assert choose_garment(garments, CategoryGuide(BAG), None) is None
    assert choose_garment(garments, None, None) is SHIRT
    assert choose_garment(garments, CategoryGuide(BOTTOM), None) is SKIRT
    chosen = choose_garment(garments, CategoryGuide(BOTTOM), named)
    assert chosen is not None
    assert np.array_equal(chosen.embedding, JEANS.embedding)
    assert choose_garment([SHIRT], REGION, named) is SHIRT


@pytest.mark.parametrize(
    ("guide", "dropped", "said"),
    [
        (
            CategoryGuide(SHOES),
            (DropReason.NOT_OF_CATEGORY, TOP),
            "no shoes were found in the photo",
        ),
        (CategoryGuide(SHOES), (DropReason.NOT_OF_CATEGORY, TOP), "the photo shows a top"),
        (CategoryGuide(TOP), (DropReason.NOT_OF_CATEGORY, SHOES), "the photo shows shoes"),
        (CategoryGuide(BAG), (DropReason.NOT_OF_CATEGORY, OUTER), "no bag was found"),
        (CategoryGuide(BAG), (DropReason.NO_GARMENT, OUTER), "does not look like a garment"),
        (CategoryGuide(BAG), None, "another category, or give the garment's rectangle"),
        (None, (DropReason.NO_GARMENT, TOP), "no garment was found"),
        (None, (DropReason.NO_GARMENT, TOP), "does not look like a garment"),
    ],
)
def test_the_error_says_what_the_photo_shows_instead(
    guide: Guide, dropped: tuple[DropReason, SuperCategory] | None, said: str
) -> None:
    boxes = [DroppedGarment(garment(1, dropped[1]), dropped[0])] if dropped else []
    error = no_matching_garment("sku-1", guide, boxes)
    assert said in error.message
    assert "sku-1" in error.message
    category = guide.category.label if isinstance(guide, CategoryGuide) else "any"
    assert error.metadata == {"item_id": "sku-1", "category": category}
