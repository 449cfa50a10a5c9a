"""Shoes: boots, flats, heels, loafers, pumps, sandals, sneakers.

A shoe is drawn from the side or from the front. Its own coordinates are in foot lengths: x runs
from the heel (0) to the toe (1), or across the foot in the front view; y runs up from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd.samples.colors import RGB, mix, scale
from ootd.samples.design import GarmentDesign
from ootd.samples.figure import Figure
from ootd.samples.garments.trunk import plain, seam_color
from ootd.samples.geometry import Floats, Points, array, ellipse, rotate, smooth
from ootd.samples.pieces import Folds, Frame, Mark, Material, Piece, Stage, Stroke

FOOT = 0.152  # length of a foot in body heights
_HEELED = ("heels", "pumps")


@dataclass(frozen=True)
class Foot:
    """Where a shoe stands: the ground point below the ankle in px, and how it is seen.

    `direction` is 1 for toes to the photo's right; `squeeze` the share of its length that shows.
    """

    x: float
    y: float
    length: float
    direction: int = 1
    squeeze: float = 1.0
    front: bool = False
    turn: float = 0.0
    stage: Stage = Stage.SHOES
    skin: RGB | None = None

    def at(self, points: Points) -> Floats:
        """Shoe coordinates to px."""
        p = array(points)
        along = p[:, 0] if self.front else (p[:, 0] - 0.2) * self.squeeze
        local = np.stack([along * self.direction, -p[:, 1]], 1) * self.length
        return rotate(local, self.turn) + np.array([self.x, self.y])

    def fill(
        self,
        points: Points,
        cloth: Material,
        *,
        sharp: bool = False,
        bulge: float = 0.9,
        shadow: float = 0.25,
        shade: float = 1.0,
    ) -> Piece:
        """A filled shape; its outline is smoothed unless `sharp`."""
        outline = self.at(points if sharp else smooth(points, closed=True, per=5))
        frame = Frame(self.x, self.y, self.length / FOOT, self.turn)
        folds = Folds(angle=1.0, wave=0.02, depth=0.12, stretch=2)
        return Piece(
            outline, cloth, frame, self.stage, folds, bulge=bulge, shadow=shadow, shade=shade
        )

    def line(self, points: Points, rgb: RGB, width: float, alpha: float = 0.9) -> Stroke:
        """A smooth line; `width` in foot lengths."""
        line = self.at(smooth(points, per=6))
        return Stroke(line, rgb, width * self.length, self.stage, alpha)

    def strap(self, points: Points, rgb: RGB, width: float) -> list[Mark]:
        """A leather strap: it counts as part of the shoe."""
        line = self.at(smooth(points, per=6))
        px = 0.72 * width * self.length
        dark, lit = scale(rgb, 0.55), mix(rgb, (255, 255, 255), 0.18)
        shadow = line + (0.0, px * 0.22)
        return [
            Stroke(shadow, dark, px, self.stage, 0.8, solid=True),
            Stroke(line, rgb, px * 0.92, self.stage, 1.0, solid=True),
            Stroke(line - (0.0, px * 0.2), lit, px * 0.3, self.stage, 0.5),
        ]


def draw_worn(fig: Figure, design: GarmentDesign, skin: RGB, stage: Stage) -> list[Mark]:
    """Both shoes on the feet, with what can be seen of the feet."""
    marks: list[Mark] = []
    lift = 0.3 if design.sub_category in _HEELED or design.has("heel") else 0.0
    for leg in fig.legs():
        length = fig.px(FOOT)
        yaw = leg.foot
        front = abs(yaw) < 27
        foot = Foot(
            x=float(leg.ankle[0]),
            y=float(leg.ankle[1]) + fig.px(0.048) + 0.25 * lift * length,
            length=length,
            direction=1 if yaw >= 0 else -1,
            squeeze=float(np.clip(abs(np.sin(np.radians(yaw))) * 1.05, 0.62, 1.0)),
            front=front,
            stage=stage,
            skin=skin,
        )
        marks += draw_shoe(foot, design)
    return marks


def draw_pair(
    design: GarmentDesign, length: float, seed: int, at: tuple[float, float] = (0.0, 0.0)
) -> list[Mark]:
    """A pair standing by itself: the rear shoe a little behind the front one. In px."""
    rng = np.random.default_rng([seed, 31])
    direction = 1 if rng.random() < 0.5 else -1
    dx, dy = float(rng.uniform(0.16, 0.34)), float(rng.uniform(0.2, 0.34))
    rear = Foot(at[0] + dx * length * direction, at[1] - dy * length, length, direction)
    near = Foot(*at, length, direction, turn=float(rng.normal(0, 0.03)))
    return draw_shoe(rear, design) + draw_shoe(near, design)


def draw_shoe(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """One shoe."""
    sub = design.sub_category
    if foot.front:
        return _front_view(foot, design)
    if sub in _HEELED:
        return _heeled(foot, design)
    maker = {
        "sneakers": _sneaker,
        "flats": _flat,
        "loafers": _loafer,
        "boots": _boot,
        "sandals": _sandal,
    }[sub]
    return maker(foot, design)


def _cloth(design: GarmentDesign) -> Material:
    return Material(design.palette, design.fabric)


def _bare_foot(foot: Foot, lift: float = 0.0) -> list[Mark]:
    """The foot inside an open shoe; its heel stands `lift` above the ground."""
    if foot.skin is None:
        return []
    h = lift
    points = [
        (0.06, 0.05 + h), (0.02, 0.14 + h), (0.08, 0.3 + h), (0.1, 0.5 + h * 0.6), (0.28, 0.5 + h * 0.6),
        (0.34, 0.34 + h * 0.8), (0.6, 0.2 + h * 0.32), (0.86, 0.12), (0.97, 0.07), (0.94, 0.03),
        (0.7, 0.03), (0.4, 0.06 + h * 0.5),
    ]  # fmt: skip
    return [foot.fill(points, plain(foot.skin, "skin"), shadow=0.0)]


def _sole(foot: Foot, rgb: RGB, height: float, *, heel: float = 0.0) -> list[Mark]:
    """A flat sole of some height, with a low block heel if asked."""
    h = height
    shape = [(0.02, 0.0 if not heel else heel), (0.0, h * 0.6 + heel), (0.02, h + 0.03 + heel)]
    shape += [(0.3, h + 0.02 + heel * 0.8), (0.6, h + 0.02), (0.97, h + 0.04), (1.02, h * 0.75)]
    shape += [(0.98, 0.005), (0.6, 0.0), (0.42, heel * 0.5)]
    marks: list[Mark] = []
    if heel:
        block = [(0.0, heel + h), (0.27, heel * 0.8 + h), (0.25, 0.0), (0.015, 0.0)]
        marks.append(foot.fill(block, plain(scale(rgb, 0.85), "rubber"), sharp=True))
    marks.append(foot.fill(shape, plain(rgb, "rubber"), bulge=0.3))
    return marks


def _sole_color(design: GarmentDesign) -> RGB:
    base = design.palette[0]
    return mix(design.trim, scale(base, 0.35), 0.75)


def _sneaker(foot: Foot, design: GarmentDesign) -> list[Mark]:
    base = design.palette[0]
    white = (236, 234, 228) if sum(base) < 660 or design.seed % 3 else (206, 176, 132)
    high = 0.3 if design.has("high") else 0.0
    h = 0.1
    upper = [
        (0.03, h), (0.0, h + 0.14), (0.03, 0.36 + high), (0.07, 0.42 + high), (0.16, 0.38 + high),
        (0.26, 0.4 + high), (0.34, 0.47 + high), (0.43, 0.44 + high), (0.5, 0.34 + 0.2 * high),
        (0.66, 0.25), (0.86, 0.22), (0.97, 0.16), (0.99, h), (0.5, h - 0.02),
    ]  # fmt: skip
    marks: list[Mark] = []
    if foot.skin is None:
        mouth = [
            (0.06, 0.38 + high),
            (0.14, 0.44 + high),
            (0.3, 0.48 + high),
            (0.34, 0.42 + high),
            (0.2, 0.3 + high),
        ]
        marks.append(foot.fill(mouth, plain(scale(base, 0.4))))
    marks.append(foot.fill(upper, _cloth(design)))
    ink = seam_color(base)
    marks.append(foot.line([(0.46, 0.38), (0.56, 0.2), (0.6, 0.11)], ink, 0.012, 0.6))
    marks.append(foot.line([(0.2, 0.12), (0.18, 0.24), (0.02, 0.3)], ink, 0.012, 0.6))
    if design.has("stripe"):
        swoosh = [(0.22, 0.18), (0.32, 0.17), (0.45, 0.26), (0.52, 0.34), (0.42, 0.29), (0.3, 0.23)]
        marks.append(foot.fill(swoosh, plain(design.trim, "leather"), bulge=0.2, shadow=0))
    if design.has("toe-cap"):
        cap = [(0.8, h), (0.79, 0.19), (0.88, 0.21), (0.98, 0.15), (0.99, h)]
        marks.append(foot.fill(cap, plain((238, 236, 230), "rubber"), shadow=0.1))
    lace = (240, 240, 238) if sum(base) < 600 else (150, 150, 152)
    for k in range(4 + int(high > 0) * 2):
        x, y = 0.62 - k * 0.06, 0.285 + k * 0.05 + (k > 3) * 0.04
        marks.append(foot.line([(x - 0.045, y - 0.055), (x + 0.005, y)], lace, 0.024, 0.95))
    marks += _sole(foot, white, h)
    marks.append(
        foot.line([(0.02, 0.06), (0.5, 0.05), (0.99, 0.06)], scale(white, 0.75), 0.012, 0.7)
    )
    return marks


def _flat(foot: Foot, design: GarmentDesign) -> list[Mark]:
    base = design.palette[0]
    marks = _bare_foot(foot)
    inside = [(0.03, 0.1), (0.04, 0.2), (0.3, 0.15), (0.6, 0.14), (0.62, 0.08), (0.3, 0.04)]
    if foot.skin is None:
        marks.append(foot.fill(inside, plain(mix(design.trim, (206, 180, 150), 0.6)), shade=0.7))
    upper = [
        (0.03, 0.02), (0.0, 0.1), (0.015, 0.21), (0.05, 0.22), (0.14, 0.14), (0.32, 0.09),
        (0.5, 0.1), (0.6, 0.17), (0.66, 0.19), (0.85, 0.14), (0.99, 0.06), (0.97, 0.02), (0.5, 0.015),
    ]  # fmt: skip
    marks.append(foot.fill(upper, _cloth(design)))
    marks += _sole(foot, _sole_color(design), 0.025)
    if design.has("bow"):
        tone = scale(base, 0.8)
        for s in (-1, 1):
            loop = [(0.62, 0.19), (0.62 + s * 0.07, 0.24), (0.62 + s * 0.08, 0.16)]
            marks.append(foot.fill(loop, plain(tone, "silk")))
    marks.append(
        foot.line([(0.05, 0.215), (0.32, 0.1), (0.5, 0.11), (0.6, 0.175)], scale(base, 0.7), 0.014)
    )
    return marks


def _loafer(foot: Foot, design: GarmentDesign) -> list[Mark]:
    base = design.palette[0]
    ink = seam_color(base)
    marks: list[Mark] = []
    if foot.skin is not None:
        marks += _bare_foot(foot)
    else:
        inside = [(0.03, 0.24), (0.1, 0.33), (0.4, 0.3), (0.42, 0.2), (0.2, 0.16)]
        marks.append(foot.fill(inside, plain((176, 140, 100)), shade=0.6))
    upper = [
        (0.03, 0.06), (0.0, 0.16), (0.025, 0.31), (0.06, 0.32), (0.2, 0.24), (0.36, 0.23),
        (0.44, 0.33), (0.5, 0.34), (0.62, 0.27), (0.84, 0.2), (0.98, 0.12), (0.99, 0.06), (0.5, 0.05),
    ]  # fmt: skip
    marks.append(foot.fill(upper, _cloth(design)))
    marks += _sole(foot, _sole_color(design), 0.035, heel=0.06)
    marks.append(foot.line([(0.5, 0.2), (0.7, 0.2), (0.88, 0.17), (0.95, 0.13)], ink, 0.02, 0.75))
    strap = [(0.42, 0.3), (0.5, 0.33), (0.6, 0.28), (0.56, 0.1), (0.47, 0.1)]
    marks.append(foot.fill(strap, plain(scale(base, 0.88), design.fabric), shadow=0.3, bulge=0.4))
    if design.has("tassel"):
        for dx in (0.0, 0.05):
            tassel = [(0.55 + dx, 0.29), (0.6 + dx, 0.27), (0.64 + dx, 0.17), (0.56 + dx, 0.17)]
            marks.append(foot.fill(tassel, plain(scale(base, 0.75), "leather"), sharp=True))
    else:
        metal = [(0.5, 0.26), (0.57, 0.24)]
        marks.append(foot.line(metal, (206, 180, 110), 0.035, 0.95))
    return marks


def _heel(foot: Foot, design: GarmentDesign, height: float, *, block: bool) -> Piece:
    if block:
        shape = [(0.0, height + 0.04), (0.22, height - 0.06), (0.19, 0.0), (0.01, 0.0)]
    else:
        shape = [
            (0.0, height + 0.04),
            (0.17, height - 0.06),
            (0.085, height * 0.45),
            (0.075, 0.0),
            (0.03, 0.0),
            (0.03, height * 0.5),
        ]
    return foot.fill(shape, plain(scale(design.palette[0], 0.8), "leather"), sharp=True)


def _heeled(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """Pumps are closed slip-ons; heels are held by straps."""
    base = design.palette[0]
    h = 0.3 + 0.16 * design.length
    pumps = design.sub_category == "pumps"
    raised = 0.09 if design.has("platform") else 0.0
    toe = 1.06 if design.has("pointed") else 1.0
    marks = _bare_foot(foot, h)
    marks.append(_heel(foot, design, h, block=not pumps and design.fit > 0.5))
    if raised:
        plate = [(0.52, 0.0), (0.55, raised + 0.03), (0.98, raised + 0.03), (1.0, 0.02)]
        marks.append(foot.fill(plate, plain(_sole_color(design), "rubber")))
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
        upper = [
            (0.0, h + 0.01), (-0.005, h + 0.15), (0.02, h + 0.24), (0.06, h + 0.23), (0.16, h + 0.08),
            (0.34, h * 0.74), (0.52, h * 0.4 + 0.06), (0.63, 0.24), (0.7, 0.24), (0.86, 0.15),
            (toe, 0.045), (toe - 0.02, 0.015), (0.58, 0.02), (0.36, h * 0.44), (0.14, h * 0.9),
        ]  # fmt: skip
        marks.append(foot.fill(upper, _cloth(design)))
        rim = [
            (0.03, h + 0.235),
            (0.18, h + 0.06),
            (0.36, h * 0.72),
            (0.54, h * 0.38 + 0.06),
            (0.64, 0.245),
        ]
        marks.append(foot.line(rim, scale(base, 0.6), 0.014))
        return marks
    back = [(0.0, h + 0.02), (-0.005, h + 0.2), (0.05, h + 0.22), (0.16, h + 0.06), (0.16, h * 0.9)]
    marks.append(foot.fill(back, _cloth(design)))
    for x, wide in ((0.79, 0.07), (0.64, 0.03)):
        marks += _band(foot, design, x, wide, 0.05 + r, 0.17 + r + 0.4 * (0.8 - x))
    if design.has("ankle"):
        y = h * 0.75 + 0.46
        marks += _ankle_strap(foot, base, y, (0.03, h + 0.16))
    return marks


def _ankle_strap(foot: Foot, rgb: RGB, y: float, heel: tuple[float, float]) -> list[Mark]:
    """A strap around the ankle, held up behind; its far half shows where there is no foot."""
    marks: list[Mark] = []
    marks += foot.strap([heel, (heel[0] - 0.01, (heel[1] + y) / 2), (0.055, y)], rgb, 0.055)
    if foot.skin is None:
        far = [(0.05, y), (0.1, y + 0.045), (0.25, y + 0.05), (0.34, y + 0.01)]
        marks += foot.strap(far, scale(rgb, 0.6), 0.04)
    marks += foot.strap([(0.05, y), (0.11, y - 0.035), (0.24, y - 0.035), (0.34, y)], rgb, 0.055)
    marks.append(foot.line([(0.2, y - 0.037), (0.25, y - 0.033)], (206, 184, 120), 0.055))
    return marks


def _band(
    foot: Foot, design: GarmentDesign, x: float, wide: float, low: float, high: float
) -> list[Mark]:
    """A broad strap over the foot: its near half and, without a foot, the far half behind it."""
    marks: list[Mark] = []
    lean, w = 0.04, wide
    if foot.skin is None:
        far = [(x - w + lean, high), (x + w + lean, high - 0.02), (x + w + lean * 3.2, low + 0.03)]
        far += [(x - w + lean * 3.2, low + 0.03)]
        marks.append(foot.fill(far, _cloth(design), sharp=True, shadow=0.1, shade=0.55, bulge=0.3))
    near = [(x - w - lean, low), (x - w * 1.04, (low + high) / 2), (x - w + lean, high)]
    near += [(x + lean, high + 0.012), (x + w + lean, high - 0.02)]
    near += [(x + w, (low + high) / 2 - 0.01), (x + w - lean * 0.6, low)]
    marks.append(foot.fill(near, _cloth(design), sharp=True, shadow=0.3, bulge=0.5))
    return marks


def _sandal(foot: Foot, design: GarmentDesign) -> list[Mark]:
    base = design.palette[0]
    wedge = 0.22 if design.has("wedge") else 0.0
    marks = _bare_foot(foot, wedge)
    if wedge:
        sole = [
            (0.0, 0.0),
            (0.0, wedge + 0.06),
            (0.2, wedge * 0.95 + 0.04),
            (0.55, 0.12),
            (1.0, 0.09),
            (1.0, 0.0),
        ]
        marks.append(foot.fill(sole, plain((176, 138, 92), "straw"), sharp=True, bulge=0.3))
    else:
        marks += _sole(foot, mix(design.trim, (150, 112, 76), 0.6), 0.05)
    w = wedge
    for x, wide in ((0.77, 0.07), (0.52, 0.045)):
        low = 0.05 + w * max(0.0, 0.75 - x)
        marks += _band(foot, design, x, wide, low, low + 0.13 + 0.4 * (0.8 - x))
    if design.has("ankle"):
        y = 0.4 + w * 0.7
        marks += _ankle_strap(foot, base, y, (0.04, 0.07 + w))
    else:
        marks += foot.strap(
            [(0.02, 0.07 + w), (0.03, 0.22 + w), (0.25, 0.34 + w * 0.8), (0.48, 0.26)], base, 0.06
        )
    return marks


def _boot(foot: Foot, design: GarmentDesign) -> list[Mark]:
    base = design.palette[0]
    ink = seam_color(base)
    heel = 0.26 if design.has("heel") else 0.07
    shaft = (1.55 + 0.5 * design.length) if design.has("high") else 0.72 + 0.3 * design.length
    wide = 0.07 * (shaft > 1.2)
    marks: list[Mark] = []
    squeeze = 1 / max(foot.squeeze, 0.5) if not foot.front else 1.0

    def x(value: float) -> float:
        # The shaft is round: it looks as wide from everywhere.
        return 0.2 + (value - 0.2) * squeeze

    if foot.skin is None:
        mouth = [
            (x(0.03 - wide), shaft),
            (x(0.2), shaft + 0.05),
            (x(0.4 + wide), shaft),
            (x(0.2), shaft - 0.06),
        ]
        marks.append(foot.fill(mouth, plain(scale(base, 0.35))))
    upper = [
        (0.03, 0.05 + heel * 0.9), (0.0, 0.18 + heel), (x(0.045), 0.42 + heel * 0.8), (x(0.02), shaft * 0.75 + 0.1),
        (x(0.02 - wide), shaft), (x(0.2), shaft - 0.035), (x(0.39 + wide), shaft), (x(0.39), shaft * 0.72 + 0.12),
        (x(0.36), 0.5 + heel * 0.5), (0.48, 0.36 + heel * 0.25), (0.7, 0.26), (0.9, 0.21), (1.0, 0.12), (0.99, 0.04),
        (0.6, 0.03), (0.4, 0.05 + heel * 0.6),
    ]  # fmt: skip
    marks.append(foot.fill(upper, _cloth(design)))
    rim = [(x(0.03 - wide), shaft - 0.05), (x(0.2), shaft - 0.085), (x(0.38 + wide), shaft - 0.05)]
    marks.append(foot.line(rim, ink, 0.014, 0.6))
    if design.has("laces"):
        lace = (222, 190, 120) if sum(base) < 360 else (60, 48, 40)
        top = int(min(shaft, 1.5) * 7)
        for k in range(top):
            t = k / max(top - 1, 1)
            px, py = 0.6 - 0.22 * min(t * 1.7, 1.0), 0.32 + (min(shaft, 1.5) - 0.4) * t
            marks.append(
                foot.line([(x(px) - 0.07, py - 0.03), (x(px), py + 0.02)], lace, 0.022, 0.9)
            )
        marks.append(foot.line([(0.72, 0.26), (0.66, 0.2), (0.62, 0.06)], ink, 0.014, 0.6))
    else:
        zipper = [(x(0.22), 0.2 + heel), (x(0.2), shaft * 0.5 + 0.1), (x(0.21), shaft - 0.08)]
        marks.append(foot.line(zipper, ink, 0.014, 0.6))
        gore = [
            (x(0.12), 0.4 + heel),
            (x(0.12), min(shaft, 0.9) - 0.08),
            (x(0.27), min(shaft, 0.9) - 0.08),
            (x(0.27), 0.4 + heel),
        ]
        if shaft < 1.05:
            marks.append(foot.fill(gore, plain(scale(base, 0.6), "rib"), shadow=0, bulge=0.2))
    marks += _sole(foot, _sole_color(design), 0.05, heel=heel)
    return marks


def _front_view(foot: Foot, design: GarmentDesign) -> list[Mark]:
    """The shoe with its toe towards the camera: the toe lies lower in the photo."""
    sub, base = design.sub_category, design.palette[0]
    h = 0.22 if sub in _HEELED else 0.0
    marks: list[Mark] = []
    narrow = 0.85 if sub in _HEELED else 1.0
    wide = 0.19 * narrow

    def ring(top: float, half: float, neck: float) -> list[tuple[float, float]]:
        right = [
            (neck, top),
            (half * 0.86, top * 0.5),
            (half, 0.0),
            (half * 0.86, -0.12),
            (half * 0.4, -0.19),
        ]
        return [*right, *[(-x, y) for x, y in right[::-1]]]

    if foot.skin is not None and sub in ("flats", "pumps", "heels", "sandals", "loafers"):
        skin = plain(foot.skin, "skin")
        marks.append(foot.fill(ring(0.5 + h, wide * 0.92, 0.09), skin))
    sole = _sole_color(design) if sub != "sneakers" else (236, 234, 228)
    thick = 0.07 if sub == "sneakers" else 0.035
    rim = [
        (wide * 1.06, 0.03),
        (wide * 1.05, -0.1),
        (wide * 0.5, -0.2 - thick),
        (-wide * 0.5, -0.2 - thick),
        (-wide * 1.05, -0.1),
        (-wide * 1.06, 0.03),
    ]
    if sub in ("heels", "sandals"):
        bed = plain(scale(base, 0.7), "leather")
        marks.insert(0, foot.fill(rim, bed))
        for y, w in ((-0.08, 0.1), (0.12, 0.06)):
            marks += foot.strap([(-wide, y - 0.05), (0.0, y + 0.05), (wide, y - 0.05)], base, w)
        if design.has("ankle"):
            y = 0.36 + h
            marks += foot.strap([(-0.11, y + 0.02), (0.0, y - 0.02), (0.11, y + 0.02)], base, 0.055)
        return marks
    marks.append(foot.fill(rim, plain(sole, "rubber"), bulge=0.3))
    if sub in ("flats", "pumps"):
        upper = [
            (wide, 0.12 + h * 0.5),
            (wide * 1.02, -0.02),
            (wide * 0.88, -0.13),
            (wide * 0.4, -0.2),
            (-wide * 0.4, -0.2),
            (-wide * 0.88, -0.13),
            (-wide * 1.02, -0.02),
            (-wide, 0.12 + h * 0.5),
            (-wide * 0.75, 0.02),
            (0.0, -0.06),
            (wide * 0.75, 0.02),
        ]
        marks.append(foot.fill(upper, _cloth(design)))
        if design.has("bow"):
            marks.append(
                foot.fill(ellipse([(0.0, -0.08)], 0.07, 0.035), plain(scale(base, 0.75), "silk"))
            )
        return marks
    shaft = 0.3
    if sub == "boots":
        shaft = (1.55 + 0.5 * design.length) if design.has("high") else 0.72 + 0.3 * design.length
    if sub == "sneakers" and design.has("high"):
        shaft = 0.6
    leg = (
        [(0.15 + 0.05 * (shaft > 1.2), shaft), (0.15, shaft * 0.6 + 0.1), (0.14, 0.3)]
        if shaft > 0.5
        else [(0.13, shaft)]
    )
    right = [*leg, (wide * 0.9, 0.14), (wide, 0.0), (wide * 0.9, -0.11), (wide * 0.45, -0.19)]
    marks.append(foot.fill([*right, *[(-x, y) for x, y in right[::-1]]], _cloth(design)))
    marks += _front_marks(foot, design, wide, shaft)
    return marks


def _front_marks(foot: Foot, design: GarmentDesign, wide: float, shaft: float) -> list[Mark]:
    sub, base = design.sub_category, design.palette[0]
    ink, marks = seam_color(base), list[Mark]()
    if sub == "loafers":
        vamp = [
            (-wide * 0.6, 0.08),
            (-wide * 0.55, -0.1),
            (0.0, -0.15),
            (wide * 0.55, -0.1),
            (wide * 0.6, 0.08),
        ]
        marks.append(foot.line(vamp, ink, 0.02, 0.75))
        marks += foot.strap(
            [(-wide * 0.9, 0.02), (0.0, 0.06), (wide * 0.9, 0.02)], scale(base, 0.85), 0.06
        )
        return marks
    laced = sub == "sneakers" or design.has("laces")
    if laced:
        lace = (240, 240, 238) if sum(base) < 600 else (150, 150, 152)
        top = min(shaft, 1.3)
        for y in np.linspace(-0.02, top - 0.06, max(4, int(top * 8))):
            marks.append(foot.line([(-0.06, y - 0.01), (0.06, y + 0.01)], lace, 0.022, 0.9))
    if sub == "sneakers":
        cap = [(-wide * 0.8, -0.06), (0.0, -0.04), (wide * 0.8, -0.06)]
        marks.append(foot.line(cap, ink, 0.014, 0.7))
    return marks
