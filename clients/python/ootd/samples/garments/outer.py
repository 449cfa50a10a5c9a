"""Outer layers: coat, jacket, blazer, cardigan, cape, vest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd.samples.colors import RGB, mix, scale
from ootd.samples.design import GarmentDesign
from ootd.samples.figure import SHOULDER_Y, Figure
from ootd.samples.garments.trunk import (
    NECK_Y,
    Cut,
    Outline,
    buttons,
    material,
    patch,
    plain,
    seam,
    seam_color,
    side_line,
    sleeves,
)
from ootd.samples.geometry import Floats, join, smooth
from ootd.samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

_BODY = Stage.OUTER


@dataclass(frozen=True)
class _Front:
    """How an outer layer opens: how far its edges stand apart (body heights) and from where."""

    cut: Cut
    break_y: float  # where the neck opening ends
    gap: float  # half of the opening at the break; negative where the edges overlap
    hem_gap: float
    rounded: float = 0.0  # how much the front corners are cut away


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of an outer layer."""
    maker = {
        "coat": _coat,
        "jacket": _jacket,
        "blazer": _blazer,
        "cardigan": _cardigan,
        "cape": _cape,
        "vest": _vest,
    }[design.sub_category]
    return maker(fig, design)


def is_open(design: GarmentDesign) -> bool:
    """Whether the layer is worn open, so that what is under it shows."""
    return design.has("open")


def _gap(design: GarmentDesign, wide: float) -> tuple[float, float]:
    if not design.has("open"):
        return -0.006, -0.006
    return wide * (0.7 + 0.5 * design.flare), wide * (1.1 + 1.2 * design.flare)


def _edge(front: _Front, side: int) -> Floats:
    """The front edge of one half, from the neck down to the hem, in body coordinates."""
    neck = (0.043, NECK_Y)
    points: Outline = [neck, ((neck[0] + front.gap) / 2 + 0.006, (NECK_Y + front.break_y) / 2)]
    points += [(front.gap, front.break_y)]
    upper = np.asarray(points)
    hem = front.cut.hem
    lower: Outline = [(front.gap, front.break_y)]
    lower += [(0.5 * (front.gap + front.hem_gap), 0.5 * (front.break_y + hem))]
    lower += [(front.hem_gap, hem - 0.02 - front.rounded)]
    lower += [(front.hem_gap + 0.7 * front.rounded + 0.001, hem)]
    return join(smooth(upper), smooth(lower)) * (side, 1)


def _half_outline(fig: Figure, front: _Front, side: int) -> Floats:
    flank = smooth(side_line(fig, front.cut)) * (side, 1)
    edge = _edge(front, side)
    middle = (flank[-1] + edge[-1]) / 2 + (0, front.cut.hem_curve)
    hem = smooth([flank[-1], middle, edge[-1]])
    return fig.at(join(flank, hem, edge[::-1]))


def _body(
    fig: Figure, design: GarmentDesign, front: _Front, cloth: Material, folds: Folds
) -> list[Mark]:
    marks: list[Mark] = []
    if fig.flat:
        lining = mix(design.trim, scale(design.palette[0], 0.6), 0.6)
        flank = smooth(side_line(fig, front.cut))
        neck = [(-0.043, NECK_Y), (0.0, NECK_Y + 0.012), (0.043, NECK_Y)]
        shape = join(smooth(neck), flank * (0.97, 1) - (0, 0.004))
        shape = join(shape, (flank * (-0.97, 1) - (0, 0.004))[::-1])
        inside = Piece(
            fig.at(shape),
            plain(lining, "silk"),
            fig.frame(0, 0.3),
            Stage.BEHIND,
            bulge=0.2,
            shade=0.6,
        )
        marks.append(inside)
    for side in (1, -1):
        outline = _half_outline(fig, front, side)
        frame = fig.frame(0.05 * side, 0.275)
        marks.append(
            Piece(
                outline, cloth, frame, _BODY, folds, bulge=0.45 if fig.flat else 0.75, shadow=0.45
            )
        )
        ink = seam_color(design.palette[0])
        marks.append(Stroke(fig.at(_edge(front, side)), ink, fig.px(0.002), _BODY, 0.5))
    return marks


