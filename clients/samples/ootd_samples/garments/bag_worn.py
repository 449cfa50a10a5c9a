"""Bags on a person: in the hand, on the arm or shoulder, across the body, on the back."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.bag import Hold, cloth_of, draw_bag, size_of, strap
from ootd_samples.garments.sewing import seam_color
from ootd_samples.geometry import array, ellipse, smooth
from ootd_samples.pieces import Mark, Stage, Stroke


def draw_worn(fig: Figure, design: GarmentDesign, side: int, way: str) -> list[Mark]:
    """The bag on a person: `way` is hand, elbow, shoulder, cross or back."""
    arm = fig.arm(side)
    u = fig.unit
    base = scale(design.palette[0], 0.88)
    if way == "back":
        return _on_back(fig, design)
    if way in ("hand", "elbow"):
        grip = arm.wrist + (arm.wrist - arm.elbow) / 0.145 * 0.04 if way == "hand" else arm.elbow
        w, h = size_of(design)
        if design.sub_category == "handbag":
            drop = 0.055 + 0.03 * design.flare
        elif design.sub_category == "purse":
            drop = 0.05
        else:
            drop = -h * 0.3
        hold = Hold(float(grip[0]), float(grip[1]) + drop * u, u, 0.06 * side)
        marks = draw_bag(hold, design, carried=True)
        if design.sub_category == "purse":
            for s in (-1, 1):
                line = np.stack([hold.at([(s * w * 0.46, 0.01)])[0], grip])
                marks = strap(line, base, u * 0.007, Stage.BAG, chain=design.has("chain")) + marks
        return marks
    w, _ = size_of(design)
    reach = 0.47 + 0.05 * design.flare
    x = side * (fig.half(0.5) + w * 0.18)
    top = fig.at([(x, reach)])[0]
    hold = Hold(float(top[0]), float(top[1]), u, 0.05 * side)
    start = -side * 0.062 if way == "cross" else side * 0.07
    chain = design.has("chain") and design.sub_category == "purse"
    shoulder = (start, 0.187)
    ends = [hold.at([(s * w * 0.45, 0.006)])[0] for s in (-side, side)]
    first = np.concatenate([fig.at([shoulder, ((start + x) / 2, 0.33)]), ends[:1]])
    marks = strap(smooth(first), base, u * 0.0085, Stage.STRAP, chain=chain)
    if way == "shoulder":
        second = np.concatenate(
            [fig.at([(start + side * 0.006, 0.19), (side * 0.115, 0.32)]), ends[1:]]
        )
        marks += strap(smooth(second), base, u * 0.0085, Stage.STRAP, chain=chain)
    return marks + draw_bag(hold, design, carried=True)


def _on_back(fig: Figure, design: GarmentDesign) -> list[Mark]:
    w, h = size_of(design)
    middle = fig.at([(0.0, 0.2)])[0]
    grow = max(1.0, (fig.build.shoulders * 2.05) / w)
    hold = Hold(float(middle[0]), float(middle[1]), fig.unit, fig.turn, Stage.BEHIND)
    k = np.array([grow, 1.12])
    shape = smooth(
        array(
            [
                (-w / 2, h * 0.4),
                (-w * 0.42, -0.012),
                (w * 0.42, -0.012),
                (w / 2, h * 0.4),
                (w / 2, h),
                (-w / 2, h),
            ]
        )
        * k,
        closed=True,
    )
    marks: list[Mark] = [hold.fill(shape, cloth_of(design), shade=0.8)]
    base = design.palette[0]
    for s in (-1, 1):
        line = smooth(
            fig.at([(s * 0.052, 0.182), (s * 0.06, 0.24), (s * 0.07, 0.3), (s * 0.09, 0.36)])
        )
        marks += strap(line, scale(base, 0.92), fig.px(0.021), Stage.STRAP)
        seam = smooth(fig.at([(s * 0.054, 0.19), (s * 0.061, 0.24), (s * 0.071, 0.3)]))
        marks.append(Stroke(seam, seam_color(base), fig.px(0.003), Stage.STRAP, 0.7))
        clip = fig.at([(s * 0.066, 0.275)])
        buckle = ellipse(clip, fig.px(0.012), fig.px(0.006))
        marks.append(Stroke(buckle, mix(base, (40, 40, 40), 0.6), 0, Stage.STRAP, 0.9, closed=True))
    return marks
