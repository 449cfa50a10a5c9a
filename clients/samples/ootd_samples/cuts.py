"""What each sub-category may look like: cloths, patterns, colours, necklines and telling marks."""

from __future__ import annotations

from dataclasses import dataclass, field

Weights = dict[str, float]

_ANY: Weights = {
    "black": 20, "white": 13, "gray": 10, "beige": 8, "brown": 7, "red": 8, "pink": 6, "orange": 4,
    "yellow": 5, "green": 7, "blue": 9, "navy": 8, "purple": 5,
}  # fmt: skip
_SOBER: Weights = _ANY | {"black": 26, "gray": 14, "navy": 14, "beige": 12, "brown": 9}
_DENIM: Weights = {"blue": 50, "navy": 26, "black": 10, "gray": 8, "white": 6}
_LEATHERS: Weights = {
    "black": 34, "brown": 24, "beige": 11, "white": 8, "red": 8, "gray": 4, "navy": 4, "blue": 3,
    "green": 3, "pink": 3, "yellow": 2, "purple": 1,
}  # fmt: skip


@dataclass(frozen=True)
class SubCategoryCut:
    """The choices of one sub-category, as weights; `details` are chances between 0 and 1."""

    fabrics: Weights
    patterns: Weights
    colors: Weights = field(default_factory=lambda: _ANY)
    sleeves: Weights = field(default_factory=dict)
    necklines: Weights = field(default_factory=dict)
    details: Weights = field(default_factory=dict)


_SOLID: Weights = {"solid": 1}
_PRINTS: Weights = {"solid": 50, "striped": 12, "checked": 8, "dotted": 10, "floral": 20}

