"""Closed shoes from the side: sneakers, flats, loafers, boots."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.footwear import ShoeSewing
from ootd_samples.garments.sewing import SIDES, plain
from ootd_samples.pieces import Piece

# fmt: off
_SWOOSH = [(0.22, 0.18), (0.32, 0.17), (0.45, 0.26), (0.52, 0.34), (0.42, 0.29), (0.3, 0.23)]
_FLAT_INSIDE = [(0.03, 0.1), (0.04, 0.2), (0.3, 0.15), (0.6, 0.14), (0.62, 0.08), (0.3, 0.04)]
_FLAT = [(0.03, 0.02), (0.0, 0.1), (0.015, 0.21), (0.05, 0.22), (0.14, 0.14), (0.32, 0.09),
         (0.5, 0.1), (0.6, 0.17), (0.66, 0.19), (0.85, 0.14), (0.99, 0.06), (0.97, 0.02),
         (0.5, 0.015)]
_FLAT_RIM = [(0.05, 0.215), (0.32, 0.1), (0.5, 0.11), (0.6, 0.175)]
_LOAFER_INSIDE = [(0.03, 0.24), (0.1, 0.33), (0.4, 0.3), (0.42, 0.2), (0.2, 0.16)]
_LOAFER = [(0.03, 0.06), (0.0, 0.16), (0.025, 0.31), (0.06, 0.32), (0.2, 0.24), (0.36, 0.23),
           (0.44, 0.33), (0.5, 0.34), (0.62, 0.27), (0.84, 0.2), (0.98, 0.12), (0.99, 0.06),
           (0.5, 0.05)]
_LOAFER_VAMP = [(0.5, 0.2), (0.7, 0.2), (0.88, 0.17), (0.95, 0.13)]
_LOAFER_STRAP = [(0.42, 0.3), (0.5, 0.33), (0.6, 0.28), (0.56, 0.1), (0.47, 0.1)]
# fmt: on


def sneaker(sew: ShoeSewing) -> None:
    """A sneaker, low or high."""
    base, design = sew.base, sew.design
    white = (236, 234, 228) if sum(base) < 660 or design.seed % 3 else (206, 176, 132)
    high = 0.3 if design.has("high") else 0.0
    h = 0.1
    upper = [
        (0.03, h), (0.0, h + 0.14), (0.03, 0.36 + high), (0.07, 0.42 + high), (0.16, 0.38 + high),
        (0.26, 0.4 + high), (0.34, 0.47 + high), (0.43, 0.44 + high), (0.5, 0.34 + 0.2 * high),
        (0.66, 0.25), (0.86, 0.22), (0.97, 0.16), (0.99, h), (0.5, h - 0.02),
    ]  # fmt: skip
    if not sew.bare:
        mouth = [(0.06, 0.38 + high), (0.14, 0.44 + high), (0.3, 0.48 + high), (0.34, 0.42 + high)]
        sew.fill([*mouth, (0.2, 0.3 + high)], plain(scale(base, 0.4)))
    sew.fill(upper)
    sew.line([(0.46, 0.38), (0.56, 0.2), (0.6, 0.11)], 0.012, 0.6)
    sew.line([(0.2, 0.12), (0.18, 0.24), (0.02, 0.3)], 0.012, 0.6)
    if design.has("stripe"):
        sew.fill(_SWOOSH, plain(design.trim, "leather"), bulge=0.2, shadow=0)
    if design.has("toe-cap"):
        cap = [(0.8, h), (0.79, 0.19), (0.88, 0.21), (0.98, 0.15), (0.99, h)]
        sew.fill(cap, plain((238, 236, 230), "rubber"), shadow=0.1)
    for k in range(4 + int(high > 0) * 2):
        x, y = 0.62 - k * 0.06, 0.285 + k * 0.05 + (k > 3) * 0.04
        sew.line([(x - 0.045, y - 0.055), (x + 0.005, y)], 0.024, 0.95, rgb=sew.lace_color)
    sew.sole(h, rgb=white)
    sew.line([(0.02, 0.06), (0.5, 0.05), (0.99, 0.06)], 0.012, 0.7, rgb=scale(white, 0.75))


def flat(sew: ShoeSewing) -> None:
    """A ballet flat."""
    sew.bare_foot()
    if not sew.bare:
        sew.fill(_FLAT_INSIDE, plain(mix(sew.design.trim, (206, 180, 150), 0.6)), shade=0.7)
    sew.fill(_FLAT)
    sew.sole(0.025)
    if sew.design.has("bow"):
        for s in SIDES:
            loop = [(0.62, 0.19), (0.62 + s * 0.07, 0.24), (0.62 + s * 0.08, 0.16)]
            sew.fill(loop, plain(scale(sew.base, 0.8), "silk"))
    sew.line(_FLAT_RIM, 0.014, rgb=scale(sew.base, 0.7))


def loafer(sew: ShoeSewing) -> None:
    """A loafer with a strap, a bit or tassels."""
    design = sew.design
    sew.bare_foot()
    if not sew.bare:
        sew.fill(_LOAFER_INSIDE, plain((176, 140, 100)), shade=0.6)
    sew.fill(_LOAFER)
    sew.sole(0.035, heel=0.06)
    sew.line(_LOAFER_VAMP, 0.02, 0.75)
    leather = plain(scale(sew.base, 0.88), design.fabric)
    sew.fill(_LOAFER_STRAP, leather, shadow=0.3, bulge=0.4)
    if design.has("tassel"):
        for dx in (0.0, 0.05):
            tassel = [(0.55 + dx, 0.29), (0.6 + dx, 0.27), (0.64 + dx, 0.17), (0.56 + dx, 0.17)]
            sew.fill(tassel, plain(scale(sew.base, 0.75), "leather"), sharp=True)
    else:
        sew.line([(0.5, 0.26), (0.57, 0.24)], 0.035, 0.95, rgb=(206, 180, 110))


def shaft_of(design: GarmentDesign) -> float:
    """Height of a boot in foot lengths."""
    return (1.55 + 0.5 * design.length) if design.has("high") else 0.72 + 0.3 * design.length


def boot(sew: ShoeSewing) -> None:
    """A boot from ankle to knee height."""
    design, shaft = sew.design, shaft_of(sew.design)
    heel = 0.26 if design.has("heel") else 0.07
    wide = 0.07 * (shaft > 1.2)
    squeeze = 1 / max(sew.foot.squeeze, 0.5)

    def x(value: float) -> float:
        # The shaft is round: it looks as wide from everywhere.
        return 0.2 + (value - 0.2) * squeeze

    if not sew.bare:
        mouth = [(x(0.03 - wide), shaft), (x(0.2), shaft + 0.05)]
        mouth += [(x(0.4 + wide), shaft), (x(0.2), shaft - 0.06)]
        sew.fill(mouth, plain(scale(sew.base, 0.35)))
    upper = sew.fill([
        (0.03, 0.05 + heel * 0.9), (0.0, 0.18 + heel), (x(0.045), 0.42 + heel * 0.8),
        (x(0.02), shaft * 0.75 + 0.1), (x(0.02 - wide), shaft), (x(0.2), shaft - 0.035),
        (x(0.39 + wide), shaft), (x(0.39), shaft * 0.72 + 0.12), (x(0.36), 0.5 + heel * 0.5),
        (0.48, 0.36 + heel * 0.25), (0.7, 0.26), (0.9, 0.21), (1.0, 0.12), (0.99, 0.04),
        (0.6, 0.03), (0.4, 0.05 + heel * 0.6),
    ])  # fmt: skip
    rim = [(x(0.03 - wide), shaft - 0.05), (x(0.2), shaft - 0.085), (x(0.38 + wide), shaft - 0.05)]
    sew.line(rim, 0.014, 0.6)
    if design.has("laces"):
        heights = [0.26, 0.36 + heel * 0.25, 0.5 + heel * 0.5, shaft]
        _laces(sew, upper, (heights, [0.7, 0.48, x(0.36), x(0.39)]))
    else:
        sew.line(
            [(x(0.22), 0.2 + heel), (x(0.2), shaft * 0.5 + 0.1), (x(0.21), shaft - 0.08)],
            0.014,
            0.6,
        )
        low, top = 0.4 + heel, min(shaft, 0.9) - 0.08
        if shaft < 1.05:
            gore = [(x(0.12), low), (x(0.12), top), (x(0.27), top), (x(0.27), low)]
            sew.fill(gore, plain(scale(sew.base, 0.6), "rib"), shadow=0, bulge=0.2)
    sew.sole(0.05, heel=heel)


def _laces(sew: ShoeSewing, upper: Piece, edge: tuple[list[float], list[float]]) -> None:
    """Laces along the boot's front edge, which is given as heights and places."""
    lace = (222, 190, 120) if sum(sew.base) < 360 else (60, 48, 40)
    top = min(edge[0][-1], 1.6)
    for y in np.linspace(0.34, top - 0.1, int(top * 8)):
        x = float(np.interp(y, *edge))
        thread = [(x - 0.1, float(y) - 0.05), (x + 0.02, float(y))]
        sew.line(thread, 0.024, rgb=lace, on=upper)
    sew.line([(0.72, 0.26), (0.66, 0.2), (0.62, 0.06)], 0.014, 0.6)
