"""Short outer layers: jacket, cape, vest."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.figure import SHOULDER_Y
from ootd_samples.garments import layers
from ootd_samples.garments.layers import Front
from ootd_samples.garments.sewing import GOLD_THREAD, SIDES, Sewing, material, plain
from ootd_samples.garments.sleeves import sleeves
from ootd_samples.garments.torso import NECK_Y, Cut
from ootd_samples.geometry import Floats, array, join, smooth
from ootd_samples.pieces import Folds, Stage

_BRASS: RGB = (186, 150, 100)
# fmt: off
_DENIM_FLAP = array([(0.032, 0.278), (0.074, 0.276), (0.072, 0.296), (0.053, 0.305),
                     (0.034, 0.296)])
_DENIM_YOKE = array([(0.02, 0.272), (0.1, 0.268)])
_SLANT_POCKET = array([(0.05, 0.415), (0.078, 0.37)])
_SIDE_ZIP = array([(0.045, 0.385), (0.085, 0.36)])
_CHEST_ZIP = [(-0.085, 0.29), (-0.05, 0.305)]
_VEST_WELT = array([(0.04, 0.43), (0.075, 0.425)])
# fmt: on


def jacket(sew: Sewing) -> None:
    """A jacket: biker, denim, bomber or quilted."""
    design = sew.design
    ease = 0.018 + 0.018 * design.fit
    hem = 0.44 + 0.06 * design.length
    biker = design.neckline == "biker" or design.fabric == "leather"
    gap, hem_gap = layers.opening(design, 0.022)
    front = Front(Cut(hem, ease, ease - 0.006, waist=0.35), 0.28 if biker else 0.222, gap, hem_gap)
    if design.has("quilted") and design.fabric == "nylon":
        sew.cloth = material(design, "quilted")
    layers.body(sew, front, Folds(angle=0.9, wave=0.05, depth=0.3, stretch=2.4))
    if biker:
        layers.lapels(sew, front, size=1.25, peak=True)
        _zips(sew, front)
    else:
        layers.turn_collar(sew, stand=design.neckline == "stand")
    band = material(design)
    if design.fabric in ("nylon", "cotton"):
        band = plain(scale(sew.base, 0.85), "rib")
    if design.fabric == "denim":
        _denim_details(sew, front)
    else:
        for s in SIDES:
            sew.seam(_SLANT_POCKET * (s, 1), width=0.004, opacity=0.7)
        if not biker:
            layers.zipper(sew, [(gap * 0.98, 0.222), (hem_gap, hem)])
    layers.waistband(sew, front, band)
    ease = 0.016 + 0.012 * design.fit
    sleeves(sew, length="long", ease=ease, wrist_ease=0.008, band=band, cloth=material(design))


def _zips(sew: Sewing, front: Front) -> None:
    layers.zipper(sew, [(max(front.gap, 0.0) + 0.012, 0.3), (front.hem_gap + 0.012, front.cut.hem)])
    for s in SIDES:
        layers.zipper(sew, _SIDE_ZIP * (s, 1))
    layers.zipper(sew, _CHEST_ZIP)


def _denim_details(sew: Sewing, front: Front) -> None:
    gold = mix(GOLD_THREAD, sew.base, 0.25)
    gap, hem = front.gap, front.cut.hem
    for s in SIDES:
        sew.patch(_DENIM_FLAP * (s, 1), shadow=0.3)
        sew.buttons([(s * 0.053, 0.297)], _BRASS, 0.0035)
        sew.seam(_DENIM_YOKE * (s, 1), gold, dashed=True)
        for x0, x1 in ((0.04, 0.034), (0.064, 0.055)):
            sew.seam([(s * x0, 0.3), (s * x1, hem - 0.025)], gold, opacity=0.7, dashed=True)
    x = -(gap + 0.008) if gap > 0 else 0.0
    sew.buttons([(x, float(y)) for y in np.linspace(0.235, hem - 0.012, 6)], _BRASS, 0.0045)


def cape(sew: Sewing) -> None:
    """A cape: it falls from the shoulders over the arms."""
    design = sew.design
    hem = 0.46 + 0.12 * design.length
    wide = (0.165 + 0.05 * design.flare) * (1.1 if sew.fig.flat else 1.0)
    gap = 0.014 if design.has("open") else -0.004
    lining = plain(scale(sew.base, 0.6), "wool")
    back = [(-0.06, 0.18), (0.06, 0.18), (wide * 0.97, hem - 0.02), (-wide * 0.97, hem - 0.02)]
    sew.piece(back, lining, at=(0, 0.3), stage=Stage.BEHIND, shade=0.75)
    folds = Folds(angle=1.5, wave=0.06, depth=0.45, stretch=8)
    for s in (1, -1):
        outline, lower = _cape_half(sew, wide, gap, hem)
        at, angle = (0.05 * s, 0.275), -0.12 * s
        sew.piece(outline * (s, 1), at=at, angle=angle, folds=folds, bulge=0.7, shadow=0.5)
        if design.has("fringe"):
            for knot in (lower * (s, 1))[::2]:
                strand = sew.fig.at([knot, knot + np.array((0.001, 0.028))])
                sew.line(strand, scale(sew.base, 0.85), 0.005, 0.95, solid=True)
    layers.turn_collar(sew, size=1.1, stand=design.neckline == "stand", stage=sew.stage)
    tone = mix(design.trim, scale(sew.base, 0.5), 0.4)
    sew.buttons([(max(gap, 0.0), y) for y in (0.24, 0.29, 0.34)], tone, 0.007)


def _cape_half(sew: Sewing, wide: float, gap: float, hem: float) -> tuple[Floats, Floats]:
    """The right half, and its hem."""
    shoulder, corner, front = (
        sew.fig.build.shoulders,
        (wide, hem - 0.03),
        (gap + 0.006, hem + 0.014),
    )
    side = [(0.043, NECK_Y), (shoulder * 0.85, SHOULDER_Y - 0.006), (shoulder + 0.022, 0.235)]
    side += [((wide + shoulder + 0.02) / 2, 0.33), corner]
    lower = smooth([corner, (wide * 0.5, hem + 0.008), front])
    edge = smooth([front, (gap, 0.3), (gap, 0.215), (0.043, NECK_Y)])
    return join(smooth(side), lower, edge), lower


def vest(sew: Sewing) -> None:
    """A sleeveless layer: a waistcoat, a denim or a padded vest."""
    design = sew.design
    puffer = design.fabric == "nylon"
    ease = 0.022 + 0.012 * design.fit if puffer else 0.01 + 0.01 * design.fit
    hem = 0.46 + 0.05 * design.length
    cut = Cut(hem, ease, ease, sleeveless=True, waist=0.4)
    stand = puffer or design.neckline == "stand"
    gap, hem_gap = layers.opening(design, 0.022)
    front = Front(cut, 0.222 if stand else 0.32, gap, hem_gap, rounded=0.0 if puffer else 0.02)
    layers.body(sew, front, Folds(angle=0.0 if puffer else 1.3, wave=0.04, depth=0.3, stretch=4))
    if puffer:
        _padding(sew, front)
        layers.zipper(sew, [(max(gap, 0.0), 0.222), (max(hem_gap, 0.0), hem)])
    else:
        layers.button_row(sew, front.break_y + 0.01, hem - 0.03, 4, x=front.button_x)
        for s in SIDES:
            sew.seam(_VEST_WELT * (s, 1), width=0.005)
    if stand:
        layers.turn_collar(sew, stand=True)


def _padding(sew: Sewing, front: Front) -> None:
    """Dark seams across a padded front, with light on the padding below each."""
    fig, dark, lit = sew.fig, scale(sew.base, 0.5), mix(sew.base, (255, 255, 255), 0.35)
    for y in np.arange(0.235, front.cut.hem - 0.02, 0.034):
        for s in SIDES:
            clip = fig.at(layers.half_outline(fig, front, s))
            line = fig.at([(0.0, y), (s * 0.16, y - 0.003)])
            sew.line(line, dark, 0.005, 0.6, clip=clip)
            sew.line(line + np.array((0, fig.px(0.008))), lit, 0.006, 0.35, clip=clip)
