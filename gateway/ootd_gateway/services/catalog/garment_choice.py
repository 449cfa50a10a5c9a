"""Which garment of a photo is the item that a seller sends."""

from collections.abc import Sequence
from dataclasses import replace

from ootd_gateway.errors import NoMatchingGarmentError
from ootd_gateway.services.catalog.category_parser import TitleCategory
from ootd_gateway.types import (
    CategoryGuide,
    DroppedGarment,
    DropReason,
    Garment,
    Guide,
    SuperCategory,
)

_SHOWN = {
    SuperCategory.TOP: "a top",
    SuperCategory.BOTTOM: "a bottom",
    SuperCategory.OUTER: "an outer garment",
    SuperCategory.DRESS: "a dress",
    SuperCategory.SHOES: "shoes",
    SuperCategory.BAG: "a bag",
}


def choose_garment(
    garments: Sequence[Garment], guide: Guide, named: TitleCategory | None
) -> Garment | None:
    """Return the garment of a photo that is the item, or None.

    A category guide leaves its own garments alone in the choice, a rectangle its own garment. Among
    those, one whose sub-category is the one that the title names goes first, then the higher
    detector score. Where the title names a sub-category of the chosen garment's super-category,
    that is the item's, with score 1: the seller knows it, the model guesses (seller intent, 11st
    section 3).
    """
    if isinstance(guide, CategoryGuide):
        garments = [one for one in garments if one.super_category == guide.category]
    if not garments:
        return None
    wanted = "" if named is None else named.sub_category
    chosen = max(garments, key=lambda one: (bool(wanted) and one.sub_category == wanted, one.score))
    if named is not None and wanted and named.super_category == chosen.super_category:
        return replace(chosen, sub_category=wanted, sub_category_score=1.0)
    return chosen


def no_matching_garment(
    item_id: str, guide: Guide, dropped: Sequence[DroppedGarment]
) -> NoMatchingGarmentError:
    """Return what to raise where no garment of a photo is the item.

    `dropped` are the boxes that the models found and dropped; they tell what the photo shows
    instead.
    """
    category = guide.category if isinstance(guide, CategoryGuide) else None
    if category is None:
        what, remedy = "no garment was found", "send a photo that shows it"
    else:
        verb = "were" if category is SuperCategory.SHOES else "was"
        what = f"no {category.label} {verb} found"
        remedy = "send a photo that shows it, name another category"
    return NoMatchingGarmentError(
        f'{what} in the photo of "{item_id}"{_instead(dropped)}: {remedy}, or give the garment\'s '
        "rectangle",
        {"item_id": item_id, "category": "any" if category is None else category.label},
    )


def _instead(dropped: Sequence[DroppedGarment]) -> str:
    """Say what a photo shows where it does not show the item."""
    for one in dropped:
        if one.reason is DropReason.NOT_OF_CATEGORY:
            return f"; the photo shows {_SHOWN[one.garment.super_category]}"
        if one.reason is DropReason.NO_GARMENT:
            return "; the photo as a whole does not look like a garment"
    return ""
