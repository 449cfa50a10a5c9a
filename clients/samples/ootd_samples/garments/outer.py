"""Outer layers: coat, blazer, cardigan and, from `outer_short`, jacket, cape, vest."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments import layers
from ootd_samples.garments.layers import Front
from ootd_samples.garments.outer_short import cape, jacket, vest
from ootd_samples.garments.sewing import SIDES, Sewing, material, plain
from ootd_samples.garments.sleeves import sleeves
from ootd_samples.garments.torso import Cut
from ootd_samples.geometry import array
from ootd_samples.pieces import Folds, Mark, Stage

# fmt: off
_WELT = [(0.04, 0.292), (0.068, 0.287), (0.068, 0.296), (0.04, 0.301)]
_POCKET_SQUARE = [(0.042, 0.292), (0.048, 0.278), (0.055, 0.284), (0.063, 0.274), (0.066, 0.287)]
_DART = array([(0.052, 0.33), (0.048, 0.4), (0.055, 0.45)])
_CARDIGAN_POCKET = array([(0.045, 0.45), (0.09, 0.45), (0.09, 0.5), (0.045, 0.5)])
# fmt: on


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of an outer layer."""
    sew = Sewing(fig, design, Stage.CAPE if design.sub_category == "cape" else Stage.OUTER)
    maker = {
        "coat": _coat,
        "jacket": jacket,
        "blazer": _blazer,
        "cardigan": _cardigan,
        "cape": cape,
        "vest": vest,
    }[design.sub_category]
    maker(sew)
    return sew.marks


def _coat(sew: Sewing) -> None:
    design, double = sew.design, sew.design.has("double")
    ease = 0.026 + 0.02 * design.fit
    hem = 0.62 + 0.2 * design.length
    cut = Cut(hem, ease, ease + 0.03 * design.flare, waist=0.3, hem_curve=0.008)
    break_y = 0.3 if design.neckline == "lapel" else 0.225
    front = Front(cut, break_y, *layers.opening(design, 0.02))
    layers.body(sew, front, Folds(angle=1.5, wave=0.06, depth=0.25, stretch=6))
    if design.has("fur"):
        fur = plain(mix(design.trim, (120, 90, 64), 0.5), "fur")
        layers.turn_collar(sew, fur, size=1.5)
    elif design.neckline == "lapel":
        layers.lapels(sew, front, size=1.5, peak=double)
    else:
        layers.turn_collar(sew, size=1.25)
    layers.button_row(sew, break_y + 0.01, 0.54, 4, double=double, x=front.button_x)
    layers.flap_pockets(sew, 0.5, 0.07)
    if design.has("belt"):
        layers.belt(sew, sew.cloth, y=0.405, ease=ease + 0.004)
    sleeves(sew, length="long", ease=0.022 + 0.01 * design.fit, wrist_ease=0.014)


def _blazer(sew: Sewing) -> None:
    design, double = sew.design, sew.design.has("double")
    ease = 0.016 + 0.012 * design.fit
    hem = 0.515 + 0.05 * design.length
    cut = Cut(hem, ease, ease + 0.006, waist=0.75, hem_curve=0.002)
    break_y = 0.35 + 0.03 * design.length
    front = Front(cut, break_y, *layers.opening(design, 0.018), rounded=0.03)
    layers.body(sew, front, Folds(angle=1.3, wave=0.06, depth=0.15, stretch=3))
    layers.lapels(sew, front, size=0.75 + 0.35 * design.flare, peak=double)
    count, low = (2, 0.43) if double else (1 + int(design.seed % 2), 0.42)
    layers.button_row(sew, break_y + 0.008, low, count, double=double, x=front.button_x)
    layers.flap_pockets(sew, 0.455, 0.062, 0.024)
    sew.patch(_WELT)
    if design.has("pocket-square"):
        sew.blot(sew.fig.at(_POCKET_SQUARE), (240, 238, 232), 0.95)
    for s in SIDES:
        sew.seam(_DART * (s, 1), opacity=0.35)
    sleeves(sew, length="long", ease=0.016 + 0.006 * design.fit, wrist_ease=0.014)


def _cardigan(sew: Sewing) -> None:
    fig, design = sew.fig, sew.design
    ease = 0.016 + 0.022 * design.fit
    hem = 0.49 + 0.16 * design.length**2
    front = Front(Cut(hem, ease, ease, waist=0.3), 0.3, *layers.opening(design, 0.022))
    cloth = material(design, "cable" if design.has("cable") else "knit")
    layers.body(sew, front, Folds(angle=1.3, wave=0.07, depth=0.25, stretch=3), cloth)
    rib = scale(sew.base, 0.86)
    band, ridge = plain(rib, "rib"), scale(rib, 0.86)
    wide = 0.034 if design.has("shawl") else 0.015
    for s in SIDES:
        edge = layers.front_edge(front, s)
        sew.line(fig.at(edge + np.array((s * wide * 0.4, 0))), rib, wide, 0.95)
        for k in (-0.25, 0.25):
            sew.line(fig.at(edge + np.array((s * wide * (0.4 + k), 0))), ridge, 0.002, 0.6)
    if not design.has("shawl"):
        layers.button_row(sew, 0.315, hem - 0.03, 5, x=-max(front.gap, 0) - wide * 0.4)
    if hem > 0.53:
        for s in SIDES:
            sew.patch(_CARDIGAN_POCKET * (s, 1), cloth, shadow=0.3)
    layers.waistband(sew, front, band)
    ease = 0.016 + 0.012 * design.fit
    sleeves(sew, length="long", ease=ease, wrist_ease=0.011, band=band, cloth=cloth)
