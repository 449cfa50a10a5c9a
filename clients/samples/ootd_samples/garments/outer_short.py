"""Short outer layers: jacket, cape, vest."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import SHOULDER_Y, Figure
from ootd_samples.garments.layers import (
    BODY,
    Front,
    arms,
    body,
    button_row,
    half_outline,
    lapels,
    opening,
    turn_collar,
    waistband,
    zipper,
)
from ootd_samples.garments.torso import (
    NECK_Y,
    Cut,
    buttons,
    material,
    patch,
    plain,
    seam,
    seam_color,
)
from ootd_samples.geometry import Floats, join, smooth
from ootd_samples.pieces import Folds, Mark, Piece, Stage, Stroke


def jacket(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """A jacket: biker, denim, bomber or quilted."""
    ease = 0.018 + 0.018 * design.fit
    hem = 0.44 + 0.06 * design.length
    cut = Cut(hem, ease, ease - 0.006, waist=0.35)
    gap, hem_gap = opening(design, 0.022)
    biker = design.neckline == "biker" or design.fabric == "leather"
    front = Front(cut, 0.28 if biker else 0.222, gap, hem_gap)
    quilted = design.has("quilted") and design.fabric == "nylon"
    cloth = material(design, "quilted" if quilted else None)
    folds = Folds(angle=0.9, wave=0.05, depth=0.3, stretch=2.4)
    marks = body(fig, design, front, cloth, folds)
    if biker:
        marks += lapels(fig, front, cloth, size=1.25, peak=True)
        marks += _zips(fig, design, front)
    else:
        marks += turn_collar(fig, cloth, stand=design.neckline == "stand")
    if design.fabric == "denim":
        marks += _denim_details(fig, design, front)
        band = material(design)
    else:
        rib = design.fabric in ("nylon", "cotton")
        band = plain(scale(design.palette[0], 0.85), "rib") if rib else material(design)
        marks += _slant_pockets(fig, design)
        if not biker:
            marks.append(zipper(fig, [(gap * 0.98, 0.222), (hem_gap, hem)], design))
    marks += waistband(fig, front, band)
    marks += arms(fig, design, "long", 0.016 + 0.012 * design.fit, band)
    return marks


def _zips(fig: Figure, design: GarmentDesign, front: Front) -> list[Mark]:
    edge = max(front.gap, 0.0)
    marks: list[Mark] = [
        zipper(fig, [(edge + 0.012, 0.3), (front.hem_gap + 0.012, front.cut.hem)], design)
    ]
    marks += [zipper(fig, [(s * 0.045, 0.385), (s * 0.085, 0.36)], design) for s in (-1, 1)]
    marks.append(zipper(fig, [(-0.085, 0.29), (-0.05, 0.305)], design))
    return marks


def _slant_pockets(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ink = seam_color(design.palette[0])
    return [
        seam(fig, [(s * 0.05, 0.415), (s * 0.078, 0.37)], ink, BODY, width=0.004, opacity=0.7)
        for s in (-1, 1)
    ]


def _denim_details(fig: Figure, design: GarmentDesign, front: Front) -> list[Mark]:
    gold = mix((196, 142, 72), design.palette[0], 0.25)
    gap, hem = front.gap, front.cut.hem
    marks: list[Mark] = []
    for s in (-1, 1):
        flap = [
            (s * 0.032, 0.278),
            (s * 0.074, 0.276),
            (s * 0.072, 0.296),
            (s * 0.053, 0.305),
            (s * 0.034, 0.296),
        ]
        marks.append(patch(fig, flap, material(design), BODY, shadow=0.3))
        marks += buttons(fig, [(s * 0.053, 0.297)], (186, 150, 100), BODY, 0.0035)
        marks.append(seam(fig, [(s * 0.02, 0.272), (s * 0.1, 0.268)], gold, BODY, dashed=True))
        for x0, x1 in ((0.04, 0.034), (0.064, 0.055)):
            line = [(s * x0, 0.3), (s * x1, hem - 0.025)]
            marks.append(seam(fig, line, gold, BODY, opacity=0.7, dashed=True))
    ys = np.linspace(0.235, hem - 0.012, 6)
    x = -(gap + 0.008) if gap > 0 else 0.0
    return marks + buttons(fig, [(x, float(y)) for y in ys], (186, 150, 100), BODY, 0.0045)


def cape(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """A cape: it falls from the shoulders over the arms."""
    hem = 0.46 + 0.12 * design.length
    wide = (0.165 + 0.05 * design.flare) * (1.1 if fig.flat else 1.0)
    gap = 0.014 if design.has("open") else -0.004
    cloth = material(design)
    marks: list[Mark] = []
    stage = Stage.CAPE
    lining = plain(scale(design.palette[0], 0.6), "wool")
    back = [(-0.06, 0.18), (0.06, 0.18), (wide * 0.97, hem - 0.02), (-wide * 0.97, hem - 0.02)]
    marks.append(Piece(fig.at(back), lining, fig.frame(0, 0.3), Stage.BEHIND, shade=0.75))
    folds = Folds(angle=1.5, wave=0.06, depth=0.45, stretch=8)
    for s in (1, -1):
        outline, lower = _cape_half(fig, s, wide, gap, hem)
        frame = fig.frame(0.05 * s, 0.275, -0.12 * s)
        marks.append(Piece(outline, cloth, frame, stage, folds, bulge=0.7, shadow=0.5))
        if design.has("fringe"):
            marks += _fringe(fig, design, lower)
    marks += [
        Piece(m.outline, m.material, m.frame, stage, m.folds, bulge=m.bulge, shadow=m.shadow)
        for m in turn_collar(fig, cloth, size=1.1, stand=design.neckline == "stand")
        if isinstance(m, Piece)
    ]
    for x, y in ((0.0, 0.24), (0.0, 0.29), (0.0, 0.34)):
        tone = mix(design.trim, scale(design.palette[0], 0.5), 0.4)
        for mark in buttons(fig, [(x + (gap if gap > 0 else 0), y)], tone, stage, 0.007):
            marks.append(mark)
    return marks


def _cape_half(fig: Figure, s: int, wide: float, gap: float, hem: float) -> tuple[Floats, Floats]:
    """One half in px, and its hem in body coordinates."""
    shoulder = fig.build.shoulders
    side = [(0.043, NECK_Y), (shoulder * 0.85, SHOULDER_Y - 0.006), (shoulder + 0.022, 0.235)]
    side += [((wide + shoulder + 0.02) / 2, 0.33), (wide, hem - 0.03)]
    lower = smooth([(wide, hem - 0.03), (wide * 0.5, hem + 0.008), (gap + 0.006, hem + 0.014)])
    edge = smooth([(gap + 0.006, hem + 0.014), (gap, 0.3), (gap, 0.215), (0.043, NECK_Y)])
    return fig.at(join(smooth(side), lower, edge) * (s, 1)), lower * (s, 1)


def _fringe(fig: Figure, design: GarmentDesign, hem: Floats) -> list[Mark]:
    marks: list[Mark] = []
    for at in hem[::2]:
        strand = fig.at([at, at + np.array((0.001, 0.028))])
        tone = scale(design.palette[0], 0.85)
        marks.append(Stroke(strand, tone, fig.px(0.005), Stage.CAPE, 0.95, solid=True))
    return marks


def vest(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """A sleeveless layer: a waistcoat, a denim or a padded vest."""
    puffer = design.fabric == "nylon"
    ease = 0.022 + 0.012 * design.fit if puffer else 0.01 + 0.01 * design.fit
    hem = 0.46 + 0.05 * design.length
    cut = Cut(hem, ease, ease, sleeveless=True, waist=0.4)
    gap, hem_gap = opening(design, 0.022)
    stand = puffer or design.neckline == "stand"
    front = Front(cut, 0.222 if stand else 0.32, gap, hem_gap, rounded=0.0 if puffer else 0.02)
    cloth = material(design)
    folds = Folds(angle=0.0 if puffer else 1.3, wave=0.04, depth=0.3, stretch=4)
    marks = body(fig, design, front, cloth, folds)
    ink = seam_color(design.palette[0])
    if puffer:
        for y in np.arange(0.235, hem - 0.02, 0.034):
            for s in (-1, 1):
                clip = half_outline(fig, front, s)
                line = fig.at([(0.0, y), (s * 0.16, y - 0.003)])
                marks.append(
                    Stroke(line, scale(design.palette[0], 0.5), fig.px(0.005), BODY, 0.6, clip=clip)
                )
                glow = line + np.array((0, fig.px(0.008)))
                lit = mix(design.palette[0], (255, 255, 255), 0.35)
                marks.append(Stroke(glow, lit, fig.px(0.006), BODY, 0.35, clip=clip))
        marks.append(zipper(fig, [(max(gap, 0.0), 0.222), (max(hem_gap, 0.0), hem)], design))
    else:
        marks += button_row(
            fig, design, (front.break_y + 0.01, hem - 0.03), 4, double=False, x=-max(gap, 0) - 0.004
        )
        for s in (-1, 1):
            welt = [(s * 0.04, 0.43), (s * 0.075, 0.425)]
            marks.append(seam(fig, welt, ink, BODY, width=0.005, opacity=0.6))
    if stand:
        marks += turn_collar(fig, cloth, stand=True)
    return marks
