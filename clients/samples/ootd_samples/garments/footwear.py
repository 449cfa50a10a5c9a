"""Parts of shoes: where a shoe stands, soles, heels, straps, and the foot in an open one.

A shoe is drawn from the side or from the front. Its own coordinates are in foot lengths: x runs
from the heel (0) to the toe (1), or across the foot in the front view; y runs up from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.sewing import plain
from ootd_samples.geometry import Floats, Points, array, moved, rotate, smooth
from ootd_samples.pieces import Folds, Frame, Mark, Material, Piece, Stage, Stroke

FOOT = 0.152  # length of a foot in body heights
HEELED = ("heels", "pumps")


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
        return moved(rotate(local, self.turn), self.x, self.y)

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

    def line(
        self,
        points: Points,
        rgb: RGB,
        width: float,
        alpha: float = 0.9,
        *,
        on: Piece | None = None,
    ) -> Stroke:
        """A smooth line, `width` in foot lengths; only where it lies `on` a piece."""
        line = self.at(smooth(points, per=6))
        clip = on.outline if on else None
        return Stroke(line, rgb, width * self.length, self.stage, alpha, clip=clip)

    def strap(self, points: Points, rgb: RGB, width: float) -> list[Mark]:
        """A leather strap: it counts as part of the shoe."""
        line = self.at(smooth(points, per=6))
        px = 0.72 * width * self.length
        dark, lit = scale(rgb, 0.55), mix(rgb, (255, 255, 255), 0.18)
        shadow = line + np.array((0.0, px * 0.22))
        return [
            Stroke(shadow, dark, px, self.stage, 0.8, solid=True),
            Stroke(line, rgb, px * 0.92, self.stage, 1.0, solid=True),
            Stroke(line - np.array((0.0, px * 0.2)), lit, px * 0.3, self.stage, 0.5),
        ]


def cloth_of(design: GarmentDesign) -> Material:
    """The shoe's upper material."""
    return Material(design.palette, design.fabric)


def bare_foot(foot: Foot, lift: float = 0.0) -> list[Mark]:
    """The foot inside an open shoe; its heel stands `lift` above the ground."""
    if foot.skin is None:
        return []
    h = lift
    points = [
        (0.06, 0.05 + h), (0.02, 0.14 + h), (0.08, 0.3 + h), (0.1, 0.5 + h * 0.6),
        (0.28, 0.5 + h * 0.6), (0.34, 0.34 + h * 0.8), (0.6, 0.2 + h * 0.32), (0.86, 0.12),
        (0.97, 0.07), (0.94, 0.03),
        (0.7, 0.03), (0.4, 0.06 + h * 0.5),
    ]  # fmt: skip
    return [foot.fill(points, plain(foot.skin, "skin"), shadow=0.0)]


def sole(foot: Foot, rgb: RGB, height: float, *, heel: float = 0.0) -> list[Mark]:
    """A flat sole of some height, with a low block heel if asked."""
    h = height
    shape = [(0.02, heel), (0.0, h * 0.6 + heel), (0.02, h + 0.03 + heel)]
    shape += [(0.3, h + 0.02 + heel * 0.8), (0.6, h + 0.02), (0.97, h + 0.04), (1.02, h * 0.75)]
    shape += [(0.98, 0.005), (0.6, 0.0), (0.42, heel * 0.5)]
    marks: list[Mark] = []
    if heel:
        block = [(0.0, heel + h), (0.27, heel * 0.8 + h), (0.25, 0.0), (0.015, 0.0)]
        marks.append(foot.fill(block, plain(scale(rgb, 0.85), "rubber"), sharp=True))
    marks.append(foot.fill(shape, plain(rgb, "rubber"), bulge=0.3))
    return marks


def sole_color(design: GarmentDesign) -> RGB:
    """A dark sole that goes with the shoe."""
    base = design.palette[0]
    return mix(design.trim, scale(base, 0.35), 0.75)


def heel_of(foot: Foot, design: GarmentDesign, height: float, *, block: bool) -> Piece:
    """A high heel: a block or a stiletto."""
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


def band(
    foot: Foot, design: GarmentDesign, x: float, wide: float, rise: tuple[float, float]
) -> list[Mark]:
    """A broad strap over the foot: its near half and, without a foot, the far half behind it.

    `rise` is its height at the sole and on the foot.
    """
    marks: list[Mark] = []
    low, high = rise
    lean, w = 0.04, wide
    if foot.skin is None:
        far = [(x - w + lean, high), (x + w + lean, high - 0.02), (x + w + lean * 3.2, low + 0.03)]
        far += [(x - w + lean * 3.2, low + 0.03)]
        marks.append(
            foot.fill(far, cloth_of(design), sharp=True, shadow=0.1, shade=0.55, bulge=0.3)
        )
    near = [(x - w - lean, low), (x - w * 1.04, (low + high) / 2), (x - w + lean, high)]
    near += [(x + lean, high + 0.012), (x + w + lean, high - 0.02)]
    near += [(x + w, (low + high) / 2 - 0.01), (x + w - lean * 0.6, low)]
    marks.append(foot.fill(near, cloth_of(design), sharp=True, shadow=0.3, bulge=0.5))
    return marks


def ankle_strap(foot: Foot, rgb: RGB, y: float, heel: tuple[float, float]) -> list[Mark]:
    """A strap around the ankle, held up behind; its far half shows where there is no foot."""
    marks: list[Mark] = []
    marks += foot.strap([heel, (heel[0] - 0.01, (heel[1] + y) / 2), (0.055, y)], rgb, 0.055)
    if foot.skin is None:
        far = [(0.05, y), (0.1, y + 0.045), (0.25, y + 0.05), (0.34, y + 0.01)]
        marks += foot.strap(far, scale(rgb, 0.6), 0.04)
    marks += foot.strap([(0.05, y), (0.11, y - 0.035), (0.24, y - 0.035), (0.34, y)], rgb, 0.055)
    marks.append(foot.line([(0.2, y - 0.037), (0.25, y - 0.033)], (206, 184, 120), 0.055))
    return marks
