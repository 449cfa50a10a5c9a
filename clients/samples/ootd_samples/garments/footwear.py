"""Parts of shoes: where a shoe stands, soles, heels, straps, and the foot in an open one.

A shoe is drawn from the side or from the front. Its own coordinates are in foot lengths: x runs
from the heel (0) to the toe (1), or across the foot in the front view; y runs up from the ground.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.garments.sewing import plain, seam_color
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


# A foot from the side: x, y and how much of the heel's lift is added to y.
_BARE_FOOT = np.array([
    (0.06, 0.05, 1), (0.02, 0.14, 1), (0.08, 0.3, 1), (0.1, 0.5, 0.6), (0.28, 0.5, 0.6),
    (0.34, 0.34, 0.8), (0.6, 0.2, 0.32), (0.86, 0.12, 0), (0.97, 0.07, 0), (0.94, 0.03, 0),
    (0.7, 0.03, 0), (0.4, 0.06, 0.5),
])  # fmt: skip


class ShoeSewing:
    """A shoe while it is made: where it stands, its design and its marks so far, in order."""

    def __init__(self, foot: Foot, design: GarmentDesign) -> None:
        self.foot, self.design = foot, design
        self.base = design.palette[0]
        self.ink = seam_color(self.base)
        self.marks: list[Mark] = []

    @property
    def bare(self) -> bool:
        """Whether a foot is in the shoe."""
        return self.foot.skin is not None

    @property
    def sole_color(self) -> RGB:
        """A dark sole that goes with the shoe."""
        return mix(self.design.trim, scale(self.base, 0.35), 0.75)

    @property
    def lace_color(self) -> RGB:
        """Light laces, or grey ones on a light shoe."""
        return (240, 240, 238) if sum(self.base) < 600 else (150, 150, 152)

    def fill(
        self,
        points: Points,
        cloth: Material | None = None,
        *,
        sharp: bool = False,
        bulge: float = 0.9,
        shadow: float = 0.25,
        shade: float = 1.0,
    ) -> Piece:
        """A filled shape of the upper's or another material; smoothed unless `sharp`."""
        foot = self.foot
        piece = Piece(
            foot.at(points if sharp else smooth(points, closed=True, per=5)),
            cloth or Material(self.design.palette, self.design.fabric),
            Frame(foot.x, foot.y, foot.length / FOOT, foot.turn),
            foot.stage,
            Folds(angle=1.0, wave=0.02, depth=0.12, stretch=2),
            bulge=bulge,
            shadow=shadow,
            shade=shade,
        )
        self.marks.append(piece)
        return piece

    def line(
        self,
        points: Points,
        width: float,
        alpha: float = 0.9,
        *,
        rgb: RGB | None = None,
        on: Piece | None = None,
    ) -> None:
        """A smooth line, `width` in foot lengths; only where it lies `on` a piece."""
        foot, clip = self.foot, on.outline if on else None
        px, width = foot.at(smooth(points, per=6)), width * foot.length
        self.marks.append(Stroke(px, rgb or self.ink, width, foot.stage, alpha, clip=clip))

    def strap(self, points: Points, width: float, *, shade: float | None = None) -> None:
        """A leather strap: it counts as part of the shoe."""
        rgb = self.base if shade is None else scale(self.base, shade)
        line, stage = self.foot.at(smooth(points, per=6)), self.foot.stage
        px = 0.72 * width * self.foot.length
        dark, lit = scale(rgb, 0.55), mix(rgb, (255, 255, 255), 0.18)
        self.marks += [
            Stroke(line + np.array((0.0, px * 0.22)), dark, px, stage, 0.8, solid=True),
            Stroke(line, rgb, px * 0.92, stage, 1.0, solid=True),
            Stroke(line - np.array((0.0, px * 0.2)), lit, px * 0.3, stage, 0.5),
        ]

    def bare_foot(self, lift: float = 0.0) -> None:
        """The foot inside an open shoe, if any; its heel stands `lift` above the ground."""
        if self.foot.skin is not None:
            x, y, share = _BARE_FOOT.T
            shape = np.stack([x, y + lift * share], 1)
            self.fill(shape, plain(self.foot.skin, "skin"), shadow=0.0)

    def sole(self, height: float, *, rgb: RGB | None = None, heel: float = 0.0) -> None:
        """A flat sole of some height, with a low block heel if asked."""
        rgb, h = rgb or self.sole_color, height
        shape = [(0.02, heel), (0.0, h * 0.6 + heel), (0.02, h + 0.03 + heel)]
        shape += [(0.3, h + 0.02 + heel * 0.8), (0.6, h + 0.02), (0.97, h + 0.04), (1.02, h * 0.75)]
        shape += [(0.98, 0.005), (0.6, 0.0), (0.42, heel * 0.5)]
        if heel:
            block = [(0.0, heel + h), (0.27, heel * 0.8 + h), (0.25, 0.0), (0.015, 0.0)]
            self.fill(block, plain(scale(rgb, 0.85), "rubber"), sharp=True)
        self.fill(shape, plain(rgb, "rubber"), bulge=0.3)

    def band(self, x: float, wide: float, low: float, high: float) -> None:
        """A broad strap over the foot: its near half and, without a foot, the far half behind it.

        `low` is its height at the sole, `high` on the foot.
        """
        lean, w, middle = 0.04, wide, (low + high) / 2
        if not self.bare:
            far = [(x - w + lean, high), (x + w + lean, high - 0.02)]
            far += [(x + w + lean * 3.2, low + 0.03), (x - w + lean * 3.2, low + 0.03)]
            self.fill(far, sharp=True, shadow=0.1, shade=0.55, bulge=0.3)
        near = [(x - w - lean, low), (x - w * 1.04, middle), (x - w + lean, high)]
        near += [(x + lean, high + 0.012), (x + w + lean, high - 0.02)]
        near += [(x + w, middle - 0.01), (x + w - lean * 0.6, low)]
        self.fill(near, sharp=True, shadow=0.3, bulge=0.5)

    def ankle_strap(self, y: float, heel: tuple[float, float]) -> None:
        """A strap around the ankle, held up behind; its far half shows where there is no foot."""
        self.strap([heel, (heel[0] - 0.01, (heel[1] + y) / 2), (0.055, y)], 0.055)
        if not self.bare:
            far = [(0.05, y), (0.1, y + 0.045), (0.25, y + 0.05), (0.34, y + 0.01)]
            self.strap(far, 0.04, shade=0.6)
        self.strap([(0.05, y), (0.11, y - 0.035), (0.24, y - 0.035), (0.34, y)], 0.055)
        self.line([(0.2, y - 0.037), (0.25, y - 0.033)], 0.055, rgb=(206, 184, 120))
