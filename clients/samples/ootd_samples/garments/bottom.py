"""Bottoms: pants, jeans, leggings, shorts, joggers and, from `skirt`, skirts."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import ANKLE_Y, WAIST_Y, Figure, Leg
from ootd_samples.garments.sewing import GOLD_THREAD, SIDES, Sewing, plain
from ootd_samples.garments.skirt import skirt
from ootd_samples.garments.sleeves import cuff
from ootd_samples.geometry import Floats, along, array, direction, join, normals, smooth
from ootd_samples.pieces import Folds, Mark, Piece, Stage

CROTCH_Y = 0.545
# Pockets: x in half widths of the waist, y from the waistband down.
_DENIM_POCKET = array([(0.5, 0.003), (0.62, 0.034), (1.06, 0.046)])
_SLANT_POCKET = array([(0.72, 0.003), (0.9, 0.03), (1.08, 0.06)])


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of a bottom."""
    sew = Sewing(fig, design, Stage.BOTTOM)
    if design.sub_category == "skirt":
        skirt(sew)
    else:
        _trousers(sew)
    return sew.marks


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
        loose = 0.02 + 0.02 * fit
        return 0.012 + 0.012 * fit, loose, loose, 0.585 + 0.11 * design.length
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
    below = leg.ankle + direction(leg.knee, leg.ankle) * fig.px(0.04)
    line = np.concatenate([whole, below[None]])
    share = (hem - 0.5) / (ANKLE_Y + 0.04 - 0.5)
    return along(line, 0.07, float(np.clip(share, 0.12, 1.0)))


def leg_outline(
    fig: Figure, leg: Leg, ease: tuple[float, float, float], hem: float, waist: float
) -> tuple[Floats, Floats]:
    """Half of a pair of trousers, waist to hem, and the middle line of its leg."""
    w, k, s = fig.wide, fig.build.limbs, leg.side
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
    hip = fig.half(0.5) + ease[0]
    top = [(0.0, waist), (s * (fig.half(waist) + ease[0] * 0.6 + 0.003) * w, waist)]
    side = [(s * (fig.half(0.45) + ease[0]) * w, 0.45), (s * hip * w, 0.5)]
    upper = fig.at(top)
    flank = smooth(np.concatenate([upper[1:], fig.at(side), outer[1:]]))
    crotch = fig.at([(0.0, CROTCH_Y + 0.006), (-s * 0.005, 0.5), (-s * 0.005, waist)])
    back = smooth(np.concatenate([inner[::-1][:-1], crotch[:1]]))
    return join(upper[:1], flank, back, crotch[1:]), line


def _trousers(sew: Sewing) -> None:
    fig, design = sew.fig, sew.design
    thigh, knee, hem_ease, hem = _shape(design)
    waist = WAIST_Y + 0.012
    if design.sub_category != "leggings":
        waist += 0.03 * (1 - design.flare)
    for leg in fig.legs():
        outline, line = leg_outline(fig, leg, (thigh, knee, hem_ease), hem, waist)
        frame = fig.frame_between(line[0], line[-1])
        folds = Folds(angle=0.5 * leg.side, wave=0.045, depth=0.24, stretch=2.4)
        shadow = 0.3 if leg.in_front else 0.2
        sew.marks.append(Piece(outline, sew.cloth, frame, sew.stage, folds, shadow=shadow))
        body = 0.041 if design.sub_category == "shorts" else 0.019
        half = body * fig.build.limbs + hem_ease
        out = normals(line) * leg.side * fig.px(half * fig.wide)
        _leg_end(sew, outline, line, out, half)
        _leg_details(sew, outline, line, out, half)
    _waist_details(sew, waist, thigh)


def _leg_end(sew: Sewing, outline: Floats, line: Floats, out: Floats, half: float) -> None:
    """The cuff of a leg, rolled or ribbed, or its hem; `out` runs from its middle to its side."""
    fig, design = sew.fig, sew.design
    if design.sub_category == "joggers":
        cuff(sew, line, half * 0.92, plain(scale(sew.base, 0.92), "rib"), sew.stage, length=0.032)
    elif design.has("rolled"):
        inside = scale(sew.base, 0.95)
        if design.fabric == "denim":
            inside = mix(sew.base, (205, 214, 224), 0.35)
        cuff(sew, line, half * 1.03, plain(inside, design.fabric), sew.stage, length=0.03)
    else:
        end = np.stack([line[-3] + out[-3] * 1.2, line[-3] - out[-3] * 1.2])
        shift = line[-1] - line[-3]
        shift = shift * (1 - fig.px(0.012) / max(float(np.hypot(*shift)), 1e-6))
        sew.line(end + shift, sew.ink, 0.002, 0.5, clip=outline)


