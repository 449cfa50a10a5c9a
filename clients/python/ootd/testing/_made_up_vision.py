"""Made-up garments: a photo has some, the same bytes the same ones."""

import hashlib
import math
import random
from dataclasses import replace

from ootd.types import (
    Attribute,
    AttributeGroup,
    Box,
    Category,
    Garment,
    ImageAnalysis,
    SuperCategory,
    Taxonomy,
)

COLORS = ("black", "white", "gray", "beige", "red", "green", "blue", "navy")
SUB_CATEGORIES: dict[SuperCategory, tuple[str, ...]] = {
    "top": ("t-shirt", "shirt", "blouse", "sweater", "sweatshirt", "tank-top"),
    "bottom": ("pants", "jeans", "leggings", "shorts", "skirt", "joggers"),
    "outer": ("coat", "jacket", "blazer", "cardigan", "cape", "vest"),
    "dress": ("dress", "romper"),
    "shoes": ("boots", "flats", "heels", "loafers", "pumps", "sandals", "sneakers"),
    "bag": ("handbag", "purse", "wallet", "clutch", "backpack"),
}
"""The names that the released models know."""

TAXONOMY = Taxonomy(
    version=1,
    categories=tuple(Category(name, name, subs) for name, subs in SUB_CATEGORIES.items()),
    attribute_groups=(AttributeGroup("color", "categorical", COLORS),),
)

FINGERPRINT = "made-up-1"
"""What made-up embeddings and histograms are said to be made by."""

_PLACES: dict[SuperCategory, Box] = {
    "top": Box(0.30, 0.20, 0.70, 0.50),
    "bottom": Box(0.32, 0.46, 0.68, 0.84),
    "outer": Box(0.24, 0.18, 0.76, 0.60),
    "dress": Box(0.28, 0.20, 0.72, 0.75),
    "shoes": Box(0.34, 0.84, 0.66, 0.97),
    "bag": Box(0.66, 0.45, 0.86, 0.66),
}
_OUTFITS: tuple[tuple[SuperCategory, ...], ...] = (
    ("top", "bottom", "shoes"),
    ("outer", "top", "bottom", "shoes", "bag"),
    ("dress", "shoes", "bag"),
)


def make_up(
    image: bytes, category: SuperCategory | None = None, region: Box | None = None
) -> ImageAnalysis:
    """Return garments that depend on nothing but the arguments; the size is always 600 x 800 px."""
    seed = hashlib.sha256(image).digest()
    wanted = random.Random(seed).choice(_OUTFITS)
    if category is not None:
        wanted = (category,)
    elif region is not None:
        wanted = wanted[:1]
    garments = [_garment(random.Random(seed + name.encode()), name, region) for name in wanted]
    garments.sort(key=lambda one: -one.score)
    return ImageAnalysis(600, 800, tuple(garments), vector_fingerprint=FINGERPRINT)


def above(analysis: ImageAnalysis, threshold: float) -> ImageAnalysis:
    """Leave out what was detected below a threshold; the whole photo where nothing is left."""
    kept = tuple(
        one for one in analysis.garments if one.box_origin != "detected" or one.score >= threshold
    )
    if not kept:
        whole = Box(0.0, 0.0, 1.0, 1.0)
        kept = tuple(
            replace(one, box=whole, box_origin="whole_photo", score=0.0)
            for one in analysis.garments[:1]
        )
    return replace(analysis, garments=kept)


def _garment(dice: random.Random, name: SuperCategory, region: Box | None) -> Garment:
    embedding = [dice.gauss(0.0, 1.0) for _ in range(128)]
    length = math.hypot(*embedding)
    histogram = [dice.random() ** 4 for _ in range(56)]
    total = sum(histogram)
    return Garment(
        super_category=name,
        box=region or _PLACES[name],
        box_origin="region" if region else "detected",
        score=0.0 if region else round(dice.uniform(0.5, 0.99), 3),
        sub_category=dice.choice(SUB_CATEGORIES[name]),
        sub_category_score=round(dice.uniform(0.5, 0.99), 3),
        attributes=(Attribute("color", dice.choice(COLORS), round(dice.uniform(0.4, 0.99), 3)),),
        embedding=tuple(value / length for value in embedding),
        color_histogram=tuple(value / total for value in histogram),
    )
