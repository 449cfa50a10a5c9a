"""Bottoms: pants, jeans, leggings, shorts, skirt, joggers."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import ANKLE_Y, WAIST_Y, Figure, Leg
from ootd_samples.garments.torso import (
    buttons,
    cuff,
    material,
    plain,
    seam,
    seam_color,
)
from ootd_samples.geometry import Floats, along, join, normals, smooth
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

CROTCH_Y = 0.545


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of a bottom."""
    if design.sub_category == "skirt":
        return _skirt(fig, design)
    return _trousers(fig, design)


def is_slim(design: GarmentDesign) -> bool:
    """Whether boots go over its legs rather than under them."""
    if design.sub_category in ("shorts", "skirt", "leggings"):
        return True
    return design.sub_category == "jeans" and design.fit < 0.45 and not design.has("wide")


def _shape(design: GarmentDesign) -> tuple[float, float, float, float]:
    """Ease at thigh, knee and hem, and the height of the hem."""
    fit, sub = design.fit, design.sub_category
    if sub == "leggings":
        return 0.001, 0.001, 0.001, ANKLE_Y - 0.012 * design.length
    if sub == "shorts":
        return (
            0.012 + 0.012 * fit,
            0.02 + 0.02 * fit,
            0.02 + 0.02 * fit,
            0.585 + 0.11 * design.length,
        )
    if sub == "joggers":
        return 0.016 + 0.01 * fit, 0.016 + 0.01 * fit, 0.009, ANKLE_Y - 0.015
    hem = ANKLE_Y + 0.022 - (0.05 if design.has("cropped") or design.has("rolled") else 0.0)
    if design.has("wide"):
        return 0.013, 0.022 + 0.012 * fit, 0.042 + 0.03 * design.flare, hem
    slim = 0.004 if sub == "jeans" else 0.008
    return slim + 0.008 * fit, slim + 0.012 * fit, slim + 0.004 + 0.018 * fit, hem


def _center(fig: Figure, leg: Leg, hem: float) -> Floats:
    """The middle line of a leg from the crotch's height down to the hem, in px."""
    whole = np.stack([leg.hip, (leg.hip + leg.knee) / 2, leg.knee, leg.ankle])
    down = leg.ankle - leg.knee
    length = max(float(np.hypot(*down)), 1e-6)
    line = np.concatenate([whole, (leg.ankle + down / length * fig.px(0.04))[None]])
    share = (hem - 0.5) / (ANKLE_Y + 0.04 - 0.5)
    return along(line, 0.07, float(np.clip(share, 0.12, 1.0)))


def leg_outline(
    fig: Figure, leg: Leg, ease: tuple[float, float, float], hem: float, waist: float
) -> tuple[Floats, Floats]:
    """Half of a pair of trousers, waist to hem, and the middle line of its leg."""
    w = fig.wide if fig.flat else 1.0
    k = fig.build.limbs
    line = _center(fig, leg, hem)
    t = np.linspace((CROTCH_Y - 0.5) / 0.45, (hem - 0.5) / 0.45, len(line))
    body = np.interp(t, (0, 0.25, 0.51, 0.65, 1.0), (0.047, 0.043, 0.03, 0.031, 0.019)) * k
    extra = np.interp(t, (0, 0.25, 0.52, (hem - 0.5) / 0.45), (ease[0], ease[0], *ease[1:]))
    if hem < 0.72:
        extra = np.interp(t, (t[0], t[-1]), (ease[0], ease[2]))
    half = (body + extra) * w * fig.unit
    # Outside, the thigh runs on from the hip without a step.
    own = fig.body(line)
    step = fig.half(0.5) + ease[0] - np.abs(own[0, 0]) - half[0] / (fig.unit * w)
    fill = max(0.0, step) * w * fig.unit * np.clip(1 - (t - t[0]) / 0.45, 0, 1) ** 1.5
    half = half + fill / 2
    line = line + fig.turned((leg.side, 0.0)) * fill[:, None] / 2
    if fig.flat:  # legs that lie side by side do not overlap
        own = fig.body(line)
        own[:, 0] = leg.side * np.maximum(np.abs(own[:, 0]), half / fig.unit + 0.003)
        line = fig.place(own)
    n = normals(line) * half[:, None]
    outer, inner = (line + n, line - n) if leg.side > 0 else (line - n, line + n)
    s = leg.side
    hip = fig.half(0.5) + ease[0]
    top = [(0.0, waist), (s * (fig.half(waist) + ease[0] * 0.6 + 0.003) * w, waist)]
    side = [(s * (fig.half(0.45) + ease[0]) * w, 0.45), (s * hip * w, 0.5)]
    upper = fig.at(top)
    flank = smooth(np.concatenate([upper[1:], fig.at(side), outer[1:]]))
    crotch = fig.at([(0.0, CROTCH_Y + 0.006), (-s * 0.005, 0.5), (-s * 0.005, waist)])
    back = smooth(np.concatenate([inner[::-1][:-1], crotch[:1]]))
    return join(upper[:1], flank, back, crotch[1:]), line


