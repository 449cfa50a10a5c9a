"""Catalogue photos: one garment, laid flat, hung up or standing."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ootd_samples import camera, surfaces
from ootd_samples.canvas import Canvas
from ootd_samples.colors import RGB
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments import bag, bottom, dress, outer, shoes, top
from ootd_samples.geometry import array, smooth
from ootd_samples.labels import super_category_of
from ootd_samples.pieces import Mark, Stage, Stroke, extent
from ootd_samples.sample import Sample, check_seed, check_size, labels
from ootd_samples.shading import Light

# A hanger over the shoulders; for a bottom it is moved down to the waist.
_HOOK = array([(0.0, 0.17), (0.0, 0.14), (0.016, 0.12), (0.012, 0.098), (-0.008, 0.1)])
_SLOPING_BAR = array([(-0.1, 0.212), (0.0, 0.168), (0.1, 0.212)])
_STRAIGHT_BAR = array([(-0.08, 0.17), (0.0, 0.168), (0.08, 0.17)])
_DRAWERS = {"top": top.draw, "bottom": bottom.draw, "outer": outer.draw, "dress": dress.draw}


def draw_garment(
    seed: int,
    *,
    sub_category: str | None = None,
    design: GarmentDesign | None = None,
    size: tuple[int, int] = (480, 640),
) -> Sample:
    """A photo of a single garment, `size` (width, height) px.

    It shows `design`, or design number `seed` of `sub_category` (any, without it). Surface, light
    and position come from the seed. Raises ValueError for a negative seed, a size outside 64 to
    4096 px, an unknown sub-category, or a design of another one.
    """
    width, height = check_size(size)
    if sub_category is not None:
        super_category_of(sub_category)
    if design is None:
        design = GarmentDesign.random(check_seed(seed), sub_category)
    elif sub_category not in (None, design.sub_category):
        raise ValueError(f"the design is a {design.sub_category}, not a {sub_category}")
    rng = np.random.default_rng([check_seed(seed), 0x51E6])
    light = Light.random(rng)
    light = replace(light, hardness=light.hardness * 0.8)
    if design.super_category in ("shoes", "bag"):
        kind = "stand" if rng.random() < 0.7 else "flat"
        marks = _standing(design, width, height, rng)
    else:
        kind = "wall" if rng.random() < 0.3 else "flat"
        marks = _laid(design, width, height, rng, hung=kind == "wall")
    canvas = Canvas(surfaces.draw(width, height, kind, light, rng), light, rng)
    canvas.everywhere = True
    for mark, mine in sorted(marks, key=lambda pair: pair[0].stage):
        canvas.paint(mark, 1 if mine else 0)
    return Sample(camera.develop(canvas.rgb, rng), labels(canvas, [design]), seed)


def _laid(
    design: GarmentDesign, width: int, height: int, rng: np.random.Generator, *, hung: bool
) -> list[tuple[Mark, bool]]:
    """The garment spread out on a surface or hanging on a wall, fitted into the photo."""
    fig = Figure.lying(rng, "out" if hung else "flat")
    turn = float(rng.normal(0, 0.03 if hung else 0.09))
    fig = replace(fig, turn=turn)
    draw = _DRAWERS[design.super_category]
    share = float(rng.uniform(0.76, 0.97))
    x0, y0, x1, y1 = extent(draw(fig, design))
    unit = fig.unit * share * min(width / (x1 - x0), height / (y1 - y0))
    fig = replace(fig, unit=unit)
    x0, y0, x1, y1 = extent(draw(fig, design))
    free_x, free_y = width - (x1 - x0), height - (y1 - y0)
    fig = replace(
        fig,
        x=free_x * float(rng.uniform(0.35, 0.65)) - x0,
        y=free_y * float(rng.uniform(0.35, 0.65)) - y0,
    )
    marks = [(mark, True) for mark in draw(fig, design)]
    return [(mark, False) for mark in _hanger(fig, design, rng)] + marks if hung else marks


def _hanger(fig: Figure, design: GarmentDesign, rng: np.random.Generator) -> list[Mark]:
    wood: RGB = (150, 106, 66) if rng.random() < 0.5 else (40, 38, 38)
    metal: RGB = (150, 150, 154)
    bottom_half = design.super_category == "bottom"
    bar, down = (_STRAIGHT_BAR, 0.228) if bottom_half else (_SLOPING_BAR, 0.0)
    return [
        Stroke(smooth(fig.at(line + np.array((0, down)))), rgb, fig.px(width), Stage.BEHIND)
        for line, rgb, width in ((_HOOK, metal, 0.004), (bar, wood, 0.014))
    ]


def _standing(
    design: GarmentDesign, width: int, height: int, rng: np.random.Generator
) -> list[tuple[Mark, bool]]:
    """A pair of shoes or a bag, fitted into the photo."""
    turn, seed = float(rng.normal(0, 0.03)), int(rng.integers(1 << 30))

    def marks(unit: float, x: float, y: float) -> list[Mark]:
        if design.super_category == "shoes":
            return shoes.draw_pair(design, unit, seed, (x, y))
        return bag.draw_bag(bag.Hold(x, y, unit, turn), design, carried=False)

    x0, y0, x1, y1 = extent(marks(1000.0, 0.0, 0.0))
    share = float(rng.uniform(0.66, 0.92))
    unit = 1000.0 * share * min(width / (x1 - x0), height / (y1 - y0))
    x0, y0, x1, y1 = extent(marks(unit, 0.0, 0.0))
    x = (width - (x1 - x0)) * float(rng.uniform(0.4, 0.6)) - x0
    y = (height - (y1 - y0)) * float(rng.uniform(0.5, 0.68)) - y0
    return [(mark, True) for mark in marks(unit, x, y)]
