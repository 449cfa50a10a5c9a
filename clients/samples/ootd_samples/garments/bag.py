"""Bags: handbag, purse, wallet, clutch, backpack.

A bag's own coordinates are in body heights: x from its middle, y down from the top of its body.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.sewing import SIDES, material, plain, seam_color
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
# Shapes in half widths and heights of the bag's body.
# fmt: off
_HANDBAG_FLANK = [(0.9, 0.3), (1, 0.85), (0.96, 0.98), (0.9, 1)]
_ROUND_PURSE = [(0.98, 0.6), (0, 1.12), (-0.98, 0.6)]
_PURSE_LOOP = [(-0.92, 0.01), (-1.05, -0.12), (-0.2, -0.24), (0.6, -0.21), (1.02, -0.1),
               (0.92, 0.01)]  # its y in body heights
_CLUTCH_LOOP = [(0.94, 0.012), (1.25, 0), (1.4, 0.05), (1.15, 0.075), (0.95, 0.03)]  # so is this
_BACKPACK_TOP = [(-1, 0.3), (-0.86, 0.08), (-0.45, 0), (0.45, 0), (0.86, 0.08), (1, 0.3)]
_BACKPACK_FLANK = [(1.03, 0.7), (1, 0.96), (0.88, 1)]
_BACKPACK_ARCH = [(-0.9, 0.45), (-0.8, 0.14), (0, 0.05), (0.8, 0.14), (0.9, 0.45)]
_BACKPACK_HANDLE = [(-0.25, 0.008), (-0.2, -0.028), (0.2, -0.028), (0.25, 0.008)]  # and this
_FLAP = [(1.01, 0.55), (0.6, 0.93), (0, 1), (-0.6, 0.93), (-1.01, 0.55)]  # in heights of the flap
# fmt: on


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


class BagSewing:
    """A bag while it is sewn: where it is, its design and its marks so far, in painting order."""

    def __init__(self, hold: Hold, design: GarmentDesign) -> None:
        self.hold, self.design = hold, design
        width, self.h = size_of(design)
        self.w = width / 2
        self.base = design.palette[0]
        self.ink = seam_color(self.base)
        self.marks: list[Mark] = []

    def sized(self, points: Points) -> Floats:
        """Points in half widths and heights of the body, as bag coordinates."""
        return array(points) * (self.w, self.h)

    def fill(
        self,
        points: Points,
        cloth: Material | None = None,
        *,
        bulge: float = 0.7,
        shadow: float = 0.4,
        shade: float = 1.0,
        print_half: float = 0.0,
    ) -> None:
        """A filled shape, of the bag's own cloth or another."""
        middle = self.hold.at([array(points).mean(axis=0)])[0]
        piece = Piece(
            self.hold.at(points),
            cloth or material(self.design),
            Frame(float(middle[0]), float(middle[1]), self.hold.unit, self.hold.turn),
            self.hold.stage,
            Folds(angle=1.2, wave=0.05, depth=0.12, stretch=2.5),
            bulge=bulge,
            shadow=shadow,
            shade=shade,
            print_half=print_half,
        )
        self.marks.append(piece)

    def line(self, points: Points, rgb: RGB, width: float, alpha: float = 0.8) -> None:
        """A seam."""
        line, width = self.hold.at(smooth(points)), width * self.hold.unit
        self.marks.append(Stroke(line, rgb, width, self.hold.stage, alpha))

    def strap(self, points: Points, shade: float, width: float, *, chain: bool = False) -> None:
        """A handle or strap: it counts as part of the bag."""
        line, width = self.hold.at(smooth(points)), width * self.hold.unit
        self.marks += strap(line, scale(self.base, shade), width, self.hold.stage, chain=chain)

    def stitches(self, shape: Floats, inset: float = 0.93) -> None:
        """A dashed seam inside a shape."""
        middle = (shape.max(axis=0) + shape.min(axis=0)) / 2
        inner = (shape - middle) * inset + middle
        line, hold = self.hold.at(join(inner, inner[:1])), self.hold
        self.marks.append(Stroke(line, self.ink, hold.unit * 0.0018, hold.stage, 0.6, dashed=True))

    def clasp(self, x: float, y: float, size: float = 0.008) -> None:
        """A metal clasp."""
        hold, tall = self.hold, size * 0.7
        plate = hold.at(rounded(x - size, y - tall, x + size, y + tall, size * 0.3))
        glint = hold.at(ellipse([(x - size * 0.3, y - size * 0.3)], size * 0.3, size * 0.2))
        self.marks += [
            Stroke(plate + hold.unit * 0.0012, (70, 56, 30), 0, hold.stage, 0.6, closed=True),
            Stroke(plate, _GOLD, 0, hold.stage, 1.0, closed=True),
            Stroke(glint, (250, 240, 210), 0, hold.stage, 0.9, closed=True),
        ]

    def flap(self, w: float, drop: float) -> None:
        """A flap of a half width that comes down over the front, with its clasp."""
        edge = smooth(array(_FLAP) * (w, drop))
        shape = join([(-w * 1.01, -0.003), (w * 1.01, -0.003)], edge)
        self.fill(shape, shadow=0.5, bulge=0.4, shade=1.03)
        self.stitches(shape)
        self.clasp(0.0, drop * 0.9)