def _leg_details(sew: Sewing, outline: Floats, line: Floats, out: Floats, half: float) -> None:
    design, sub = sew.design, sew.design.sub_category
    if sub == "jeans" or (sub == "shorts" and design.fabric == "denim"):
        gold = mix(GOLD_THREAD, sew.base, 0.25)
        sew.line(line + out * 0.8, gold, 0.0016, 0.6, dashed=True, clip=outline)
        if design.has("faded"):
            light, n = mix(sew.base, (200, 212, 226), 0.6), len(line)
            for k in range(7):
                part = line[int(n * (0.04 + 0.02 * k)) : int(n * (0.8 - 0.035 * k))]
                if len(part) > 2:
                    sew.line(part, light, half * (1.5 - 0.19 * k), 0.055, clip=outline)
    if design.has("crease") and sub == "pants":
        sew.line(line, scale(sew.base, 1.3), 0.0025, 0.4, clip=outline)
    if design.has("panel"):
        sew.line(line + out * 0.72, design.trim, 0.009, 0.9, clip=outline)
    if design.has("ripped"):
        _rips(sew, line, outline)


def _rips(sew: Sewing, line: Floats, clip: Floats) -> None:
    rng, px = np.random.default_rng([sew.design.seed, 3]), sew.fig.px
    for _ in range(3):
        at = line[int(len(line) * rng.uniform(0.25, 0.62))]
        at = at + px(float(rng.uniform(-0.012, 0.012)))
        w, h = px(float(rng.uniform(0.009, 0.018))), px(float(rng.uniform(0.003, 0.007)))
        hole = at + np.array([(-w, 0), (0, -h), (w, 0), (0, h)])
        sew.blot(smooth(hole, closed=True), (60, 52, 50), 0.55)
        for k in (-0.5, 0.0, 0.5):
            thread = at + np.array([(-w, h * k), (w, h * k)])
            sew.line(thread, (226, 230, 234), 0.0018, 0.9, clip=clip)


def _waist_details(sew: Sewing, waist: float, ease: float) -> None:
    fig, design, sub = sew.fig, sew.design, sew.design.sub_category
    half = (fig.half(waist) + ease * 0.6 + 0.004) * fig.wide
    elastic = sub in ("joggers", "leggings") or design.has("drawstring")
    height = 0.024 if sub == "leggings" else 0.018
    low = waist + height
    outline = join(
        smooth([(-half, waist - 0.004), (0, waist), (half, waist - 0.004)]),
        smooth([(half * 1.02, low), (0, low + 0.004), (-half * 1.02, low)]),
    )
    cloth = plain(scale(sew.base, 0.93), "rib") if elastic else sew.cloth
    folds = Folds(depth=0.1)
    sew.piece(outline, cloth, at=(0, waist), folds=folds, bulge=0.5, shadow=0.25)
    if elastic and sub != "leggings":
        tone = mix(design.trim, (230, 230, 226), 0.6)
        knot = waist + height * 0.6
        for s in SIDES:
            cord = [(s * 0.004, knot), (s * 0.012, waist + 0.05), (s * 0.009, waist + 0.08)]
            sew.seam(cord, tone, width=0.0045, opacity=1)
    if sub in ("pants", "jeans", "shorts"):
        sew.seam([(0.012, low), (0.013, 0.5), (0.002, CROTCH_Y - 0.005)])
        sew.seam([(0.0, low), (0.0, CROTCH_Y)], opacity=0.5)
        if not elastic:
            sew.buttons([(0.0, waist + height / 2)], mix(design.trim, sew.ink, 0.4))
    if sub != "leggings":
        _pockets(sew, low, half)
    if design.has("belt") and not elastic:
        _belt(sew, outline, waist - 0.002, low + 0.003)


def _belt(sew: Sewing, band: Floats, top: float, low: float) -> None:
    leather = plain((52, 36, 28) if sum(sew.base) > 200 else (28, 24, 22), "leather")
    sew.piece(band, leather, at=(0, top), folds=Folds(depth=0), bulge=0.4)
    ring = [(-0.013, top), (0.013, top), (0.013, low), (-0.013, low), (-0.013, top)]
    sew.line(sew.fig.at(ring), (196, 184, 150), 0.0035, 0.95)


def _pockets(sew: Sewing, y: float, half: float) -> None:
    denim = sew.design.fabric == "denim"
    for s in SIDES:
        curve = (_DENIM_POCKET if denim else _SLANT_POCKET) * (s * half, 1) + np.array((0, y))
        sew.seam(curve, width=0.003, opacity=0.75)
        if denim:
            gold = mix(GOLD_THREAD, sew.base, 0.2)
            sew.seam(curve + np.array((0, 0.004)), gold, width=0.0016, opacity=0.7, dashed=True)
