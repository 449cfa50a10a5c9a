"""Bags: handbag, purse, wallet, clutch, backpack.

A bag's own coordinates are in body heights: x from its middle, y down from the top of its body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.sewing import plain, seam_color
from ootd_samples.geometry import (
    Floats,
    Points,
    array,
    ellipse,
    join,
    moved,
    rotate,
    rounded,
    smooth,
)
from ootd_samples.pieces import Folds, Frame, Mark, Material, Piece, Stage, Stroke

_GOLD: RGB = (204, 176, 108)


@dataclass(frozen=True)
class Hold:
    """Where a bag is: px of its top's middle, px of one body height, its turn in radians."""

    x: float
    y: float
    unit: float
    turn: float = 0.0
    stage: Stage = Stage.BAG

    def at(self, points: Points) -> Floats:
        """Bag coordinates to px."""
        return moved(rotate(array(points) * self.unit, self.turn), self.x, self.y)

    def fill(
        self,
        points: Points,
        cloth: Material,
        *,
        bulge: float = 0.7,
        shadow: float = 0.4,
        shade: float = 1.0,
        print_half: float = 0.0,
    ) -> Piece:
        """A filled shape."""
        middle = array(points).mean(axis=0)
        px = self.at([middle])[0]
        frame = Frame(float(px[0]), float(px[1]), self.unit, self.turn)
        return Piece(
            self.at(points),
            cloth,
            frame,
            self.stage,
            Folds(angle=1.2, wave=0.05, depth=0.12, stretch=2.5),
            bulge=bulge,
            shadow=shadow,
            shade=shade,
            print_half=print_half,
        )

    def line(
        self, points: Points, rgb: RGB, width: float, alpha: float = 0.8, *, dashed: bool = False
    ) -> Stroke:
        """A seam."""
        line = self.at(smooth(points))
        return Stroke(line, rgb, width * self.unit, self.stage, alpha, dashed=dashed)

    def strap(self, points: Points, rgb: RGB, width: float, *, chain: bool = False) -> list[Mark]:
        """A handle or strap: it counts as part of the bag."""
        return strap(self.at(smooth(points)), rgb, width * self.unit, self.stage, chain=chain)


def strap(line: Floats, rgb: RGB, px: float, stage: Stage, *, chain: bool = False) -> list[Mark]:
    """A strap along a line in px."""
    dark = scale(rgb, 0.5)
    if chain:
        return [
            Stroke(line, (120, 96, 50), px, stage, 0.95, solid=True),
            Stroke(line, (232, 206, 140), px * 0.6, stage, 0.95, dashed=True),
        ]
    lit = mix(rgb, (255, 255, 255), 0.16)
    return [
        Stroke(line + np.array((px * 0.15, px * 0.15)), dark, px, stage, 0.85, solid=True),
        Stroke(line, rgb, px * 0.9, stage, 1.0, solid=True),
        Stroke(line - np.array((px * 0.18, px * 0.12)), lit, px * 0.22, stage, 0.6),
    ]


def cloth_of(design: GarmentDesign) -> Material:
    """The bag's own cloth."""
    return Material(design.palette, design.fabric, design.pattern, design.pattern_size, design.seed)


def size_of(design: GarmentDesign) -> tuple[float, float]:
    """Width and height of the body in body heights."""
    grow = 0.85 + 0.4 * design.length
    w, h = {
        "handbag": (0.19, 0.145),
        "purse": (0.135, 0.1),
        "wallet": (0.095, 0.055),
        "clutch": (0.155, 0.085),
        "backpack": (0.165, 0.225),
    }[design.sub_category]
    return w * grow, h * grow * (0.9 + 0.2 * design.fit)


def draw_bag(hold: Hold, design: GarmentDesign, *, carried: bool) -> list[Mark]:
    """The bag; `carried` leaves out straps that the wearer's body leads elsewhere."""
    if design.sub_category == "purse":
        return _purse(hold, design, carried=carried)
    maker = {
        "handbag": _handbag,
        "wallet": _wallet,
        "clutch": _clutch,
        "backpack": _backpack,
    }[design.sub_category]
    return maker(hold, design)


def _stitches(hold: Hold, shape: Floats, rgb: RGB, inset: float = 0.93) -> Stroke:
    middle = (shape.max(axis=0) + shape.min(axis=0)) / 2
    inner = (shape - middle) * inset + middle
    line = hold.at(np.concatenate([inner, inner[:1]]))
    return Stroke(line, seam_color(rgb), hold.unit * 0.0018, hold.stage, 0.6, dashed=True)