def _trousers(fig: Figure, design: GarmentDesign) -> list[Mark]:
    thigh, knee, hem_ease, hem = _shape(design)
    waist = (
        WAIST_Y + 0.012 + (0.03 * (1 - design.flare) if design.sub_category != "leggings" else 0)
    )
    cloth = material(design)
    marks: list[Mark] = []
    for leg in fig.legs():
        outline, line = leg_outline(fig, leg, (thigh, knee, hem_ease), hem, waist)
        frame = fig.frame_between(line[0], line[-1])
        folds = Folds(angle=0.5 * leg.side, wave=0.045, depth=0.24, stretch=2.4)
        marks.append(
            Piece(outline, cloth, frame, Stage.BOTTOM, folds, shadow=0.3 if leg.in_front else 0.2)
        )
        marks += _leg_details(fig, design, leg, (outline, line), hem_ease)
    marks += _waist_details(fig, design, waist, thigh)
    return marks


def _leg_details(
    fig: Figure, design: GarmentDesign, leg: Leg, shape: tuple[Floats, Floats], ease: float
) -> list[Mark]:
    outline, line = shape
    base, marks = design.palette[0], list[Mark]()
    ink, sub = seam_color(base), design.sub_category
    stage = Stage.BOTTOM
    body = 0.019 if sub != "shorts" else 0.041
    half = body * fig.build.limbs + ease
    out = normals(line) * leg.side * fig.px(half * (fig.wide if fig.flat else 1.0))
    if sub == "joggers":
        marks.append(
            cuff(fig, line, half * 0.92, plain(scale(base, 0.92), "rib"), stage, length=0.032)
        )
    elif design.has("rolled"):
        lighter = (
            mix(base, (205, 214, 224), 0.35) if design.fabric == "denim" else scale(base, 0.95)
        )
        marks.append(
            cuff(fig, line, half * 1.03, plain(lighter, design.fabric), stage, length=0.03)
        )
    else:
        end = np.stack([line[-3] + out[-3] * 1.2, line[-3] - out[-3] * 1.2])
        shift = line[-1] - line[-3]
        shift = shift * (1 - fig.px(0.012) / max(float(np.hypot(*shift)), 1e-6))
        marks.append(Stroke(end + shift, ink, fig.px(0.002), stage, 0.5, clip=outline))
    if sub == "jeans" or (sub == "shorts" and design.fabric == "denim"):
        gold = mix((196, 142, 72), base, 0.25)
        edge = line + out * 0.8
        marks.append(Stroke(edge, gold, fig.px(0.0016), stage, 0.6, dashed=True, clip=outline))
        if design.has("faded"):
            marks += _fade(fig, line, half, base, outline)
    if design.has("crease") and sub == "pants":
        marks.append(Stroke(line, scale(base, 1.3), fig.px(0.0025), stage, 0.4, clip=outline))
    if design.has("panel"):
        marks.append(
            Stroke(line + out * 0.72, design.trim, fig.px(0.009), stage, 0.9, clip=outline)
        )
    if design.has("ripped"):
        marks += _rips(fig, line, design, outline)
    return marks


def _fade(
    fig: Figure, line: Floats, half: float, base: tuple[int, int, int], clip: Floats
) -> list[Mark]:
    light = mix(base, (200, 212, 226), 0.6)
    n = len(line)
    marks: list[Mark] = []
    for k in range(7):
        part = line[int(n * (0.04 + 0.02 * k)) : int(n * (0.8 - 0.035 * k))]
        if len(part) > 2:
            width = fig.px(half * (1.5 - 0.19 * k))
            marks.append(Stroke(part, light, width, Stage.BOTTOM, 0.055, clip=clip))
    return marks


