"""Shoes: boots, flats, heels, loafers, pumps, sandals, sneakers; on feet or as a pair."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import RGB, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.footwear import FOOT, HEELED, Foot, ShoeSewing
from ootd_samples.garments.sewing import plain
from ootd_samples.garments.shoes_closed import boot, flat, loafer, shaft_of, sneaker
from ootd_samples.garments.shoes_open import heeled, sandal
from ootd_samples.geometry import ellipse
from ootd_samples.pieces import Mark, Stage


def draw_worn(fig: Figure, design: GarmentDesign, skin: RGB, stage: Stage) -> list[Mark]:
    """Both shoes on the feet, with what can be seen of the feet."""
    marks: list[Mark] = []
    lift = 0.3 if design.sub_category in HEELED or design.has("heel") else 0.0
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
    sew = ShoeSewing(foot, design)
    maker = {
        "sneakers": sneaker,
        "flats": flat,
        "heels": heeled,
        "loafers": loafer,
        "pumps": heeled,
        "boots": boot,
        "sandals": sandal,
    }[design.sub_category]
    if foot.front:
        maker = _front_view
    maker(sew)
    return sew.marks


def _front_view(sew: ShoeSewing) -> None:
    """The shoe with its toe towards the camera: the toe lies lower in the photo."""
    sub = sew.design.sub_category
    rise, wide = (0.22, 0.16) if sub in HEELED else (0.0, 0.19)
    thick = 0.07 if sub == "sneakers" else 0.035
    rim = _mirrored([(wide * 1.06, 0.03), (wide * 1.05, -0.1), (wide * 0.5, -0.2 - thick)])
    if sub in ("heels", "sandals"):
        sew.fill(rim, plain(scale(sew.base, 0.7), "leather"))
        _front_foot(sew, wide, rise)
        _front_straps(sew, wide, rise)
        return
    if sub not in ("boots", "sneakers"):
        _front_foot(sew, wide, rise)
    rubber = sew.sole_color if sub != "sneakers" else (236, 234, 228)
    sew.fill(rim, plain(rubber, "rubber"), bulge=0.3)
    if sub in ("flats", "pumps"):
        _front_slipper(sew, wide, rise)
        return
    shaft = 0.6 if sub == "sneakers" and sew.design.has("high") else 0.3
    if sub == "boots":
        shaft = shaft_of(sew.design)
    leg = [(0.13, shaft)]
    if shaft > 0.5:
        leg = [(0.15 + 0.05 * (shaft > 1.2), shaft), (0.15, shaft * 0.6 + 0.1), (0.14, 0.3)]
    toe = [(wide * 0.9, 0.14), (wide, 0.0), (wide * 0.9, -0.11), (wide * 0.45, -0.19)]
    sew.fill(_mirrored([*leg, *toe]))
    _front_marks(sew, wide, shaft)


def _mirrored(right: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A closed outline from its right half."""
    return [*right, *[(-x, y) for x, y in right[::-1]]]


def _front_foot(sew: ShoeSewing, wide: float, rise: float) -> None:
    if sew.foot.skin is not None:
        half, top = wide * 0.92, 0.5 + rise
        right = [(0.09, top), (half * 0.86, top * 0.5), (half, 0.0), (half * 0.86, -0.12)]
        sew.fill(_mirrored([*right, (half * 0.4, -0.19)]), plain(sew.foot.skin, "skin"))


def _front_straps(sew: ShoeSewing, wide: float, rise: float) -> None:
    for y, w in ((-0.08, 0.1), (0.12, 0.06)):
        sew.strap([(-wide, y - 0.05), (0.0, y + 0.05), (wide, y - 0.05)], w)
    if sew.design.has("ankle"):
        y = 0.36 + rise
        sew.strap([(-0.11, y + 0.02), (0.0, y - 0.02), (0.11, y + 0.02)], 0.055)


def _front_slipper(sew: ShoeSewing, wide: float, rise: float) -> None:
    right = [(wide * 0.75, 0.02), (wide, 0.12 + rise * 0.5), (wide * 1.02, -0.02)]
    right += [(wide * 0.88, -0.13), (wide * 0.4, -0.2)]
    sew.fill([*_mirrored(right), (0.0, -0.06)])
    if sew.design.has("bow"):
        silk = plain(scale(sew.base, 0.75), "silk")
        sew.fill(ellipse([(0.0, -0.08)], 0.07, 0.035), silk)


def _front_marks(sew: ShoeSewing, wide: float, shaft: float) -> None:
    sub = sew.design.sub_category
    if sub == "loafers":
        left = [(-wide * 0.6, 0.08), (-wide * 0.55, -0.1)]
        vamp = [*left, (0.0, -0.15), (wide * 0.55, -0.1), (wide * 0.6, 0.08)]
        sew.line(vamp, 0.02, 0.75)
        sew.strap([(-wide * 0.9, 0.02), (0.0, 0.06), (wide * 0.9, 0.02)], 0.06, shade=0.85)
        return
    if sub == "sneakers" or sew.design.has("laces"):
        top = min(shaft, 1.3)
        for y in np.linspace(-0.02, top - 0.06, max(4, int(top * 8))):
            sew.line([(-0.06, y - 0.01), (0.06, y + 0.01)], 0.022, rgb=sew.lace_color)
    if sub == "sneakers":
        sew.line([(-wide * 0.8, -0.06), (0.0, -0.04), (wide * 0.8, -0.06)], 0.014, 0.7)
