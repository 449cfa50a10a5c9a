"""The design of a garment: all that stays the same wherever and however it is photographed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples import colors
from ootd_samples.colors import RGB
from ootd_samples.cuts import CUTS, SubCategoryCut
from ootd_samples.labels import ALL_SUB_CATEGORIES, super_category_of
from ootd_samples.patterns import shares

_FABRIC_WORDS = {"leather": "leather", "knit": "knitted", "silk": "satin"}


@dataclass(frozen=True)
class GarmentDesign:
    """One garment as its maker knows it. Hashable; equal designs draw the same garment.

    `palette` holds the base colour and up to two others of the pattern, `trim` the colour of soles,
    straps, buttons or linings; all 8-bit sRGB. `pattern_size` is the period of the pattern in body
    heights. `fit` (0 tight to 1 loose), `length` (0 short to 1 long) and `flare` (0 straight to 1
    wide) are fractions of what the sub-category allows. `details` are the names of the marks that
    its cut may have (a hood, a belt, lace-up, ...).
    """

    item: str
    seed: int
    sub_category: str
    color: str
    palette: tuple[RGB, ...]
    trim: RGB
    pattern: str
    pattern_size: float
    fabric: str
    sleeve_length: str | None
    neckline: str
    fit: float
    length: float
    flare: float
    details: tuple[str, ...]

    @property
    def super_category(self) -> str:
        """top, bottom, outer, dress, shoes or bag."""
        return super_category_of(self.sub_category)

    @property
    def title(self) -> str:
        """What a shop would call it, such as `Navy striped t-shirt`."""
        words = [self.color]
        if self.pattern != "solid":
            words.append("polka dot" if self.pattern == "dotted" else self.pattern)
        elif self.fabric in _FABRIC_WORDS and self.super_category != "shoes":
            words.append(_FABRIC_WORDS[self.fabric])
        words.append("tank top" if self.sub_category == "tank-top" else self.sub_category)
        return " ".join(words).capitalize()

    def has(self, detail: str) -> bool:
        """Whether the design has that mark."""
        return detail in self.details

    @classmethod
    def random(cls, seed: int, sub_category: str | None = None) -> GarmentDesign:
        """The design number `seed`, of a given or a random sub-category.

        Raises ValueError for an unknown sub-category or a negative seed.
        """
        if seed < 0:
            raise ValueError(f"the seed of a design must be 0 or more, got {seed}")
        rng = np.random.default_rng([seed, 0x0D51])
        if sub_category is None:
            sub_category = str(rng.choice(ALL_SUB_CATEGORIES))
        super_category_of(sub_category)
        cut = CUTS[sub_category]
        fabric = _choose(rng, cut.fabrics)
        pattern = "solid" if fabric in ("leather", "denim") else _choose(rng, cut.patterns)
        palette, trim = _palette(rng, cut, pattern, fabric)
        sleeve = _choose(rng, cut.sleeves) if cut.sleeves else None
        size = float(np.exp(rng.uniform(np.log(0.022), np.log(0.075))))
        return cls(
            item=f"{sub_category}-{seed:06d}",
            seed=seed,
            sub_category=sub_category,
            color=_color_label(palette, pattern, size, seed),
            palette=palette,
            trim=trim,
            pattern=pattern,
            pattern_size=size,
            fabric=fabric,
            sleeve_length=sleeve,
            neckline=_choose(rng, cut.necklines) if cut.necklines else "round",
            fit=float(rng.uniform(0, 1)),
            length=float(rng.uniform(0, 1)),
            flare=float(rng.uniform(0, 1)),
            details=tuple(name for name, chance in cut.details.items() if rng.random() < chance),
        )


def _choose(rng: np.random.Generator, weights: dict[str, float]) -> str:
    names = list(weights)
    shares = np.array([weights[name] for name in names])
    return names[int(rng.choice(len(names), p=shares / shares.sum()))]


def _palette(
    rng: np.random.Generator, cut: SubCategoryCut, pattern: str, fabric: str
) -> tuple[tuple[RGB, ...], RGB]:
    base = colors.sample(_choose(rng, cut.colors), rng)
    if fabric == "denim":
        faded = colors.mix(base, (96, 108, 124), 0.5)
        base = faded if colors.color_name(faded) == colors.color_name(base) else base
    found = [base]
    while len(found) < (1 if pattern == "solid" else 3):
        # White and black go with everything, so half of the second colours are one of them.
        plain = "white" if colors.rgb_to_lab(base)[0] < 55 else "black"
        name = plain if len(found) == 1 and rng.random() < 0.5 else str(rng.choice(colors.NAMED))
        other = colors.sample(name, rng)
        if colors.distance(other, base) > 30:
            found.append(other)
    trim_names = ["black", "white", "brown", "beige", "gray"]
    return tuple(found), colors.sample(str(rng.choice(trim_names)), rng)


def _color_label(palette: tuple[RGB, ...], pattern: str, size: float, seed: int) -> str:
    return colors.dominant_name(shares(palette, pattern, size, seed))