def draw_bag(hold: Hold, design: GarmentDesign, *, carried: bool) -> list[Mark]:
    """The bag; `carried` leaves out straps that the wearer's body leads elsewhere."""
    sew = BagSewing(hold, design)
    if design.sub_category == "purse" and not carried:
        sew.strap(array(_PURSE_LOOP) * (sew.w, 1), 0.85, 0.0075, chain=design.has("chain"))
    maker = {
        "handbag": _handbag,
        "purse": _purse,
        "wallet": _wallet,
        "clutch": _clutch,
        "backpack": _backpack,
    }[design.sub_category]
    maker(sew)
    return sew.marks


def _flanks(sew: BagSewing, right: Points) -> tuple[Floats, Floats]:
    """The right side of the body from the top down, and its left side from the bottom up."""
    return smooth(sew.sized(right)), smooth(sew.sized(right)[::-1] * (-1, 1))


def _handle(w: float, foot: float, lean: float, rise: tuple[float, float]) -> Points:
    """A handle's curve from one foot to the other; `rise` is its height at the bends and on top."""
    bend, top = rise
    right = [(w * lean, -bend), (w * 0.5, foot)]
    return [(-w * 0.5, foot), (-w * lean, -bend), (0.0, -top), *right]


def _handbag(sew: BagSewing) -> None:
    w, h, design = sew.w, sew.h, sew.design
    rise = 0.075 + 0.03 * design.flare
    sew.strap(_handle(w, 0.012, 0.45, (rise * 0.8, rise * 1.08)), 0.75, 0.009)
    right, left = _flanks(sew, _HANDBAG_FLANK)
    rim = smooth([(-w * 0.82, 0.0), (0.0, 0.004), (w * 0.82, 0.0)])
    shape = join(rim, right, left)
    sew.fill(shape)
    sew.stitches(shape)
    if design.has("flap"):
        sew.flap(w * 0.86, h * 0.5)
    else:
        sew.line([(-w * 0.84, 0.014), (0.0, 0.018), (w * 0.84, 0.014)], sew.ink, 0.004)
        sew.line(sew.sized([(-0.95, 0.62), (0.95, 0.62)]), sew.ink, 0.003, 0.5)
    sew.strap(_handle(w, 0.03, 0.48, (rise * 0.62, rise * 0.95)), 0.9, 0.01)
    for s in SIDES:
        sew.clasp(s * w * 0.5, 0.03, 0.006)
    if design.has("charm"):
        sew.clasp(w * 0.3, 0.05)


