"""Outer layers: coat, jacket, blazer, cardigan, cape, vest."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.layers import (
    BODY,
    Front,
    arms,
    belt,
    body,
    button_row,
    flap_pockets,
    front_edge,
    lapels,
    opening,
    turn_collar,
    waistband,
)
from ootd_samples.garments.outer_short import cape, jacket, vest
from ootd_samples.garments.torso import (
    Cut,
    material,
    patch,
    plain,
    seam,
    seam_color,
    sleeves,
)
from ootd_samples.pieces import Folds, Mark, Stage, Stroke


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of an outer layer."""
    maker = {
        "coat": _coat,
        "jacket": jacket,
        "blazer": _blazer,
        "cardigan": _cardigan,
        "cape": cape,
        "vest": vest,
    }[design.sub_category]
    return maker(fig, design)


def _coat(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.026 + 0.02 * design.fit
    hem = 0.62 + 0.2 * design.length
    cut = Cut(hem, ease, ease + 0.03 * design.flare, waist=0.3, hem_curve=0.008)
    gap, hem_gap = opening(design, 0.02)
    front = Front(cut, 0.3 if design.neckline == "lapel" else 0.225, gap, hem_gap)
    cloth = material(design)
    folds = Folds(angle=1.5, wave=0.06, depth=0.25, stretch=6)
    marks = body(fig, design, front, cloth, folds)
    if design.has("fur"):
        marks += turn_collar(fig, plain(mix(design.trim, (120, 90, 64), 0.5), "fur"), size=1.5)
    elif design.neckline == "lapel":
        marks += lapels(fig, front, cloth, size=1.5, peak=design.has("double"))
    else:
        marks += turn_collar(fig, cloth, size=1.25)
    double = design.has("double")
    marks += button_row(
        fig, design, (front.break_y + 0.01, 0.54), 4, double=double, x=-max(gap, 0) - 0.004
    )
    marks += flap_pockets(fig, design, 0.5, 0.07)
    if design.has("belt"):
        marks += belt(fig, design, material(design), BODY, y=0.405, ease=ease + 0.004)
    marks += arms(fig, design, "long", 0.022 + 0.01 * design.fit)
    return marks


def _blazer(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.016 + 0.012 * design.fit
    hem = 0.515 + 0.05 * design.length
    cut = Cut(hem, ease, ease + 0.006, waist=0.75, hem_curve=0.002)
    gap, hem_gap = opening(design, 0.018)
    front = Front(cut, 0.35 + 0.03 * design.length, gap, hem_gap, rounded=0.03)
    cloth = material(design)
    folds = Folds(angle=1.3, wave=0.06, depth=0.15, stretch=3)
    marks = body(fig, design, front, cloth, folds)
    double = design.has("double")
    marks += lapels(fig, front, cloth, size=0.75 + 0.35 * design.flare, peak=double)
    count, low = (2, 0.43) if double else (1 + int(design.seed % 2), 0.42)
    marks += button_row(
        fig, design, (front.break_y + 0.008, low), count, double=double, x=-max(gap, 0) - 0.004
    )
    marks += flap_pockets(fig, design, 0.455, 0.062, 0.024)
    ink = seam_color(design.palette[0])
    welt = [(0.04, 0.292), (0.068, 0.287), (0.068, 0.296), (0.04, 0.301)]
    marks.append(patch(fig, welt, material(design), BODY, shadow=0.25))
    if design.has("pocket-square"):
        square = [(0.042, 0.292), (0.048, 0.278), (0.055, 0.284), (0.063, 0.274), (0.066, 0.287)]
        marks.append(Stroke(fig.at(square), (240, 238, 232), 0, BODY, 0.95, closed=True))
    for s in (-1, 1):
        dart = [(s * 0.052, 0.33), (s * 0.048, 0.4), (s * 0.055, 0.45)]
        marks.append(seam(fig, dart, ink, BODY, opacity=0.35))
    marks += arms(fig, design, "long", 0.016 + 0.006 * design.fit)
    return marks


def _cardigan(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.016 + 0.022 * design.fit
    hem = 0.49 + 0.16 * design.length**2
    cut = Cut(hem, ease, ease, waist=0.3)
    gap, hem_gap = opening(design, 0.022)
    front = Front(cut, 0.3, gap, hem_gap)
    cloth = material(design, "cable" if design.has("cable") else "knit")
    marks = body(fig, design, front, cloth, Folds(angle=1.3, wave=0.07, depth=0.25, stretch=3))
    rib = scale(design.palette[0], 0.86)
    wide = 0.034 if design.has("shawl") else 0.015
    for s in (-1, 1):
        edge = fig.at(front_edge(front, s) + np.array((s * wide * 0.4, 0)))
        marks.append(Stroke(edge, rib, fig.px(wide), BODY, 0.95))
        ridge = scale(rib, 0.86)
        for k in (-0.25, 0.25):
            line = fig.at(front_edge(front, s) + np.array((s * wide * (0.4 + k), 0)))
            marks.append(Stroke(line, ridge, fig.px(0.002), BODY, 0.6))
    if not design.has("shawl"):
        x = -max(gap, 0) - wide * 0.4
        marks += button_row(fig, design, (0.315, hem - 0.03), 5, double=False, x=x)
    pockets = hem > 0.53
    for s in (-1, 1):
        if pockets:
            box = [(s * 0.045, 0.45), (s * 0.09, 0.45), (s * 0.09, 0.5), (s * 0.045, 0.5)]
            marks.append(patch(fig, box, cloth, BODY, shadow=0.3))
    band = plain(rib, "rib")
    marks += waistband(fig, front, band)
    marks += sleeves(
        fig,
        design,
        length="long",
        ease=0.016 + 0.012 * design.fit,
        stage=Stage.OUTER_SLEEVE,
        wrist_ease=0.011,
        band=band,
        cloth=cloth,
    )
    return marks