def _rips(fig: Figure, line: Floats, design: GarmentDesign, clip: Floats) -> list[Mark]:
    rng = np.random.default_rng([design.seed, 3])
    marks: list[Mark] = []
    for _ in range(3):
        at = line[int(len(line) * rng.uniform(0.25, 0.62))] + fig.px(
            float(rng.uniform(-0.012, 0.012))
        )
        w, h = fig.px(float(rng.uniform(0.009, 0.018))), fig.px(float(rng.uniform(0.003, 0.007)))
        hole = at + np.array([(-w, 0), (0, -h), (w, 0), (0, h)])
        marks.append(Stroke(smooth(hole, closed=True), (60, 52, 50), 0, Stage.BOTTOM, 0.55, True))
        for k in (-0.5, 0.0, 0.5):
            thread = at + np.array([(-w, h * k), (w, h * k)])
            marks.append(
                Stroke(thread, (226, 230, 234), fig.px(0.0018), Stage.BOTTOM, 0.9, clip=clip)
            )
    return marks


def _waist_details(fig: Figure, design: GarmentDesign, waist: float, ease: float) -> list[Mark]:
    base, sub, stage = design.palette[0], design.sub_category, Stage.BOTTOM
    ink = seam_color(base)
    half = (fig.half(waist) + ease * 0.6 + 0.004) * (fig.wide if fig.flat else 1.0)
    elastic = sub in ("joggers", "leggings") or design.has("drawstring")
    height = 0.024 if sub == "leggings" else 0.018
    band = [(-half, waist - 0.004), (0, waist), (half, waist - 0.004)]
    lower = [
        (half * 1.02, waist + height),
        (0, waist + height + 0.004),
        (-half * 1.02, waist + height),
    ]
    cloth = plain(scale(base, 0.93), "rib") if elastic else material(design)
    outline = fig.at(join(smooth(band), smooth(lower)))
    marks: list[Mark] = [
        Piece(outline, cloth, fig.frame(0, waist), stage, Folds(depth=0.1), bulge=0.5, shadow=0.25)
    ]
    if elastic and sub != "leggings":
        for s in (-1, 1):
            cord = [
                (s * 0.004, waist + height * 0.6),
                (s * 0.012, waist + 0.05),
                (s * 0.009, waist + 0.08),
            ]
            marks.append(
                seam(
                    fig,
                    cord,
                    mix(design.trim, (230, 230, 226), 0.6),
                    stage,
                    width=0.0045,
                    opacity=1,
                )
            )
    if sub in ("pants", "jeans", "shorts"):
        fly = [(0.012, waist + height), (0.013, 0.5), (0.002, CROTCH_Y - 0.005)]
        marks.append(seam(fig, fly, ink, stage, opacity=0.6))
        marks.append(seam(fig, [(0.0, waist + height), (0.0, CROTCH_Y)], ink, stage, opacity=0.5))
        if not elastic:
            marks += buttons(fig, [(0.0, waist + height / 2)], mix(design.trim, ink, 0.4), stage)
    if sub != "leggings":
        marks += _pockets(fig, design, waist + height, half)
    if design.has("belt") and not elastic:
        marks += _belt(fig, design, outline, (waist, waist + height))
    return marks


def _belt(
    fig: Figure, design: GarmentDesign, band: Floats, span: tuple[float, float]
) -> list[Mark]:
    top, low = span[0] - 0.002, span[1] + 0.003
    dark = (52, 36, 28) if sum(design.palette[0]) > 200 else (28, 24, 22)
    frame = fig.frame(0, top)
    leather = plain(dark, "leather")
    ring = [(-0.013, top), (0.013, top), (0.013, low), (-0.013, low), (-0.013, top)]
    return [
        Piece(band, leather, frame, Stage.BOTTOM, Folds(depth=0), bulge=0.4),
        Stroke(fig.at(ring), (196, 184, 150), fig.px(0.0035), Stage.BOTTOM, 0.95),
    ]


def _pockets(fig: Figure, design: GarmentDesign, y: float, half: float) -> list[Mark]:
    ink = seam_color(design.palette[0])
    denim = design.fabric == "denim"
    gold = mix((196, 142, 72), design.palette[0], 0.2)
    marks: list[Mark] = []
    for s in (-1, 1):
        if denim:
            curve = [
                (s * half * 0.5, y + 0.003),
                (s * half * 0.62, y + 0.034),
                (s * half * 1.06, y + 0.046),
            ]
        else:
            curve = [
                (s * half * 0.72, y + 0.003),
                (s * half * 0.9, y + 0.03),
                (s * half * 1.08, y + 0.06),
            ]
        marks.append(seam(fig, curve, ink, Stage.BOTTOM, width=0.003, opacity=0.75))
        if denim:
            off = [(x, v + 0.004) for x, v in curve]
            marks.append(seam(fig, off, gold, Stage.BOTTOM, width=0.0016, opacity=0.7, dashed=True))
    return marks