def _clasp(hold: Hold, x: float, y: float, size: float = 0.008) -> list[Mark]:
    plate = hold.at(rounded(x - size, y - size * 0.7, x + size, y + size * 0.7, size * 0.3))
    glint = hold.at(ellipse([(x - size * 0.3, y - size * 0.3)], size * 0.3, size * 0.2))
    return [
        Stroke(plate + hold.unit * 0.0012, (70, 56, 30), 0, hold.stage, 0.6, closed=True),
        Stroke(plate, _GOLD, 0, hold.stage, 1.0, closed=True),
        Stroke(glint, (250, 240, 210), 0, hold.stage, 0.9, closed=True),
    ]


def _flap(hold: Hold, design: GarmentDesign, w: float, drop: float) -> list[Mark]:
    shape = join(
        [(-w * 1.01, -0.003), (w * 1.01, -0.003)],
        smooth(
            [
                (w * 1.01, drop * 0.55),
                (w * 0.6, drop * 0.93),
                (0.0, drop),
                (-w * 0.6, drop * 0.93),
                (-w * 1.01, drop * 0.55),
            ]
        ),
    )
    marks: list[Mark] = [hold.fill(shape, cloth_of(design), shadow=0.5, bulge=0.4, shade=1.03)]
    marks.append(_stitches(hold, shape, design.palette[0]))
    return marks + _clasp(hold, 0.0, drop * 0.9)


def _handbag(hold: Hold, design: GarmentDesign) -> list[Mark]:
    w, h = size_of(design)
    w /= 2
    base = design.palette[0]
    rise = 0.075 + 0.03 * design.flare
    marks: list[Mark] = []
    back = [
        (-w * 0.5, 0.012),
        (-w * 0.45, -rise * 0.8),
        (0.0, -rise * 1.08),
        (w * 0.45, -rise * 0.8),
        (w * 0.5, 0.012),
    ]
    marks += hold.strap(back, scale(base, 0.75), 0.009)
    shape = join(
        smooth([(-w * 0.82, 0.0), (0.0, 0.004), (w * 0.82, 0.0)]),
        smooth([(w * 0.9, h * 0.3), (w, h * 0.85), (w * 0.96, h * 0.98), (w * 0.9, h)]),
        smooth([(-w * 0.9, h), (-w * 0.96, h * 0.98), (-w, h * 0.85), (-w * 0.9, h * 0.3)]),
    )
    marks.append(hold.fill(shape, cloth_of(design)))
    marks.append(_stitches(hold, shape, base))
    ink = seam_color(base)
    if design.has("flap"):
        marks += _flap(hold, design, w * 0.86, h * 0.5)
    else:
        marks.append(hold.line([(-w * 0.84, 0.014), (0.0, 0.018), (w * 0.84, 0.014)], ink, 0.004))
        marks.append(hold.line([(-w * 0.95, h * 0.62), (w * 0.95, h * 0.62)], ink, 0.003, 0.5))
    near = [
        (-w * 0.5, 0.03),
        (-w * 0.48, -rise * 0.62),
        (0.0, -rise * 0.95),
        (w * 0.48, -rise * 0.62),
        (w * 0.5, 0.03),
    ]
    marks += hold.strap(near, scale(base, 0.9), 0.01)
    for s in (-1, 1):
        marks += _clasp(hold, s * w * 0.5, 0.03, 0.006)
    if design.has("charm"):
        marks += _clasp(hold, w * 0.3, 0.05, 0.008)
    return marks


def _purse(hold: Hold, design: GarmentDesign, *, carried: bool) -> list[Mark]:
    w, h = size_of(design)
    w /= 2
    base = design.palette[0]
    marks: list[Mark] = []
    if not carried:
        loop = [
            (-w * 0.92, 0.01),
            (-w * 1.05, -0.12),
            (-w * 0.2, -0.24),
            (w * 0.6, -0.21),
            (w * 1.02, -0.1),
            (w * 0.92, 0.01),
        ]
        marks += hold.strap(loop, scale(base, 0.85), 0.0075, chain=design.has("chain"))
    if design.has("round"):
        shape = smooth(
            [
                (-w, h * 0.1),
                (0.0, -0.004),
                (w, h * 0.1),
                (w * 0.98, h * 0.6),
                (0.0, h * 1.12),
                (-w * 0.98, h * 0.6),
            ],
            closed=True,
        )
    else:
        shape = rounded(-w, 0.0, w, h, 0.014)
    marks.append(hold.fill(shape, cloth_of(design)))
    marks.append(_stitches(hold, shape, base))
    marks += _flap(hold, design, w * 0.99, h * 0.66)
    return marks


