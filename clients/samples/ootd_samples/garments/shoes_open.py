"""Pumps, strappy heels and sandals from the side."""

from __future__ import annotations

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.footwear import (
    Foot,
    ankle_strap,
    band,
    bare_foot,
    cloth_of,
    heel_of,
    sole,
    sole_color,
)
from ootd_samples.garments.sewing import plain
from ootd_samples.pieces import Mark


def heeled(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """Pumps are closed slip-ons; heels are held by straps."""
    base = design.palette[0]
    h = 0.3 + 0.16 * design.length
    pumps = design.sub_category == "pumps"
    raised = 0.09 if design.has("platform") else 0.0
    toe = 1.06 if design.has("pointed") else 1.0
    marks = bare_foot(foot, h)
    marks.append(heel_of(foot, design, h, block=not pumps and design.fit > 0.5))
    if raised:
        plate = [(0.52, 0.0), (0.55, raised + 0.03), (0.98, raised + 0.03), (1.0, 0.02)]
        marks.append(foot.fill(plate, plain(sole_color(design), "rubber")))
    r = raised * 0.6
    insole = [
        (0.0, h + 0.02),
        (0.02, h + 0.09),
        (0.2, h * 0.96),
        (0.45, h * 0.42 + r),
        (0.62, 0.08 + r),
        (toe - 0.02, 0.07 + r),
        (toe - 0.02, 0.02 + r),
        (0.58, 0.01 + r),
        (0.36, h * 0.42),
        (0.16, h * 0.86),
    ]
    marks.append(foot.fill(insole, plain(scale(base, 0.72), "leather"), bulge=0.4))
    if pumps:
        return marks + _pump_upper(foot, design, h, toe)
    back = [(0.0, h + 0.02), (-0.005, h + 0.2), (0.05, h + 0.22), (0.16, h + 0.06), (0.16, h * 0.9)]
    marks.append(foot.fill(back, cloth_of(design)))
    for x, wide in ((0.79, 0.07), (0.64, 0.03)):
        marks += band(foot, design, x, wide, (0.05 + r, 0.17 + r + 0.4 * (0.8 - x)))
    if design.has("ankle"):
        y = h * 0.75 + 0.46
        marks += ankle_strap(foot, base, y, (0.03, h + 0.16))
    return marks


def _pump_upper(foot: Foot, design: GarmentDesign, h: float, toe: float) -> list[Mark]:
    upper = [
        (0.0, h + 0.01), (-0.005, h + 0.15), (0.02, h + 0.24), (0.06, h + 0.23), (0.16, h + 0.08),
        (0.34, h * 0.74), (0.52, h * 0.4 + 0.06), (0.63, 0.24), (0.7, 0.24), (0.86, 0.15),
        (toe, 0.045), (toe - 0.02, 0.015), (0.58, 0.02), (0.36, h * 0.44), (0.14, h * 0.9),
    ]  # fmt: skip
    rim = [(0.03, h + 0.235), (0.18, h + 0.06), (0.36, h * 0.72)]
    rim += [(0.54, h * 0.38 + 0.06), (0.64, 0.245)]
    edge = foot.line(rim, scale(design.palette[0], 0.6), 0.014)
    return [foot.fill(upper, cloth_of(design)), edge]


def sandal(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """A flat or wedge sandal."""
    base = design.palette[0]
    wedge = 0.22 if design.has("wedge") else 0.0
    marks = bare_foot(foot, wedge)
    if wedge:
        platform = [
            (0.0, 0.0),
            (0.0, wedge + 0.06),
            (0.2, wedge * 0.95 + 0.04),
            (0.55, 0.12),
            (1.0, 0.09),
            (1.0, 0.0),
        ]
        marks.append(foot.fill(platform, plain((176, 138, 92), "straw"), sharp=True, bulge=0.3))
    else:
        marks += sole(foot, mix(design.trim, (150, 112, 76), 0.6), 0.05)
    w = wedge
    for x, wide in ((0.77, 0.07), (0.52, 0.045)):
        low = 0.05 + w * max(0.0, 0.75 - x)
        marks += band(foot, design, x, wide, (low, low + 0.13 + 0.4 * (0.8 - x)))
    if design.has("ankle"):
        y = 0.4 + w * 0.7
        marks += ankle_strap(foot, base, y, (0.04, 0.07 + w))
    else:
        marks += foot.strap(
            [(0.02, 0.07 + w), (0.03, 0.22 + w), (0.25, 0.34 + w * 0.8), (0.48, 0.26)], base, 0.06
        )
    return marks
