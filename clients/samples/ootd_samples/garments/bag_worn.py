"""Bags on a person: in the hand, on the arm or shoulder, across the body, on the back."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.bag import BagSewing, Hold, draw_bag, size_of, strap
from ootd_samples.garments.sewing import SIDES, Sewing
from ootd_samples.geometry import array, ellipse, join, smooth
from ootd_samples.pieces import Mark, Stage

_SHOULDER_STRAP = array([(0.052, 0.182), (0.06, 0.24), (0.07, 0.3), (0.09, 0.36)])
_STRAP_SEAM = array([(0.054, 0.19), (0.061, 0.24), (0.071, 0.3)])


def draw_worn(fig: Figure, design: GarmentDesign, side: int, way: str) -> list[Mark]:
    """The bag on a person: `way` is hand, elbow, shoulder, cross or back."""
    if way == "back":
        return _on_back(fig, design)
    if way in ("hand", "elbow"):
        return _on_arm(fig, design, side, way)
    return _on_shoulder(fig, design, side, across=way == "cross")


def _on_arm(fig: Figure, design: GarmentDesign, side: int, way: str) -> list[Mark]:
    arm, (w, h) = fig.arm(side), size_of(design)
    grip = arm.wrist + (arm.wrist - arm.elbow) / 0.145 * 0.04 if way == "hand" else arm.elbow
    drop = {"handbag": 0.055 + 0.03 * design.flare, "purse": 0.05}
    y = float(grip[1]) + drop.get(design.sub_category, -h * 0.3) * fig.unit
    hold = Hold(float(grip[0]), y, fig.unit, 0.06 * side)
    marks = draw_bag(hold, design, carried=True)
    if design.sub_category == "purse":
        base, chain = scale(design.palette[0], 0.88), design.has("chain")
        for s in SIDES:
            line = np.stack([hold.at([(s * w * 0.46, 0.01)])[0], grip])
            marks = strap(line, base, fig.px(0.007), Stage.BAG, chain=chain) + marks
    return marks


def _on_shoulder(fig: Figure, design: GarmentDesign, side: int, *, across: bool) -> list[Mark]:
    """Beside the hip, by one strap from the other shoulder or by two from the near one."""
    w, _ = size_of(design)
    x = side * (fig.half(0.5) + w * 0.18)
    top = fig.at([(x, 0.47 + 0.05 * design.flare)])[0]
    hold = Hold(float(top[0]), float(top[1]), fig.unit, 0.05 * side)
    start = -side * 0.062 if across else side * 0.07
    lines = [[(start, 0.187), ((start + x) / 2, 0.33)]]
    if not across:
        lines.append([(start + side * 0.006, 0.19), (side * 0.115, 0.32)])
    base = scale(design.palette[0], 0.88)
    chain = design.has("chain") and design.sub_category == "purse"
    marks: list[Mark] = []
    for s, line in zip((-side, side), lines, strict=False):
        px = smooth(join(fig.at(line), hold.at([(s * w * 0.45, 0.006)])))
        marks += strap(px, base, fig.px(0.0085), Stage.STRAP, chain=chain)
    return marks + draw_bag(hold, design, carried=True)


def _on_back(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The back of the bag behind the body, and its straps over the shoulders."""
    w, h = size_of(design)
    middle = fig.at([(0.0, 0.2)])[0]
    grow = max(1.0, (fig.build.shoulders * 2.05) / w)
    hold = Hold(float(middle[0]), float(middle[1]), fig.unit, fig.turn, Stage.BEHIND)
    shape = [(-w / 2, h * 0.4), (-w * 0.42, -0.012), (w * 0.42, -0.012), (w / 2, h * 0.4)]
    shape += [(w / 2, h), (-w / 2, h)]
    bag, sew = BagSewing(hold, design), Sewing(fig, design, Stage.STRAP)
    bag.fill(smooth(array(shape) * (grow, 1.12), closed=True), shade=0.8)
    for s in SIDES:
        line = smooth(fig.at(_SHOULDER_STRAP * (s, 1)))
        sew.marks += strap(line, scale(sew.base, 0.92), fig.px(0.021), Stage.STRAP)
        sew.seam(_STRAP_SEAM * (s, 1), width=0.003, opacity=0.7)
        buckle = ellipse(fig.at([(s * 0.066, 0.275)]), fig.px(0.012), fig.px(0.006))
        sew.blot(buckle, mix(sew.base, (40, 40, 40), 0.6), 0.9)
    return bag.marks + sew.marks