def _purse(sew: BagSewing) -> None:
    w, h = sew.w, sew.h
    if sew.design.has("round"):
        top = [(-w, h * 0.1), (0.0, -0.004), (w, h * 0.1)]
        shape = smooth(join(top, sew.sized(_ROUND_PURSE)), closed=True)
    else:
        shape = rounded(-w, 0.0, w, h, 0.014)
    sew.fill(shape)
    sew.stitches(shape)
    sew.flap(w * 0.99, h * 0.66)


def _wallet(sew: BagSewing) -> None:
    w, h, design = sew.w, sew.h, sew.design
    shape = rounded(-w, 0.0, w, h, 0.006)
    sew.fill(shape, bulge=0.35)
    sew.stitches(shape, 0.9)
    if design.has("zip"):
        sew.line([(-w * 0.96, 0.007), (w * 0.96, 0.007)], _GOLD, 0.0035, 0.95)
        sew.clasp(w * 0.86, 0.011, 0.005)
    else:
        sew.line(sew.sized([(0.1, 0), (0.1, 1)]), sew.ink, 0.003, 0.7)
        tab = rounded(-0.002, h * 0.36, w * 0.5, h * 0.62, 0.004)
        sew.fill(tab, plain(scale(sew.base, 0.85), "leather"), bulge=0.3)
        sew.clasp(w * 0.38, h * 0.49, 0.005)


def _clutch(sew: BagSewing) -> None:
    w, h, hold, design = sew.w, sew.h, sew.hold, sew.design
    if design.has("wrist"):
        sew.strap(array(_CLUTCH_LOOP) * (w, 1), 0.85, 0.007)
    shape = rounded(-w, 0.0, w, h, 0.008)
    sew.fill(shape, bulge=0.5)
    sew.stitches(shape, 0.94)
    if design.has("flap"):
        tip = [(-w, -0.002), (w, -0.002), (w, h * 0.12), (0.0, h * 0.72), (-w, h * 0.12)]
        sew.fill(tip, shadow=0.5, bulge=0.3, shade=1.05)
        sew.clasp(0.0, h * 0.6, 0.007)
    else:
        sew.line([(-w * 0.97, 0.008), (w * 0.97, 0.008)], _GOLD, 0.005, 0.95)
        for x in (-0.006, 0.006):
            ball = hold.at(ellipse([(x, -0.002)], 0.006, 0.006))
            sew.marks.append(Stroke(ball, _GOLD, 0, hold.stage, 1.0, closed=True, solid=True))


def _backpack(sew: BagSewing) -> None:
    w, h, design = sew.w, sew.h, sew.design
    for s in SIDES:
        strap_top = [(s * w * 0.55, 0.01), (s * w * 1.22, h * 0.25)]
        sew.strap([*strap_top, (s * w * 1.25, h * 0.7), (s * w * 0.9, h * 0.95)], 0.75, 0.016)
    sew.strap(array(_BACKPACK_HANDLE) * (w, 1), 0.8, 0.009)
    right, left = _flanks(sew, _BACKPACK_FLANK)
    shape = join(smooth(sew.sized(_BACKPACK_TOP)), right, left)
    sew.fill(shape, print_half=w * 0.6)
    sew.line(sew.sized(_BACKPACK_ARCH), sew.ink, 0.005)
    if design.has("flap"):
        sew.flap(w * 0.9, h * 0.42)
        for s in SIDES:
            sew.strap(sew.sized([(s * 0.4, 0.3), (s * 0.4, 0.6)]), 0.6, 0.009)
            sew.clasp(s * w * 0.4, h * 0.52, 0.006)
    if design.has("pocket") and design.pattern != "graphic":
        pocket = rounded(-w * 0.72, h * 0.54, w * 0.72, h * 0.93, 0.02)
        sew.fill(pocket, shadow=0.45, bulge=0.5, shade=0.97)
        sew.line(sew.sized([(-0.66, 0.6), (0.66, 0.6)]), _GOLD, 0.0035, 0.9)
