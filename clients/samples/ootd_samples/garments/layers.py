"""Parts of outer layers: halves that open in front, lapels, collars, pockets, belts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.sewing import SIDES, Sewing, plain
from ootd_samples.garments.torso import NECK_Y, Cut, side_line
from ootd_samples.geometry import Floats, Points, array, join, smooth
from ootd_samples.pieces import Folds, Material, Stage

# fmt: off
_STAND_COLLAR = [(0.002, 0.212), (0.03, 0.195), (0.036, 0.148), (0.05, 0.156), (0.052, 0.188),
                 (0.03, 0.214)]
# fmt: on


@dataclass(frozen=True)
class Front:
    """How an outer layer opens: how far its edges stand apart (body heights) and from where."""

    cut: Cut
    break_y: float  # where the neck opening ends
    gap: float  # half of the opening at the break; negative where the edges overlap
    hem_gap: float
    rounded: float = 0.0  # how much the front corners are cut away

    @property
    def button_x(self) -> float:
        """Where one row of buttons is: beside the opening, on the photo's left."""
        return -max(self.gap, 0) - 0.004


def opening(design: GarmentDesign, wide: float) -> tuple[float, float]:
    """Half of the gap between the fronts above and at the hem; below 0 where they overlap."""
    if not design.has("open"):
        return -0.006, -0.006
    return wide * (0.7 + 0.5 * design.flare), wide * (1.1 + 1.2 * design.flare)


def front_edge(front: Front, side: int) -> Floats:
    """The front edge of one half, from the neck down to the hem, in body coordinates."""
    hem, gap, hem_gap = front.cut.hem, front.gap, front.hem_gap
    corner = (gap, front.break_y)
    upper = [(0.043, NECK_Y), ((0.043 + gap) / 2 + 0.006, (NECK_Y + front.break_y) / 2), corner]
    lower = [corner, (0.5 * (gap + hem_gap), 0.5 * (front.break_y + hem))]
    lower += [(hem_gap, hem - 0.02 - front.rounded), (hem_gap + 0.7 * front.rounded + 0.001, hem)]
    return join(smooth(upper), smooth(lower)) * (side, 1)


def half_outline(fig: Figure, front: Front, side: int) -> Floats:
    """One front half in body coordinates."""
    flank = smooth(side_line(fig, front.cut)) * (side, 1)
    edge = front_edge(front, side)
    middle = (flank[-1] + edge[-1]) / 2 + np.array((0, front.cut.hem_curve))
    return join(flank, smooth([flank[-1], middle, edge[-1]]), edge[::-1])


def body(sew: Sewing, front: Front, folds: Folds, cloth: Material | None = None) -> None:
    """Both front halves and, where the garment lies flat, the lining between them."""
    fig = sew.fig
    if fig.flat:
        lining = plain(mix(sew.design.trim, scale(sew.base, 0.6), 0.6), "silk")
        flank = smooth(side_line(fig, front.cut))
        neck = smooth([(-0.043, NECK_Y), (0.0, NECK_Y + 0.012), (0.043, NECK_Y)])
        right, left = (flank * (k, 1) - np.array((0, 0.004)) for k in (0.97, -0.97))
        inside = join(neck, right, left[::-1])
        sew.piece(inside, lining, at=(0, 0.3), stage=Stage.BEHIND, bulge=0.2, shade=0.6)
    bulge = 0.45 if fig.flat else 0.75
    for side in (1, -1):
        half = half_outline(fig, front, side)
        sew.piece(half, cloth, at=(0.05 * side, 0.275), folds=folds, bulge=bulge, shadow=0.45)
        sew.line(fig.at(front_edge(front, side)), sew.ink, 0.002, 0.5)


