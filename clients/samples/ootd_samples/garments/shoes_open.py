"""Pumps, strappy heels and sandals from the side."""

from __future__ import annotations

from ootd_samples.colors import mix, scale
from ootd_samples.garments.footwear import ShoeSewing
from ootd_samples.garments.sewing import plain


def heeled(sew: ShoeSewing) -> None:
    """Pumps are closed slip-ons; heels are held by straps."""
    design = sew.design
    h = 0.3 + 0.16 * design.length
    pumps = design.sub_category == "pumps"
    raised = 0.09 if design.has("platform") else 0.0
    toe = 1.06 if design.has("pointed") else 1.0
    sew.bare_foot(h)
    _heel(sew, h, block=not pumps and design.fit > 0.5)
    if raised:
        plate = [(0.52, 0.0), (0.55, raised + 0.03), (0.98, raised + 0.03), (1.0, 0.02)]
        sew.fill(plate, plain(sew.sole_color, "rubber"))
    r = raised * 0.6
    insole = [(0.0, h + 0.02), (0.02, h + 0.09), (0.2, h * 0.96), (0.45, h * 0.42 + r)]
    insole += [(0.62, 0.08 + r), (toe - 0.02, 0.07 + r), (toe - 0.02, 0.02 + r), (0.58, 0.01 + r)]
    insole += [(0.36, h * 0.42), (0.16, h * 0.86)]
    sew.fill(insole, plain(scale(sew.base, 0.72), "leather"), bulge=0.4)
    if pumps:
        _pump_upper(sew, h, toe)
        return
    back = [(0.0, h + 0.02), (-0.005, h + 0.2), (0.05, h + 0.22), (0.16, h + 0.06), (0.16, h * 0.9)]
    sew.fill(back)
    for x, wide in ((0.79, 0.07), (0.64, 0.03)):
        sew.band(x, wide, 0.05 + r, 0.17 + r + 0.4 * (0.8 - x))
    if design.has("ankle"):
        sew.ankle_strap(h * 0.75 + 0.46, (0.03, h + 0.16))


def _heel(sew: ShoeSewing, height: float, *, block: bool) -> None:
    """A high heel: a block or a stiletto."""
    if block:
        shape = [(0.0, height + 0.04), (0.22, height - 0.06), (0.19, 0.0), (0.01, 0.0)]
    else:
        shape = [(0.0, height + 0.04), (0.17, height - 0.06), (0.085, height * 0.45)]
        shape += [(0.075, 0.0), (0.03, 0.0), (0.03, height * 0.5)]
    sew.fill(shape, plain(scale(sew.base, 0.8), "leather"), sharp=True)


def _pump_upper(sew: ShoeSewing, h: float, toe: float) -> None:
    upper = [
        (0.0, h + 0.01), (-0.005, h + 0.15), (0.02, h + 0.24), (0.06, h + 0.23), (0.16, h + 0.08),
        (0.34, h * 0.74), (0.52, h * 0.4 + 0.06), (0.63, 0.24), (0.7, 0.24), (0.86, 0.15),
        (toe, 0.045), (toe - 0.02, 0.015), (0.58, 0.02), (0.36, h * 0.44), (0.14, h * 0.9),
    ]  # fmt: skip
    sew.fill(upper)
    rim = [(0.03, h + 0.235), (0.18, h + 0.06), (0.36, h * 0.72)]
    rim += [(0.54, h * 0.38 + 0.06), (0.64, 0.245)]
    sew.line(rim, 0.014, rgb=scale(sew.base, 0.6))


def sandal(sew: ShoeSewing) -> None:
    """A flat or wedge sandal."""
    design = sew.design
    wedge = 0.22 if design.has("wedge") else 0.0
    sew.bare_foot(wedge)
    if wedge:
        platform = [(0.0, 0.0), (0.0, wedge + 0.06), (0.2, wedge * 0.95 + 0.04)]
        platform += [(0.55, 0.12), (1.0, 0.09), (1.0, 0.0)]
        sew.fill(platform, plain((176, 138, 92), "straw"), sharp=True, bulge=0.3)
    else:
        sew.sole(0.05, rgb=mix(design.trim, (150, 112, 76), 0.6))
    for x, wide in ((0.77, 0.07), (0.52, 0.045)):
        low = 0.05 + wedge * max(0.0, 0.75 - x)
        sew.band(x, wide, low, low + 0.13 + 0.4 * (0.8 - x))
    if design.has("ankle"):
        sew.ankle_strap(0.4 + wedge * 0.7, (0.04, 0.07 + wedge))
    else:
        sling = [(0.02, 0.07 + wedge), (0.03, 0.22 + wedge), (0.25, 0.34 + wedge * 0.8)]
        sew.strap([*sling, (0.48, 0.26)], 0.06)