CUTS: dict[str, SubCategoryCut] = {
    "t-shirt": SubCategoryCut(
        {"cotton": 1},
        {"solid": 42, "striped": 22, "graphic": 28, "dotted": 4, "floral": 4},
        sleeves={"short": 92, "long": 8},
        necklines={"round": 6, "v": 2, "scoop": 2},
        details={"ringer": 0.12, "chest-pocket": 0.15},
    ),
    "shirt": SubCategoryCut(
        {"cotton": 8, "denim": 1},
        {"solid": 45, "striped": 20, "checked": 25, "dotted": 6, "floral": 4},
        _ANY | {"white": 28, "blue": 22},
        sleeves={"long": 75, "short": 25},
        necklines={"collar": 1},
        details={"chest-pocket": 0.6, "rolled": 0.3},
    ),
    "blouse": SubCategoryCut(
        {"silk": 6, "cotton": 4},
        _PRINTS,
        _ANY | {"white": 22},
        sleeves={"long": 50, "short": 40, "sleeveless": 10},
        necklines={"v": 4, "bow": 4, "ruffle": 4, "scoop": 2},
        details={"placket": 0.35},
    ),
    "sweater": SubCategoryCut(
        {"knit": 1},
        {"solid": 72, "striped": 22, "dotted": 3, "checked": 3},
        sleeves={"long": 94, "short": 6},
        necklines={"round": 5, "v": 2, "turtle": 4},
        details={"cable": 0.35},
    ),
    "sweatshirt": SubCategoryCut(
        {"fleece": 1},
        {"solid": 60, "graphic": 40},
        _ANY | {"gray": 26},
        sleeves={"long": 1},
        necklines={"round": 1},
        details={"hood": 0.65, "zip": 0.25},
    ),
    "tank-top": SubCategoryCut(
        {"cotton": 5, "silk": 2},
        {"solid": 60, "striped": 12, "graphic": 10, "floral": 12, "dotted": 6},
        sleeves={"sleeveless": 1},
        necklines={"scoop": 6, "v": 3},
        details={"spaghetti": 0.35},
    ),
    "pants": SubCategoryCut(
        {"cotton": 8, "wool": 3, "leather": 1},
        {"solid": 84, "striped": 8, "checked": 8},
        _SOBER,
        details={"crease": 0.5, "wide": 0.3, "belt": 0.35, "cropped": 0.25},
    ),
    "jeans": SubCategoryCut(
        {"denim": 1},
        _SOLID,
        _DENIM,
        details={"ripped": 0.22, "rolled": 0.25, "wide": 0.2, "belt": 0.3, "faded": 0.6},
    ),
    "leggings": SubCategoryCut(
        {"jersey": 1},
        {"solid": 80, "floral": 10, "dotted": 5, "striped": 5},
        _SOBER | {"black": 50},
        details={"panel": 0.3},
    ),
    "shorts": SubCategoryCut(
        {"cotton": 5, "denim": 4, "fleece": 1},
        {"solid": 76, "checked": 10, "floral": 8, "striped": 6},
        _ANY | {"blue": 20, "beige": 14},
        details={"rolled": 0.35, "belt": 0.3, "drawstring": 0.2},
    ),
    "skirt": SubCategoryCut(
        {"cotton": 5, "wool": 3, "denim": 2, "leather": 1, "silk": 2},
        _PRINTS,
        details={"pleats": 0.4, "buttons": 0.2, "belt": 0.2},
    ),
    "joggers": SubCategoryCut(
        {"fleece": 1}, _SOLID, _SOBER | {"gray": 34}, details={"panel": 0.35}
    ),
    "coat": SubCategoryCut(
        {"wool": 6, "cotton": 3},
        {"solid": 80, "checked": 18, "striped": 2},
        _SOBER | {"beige": 24},
        necklines={"lapel": 6, "collar": 3},
        details={"belt": 0.3, "double": 0.35, "open": 0.6, "fur": 0.08},
    ),
    "jacket": SubCategoryCut(
        {"leather": 4, "denim": 4, "nylon": 3, "cotton": 2},
        _SOLID,
        _SOBER,
        necklines={"collar": 5, "stand": 3, "biker": 3},
        details={"open": 0.6, "quilted": 0.25},
    ),
    "blazer": SubCategoryCut(
        {"wool": 1},
        {"solid": 76, "checked": 14, "striped": 10},
        _SOBER,
        necklines={"lapel": 1},
        details={"double": 0.2, "open": 0.55, "pocket-square": 0.1},
    ),
    "cardigan": SubCategoryCut(
        {"knit": 1},
        {"solid": 82, "striped": 12, "dotted": 6},
        necklines={"v": 1},
        details={"open": 0.75, "cable": 0.2, "shawl": 0.25},
    ),
    "cape": SubCategoryCut(
        {"wool": 1},
        {"solid": 72, "checked": 28},
        _SOBER | {"red": 14},
        necklines={"collar": 1, "stand": 1},
        details={"open": 0.35, "fringe": 0.25},
    ),
    "vest": SubCategoryCut(
        {"nylon": 4, "wool": 4, "denim": 2},
        {"solid": 92, "checked": 8},
        _SOBER,
        necklines={"v": 1, "stand": 1},
        details={"open": 0.4},
    ),
    "dress": SubCategoryCut(
        {"cotton": 5, "silk": 4, "knit": 1},
        _PRINTS | {"floral": 28},
        sleeves={"sleeveless": 45, "short": 30, "long": 25},
        necklines={"round": 3, "v": 4, "scoop": 3, "collar": 2, "boat": 2},
        details={"belt": 0.35, "straps": 0.3, "ruffle-hem": 0.2, "wrap": 0.15, "pleats": 0.2},
    ),
    "romper": SubCategoryCut(
        {"cotton": 5, "silk": 3, "denim": 2},
        _PRINTS | {"solid": 70},
        sleeves={"sleeveless": 45, "short": 30, "long": 25},
        necklines={"v": 4, "round": 2, "collar": 2, "scoop": 2},
        details={"belt": 0.6, "straps": 0.35, "long-legs": 0.55, "placket": 0.3},
    ),
    "boots": SubCategoryCut(
        {"leather": 5, "suede": 2},
        _SOLID,
        _LEATHERS,
        details={"laces": 0.4, "high": 0.35, "heel": 0.35},
    ),
    "flats": SubCategoryCut({"leather": 3, "suede": 2}, _SOLID, _LEATHERS, details={"bow": 0.5}),
    "heels": SubCategoryCut(
        {"leather": 1, "suede": 1}, _SOLID, _LEATHERS, details={"platform": 0.35, "ankle": 0.8}
    ),
    "loafers": SubCategoryCut(
        {"leather": 3, "suede": 1}, _SOLID, _LEATHERS, details={"tassel": 0.4}
    ),
    "pumps": SubCategoryCut(
        {"leather": 3, "suede": 1}, _SOLID, _LEATHERS, details={"pointed": 0.6}
    ),
    "sandals": SubCategoryCut(
        {"leather": 1}, _SOLID, _LEATHERS, details={"ankle": 0.6, "wedge": 0.3}
    ),
    "sneakers": SubCategoryCut(
        {"canvas": 1, "leather": 1},
        _SOLID,
        _ANY | {"white": 34},
        details={"high": 0.3, "stripe": 0.5, "toe-cap": 0.4},
    ),
    "handbag": SubCategoryCut(
        {"leather": 1},
        {"solid": 90, "checked": 5, "striped": 5},
        _LEATHERS,
        details={"flap": 0.4, "strap": 0.3, "charm": 0.3},
    ),
    "purse": SubCategoryCut(
        {"leather": 1},
        {"solid": 92, "dotted": 4, "striped": 4},
        _LEATHERS,
        details={"chain": 0.4, "round": 0.3},
    ),
    "wallet": SubCategoryCut(
        {"leather": 1}, {"solid": 90, "checked": 10}, _LEATHERS, details={"zip": 0.5}
    ),
    "clutch": SubCategoryCut(
        {"leather": 3, "silk": 1},
        {"solid": 80, "striped": 8, "floral": 8, "dotted": 4},
        _LEATHERS | {"purple": 5},
        details={"flap": 0.6, "wrist": 0.35},
    ),
    "backpack": SubCategoryCut(
        {"nylon": 3, "canvas": 2, "leather": 2},
        {"solid": 84, "graphic": 6, "striped": 5, "floral": 5},
        _ANY | {"black": 34},
        details={"flap": 0.45, "pocket": 0.8},
    ),
}
