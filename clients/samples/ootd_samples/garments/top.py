"""Tops: t-shirt, shirt, blouse, sweater, sweatshirt, tank-top."""

from __future__ import annotations

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.torso import (
    Cut,
    collar,
    front,
    material,
    neck_band,
    neck_line,
    panel,
    patch,
    placket,
    plain,
    seam,
    seam_color,
    sleeves,
)
from ootd_samples.geometry import join, smooth
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke


def draw(fig: Figure, design: GarmentDesign, *, tucked: bool = False) -> list[Mark]:
    """The marks of a top; `tucked` puts its body under the bottom's waist."""
    body = Stage.TUCKED if tucked else Stage.TOP
    maker = {
        "t-shirt": _t_shirt,
        "shirt": _shirt,
        "blouse": _blouse,
        "sweater": _sweater,
        "sweatshirt": _sweatshirt,
        "tank-top": _tank_top,
    }[design.sub_category]
    return maker(fig, design, body)


def _sleeve_length(design: GarmentDesign) -> str:
    return design.sleeve_length or "sleeveless"


def _t_shirt(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.006 + 0.02 * design.fit
    hem = 0.485 + 0.05 * design.length
    cut = Cut(hem, ease, ease + 0.002, design.neckline, waist=0.75 - 0.55 * design.fit)
    marks = front(fig, design, cut, stage)
    base = design.palette[0]
    band = design.trim if design.has("ringer") else scale(base, 0.92)
    marks.append(neck_band(fig, cut, band, stage))
    marks.append(seam(fig, _hem_line(fig, cut), seam_color(base), stage, opacity=0.4))
    if design.has("chest-pocket") and design.pattern == "solid":
        marks.append(patch(fig, _pocket(0.045, 0.255), material(design), stage, shadow=0.15))
        marks.append(seam(fig, [(0.027, 0.259), (0.063, 0.259)], seam_color(base), stage))
    cuffs = plain(design.trim) if design.has("ringer") else None
    marks += sleeves(
        fig,
        design,
        length=_sleeve_length(design),
        ease=0.01 + 0.012 * design.fit,
        stage=Stage.SLEEVE,
        band=cuffs,
    )
    return marks


def _hem_line(fig: Figure, cut: Cut) -> list[tuple[float, float]]:
    half = (fig.half(min(cut.hem, 0.52)) + cut.hem_ease) * fig.wide * 0.985
    y = cut.hem - 0.012
    return [(-half, y), (0.0, y + cut.hem_curve), (half, y)]


def _pocket(x: float, y: float) -> list[tuple[float, float]]:
    return [
        (x - 0.018, y),
        (x + 0.018, y),
        (x + 0.018, y + 0.036),
        (x, y + 0.043),
        (x - 0.018, y + 0.036),
    ]


def _shirt(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.008 + 0.02 * design.fit
    hem = 0.515 + 0.035 * design.length
    cut = Cut(hem, ease, ease - 0.004, "collar", waist=0.6 - 0.4 * design.fit, hem_curve=0.022)
    marks = front(fig, design, cut, stage)
    marks += placket(fig, design, (0.224, hem + 0.015), stage, 7)
    cloth, base = material(design), design.palette[0]
    for side in (-1, 1):
        marks.append(_yoke(fig, side, design, stage))
    if design.has("chest-pocket"):
        marks.append(patch(fig, _pocket(0.048, 0.27), cloth, stage, shadow=0.2))
        if design.fabric == "denim":
            marks.append(patch(fig, _pocket(-0.048, 0.27), cloth, stage, shadow=0.2))
    body_collar = Stage.COLLAR if stage == Stage.TOP else stage
    if fig.flat:
        stand = [
            (-0.042, 0.165),
            (0.0, 0.158),
            (0.042, 0.165),
            (0.03, 0.2),
            (0.0, 0.212),
            (-0.03, 0.2),
        ]
        back = Piece(fig.at(stand), cloth, fig.frame(0, 0.2), stage, Folds(depth=0.05), shade=0.75)
        marks.append(back)
    marks += collar(fig, cloth, body_collar)
    marks.append(seam(fig, _hem_line(fig, cut), seam_color(base), stage, opacity=0.35))
    marks += sleeves(
        fig,
        design,
        length=_sleeve_length(design),
        ease=0.01 + 0.01 * design.fit,
        stage=Stage.SLEEVE,
        wrist_ease=0.01,
        band=cloth if design.sleeve_length == "long" else None,
        rolled=design.has("rolled"),
    )
    return marks


def _yoke(fig: Figure, side: int, design: GarmentDesign, stage: Stage) -> Stroke:
    s = fig.build.shoulders
    points = [(side * 0.05, 0.2), (side * 0.08, 0.212), (side * s * 0.9, 0.222)]
    return seam(fig, points, seam_color(design.palette[0]), stage, opacity=0.4)


def _blouse(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.012 + 0.022 * design.fit
    hem = 0.475 + 0.05 * design.length
    bare = design.sleeve_length == "sleeveless"
    cut = Cut(hem, ease, ease + 0.02 * design.flare, design.neckline, bare, waist=0.35)
    folds = Folds(angle=1.45, wave=0.03, depth=0.32, stretch=7)
    marks = front(fig, design, cut, stage, folds=folds)
    cloth, base = material(design), design.palette[0]
    over = Stage.COLLAR if stage == Stage.TOP else stage
    if design.neckline == "bow":
        marks += _bow(fig, design, over)
    elif design.neckline == "ruffle":
        marks += _ruffles(fig, design, over)
    else:
        marks.append(neck_band(fig, cut, scale(base, 0.88), stage, 0.006))
    if design.has("placket"):
        marks += placket(fig, design, (0.29, hem - 0.005), stage, 4)
    marks += sleeves(
        fig,
        design,
        length=_sleeve_length(design),
        ease=0.018 + 0.014 * design.fit,
        stage=Stage.SLEEVE,
        wrist_ease=0.022 + 0.012 * design.flare if design.has("placket") else 0.014,
        band=cloth,
    )
    return marks


def _bow(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    cloth = material(design)
    marks: list[Mark] = []
    for s in (-1, 1):
        tail = [
            (0, 0.208),
            (s * 0.012, 0.215),
            (s * 0.03, 0.31),
            (s * 0.014, 0.318),
            (s * 0.004, 0.225),
        ]
        marks.append(patch(fig, tail, cloth, stage, shadow=0.4))
        loop = [
            (0.0, 0.205),
            (s * 0.02, 0.192),
            (s * 0.043, 0.196),
            (s * 0.044, 0.216),
            (s * 0.02, 0.218),
        ]
        outline = smooth(fig.at(loop), closed=True)
        folds = Folds(angle=0.2, wave=0.012, depth=0.3)
        marks.append(Piece(outline, cloth, fig.frame(0, 0.2), stage, folds, shadow=0.45))
    knot = smooth(
        fig.at([(-0.009, 0.198), (0.009, 0.198), (0.01, 0.216), (-0.01, 0.216)]), closed=True
    )
    marks.append(Piece(knot, cloth, fig.frame(0, 0.2), stage, shadow=0.4, shade=0.92))
    return marks


def _ruffles(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    cloth = material(design)
    marks: list[Mark] = []
    for row, (top, wide) in enumerate(((0.215, 0.05), (0.25, 0.042), (0.285, 0.034))):
        edge = []
        for i in range(9):
            x = wide * (i / 4 - 1)
            edge.append((x, top + 0.034 - 0.3 * x * x / wide + (0.006 if i % 2 else -0.004)))
        upper = [(wide * 0.8, top - 0.012 + 0.004 * row), (0.0, top), (-wide * 0.8, top - 0.012)]
        outline = fig.at(join(smooth(edge), smooth(upper)))
        folds = Folds(angle=1.57, wave=0.014, depth=0.5, stretch=8)
        marks.append(Piece(outline, cloth, fig.frame(0, top), stage, folds, bulge=0.4, shadow=0.5))
    return marks


def _sweater(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.014 + 0.026 * design.fit
    hem = 0.49 + 0.05 * design.length
    cut = Cut(hem, ease, ease - 0.004, design.neckline, waist=0.25)
    fabric = "cable" if design.has("cable") else "knit"
    cloth, rib = material(design, fabric), plain(design.palette[0], "rib")
    folds = Folds(angle=0.9, wave=0.075, depth=0.25, stretch=2.5)
    marks = front(fig, design, cut, stage, folds=folds, cloth=cloth)
    marks.append(_rib_hem(fig, cut, rib, stage, 0.028))
    if design.neckline == "turtle":
        neck = [
            (-0.038, 0.196),
            (-0.035, 0.15),
            (0.0, 0.146),
            (0.035, 0.15),
            (0.038, 0.196),
            (0.0, 0.206),
        ]
        outline = smooth(fig.at(neck), closed=True)
        roll = Stage.COLLAR if stage == Stage.TOP else stage
        marks.append(Piece(outline, rib, fig.frame(0, 0.18), roll, Folds(depth=0.1)))
        fold = seam(
            fig, [(-0.037, 0.172), (0, 0.178), (0.037, 0.172)], seam_color(rib.palette[0]), roll
        )
        marks.append(fold)
    else:
        marks.append(neck_band(fig, cut, scale(design.palette[0], 0.85), stage, 0.013))
    marks += sleeves(
        fig,
        design,
        length=_sleeve_length(design),
        ease=0.016 + 0.016 * design.fit,
        stage=Stage.SLEEVE,
        wrist_ease=0.012,
        band=rib,
        cloth=cloth,
    )
    return marks


def _rib_hem(fig: Figure, cut: Cut, rib: Material, stage: Stage, height: float) -> Piece:
    half = (fig.half(min(cut.hem, 0.52)) + cut.hem_ease) * fig.wide
    lower = smooth(
        [(half * 0.985, cut.hem), (0.0, cut.hem + cut.hem_curve), (-half * 0.985, cut.hem)]
    )
    y = cut.hem - height
    upper = smooth([(-half * 1.005, y), (0.0, y + cut.hem_curve), (half * 1.005, y)])
    return Piece(
        fig.at(join(lower, upper)), rib, fig.frame(0, cut.hem), stage, Folds(depth=0.1), shadow=0
    )


def _sweatshirt(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.018 + 0.024 * design.fit
    hem = 0.5 + 0.04 * design.length
    cut = Cut(hem, ease, ease - 0.008, "round", waist=0.2)
    base, rib = design.palette[0], plain(scale(design.palette[0], 0.94), "rib")
    folds = Folds(angle=0.8, wave=0.08, depth=0.3, stretch=2.2)
    marks = front(fig, design, cut, stage, folds=folds)
    marks.append(_rib_hem(fig, cut, rib, stage, 0.03))
    line = seam_color(base)
    if design.has("hood"):
        pocket = [(-0.042, 0.395), (0.042, 0.395), (0.068, 0.445), (0.068, hem - 0.03)]
        pocket += [(-0.068, hem - 0.03), (-0.068, 0.445)]
        marks.append(patch(fig, pocket, plain(base, "fleece"), stage, shadow=0.3))
        for s in (-1, 1):
            mouth = [(s * 0.042, 0.395), (s * 0.057, 0.418), (s * 0.068, 0.445)]
            marks.append(seam(fig, mouth, line, stage, width=0.003, opacity=0.8))
        marks += _hood(fig, design, stage)
    else:
        marks.append(neck_band(fig, cut, scale(base, 0.86), stage, 0.014))
        marks.append(seam(fig, [(-0.016, 0.216), (0.0, 0.238), (0.016, 0.216)], line, stage))
    if design.has("zip"):
        metal = mix(design.trim, (190, 190, 195), 0.7)
        marks.append(seam(fig, [(0, 0.21), (0, hem)], line, stage, width=0.007, opacity=0.7))
        marks.append(seam(fig, [(0, 0.21), (0, hem)], metal, stage, width=0.003, opacity=0.95))
    marks += sleeves(
        fig,
        design,
        length="long",
        ease=0.02 + 0.014 * design.fit,
        stage=Stage.SLEEVE,
        wrist_ease=0.012,
        band=rib,
    )
    return marks


def _hood(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    cloth = plain(design.palette[0], "fleece")
    frame = fig.frame(0, 0.18)
    back = [(-0.07, 0.2), (-0.064, 0.15), (-0.03, 0.118), (0.03, 0.118), (0.064, 0.15), (0.07, 0.2)]
    if fig.flat:
        back = [
            (-0.066, 0.2),
            (-0.072, 0.13),
            (-0.04, 0.062),
            (0.0, 0.05),
            (0.04, 0.062),
            (0.072, 0.13),
            (0.066, 0.2),
        ]
    marks: list[Mark] = [
        Piece(smooth(fig.at(back), closed=True), cloth, frame, Stage.BEHIND, shade=0.9)
    ]
    over = Stage.COLLAR if stage == Stage.TOP else stage
    if fig.flat:
        hole = [
            (-0.042, 0.175),
            (-0.045, 0.125),
            (-0.02, 0.082),
            (0.02, 0.082),
            (0.045, 0.125),
            (0.042, 0.175),
            (0, 0.215),
        ]
        marks.append(
            Piece(smooth(fig.at(hole), closed=True), cloth, frame, stage, shade=0.5, shadow=0)
        )
    for s in (-1, 1):
        lip = [
            (s * 0.002, 0.232),
            (s * 0.03, 0.2),
            (s * 0.04, 0.165),
            (s * 0.058, 0.16),
            (s * 0.07, 0.188),
            (s * 0.045, 0.222),
        ]
        outline = smooth(fig.at(lip), closed=True)
        marks.append(Piece(outline, cloth, frame, over, Folds(wave=0.03), shadow=0.4))
        cord = smooth(fig.at([(s * 0.013, 0.222), (s * 0.016, 0.26), (s * 0.014, 0.3)]))
        tone = mix(design.trim, (235, 235, 230), 0.6)
        marks.append(Stroke(cord, tone, fig.px(0.0045), over, 0.95))
    return marks


def _tank_top(fig: Figure, design: GarmentDesign, stage: Stage) -> list[Mark]:
    ease = 0.004 + 0.016 * design.fit
    hem = 0.48 + 0.05 * design.length
    strap = 0.006 if design.has("spaghetti") else 0.014
    neck = "scoop" if design.neckline == "scoop" else "v"
    cut = Cut(hem, ease, ease + 0.012 * design.flare, neck, True, waist=0.6, strap=strap)
    marks: list[Mark] = []
    if fig.flat:
        back = Cut(hem - 0.01, ease - 0.002, ease, "round", True, waist=0.6, strap=strap)
        low = [(x * 1.3, y) for x, y in neck_line(back)]
        low[0] = (0.0, 0.235)
        side = [(0.06 + 2 * strap, 0.18), (0.075, 0.24), (0.1, 0.275)]
        shape = fig.at(
            join(smooth(low), side, [(0.1, 0.3), (-0.1, 0.3)], smooth(low)[::-1] * (-1, 1))
        )
        marks.append(
            Piece(shape, material(design), fig.frame(0, 0.25), Stage.BEHIND, shade=0.66, bulge=0.2)
        )
    marks += front(fig, design, cut, stage)
    edge = scale(design.palette[0], 0.86)
    marks.append(neck_band(fig, cut, edge, stage, 0.005))
    outline = panel(fig, cut)
    marks.append(Stroke(outline, edge, fig.px(0.004), stage, 0.7, clip=outline))
    return marks