def _lapels(
    fig: Figure, front: _Front, cloth: Material, *, size: float = 1.0, peak: bool = False
) -> list[Mark]:
    """Lapels folded back along the edge, with a notched collar above them."""
    marks: list[Mark] = []
    low, gap = front.break_y, front.gap
    span = low - NECK_Y
    for s in (-1, 1):
        notch_y = NECK_Y + span * 0.42
        out = 0.047 + 0.03 * size
        tip = (out, notch_y - (0.018 if peak else 0.0))
        lapel = [(0.036, NECK_Y + 0.02), (gap, low), (gap + 0.02, low - span * 0.2), tip]
        lapel += [(out - 0.02, notch_y - 0.014)]
        collar = [(0.034, 0.158), (0.048, 0.165), (0.06 * (0.8 + 0.2 * size), 0.195)]
        collar += [(out - 0.008, notch_y - 0.022), (out - 0.02, notch_y - 0.012), (0.032, 0.2)]
        for shape in (lapel, collar):
            outline = fig.at([(s * x, y) for x, y in shape])
            frame = fig.frame(0, 0.25, 0.35 * s)
            piece = Piece(
                outline,
                cloth,
                frame,
                Stage.OUTER_COLLAR,
                Folds(depth=0.06),
                bulge=0.35,
                shadow=0.5,
                shade=1.04,
            )
            marks.append(piece)
            closed = np.concatenate([outline, outline[:1]])
            ink = seam_color(cloth.palette[0])
            marks.append(Stroke(closed, ink, fig.px(0.0018), Stage.OUTER_COLLAR, 0.45))
    return marks


def _turn_collar(
    fig: Figure, cloth: Material, *, size: float = 1.0, stand: bool = False
) -> list[Mark]:
    """A turned-down or a stand-up collar."""
    marks: list[Mark] = []
    for s in (-1, 1):
        if stand:
            shape = [(0.002, 0.212), (0.03, 0.195), (0.036, 0.148), (0.05, 0.156), (0.052, 0.188)]
            shape += [(0.03, 0.214)]
        else:
            shape = [(0.008, 0.222), (0.034, 0.18), (0.036, 0.158), (0.052, 0.163)]
            shape += [(0.066 * size, 0.2), (0.05 * size, 0.228 + 0.022 * size)]
        outline = fig.at([(s * x, y) for x, y in shape])
        frame = fig.frame(0, 0.2)
        marks.append(
            Piece(
                outline, cloth, frame, Stage.OUTER_COLLAR, Folds(depth=0.06), bulge=0.4, shadow=0.5
            )
        )
    return marks


def _flap_pockets(
    fig: Figure, design: GarmentDesign, y: float, x: float = 0.06, wide: float = 0.03
) -> list[Mark]:
    marks: list[Mark] = []
    ink = seam_color(design.palette[0])
    for s in (-1, 1):
        x0, x1 = s * (x - wide), s * (x + wide)
        flap = [(x0, y), (x1, y - 0.004), (x1, y + 0.017), (x0, y + 0.021)]
        marks.append(patch(fig, flap, material(design), _BODY, shadow=0.3))
        marks.append(seam(fig, [(x0, y), (x1, y - 0.004)], ink, _BODY, opacity=0.6))
    return marks


def _row(
    fig: Figure,
    design: GarmentDesign,
    top: float,
    bottom: float,
    count: int,
    *,
    double: bool,
    x: float,
) -> list[Mark]:
    tone: RGB = mix(design.trim, scale(design.palette[0], 0.5), 0.55)
    xs = (-0.028, 0.028) if double else (x,)
    ys = np.linspace(top, bottom, count)
    return buttons(fig, [(c, float(y)) for y in ys for c in xs], tone, _BODY, 0.0062)


