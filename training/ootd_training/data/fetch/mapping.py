"""What the labels of the two public sets mean in super- and sub-categories."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from ootd_training.taxonomy import SUPER_CATEGORIES


class Kind(NamedTuple):
    """A super-category and, where the source says it, a sub-category."""

    super: str
    sub: str | None


def _same(super_name: str, *labels: str) -> dict[str, Kind]:
    return {label: Kind(super_name, label) for label in labels}


OUTFIT_KINDS: Mapping[str, Kind] = {
    **_same("top", "t-shirt", "shirt", "blouse", "sweater", "sweatshirt"),
    "hoodie": Kind("top", "sweatshirt"),
    "top": Kind("top", None),
    # Its wearers tagged knits and T-shirts alike.
    "jumper": Kind("top", None),
    "bra": Kind("top", None),
    **_same("bottom", "pants", "jeans", "leggings", "shorts", "skirt"),
    **_same("outer", "coat", "jacket", "blazer", "cardigan", "cape"),
    # The label marks the tailored jacket alone.
    "suit": Kind("outer", "blazer"),
    **_same("dress", "dress", "romper"),
    **_same("shoes", "boots", "flats", "heels", "loafers", "pumps", "sandals", "sneakers"),
    "wedges": Kind("shoes", "heels"),
    "shoes": Kind("shoes", None),
    "clogs": Kind("shoes", None),
    **_same("bag", "purse", "wallet"),
    "bag": Kind("bag", None),
}
"""Labels of Clothing Co-Parsing that always mean the same."""

DEPENDENT_LABELS = frozenset({"vest", "bodysuit", "tights"})
"""Labels whose meaning depends on what else is worn."""

NULL_LABEL = "null"

CATALOG_KINDS: Mapping[str, Kind] = {
    "T-Shirt": Kind("top", "t-shirt"),
    "Shirt": Kind("top", "shirt"),
    "Blouse": Kind("top", "blouse"),
    "Hoodie": Kind("top", "sweatshirt"),
    "Undershirt": Kind("top", "tank-top"),
    "Top": Kind("top", "tank-top"),
    "Longsleeve": Kind("top", None),
    "Polo": Kind("top", None),
    # Trousers, jeans, joggers and leggings alike.
    "Pants": Kind("bottom", None),
    "Shorts": Kind("bottom", "shorts"),
    "Skirt": Kind("bottom", "skirt"),
    "Outwear": Kind("outer", None),
    # Tailored blazers, denim and leather jackets; told apart by eye where it was done.
    "Blazer": Kind("outer", None),
    "Dress": Kind("dress", "dress"),
    "Body": Kind("dress", "romper"),
    "Shoes": Kind("shoes", None),
}
"""Labels of clothing-dataset; those that are absent are left out."""


def kinds_of_tags(tags: Collection[str]) -> list[Kind]:
    """The distinct kinds that the tags of a photo name, by super-category and then by name.

    Without masks, `vest` is an outer garment where the tags also name a top or a dress and else a
    tank-top, `bodysuit` a top where they name a bottom and else a dress, and `tights` nothing.
    """
    kinds = [OUTFIT_KINDS[tag] for tag in tags if tag in OUTFIT_KINDS]
    supers = {kind.super for kind in kinds}
    if "bodysuit" in tags:
        kinds.append(Kind("top" if "bottom" in supers else "dress", None))
    if "vest" in tags:
        named = {tag: OUTFIT_KINDS[tag] for tag in tags if tag in OUTFIT_KINDS}
        worn_over = any(is_worn_under_a_vest(tag, kind) for tag, kind in named.items())
        kinds.append(Kind("outer", "vest") if worn_over else Kind("top", "tank-top"))
    return sorted(set(kinds), key=lambda kind: (SUPER_CATEGORIES.index(kind.super), kind.sub or ""))


def is_worn_under_a_vest(label: str, kind: Kind) -> bool:
    """Whether a vest worn with this garment is an outer garment: over a top or a dress, but not
    over a bra or a romper."""
    return kind.super in {"top", "dress"} and label not in {"bra", "romper"}