def lapels(sew: Sewing, front: Front, *, size: float = 1.0, peak: bool = False) -> None:
    """Lapels folded back along the edge, with a notched collar above them."""
    low, gap, span = front.break_y, front.gap, front.break_y - NECK_Y
    notch_y, out = NECK_Y + span * 0.42, 0.047 + 0.03 * size
    lapel = [(0.036, NECK_Y + 0.02), (gap, low), (gap + 0.02, low - span * 0.2)]
    lapel += [(out, notch_y - (0.018 if peak else 0.0)), (out - 0.02, notch_y - 0.014)]
    collar = [(0.034, 0.158), (0.048, 0.165), (0.06 * (0.8 + 0.2 * size), 0.195)]
    collar += [(out - 0.008, notch_y - 0.022), (out - 0.02, notch_y - 0.012), (0.032, 0.2)]
    stage = Stage.OUTER_COLLAR
    for s in SIDES:
        for shape in (lapel, collar):
            outline = sew.piece(
                array(shape) * (s, 1),
                at=(0, 0.25),
                angle=0.35 * s,
                stage=stage,
                folds=Folds(depth=0.06),
                bulge=0.35,
                shadow=0.5,
                shade=1.04,
            ).outline
            sew.line(join(outline, outline[:1]), sew.ink, 0.0018, 0.45, stage=stage)


def turn_collar(
    sew: Sewing,
    cloth: Material | None = None,
    *,
    size: float = 1.0,
    stand: bool = False,
    stage: Stage = Stage.OUTER_COLLAR,
) -> None:
    """A turned-down or a stand-up collar."""
    shape = _STAND_COLLAR
    if not stand:
        shape = [(0.008, 0.222), (0.034, 0.18), (0.036, 0.158), (0.052, 0.163)]
        shape += [(0.066 * size, 0.2), (0.05 * size, 0.228 + 0.022 * size)]
    for s in SIDES:
        half, folds = array(shape) * (s, 1), Folds(depth=0.06)
        sew.piece(half, cloth, at=(0, 0.2), stage=stage, folds=folds, bulge=0.4, shadow=0.5)


def flap_pockets(sew: Sewing, y: float, x: float, wide: float = 0.03) -> None:
    """A pocket with a flap on each side."""
    for s in SIDES:
        edge = [(s * (x - wide), y), (s * (x + wide), y - 0.004)]
        sew.patch([*edge, (edge[1][0], y + 0.017), (edge[0][0], y + 0.021)], shadow=0.3)
        sew.seam(edge)


def button_row(
    sew: Sewing, top: float, bottom: float, count: int, *, x: float, double: bool = False
) -> None:
    """Buttons from the first to the last height, in one row (at x) or in two."""
    tone = mix(sew.design.trim, scale(sew.base, 0.5), 0.55)
    xs = (-0.028, 0.028) if double else (x,)
    sew.buttons([(c, float(y)) for y in np.linspace(top, bottom, count) for c in xs], tone, 0.0062)


def belt(sew: Sewing, cloth: Material, *, y: float, ease: float) -> None:
    """A belt around the waist with its buckle."""
    half = (sew.fig.half(y) + ease) * sew.fig.wide
    shape = join(
        smooth([(-half, y - 0.011), (0, y - 0.008), (half, y - 0.011)]),
        smooth([(half, y + 0.011), (0, y + 0.014), (-half, y + 0.011)]),
    )
    sew.piece(shape, cloth, at=(0, y), folds=Folds(depth=0.1), bulge=0.5, shade=0.92)
    ring = [(-0.012, y - 0.013), (0.012, y - 0.013), (0.012, y + 0.018), (-0.012, y + 0.018)]
    metal = mix(sew.design.trim, (190, 170, 120), 0.6)
    sew.line(sew.fig.at([*ring, ring[0]]), metal, 0.004, 0.95)


def waistband(sew: Sewing, front: Front, band: Material) -> None:
    """The band along the hem of both halves."""
    hem, inner = front.cut.hem, front.hem_gap
    half = (sew.fig.half(hem) + front.cut.hem_ease + 0.001) * sew.fig.wide
    strip = array([(inner, hem - 0.022), (half, hem - 0.026), (half, hem), (inner, hem + 0.004)])
    for s in SIDES:
        sew.patch(strip * (s, 1), band, shadow=0.2)


def zipper(sew: Sewing, points: Points) -> None:
    """A metal zip."""
    metal = mix(sew.design.trim, (196, 196, 200), 0.7)
    sew.seam(points, metal, width=0.0035, opacity=0.9)