def _skirt(fig: Figure, design: GarmentDesign) -> list[Mark]:
    waist = WAIST_Y + 0.01 + 0.03 * (1 - design.fit)
    hem = 0.6 + 0.3 * design.length**1.3
    flare = 0.01 + (0.12 if design.has("pleats") else 0.07) * design.flare * (0.4 + design.length)
    marks = skirt_panel(fig, design, (waist, hem), flare, Stage.BOTTOM)
    w = fig.wide if fig.flat else 1.0
    half = (fig.half(waist) + 0.006) * w
    band = join(
        smooth([(-half, waist - 0.002), (0, waist + 0.003), (half, waist - 0.002)]),
        smooth([(half * 1.02, waist + 0.02), (0, waist + 0.025), (-half * 1.02, waist + 0.02)]),
    )
    cloth = plain((40, 30, 26), "leather") if design.has("belt") else material(design)
    marks.append(
        Piece(fig.at(band), cloth, fig.frame(0, waist), Stage.BOTTOM, Folds(depth=0.1), bulge=0.5)
    )
    if design.has("buttons") or design.fabric == "denim":
        ys = np.linspace(waist + 0.012, hem - 0.02, 7)
        line = [(0.009, waist + 0.02), (0.009, hem)]
        marks.append(seam(fig, line, seam_color(design.palette[0]), Stage.BOTTOM))
        metal = mix(design.trim, (170, 150, 110), 0.5)
        marks += buttons(fig, [(0.0, float(y)) for y in ys], metal, Stage.BOTTOM, 0.005)
    return marks


def skirt_panel(
    fig: Figure, design: GarmentDesign, span: tuple[float, float], flare: float, stage: Stage
) -> list[Mark]:
    """A skirt that spans waist to hem (y) and widens by `flare` (body heights)."""
    waist, hem = span
    w = fig.wide if fig.flat else 1.0
    hip = fig.half(0.5) + 0.008
    sides = {}
    for s in (-1, 1):
        line = [(s * (fig.half(waist) + 0.005) * w, waist)]
        line += [(s * (hip * 0.93 + flare * 0.1) * w, 0.45), (s * (hip + flare * 0.25) * w, 0.51)]
        grow = (hem - 0.51) / max(hem - waist, 1e-6)
        line += [(s * (hip + flare * (0.3 + 0.35 * grow)) * w, (0.51 + hem) / 2)]
        line += [(s * (hip + flare - (0.008 if flare < 0.03 else 0)) * w, hem)]
        sides[s] = smooth(line)
    edge = float(sides[1][-1, 0])
    waves = 9 if flare > 0.04 else 3
    xs = np.linspace(edge, -edge, waves)
    ripple = 0.006 if flare > 0.04 else 0.002
    ys = hem + 0.016 * (1 - (xs / edge) ** 2) + ripple * np.where(np.arange(waves) % 2, 1, -1)
    bottom = smooth(np.stack([xs, ys], 1))
    top = smooth([(-sides[1][0, 0], waist), (0, waist + 0.005), (sides[1][0, 0], waist)])
    outline = fig.at(join(top, sides[1], bottom, sides[-1][::-1]))
    pleated = design.has("pleats")
    wave = 0.02 if pleated else 0.03 + 0.02 * (1 - design.flare)
    depth = 0.55 if pleated else 0.12 + 0.4 * design.flare
    folds = Folds(angle=1.57, wave=wave, depth=depth, stretch=14)
    cloth: Material = material(design)
    piece = Piece(outline, cloth, fig.frame(0, 0.5), stage, folds, bulge=0.8, shadow=0.35)
    marks: list[Mark] = [piece]
    if pleated:
        marks += _pleats(fig, design, span, edge, piece)
    ink = seam_color(design.palette[0])
    hem_line = bottom - np.array((0, 0.012))
    marks.append(Stroke(fig.at(hem_line), ink, fig.px(0.002), stage, 0.35, clip=outline))
    return marks


def _pleats(
    fig: Figure, design: GarmentDesign, span: tuple[float, float], edge: float, skirt: Piece
) -> list[Mark]:
    waist, hem = span
    top = fig.half(waist) * fig.wide
    marks: list[Mark] = []
    dark = scale(design.palette[0], 0.55)
    for k in np.linspace(-0.9, 0.9, 11):
        line = [
            (float(k) * top, waist + 0.02),
            (float(k) * (top + edge) / 2, (waist + hem) / 2),
            (float(k) * edge, hem + 0.02),
        ]
        marks.append(
            Stroke(smooth(fig.at(line)), dark, fig.px(0.003), skirt.stage, 0.45, clip=skirt.outline)
        )
    return marks