def _wallet(hold: Hold, design: GarmentDesign) -> list[Mark]:
    w, h = size_of(design)
    w /= 2
    base = design.palette[0]
    shape = rounded(-w, 0.0, w, h, 0.006)
    marks: list[Mark] = [hold.fill(shape, cloth_of(design), bulge=0.35)]
    marks.append(_stitches(hold, shape, base, 0.9))
    ink = seam_color(base)
    if design.has("zip"):
        marks.append(hold.line([(-w * 0.96, 0.007), (w * 0.96, 0.007)], _GOLD, 0.0035, 0.95))
        marks += _clasp(hold, w * 0.86, 0.011, 0.005)
    else:
        marks.append(hold.line([(w * 0.1, 0.0), (w * 0.1, h)], ink, 0.003, 0.7))
        tab = rounded(-0.002, h * 0.36, w * 0.5, h * 0.62, 0.004)
        marks.append(hold.fill(tab, plain(scale(base, 0.85), "leather"), shadow=0.4, bulge=0.3))
        marks += _clasp(hold, w * 0.38, h * 0.49, 0.005)
    return marks


def _clutch(hold: Hold, design: GarmentDesign) -> list[Mark]:
    w, h = size_of(design)
    w /= 2
    base = design.palette[0]
    marks: list[Mark] = []
    if design.has("wrist"):
        loop = [
            (w * 0.94, 0.012),
            (w * 1.25, 0.0),
            (w * 1.4, 0.05),
            (w * 1.15, 0.075),
            (w * 0.95, 0.03),
        ]
        marks += hold.strap(loop, scale(base, 0.85), 0.007)
    shape = rounded(-w, 0.0, w, h, 0.008)
    marks.append(hold.fill(shape, cloth_of(design), bulge=0.5))
    marks.append(_stitches(hold, shape, base, 0.94))
    if design.has("flap"):
        tip = [(-w, -0.002), (w, -0.002), (w, h * 0.12), (0.0, h * 0.72), (-w, h * 0.12)]
        marks.append(hold.fill(tip, cloth_of(design), shadow=0.5, bulge=0.3, shade=1.05))
        marks += _clasp(hold, 0.0, h * 0.6, 0.007)
    else:
        marks.append(hold.line([(-w * 0.97, 0.008), (w * 0.97, 0.008)], _GOLD, 0.005, 0.95))
        for x in (-0.006, 0.006):
            ball = hold.at(ellipse([(x, -0.002)], 0.006, 0.006))
            marks.append(Stroke(ball, _GOLD, 0, hold.stage, 1.0, closed=True, solid=True))
    return marks


def _shoulder_straps(hold: Hold, base: RGB, w: float, h: float) -> list[Mark]:
    marks: list[Mark] = []
    for s in (-1, 1):
        side = [(s * w * 0.55, 0.01), (s * w * 1.22, h * 0.25)]
        side += [(s * w * 1.25, h * 0.7), (s * w * 0.9, h * 0.95)]
        marks += hold.strap(side, scale(base, 0.75), 0.016)
    handle = [(-w * 0.25, 0.008), (-w * 0.2, -0.028), (w * 0.2, -0.028), (w * 0.25, 0.008)]
    return marks + hold.strap(handle, scale(base, 0.8), 0.009)


def _backpack(hold: Hold, design: GarmentDesign) -> list[Mark]:
    w, h = size_of(design)
    w /= 2
    base = design.palette[0]
    ink = seam_color(base)
    marks = _shoulder_straps(hold, base, w, h)
    shape = join(
        smooth(
            [
                (-w, h * 0.3),
                (-w * 0.86, h * 0.08),
                (-w * 0.45, 0.0),
                (w * 0.45, 0.0),
                (w * 0.86, h * 0.08),
                (w, h * 0.3),
            ]
        ),
        smooth([(w * 1.03, h * 0.7), (w * 1.0, h * 0.96), (w * 0.88, h)]),
        smooth([(-w * 0.88, h), (-w * 1.0, h * 0.96), (-w * 1.03, h * 0.7)]),
    )
    marks.append(hold.fill(shape, cloth_of(design), print_half=w * 0.6))
    arch = [
        (-w * 0.9, h * 0.45),
        (-w * 0.8, h * 0.14),
        (0.0, h * 0.05),
        (w * 0.8, h * 0.14),
        (w * 0.9, h * 0.45),
    ]
    marks.append(hold.line(arch, ink, 0.005, 0.8))
    if design.has("flap"):
        marks += _flap(hold, design, w * 0.9, h * 0.42)
        for s in (-1, 1):
            marks += hold.strap(
                [(s * w * 0.4, h * 0.3), (s * w * 0.4, h * 0.6)], scale(base, 0.6), 0.009
            )
            marks += _clasp(hold, s * w * 0.4, h * 0.52, 0.006)
    if design.has("pocket") and design.pattern != "graphic":
        pocket = rounded(-w * 0.72, h * 0.54, w * 0.72, h * 0.93, 0.02)
        marks.append(hold.fill(pocket, cloth_of(design), shadow=0.45, bulge=0.5, shade=0.97))
        marks.append(hold.line([(-w * 0.66, h * 0.6), (w * 0.66, h * 0.6)], _GOLD, 0.0035, 0.9))
    return marks
