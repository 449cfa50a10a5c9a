"""Names that a drawn garment can carry: categories, colours, patterns and sleeve lengths."""

from __future__ import annotations

SUB_CATEGORIES: dict[str, tuple[str, ...]] = {
    "top": ("t-shirt", "shirt", "blouse", "sweater", "sweatshirt", "tank-top"),
    "bottom": ("pants", "jeans", "leggings", "shorts", "skirt", "joggers"),
    "outer": ("coat", "jacket", "blazer", "cardigan", "cape", "vest"),
    "dress": ("dress", "romper"),
    "shoes": ("boots", "flats", "heels", "loafers", "pumps", "sandals", "sneakers"),
    "bag": ("handbag", "purse", "wallet", "clutch", "backpack"),
}
SUPER_OF: dict[str, str] = {
    sub: super_category for super_category, subs in SUB_CATEGORIES.items() for sub in subs
}
ALL_SUB_CATEGORIES: tuple[str, ...] = tuple(SUPER_OF)
COLORS: tuple[str, ...] = (
    "black", "white", "gray", "beige", "brown", "red", "pink", "orange", "yellow", "green", "blue",
    "navy", "purple", "multicolor",
)  # fmt: skip
PATTERNS: tuple[str, ...] = ("solid", "striped", "checked", "dotted", "floral", "graphic")
SLEEVE_LENGTHS: tuple[str, ...] = ("sleeveless", "short", "long")


def super_category_of(sub_category: str) -> str:
    """The super-category of one of the 32 sub-categories; ValueError names an unknown one."""
    try:
        return SUPER_OF[sub_category]
    except KeyError:
        known = ", ".join(ALL_SUB_CATEGORIES)
        raise ValueError(f"unknown sub-category {sub_category!r}; known are: {known}") from None
