"""Parts that tops, outer layers and dresses share: body panels, collars, plackets."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix
from ootd_samples.figure import SHOULDER_Y, Figure
from ootd_samples.garments.sewing import SIDES, Sewing
from ootd_samples.geometry import Floats, array, join, smooth
from ootd_samples.pieces import Folds, Material, Piece, Stage

NECK_Y = 0.176  # where a neckline meets the shoulder
Outline = list[tuple[float, float]]

# Half width and depth (body heights) of the neck openings.
_NECKS: dict[str, tuple[float, float]] = {
    "round": (0.045, 0.208),
    "scoop": (0.06, 0.245),
    "v": (0.044, 0.272),
    "boat": (0.076, 0.2),
    "turtle": (0.036, 0.188),
    "collar": (0.04, 0.222),
    "bow": (0.04, 0.2),
    "ruffle": (0.05, 0.225),
    "stand": (0.04, 0.2),
    "biker": (0.046, 0.25),
    "lapel": (0.042, 0.34),
}


@dataclass(frozen=True)
class Cut:
    """The shape of a body panel: ease over the body and the height of its hem, in body heights."""

    hem: float
    ease: float
    hem_ease: float
    neck: str = "round"
    sleeveless: bool = False
    waist: float = 0.0  # how much of the waist's inward curve is followed, 0 to 1
    hem_curve: float = 0.006
    strap: float = 0.0  # half width of a shoulder strap; 0 for a full shoulder


def neck_line(cut: Cut) -> Outline:
    """The right half of the front neck opening, from the middle to the shoulder."""
    width, depth = _NECKS[cut.neck]
    if cut.neck in ("v", "lapel", "collar", "biker"):
        return [(0.0, depth), (width * 0.55, (depth + NECK_Y) / 2 + 0.006), (width, NECK_Y)]
    low = depth - 0.12 * (depth - NECK_Y)
    return [
        (0.0, depth),
        (width * 0.5, low),
        (width * 0.88, NECK_Y + 0.4 * (depth - NECK_Y)),
        (width, NECK_Y),
    ]


def side_line(fig: Figure, cut: Cut) -> Outline:
    """The right edge of the panel from the shoulder down to the hem."""
    s, w = fig.build.shoulders, fig.wide
    half = fig.half
    loose = max(half(0.28), half(0.45)) + cut.ease

    def edge(y: float) -> float:
        body = half(y) + cut.ease
        return (body * cut.waist + loose * (1 - cut.waist)) * w

    if cut.strap:
        neck = _NECKS[cut.neck][0]
        line = [(neck + 2 * cut.strap, NECK_Y + 0.004), (neck + 2 * cut.strap, 0.215)]
        line += [(edge(0.26) * 0.8, 0.25), (edge(0.275), 0.272)]
    elif cut.sleeveless:
        line = [(s * 0.78, SHOULDER_Y - 0.008), (s * 0.74, 0.225), (s * 0.79, 0.255)]
        line += [(edge(0.28), 0.283)]
    else:
        line = [(s * 0.9 + cut.ease * 0.3, SHOULDER_Y - 0.004)]
        line += [((s * 0.95 + edge(0.28)) / 2, 0.235), (edge(0.28), 0.285)]
    for y in (0.33, 0.395, 0.45):
        if y < cut.hem - 0.03:
            line.append((edge(y), y))
    last = (half(min(cut.hem, 0.52)) + cut.hem_ease) * w
    line.append((last, cut.hem))
    return line


def panel(fig: Figure, cut: Cut) -> Floats:
    """The whole front as an outline in body coordinates."""
    neck = _neck_curve(cut)
    side = smooth(side_line(fig, cut))
    hem = smooth([side[-1], (0.0, cut.hem + cut.hem_curve), side[-1] * (-1, 1)])
    return join(neck, side, hem, join(neck, side)[::-1] * (-1, 1))


def _neck_curve(cut: Cut) -> Floats:
    line = neck_line(cut)
    return array(line) if cut.neck in ("v", "lapel") else smooth(line)


def front(
    sew: Sewing, cut: Cut, *, folds: Folds | None = None, cloth: Material | None = None
) -> Piece:
    """The front panel and, where it lies flat, the inside of its back seen through the neck."""
    if sew.fig.flat and not cut.strap:
        width, _ = _NECKS[cut.neck]
        opening = smooth(neck_line(cut))
        back = smooth([(width, NECK_Y), (0.0, NECK_Y + 0.013), (-width, NECK_Y)])
        hole = join(opening, back, opening[::-1] * (-1, 1))
        sew.piece(hole, cloth, at=(0, 0.25), stage=Stage.BEHIND, bulge=0.2, shade=0.62, shadow=0.3)
    folds = folds or Folds(angle=1.2, wave=0.06, depth=0.22, stretch=3)
    bulge = 0.5 if sew.fig.flat else 0.8
    return sew.piece(panel(sew.fig, cut), cloth, folds=folds, bulge=bulge, print_half=0.062)


def neck_band(sew: Sewing, cut: Cut, rgb: RGB, width: float = 0.009) -> None:
    """The binding along the neckline."""
    right = _neck_curve(cut)
    px = sew.fig.at(join(right[::-1] * (-1, 1), right))
    sew.line(px, rgb, width, 0.9, solid=True)


_COLLAR_LEAF = array([(0.003, 0.213), (0.03, 0.165), (0.044, 0.172), (0.05, 0.188), (0.036, 0.228)])


def collar(sew: Sewing) -> None:
    """A shirt collar: two points over a stand."""
    for s in SIDES:
        sew.piece(
            _COLLAR_LEAF * (s, 1),
            at=(0, 0.2),
            stage=sew.over,
            folds=Folds(depth=0.05),
            bulge=0.4,
            shadow=0.4,
        )


def placket(sew: Sewing, top: float, bottom: float, count: int) -> None:
    """The front strip from one height to another, with a number of buttons."""
    for x in (-0.011, 0.011):
        sew.seam([(x, top), (x, (top + bottom) / 2), (x, bottom)], width=0.0022, opacity=0.65)
    pearl = mix(sew.design.trim, (235, 230, 220), 0.5)
    if sum(sew.base) > 520:
        pearl = mix(pearl, (120, 110, 100), 0.55)
    sew.buttons([(0.0, float(y)) for y in np.linspace(top + 0.015, bottom - 0.02, count)], pearl)
