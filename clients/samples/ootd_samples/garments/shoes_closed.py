"""Closed shoes from the side: sneakers, flats, loafers, boots."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.footwear import (
    Foot,
    bare_foot,
    cloth_of,
    sole,
    sole_color,
)
from ootd_samples.garments.sewing import plain, seam_color
from ootd_samples.pieces import Mark, Piece


def sneaker(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """A sneaker, low or high."""
    base = design.palette[0]
    white = (236, 234, 228) if sum(base) < 660 or design.seed % 3 else (206, 176, 132)
    high = 0.3 if design.has("high") else 0.0
    h = 0.1
    upper = [
        (0.03, h), (0.0, h + 0.14), (0.03, 0.36 + high), (0.07, 0.42 + high), (0.16, 0.38 + high),
        (0.26, 0.4 + high), (0.34, 0.47 + high), (0.43, 0.44 + high), (0.5, 0.34 + 0.2 * high),
        (0.66, 0.25), (0.86, 0.22), (0.97, 0.16), (0.99, h), (0.5, h - 0.02),
    ]  # fmt: skip
    marks: list[Mark] = []
    if foot.skin is None:
        mouth = [
            (0.06, 0.38 + high),
            (0.14, 0.44 + high),
            (0.3, 0.48 + high),
            (0.34, 0.42 + high),
            (0.2, 0.3 + high),
        ]
        marks.append(foot.fill(mouth, plain(scale(base, 0.4))))
    marks.append(foot.fill(upper, cloth_of(design)))
    ink = seam_color(base)
    marks.append(foot.line([(0.46, 0.38), (0.56, 0.2), (0.6, 0.11)], ink, 0.012, 0.6))
    marks.append(foot.line([(0.2, 0.12), (0.18, 0.24), (0.02, 0.3)], ink, 0.012, 0.6))
    if design.has("stripe"):
        swoosh = [(0.22, 0.18), (0.32, 0.17), (0.45, 0.26), (0.52, 0.34), (0.42, 0.29), (0.3, 0.23)]
        marks.append(foot.fill(swoosh, plain(design.trim, "leather"), bulge=0.2, shadow=0))
    if design.has("toe-cap"):
        cap = [(0.8, h), (0.79, 0.19), (0.88, 0.21), (0.98, 0.15), (0.99, h)]
        marks.append(foot.fill(cap, plain((238, 236, 230), "rubber"), shadow=0.1))
    lace = (240, 240, 238) if sum(base) < 600 else (150, 150, 152)
    for k in range(4 + int(high > 0) * 2):
        x, y = 0.62 - k * 0.06, 0.285 + k * 0.05 + (k > 3) * 0.04
        marks.append(foot.line([(x - 0.045, y - 0.055), (x + 0.005, y)], lace, 0.024, 0.95))
    marks += sole(foot, white, h)
    marks.append(
        foot.line([(0.02, 0.06), (0.5, 0.05), (0.99, 0.06)], scale(white, 0.75), 0.012, 0.7)
    )
    return marks


def flat(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """A ballet flat."""
    base = design.palette[0]
    marks = bare_foot(foot)
    inside = [(0.03, 0.1), (0.04, 0.2), (0.3, 0.15), (0.6, 0.14), (0.62, 0.08), (0.3, 0.04)]
    if foot.skin is None:
        marks.append(foot.fill(inside, plain(mix(design.trim, (206, 180, 150), 0.6)), shade=0.7))
    upper = [
        (0.03, 0.02), (0.0, 0.1), (0.015, 0.21), (0.05, 0.22), (0.14, 0.14), (0.32, 0.09),
        (0.5, 0.1), (0.6, 0.17), (0.66, 0.19), (0.85, 0.14), (0.99, 0.06), (0.97, 0.02),
        (0.5, 0.015),
    ]  # fmt: skip
    marks.append(foot.fill(upper, cloth_of(design)))
    marks += sole(foot, sole_color(design), 0.025)
    if design.has("bow"):
        tone = scale(base, 0.8)
        for s in (-1, 1):
            loop = [(0.62, 0.19), (0.62 + s * 0.07, 0.24), (0.62 + s * 0.08, 0.16)]
            marks.append(foot.fill(loop, plain(tone, "silk")))
    marks.append(
        foot.line([(0.05, 0.215), (0.32, 0.1), (0.5, 0.11), (0.6, 0.175)], scale(base, 0.7), 0.014)
    )
    return marks


def loafer(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """A loafer with a strap, a bit or tassels."""
    base = design.palette[0]
    ink = seam_color(base)
    marks: list[Mark] = []
    if foot.skin is not None:
        marks += bare_foot(foot)
    else:
        inside = [(0.03, 0.24), (0.1, 0.33), (0.4, 0.3), (0.42, 0.2), (0.2, 0.16)]
        marks.append(foot.fill(inside, plain((176, 140, 100)), shade=0.6))
    upper = [
        (0.03, 0.06), (0.0, 0.16), (0.025, 0.31), (0.06, 0.32), (0.2, 0.24), (0.36, 0.23),
        (0.44, 0.33), (0.5, 0.34), (0.62, 0.27), (0.84, 0.2), (0.98, 0.12), (0.99, 0.06),
        (0.5, 0.05),
    ]  # fmt: skip
    marks.append(foot.fill(upper, cloth_of(design)))
    marks += sole(foot, sole_color(design), 0.035, heel=0.06)
    marks.append(foot.line([(0.5, 0.2), (0.7, 0.2), (0.88, 0.17), (0.95, 0.13)], ink, 0.02, 0.75))
    strap = [(0.42, 0.3), (0.5, 0.33), (0.6, 0.28), (0.56, 0.1), (0.47, 0.1)]
    marks.append(foot.fill(strap, plain(scale(base, 0.88), design.fabric), shadow=0.3, bulge=0.4))
    if design.has("tassel"):
        for dx in (0.0, 0.05):
            tassel = [(0.55 + dx, 0.29), (0.6 + dx, 0.27), (0.64 + dx, 0.17), (0.56 + dx, 0.17)]
            marks.append(foot.fill(tassel, plain(scale(base, 0.75), "leather"), sharp=True))
    else:
        metal = [(0.5, 0.26), (0.57, 0.24)]
        marks.append(foot.line(metal, (206, 180, 110), 0.035, 0.95))
    return marks


def shaft_of(design: GarmentDesign) -> float:
    """Height of a boot in foot lengths."""
    return (1.55 + 0.5 * design.length) if design.has("high") else 0.72 + 0.3 * design.length


def boot(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """A boot from ankle to knee height."""
    base = design.palette[0]
    ink = seam_color(base)
    heel = 0.26 if design.has("heel") else 0.07
    shaft = shaft_of(design)
    wide = 0.07 * (shaft > 1.2)
    marks: list[Mark] = []
    squeeze = 1 / max(foot.squeeze, 0.5)

    def x(value: float) -> float:
        # The shaft is round: it looks as wide from everywhere.
        return 0.2 + (value - 0.2) * squeeze

    if foot.skin is None:
        mouth = [(x(0.03 - wide), shaft), (x(0.2), shaft + 0.05)]
        mouth += [(x(0.4 + wide), shaft), (x(0.2), shaft - 0.06)]
        marks.append(foot.fill(mouth, plain(scale(base, 0.35))))
    upper = foot.fill(
        [
            (0.03, 0.05 + heel * 0.9), (0.0, 0.18 + heel), (x(0.045), 0.42 + heel * 0.8),
            (x(0.02), shaft * 0.75 + 0.1), (x(0.02 - wide), shaft), (x(0.2), shaft - 0.035),
            (x(0.39 + wide), shaft), (x(0.39), shaft * 0.72 + 0.12), (x(0.36), 0.5 + heel * 0.5),
            (0.48, 0.36 + heel * 0.25), (0.7, 0.26), (0.9, 0.21), (1.0, 0.12), (0.99, 0.04),
            (0.6, 0.03), (0.4, 0.05 + heel * 0.6),
        ],
        cloth_of(design),
    )  # fmt: skip
    marks.append(upper)
    rim = [(x(0.03 - wide), shaft - 0.05), (x(0.2), shaft - 0.085), (x(0.38 + wide), shaft - 0.05)]
    marks.append(foot.line(rim, ink, 0.014, 0.6))
    if design.has("laces"):
        edge = ([0.26, 0.36 + heel * 0.25, 0.5 + heel * 0.5, shaft], [0.7, 0.48, x(0.36), x(0.39)])
        marks += _laces(foot, design, upper, edge)
    else:
        zipper = [(x(0.22), 0.2 + heel), (x(0.2), shaft * 0.5 + 0.1), (x(0.21), shaft - 0.08)]
        marks.append(foot.line(zipper, ink, 0.014, 0.6))
        top = min(shaft, 0.9) - 0.08
        gore = [(x(0.12), 0.4 + heel), (x(0.12), top), (x(0.27), top), (x(0.27), 0.4 + heel)]
        if shaft < 1.05:
            marks.append(foot.fill(gore, plain(scale(base, 0.6), "rib"), shadow=0, bulge=0.2))
    return marks + sole(foot, sole_color(design), 0.05, heel=heel)


def _laces(
    foot: Foot, design: GarmentDesign, upper: Piece, edge: tuple[list[float], list[float]]
) -> list[Mark]:
    """Laces along the boot's front edge, which is given as heights and places."""
    base = design.palette[0]
    lace = (222, 190, 120) if sum(base) < 360 else (60, 48, 40)
    marks: list[Mark] = []
    top = min(edge[0][-1], 1.6)
    for y in np.linspace(0.34, top - 0.1, int(top * 8)):
        x = float(np.interp(y, *edge))
        thread = [(x - 0.1, float(y) - 0.05), (x + 0.02, float(y))]
        marks.append(foot.line(thread, lace, 0.024, 0.9, on=upper))
    seam = [(0.72, 0.26), (0.66, 0.2), (0.62, 0.06)]
    return [*marks, foot.line(seam, seam_color(base), 0.014, 0.6)]