def _coat(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.026 + 0.02 * design.fit
    hem = 0.62 + 0.2 * design.length
    cut = Cut(hem, ease, ease + 0.03 * design.flare, waist=0.3, hem_curve=0.008)
    gap, hem_gap = _gap(design, 0.02)
    front = _Front(cut, 0.3 if design.neckline == "lapel" else 0.225, gap, hem_gap)
    cloth = material(design)
    folds = Folds(angle=1.5, wave=0.06, depth=0.25, stretch=6)
    marks = _body(fig, design, front, cloth, folds)
    if design.has("fur"):
        marks += _turn_collar(fig, plain(mix(design.trim, (120, 90, 64), 0.5), "fur"), size=1.5)
    elif design.neckline == "lapel":
        marks += _lapels(fig, front, cloth, size=1.5, peak=design.has("double"))
    else:
        marks += _turn_collar(fig, cloth, size=1.25)
    double = design.has("double")
    marks += _row(fig, design, front.break_y + 0.01, 0.54, 4, double=double, x=-max(gap, 0) - 0.004)
    marks += _flap_pockets(fig, design, 0.5, 0.07)
    if design.has("belt"):
        marks += belt(fig, design, 0.405, ease + 0.004, _BODY, material(design))
    marks += _arms(fig, design, "long", 0.022 + 0.01 * design.fit)
    return marks


def belt(
    fig: Figure, design: GarmentDesign, y: float, ease: float, stage: Stage, cloth: Material
) -> list[Mark]:
    """A belt around the waist with its buckle."""
    half = (fig.half(y) + ease) * fig.wide
    shape = join(
        smooth([(-half, y - 0.011), (0, y - 0.008), (half, y - 0.011)]),
        smooth([(half, y + 0.011), (0, y + 0.014), (-half, y + 0.011)]),
    )
    marks: list[Mark] = [
        Piece(fig.at(shape), cloth, fig.frame(0, y), stage, Folds(depth=0.1), bulge=0.5, shade=0.92)
    ]
    ring = [(-0.012, y - 0.013), (0.012, y - 0.013), (0.012, y + 0.018), (-0.012, y + 0.018)]
    closed = fig.at([*ring, ring[0]])
    marks.append(Stroke(closed, mix(design.trim, (190, 170, 120), 0.6), fig.px(0.004), stage, 0.95))
    return marks


def _arms(
    fig: Figure, design: GarmentDesign, length: str, ease: float, band: Material | None = None
) -> list[Mark]:
    cloth = material(design, "leather" if design.fabric == "leather" else None)
    wrist = 0.008 if band else 0.014
    marks = sleeves(
        fig,
        design,
        length=length,
        ease=ease,
        stage=Stage.OUTER_SLEEVE,
        wrist_ease=wrist,
        band=band,
        cloth=cloth,
    )
    return marks


def _jacket(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.018 + 0.018 * design.fit
    hem = 0.44 + 0.06 * design.length
    cut = Cut(hem, ease, ease - 0.006, waist=0.35)
    gap, hem_gap = _gap(design, 0.022)
    biker = design.neckline == "biker" or design.fabric == "leather"
    front = _Front(cut, 0.28 if biker else 0.222, gap, hem_gap)
    quilted = design.has("quilted") and design.fabric == "nylon"
    cloth = material(design, "quilted" if quilted else None)
    folds = Folds(angle=0.9, wave=0.05, depth=0.3, stretch=2.4)
    marks = _body(fig, design, front, cloth, folds)
    if biker:
        marks += _lapels(fig, front, cloth, size=1.25, peak=True)
        marks += _zips(fig, design, front)
    else:
        marks += _turn_collar(fig, cloth, stand=design.neckline == "stand")
    if design.fabric == "denim":
        marks += _denim_details(fig, design, front)
        band = material(design)
    else:
        rib = design.fabric in ("nylon", "cotton")
        band = plain(scale(design.palette[0], 0.85), "rib") if rib else material(design)
        marks += _slant_pockets(fig, design)
        if not biker:
            marks.append(_zip(fig, [(gap * 0.98, 0.222), (hem_gap, hem)], design))
    marks += _waistband(fig, front, band)
    marks += _arms(fig, design, "long", 0.016 + 0.012 * design.fit, band)
    return marks


def _waistband(fig: Figure, front: _Front, band: Material) -> list[Mark]:
    hem, marks = front.cut.hem, list[Mark]()
    half = (fig.half(hem) + front.cut.hem_ease + 0.001) * fig.wide
    for s in (-1, 1):
        inner = front.hem_gap
        strip = [
            (s * inner, hem - 0.022),
            (s * half, hem - 0.026),
            (s * half, hem),
            (s * inner, hem + 0.004),
        ]
        piece = patch(fig, strip, band, _BODY, shadow=0.2)
        marks.append(piece)
    return marks


def _zip(fig: Figure, points: Outline, design: GarmentDesign) -> Stroke:
    metal = mix(design.trim, (196, 196, 200), 0.7)
    return seam(fig, points, metal, _BODY, width=0.0035, opacity=0.9)


def _zips(fig: Figure, design: GarmentDesign, front: _Front) -> list[Mark]:
    edge = max(front.gap, 0.0)
    marks: list[Mark] = [
        _zip(fig, [(edge + 0.012, 0.3), (front.hem_gap + 0.012, front.cut.hem)], design)
    ]
    for s in (-1, 1):
        marks.append(_zip(fig, [(s * 0.045, 0.385), (s * 0.085, 0.36)], design))
    marks.append(_zip(fig, [(-0.085, 0.29), (-0.05, 0.305)], design))
    return marks


def _slant_pockets(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ink = seam_color(design.palette[0])
    return [
        seam(fig, [(s * 0.05, 0.415), (s * 0.078, 0.37)], ink, _BODY, width=0.004, opacity=0.7)
        for s in (-1, 1)
    ]


def _denim_details(fig: Figure, design: GarmentDesign, front: _Front) -> list[Mark]:
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
        marks.append(patch(fig, flap, material(design), _BODY, shadow=0.3))
        marks += buttons(fig, [(s * 0.053, 0.297)], (186, 150, 100), _BODY, 0.0035)
        marks.append(seam(fig, [(s * 0.02, 0.272), (s * 0.1, 0.268)], gold, _BODY, dashed=True))
        for x0, x1 in ((0.04, 0.034), (0.064, 0.055)):
            line = [(s * x0, 0.3), (s * x1, hem - 0.025)]
            marks.append(seam(fig, line, gold, _BODY, opacity=0.7, dashed=True))
    ys = np.linspace(0.235, hem - 0.012, 6)
    x = -(gap + 0.008) if gap > 0 else 0.0
    return marks + buttons(fig, [(x, float(y)) for y in ys], (186, 150, 100), _BODY, 0.0045)


def _blazer(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.016 + 0.012 * design.fit
    hem = 0.515 + 0.05 * design.length
    cut = Cut(hem, ease, ease + 0.006, waist=0.75, hem_curve=0.002)
    gap, hem_gap = _gap(design, 0.018)
    front = _Front(cut, 0.35 + 0.03 * design.length, gap, hem_gap, rounded=0.03)
    cloth = material(design)
    folds = Folds(angle=1.3, wave=0.06, depth=0.15, stretch=3)
    marks = _body(fig, design, front, cloth, folds)
    double = design.has("double")
    marks += _lapels(fig, front, cloth, size=0.75 + 0.35 * design.flare, peak=double)
    count, low = (2, 0.43) if double else (1 + int(design.seed % 2), 0.42)
    marks += _row(
        fig, design, front.break_y + 0.008, low, count, double=double, x=-max(gap, 0) - 0.004
    )
    marks += _flap_pockets(fig, design, 0.455, 0.062, 0.024)
    ink = seam_color(design.palette[0])
    welt = [(0.04, 0.292), (0.068, 0.287), (0.068, 0.296), (0.04, 0.301)]
    marks.append(patch(fig, welt, material(design), _BODY, shadow=0.25))
    if design.has("pocket-square"):
        square = [(0.042, 0.292), (0.048, 0.278), (0.055, 0.284), (0.063, 0.274), (0.066, 0.287)]
        marks.append(Stroke(fig.at(square), (240, 238, 232), 0, _BODY, 0.95, closed=True))
    for s in (-1, 1):
        dart = [(s * 0.052, 0.33), (s * 0.048, 0.4), (s * 0.055, 0.45)]
        marks.append(seam(fig, dart, ink, _BODY, opacity=0.35))
    marks += _arms(fig, design, "long", 0.016 + 0.006 * design.fit)
    return marks


def _cardigan(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.016 + 0.022 * design.fit
    hem = 0.49 + 0.16 * design.length**2
    cut = Cut(hem, ease, ease, waist=0.3)
    gap, hem_gap = _gap(design, 0.022)
    front = _Front(cut, 0.3, gap, hem_gap)
    cloth = material(design, "cable" if design.has("cable") else "knit")
    marks = _body(fig, design, front, cloth, Folds(angle=1.3, wave=0.07, depth=0.25, stretch=3))
    rib = scale(design.palette[0], 0.86)
    wide = 0.034 if design.has("shawl") else 0.015
    for s in (-1, 1):
        edge = fig.at(_edge(front, s) + (s * wide * 0.4, 0))
        marks.append(Stroke(edge, rib, fig.px(wide), _BODY, 0.95))
        ridge = scale(rib, 0.86)
        for k in (-0.25, 0.25):
            line = fig.at(_edge(front, s) + (s * wide * (0.4 + k), 0))
            marks.append(Stroke(line, ridge, fig.px(0.002), _BODY, 0.6))
    if not design.has("shawl"):
        x = -max(gap, 0) - wide * 0.4
        marks += _row(fig, design, 0.315, hem - 0.03, 5, double=False, x=x)
    pockets = hem > 0.53
    for s in (-1, 1):
        if pockets:
            box = [(s * 0.045, 0.45), (s * 0.09, 0.45), (s * 0.09, 0.5), (s * 0.045, 0.5)]
            marks.append(patch(fig, box, cloth, _BODY, shadow=0.3))
    band = plain(rib, "rib")
    marks += _waistband(fig, front, band)
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


def _cape(fig: Figure, design: GarmentDesign) -> list[Mark]:
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
    s_w = fig.build.shoulders
    for s in (1, -1):
        side = smooth(
            [(s * 0.043, NECK_Y), (s * s_w * 0.85, SHOULDER_Y - 0.006), (s * (s_w + 0.022), 0.235)]
            + [(s * (wide + s_w + 0.02) / 2, 0.33), (s * wide, hem - 0.03)]
        )
        lower = smooth(
            [
                (s * wide, hem - 0.03),
                (s * wide * 0.5, hem + 0.008),
                (s * (gap + 0.006), hem + 0.014),
            ]
        )
        edge = smooth(
            [
                (s * (gap + 0.006), hem + 0.014),
                (s * gap, 0.3),
                (s * gap, 0.215),
                (s * 0.043, NECK_Y),
            ]
        )
        outline = fig.at(join(side, lower, edge))
        frame = fig.frame(0.05 * s, 0.275, -0.12 * s)
        marks.append(Piece(outline, cloth, frame, stage, folds, bulge=0.7, shadow=0.5))
        if design.has("fringe"):
            marks += _fringe(fig, design, lower)
    marks += [
        Piece(m.outline, m.material, m.frame, stage, m.folds, bulge=m.bulge, shadow=m.shadow)
        for m in _turn_collar(fig, cloth, size=1.1, stand=design.neckline == "stand")
        if isinstance(m, Piece)
    ]
    for x, y in ((0.0, 0.24), (0.0, 0.29), (0.0, 0.34)):
        tone = mix(design.trim, scale(design.palette[0], 0.5), 0.4)
        for mark in buttons(fig, [(x + (gap if gap > 0 else 0), y)], tone, stage, 0.007):
            marks.append(mark)
    return marks


def _fringe(fig: Figure, design: GarmentDesign, hem: Floats) -> list[Mark]:
    marks: list[Mark] = []
    for at in hem[::2]:
        strand = fig.at([at, at + (0.001, 0.028)])
        tone = scale(design.palette[0], 0.85)
        marks.append(Stroke(strand, tone, fig.px(0.005), Stage.CAPE, 0.95, solid=True))
    return marks


def _vest(fig: Figure, design: GarmentDesign) -> list[Mark]:
    puffer = design.fabric == "nylon"
    ease = 0.022 + 0.012 * design.fit if puffer else 0.01 + 0.01 * design.fit
    hem = 0.46 + 0.05 * design.length
    cut = Cut(hem, ease, ease, sleeveless=True, waist=0.4)
    gap, hem_gap = _gap(design, 0.022)
    stand = puffer or design.neckline == "stand"
    front = _Front(cut, 0.222 if stand else 0.32, gap, hem_gap, rounded=0.0 if puffer else 0.02)
    cloth = material(design)
    folds = Folds(angle=0.0 if puffer else 1.3, wave=0.04, depth=0.3, stretch=4)
    marks = _body(fig, design, front, cloth, folds)
    ink = seam_color(design.palette[0])
    if puffer:
        for y in np.arange(0.235, hem - 0.02, 0.034):
            for s in (-1, 1):
                clip = _half_outline(fig, front, s)
                line = fig.at([(0.0, y), (s * 0.16, y - 0.003)])
                marks.append(
                    Stroke(
                        line, scale(design.palette[0], 0.5), fig.px(0.005), _BODY, 0.6, clip=clip
                    )
                )
                glow = line + (0, fig.px(0.008))
                lit = mix(design.palette[0], (255, 255, 255), 0.35)
                marks.append(Stroke(glow, lit, fig.px(0.006), _BODY, 0.35, clip=clip))
        marks.append(_zip(fig, [(max(gap, 0.0), 0.222), (max(hem_gap, 0.0), hem)], design))
    else:
        marks += _row(
            fig, design, front.break_y + 0.01, hem - 0.03, 4, double=False, x=-max(gap, 0) - 0.004
        )
        for s in (-1, 1):
            line = [(s * 0.04, 0.43), (s * 0.075, 0.425)]
            marks.append(seam(fig, line, ink, _BODY, width=0.005, opacity=0.6))
    if stand:
        marks += _turn_collar(fig, cloth, stand=True)
    return marks
