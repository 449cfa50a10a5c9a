"""Parts of outer layers: halves that open in front, lapels, collars, pockets, belts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import Figure
from ootd_samples.garments.torso import (
    NECK_Y,
    Cut,
    Outline,
    buttons,
    material,
    patch,
    plain,
    seam,
    seam_color,
    side_line,
    sleeves,
)
from ootd_samples.geometry import Floats, join, smooth
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

BODY = Stage.OUTER


@dataclass(frozen=True)
class Front:
    """How an outer layer opens: how far its edges stand apart (body heights) and from where."""

    cut: Cut
    break_y: float  # where the neck opening ends
    gap: float  # half of the opening at the break; negative where the edges overlap
    hem_gap: float
    rounded: float = 0.0  # how much the front corners are cut away


def opening(design: GarmentDesign, wide: float) -> tuple[float, float]:
    """Half of the gap between the fronts above and at the hem; below 0 where they overlap."""
    if not design.has("open"):
        return -0.006, -0.006
    return wide * (0.7 + 0.5 * design.flare), wide * (1.1 + 1.2 * design.flare)


def front_edge(front: Front, side: int) -> Floats:
    """The front edge of one half, from the neck down to the hem, in body coordinates."""
    neck = (0.043, NECK_Y)
    points: Outline = [neck, ((neck[0] + front.gap) / 2 + 0.006, (NECK_Y + front.break_y) / 2)]
    points += [(front.gap, front.break_y)]
    upper = np.asarray(points)
    hem = front.cut.hem
    lower: Outline = [(front.gap, front.break_y)]
    lower += [(0.5 * (front.gap + front.hem_gap), 0.5 * (front.break_y + hem))]
    lower += [(front.hem_gap, hem - 0.02 - front.rounded)]
    lower += [(front.hem_gap + 0.7 * front.rounded + 0.001, hem)]
    return join(smooth(upper), smooth(lower)) * (side, 1)


def half_outline(fig: Figure, front: Front, side: int) -> Floats:
    """One front half in px."""
    flank = smooth(side_line(fig, front.cut)) * (side, 1)
    edge = front_edge(front, side)
    middle = (flank[-1] + edge[-1]) / 2 + np.array((0, front.cut.hem_curve))
    hem = smooth([flank[-1], middle, edge[-1]])
    return fig.at(join(flank, hem, edge[::-1]))


def body(
    fig: Figure, design: GarmentDesign, front: Front, cloth: Material, folds: Folds
) -> list[Mark]:
    """Both front halves and, where the garment lies flat, the lining between them."""
    marks: list[Mark] = []
    if fig.flat:
        lining = mix(design.trim, scale(design.palette[0], 0.6), 0.6)
        flank = smooth(side_line(fig, front.cut))
        neck = [(-0.043, NECK_Y), (0.0, NECK_Y + 0.012), (0.043, NECK_Y)]
        shape = join(smooth(neck), flank * (0.97, 1) - np.array((0, 0.004)))
        shape = join(shape, (flank * (-0.97, 1) - np.array((0, 0.004)))[::-1])
        inside = Piece(
            fig.at(shape),
            plain(lining, "silk"),
            fig.frame(0, 0.3),
            Stage.BEHIND,
            bulge=0.2,
            shade=0.6,
        )
        marks.append(inside)
    for side in (1, -1):
        outline = half_outline(fig, front, side)
        frame = fig.frame(0.05 * side, 0.275)
        marks.append(
            Piece(outline, cloth, frame, BODY, folds, bulge=0.45 if fig.flat else 0.75, shadow=0.45)
        )
        ink = seam_color(design.palette[0])
        marks.append(Stroke(fig.at(front_edge(front, side)), ink, fig.px(0.002), BODY, 0.5))
    return marks


def lapels(
    fig: Figure, front: Front, cloth: Material, *, size: float = 1.0, peak: bool = False
) -> list[Mark]:
    """Lapels folded back along the edge, with a notched collar above them."""
    marks: list[Mark] = []
    low, gap = front.break_y, front.gap
    span = low - NECK_Y
    for s in (-1, 1):
        notch_y = NECK_Y + span * 0.42
        out = 0.047 + 0.03 * size
        tip = (out, notch_y - (0.018 if peak else 0.0))
        lapel = [(0.036, NECK_Y + 0.02), (gap, low), (gap + 0.02, low - span * 0.2), tip]
        lapel += [(out - 0.02, notch_y - 0.014)]
        collar = [(0.034, 0.158), (0.048, 0.165), (0.06 * (0.8 + 0.2 * size), 0.195)]
        collar += [(out - 0.008, notch_y - 0.022), (out - 0.02, notch_y - 0.012), (0.032, 0.2)]
        for shape in (lapel, collar):
            outline = fig.at([(s * x, y) for x, y in shape])
            frame = fig.frame(0, 0.25, 0.35 * s)
            piece = Piece(
                outline,
                cloth,
                frame,
                Stage.OUTER_COLLAR,
                Folds(depth=0.06),
                bulge=0.35,
                shadow=0.5,
                shade=1.04,
            )
            marks.append(piece)
            closed = np.concatenate([outline, outline[:1]])
            ink = seam_color(cloth.palette[0])
            marks.append(Stroke(closed, ink, fig.px(0.0018), Stage.OUTER_COLLAR, 0.45))
    return marks


def turn_collar(
    fig: Figure, cloth: Material, *, size: float = 1.0, stand: bool = False
) -> list[Mark]:
    """A turned-down or a stand-up collar."""
    marks: list[Mark] = []
    for s in (-1, 1):
        if stand:
            shape = [(0.002, 0.212), (0.03, 0.195), (0.036, 0.148), (0.05, 0.156), (0.052, 0.188)]
            shape += [(0.03, 0.214)]
        else:
            shape = [(0.008, 0.222), (0.034, 0.18), (0.036, 0.158), (0.052, 0.163)]
            shape += [(0.066 * size, 0.2), (0.05 * size, 0.228 + 0.022 * size)]
        outline = fig.at([(s * x, y) for x, y in shape])
        frame = fig.frame(0, 0.2)
        marks.append(
            Piece(
                outline, cloth, frame, Stage.OUTER_COLLAR, Folds(depth=0.06), bulge=0.4, shadow=0.5
            )
        )
    return marks


def flap_pockets(
    fig: Figure, design: GarmentDesign, y: float, x: float = 0.06, wide: float = 0.03
) -> list[Mark]:
    """A pocket with a flap on each side."""
    marks: list[Mark] = []
    ink = seam_color(design.palette[0])
    for s in (-1, 1):
        x0, x1 = s * (x - wide), s * (x + wide)
        flap = [(x0, y), (x1, y - 0.004), (x1, y + 0.017), (x0, y + 0.021)]
        marks.append(patch(fig, flap, material(design), BODY, shadow=0.3))
        marks.append(seam(fig, [(x0, y), (x1, y - 0.004)], ink, BODY, opacity=0.6))
    return marks


def button_row(
    fig: Figure,
    design: GarmentDesign,
    span: tuple[float, float],
    count: int,
    *,
    double: bool,
    x: float,
) -> list[Mark]:
    """Buttons from the first to the last height of `span`, in one row (at x) or in two."""
    tone: RGB = mix(design.trim, scale(design.palette[0], 0.5), 0.55)
    xs = (-0.028, 0.028) if double else (x,)
    ys = np.linspace(*span, count)
    return buttons(fig, [(c, float(y)) for y in ys for c in xs], tone, BODY, 0.0062)


def belt(
    fig: Figure, design: GarmentDesign, cloth: Material, stage: Stage, *, y: float, ease: float
) -> list[Mark]:
    """A belt around the waist with its buckle."""
    half = (fig.half(y) + ease) * fig.wide
    shape = join(
        smooth([(-half, y - 0.011), (0, y - 0.008), (half, y - 0.011)]),
        smooth([(half, y + 0.011), (0, y + 0.014), (-half, y + 0.011)]),
    )
    marks: list[Mark] = [
        Piece(fig.at(shape), cloth, fig.frame(0, y), stage, Folds(depth=0.1), bulge=0.5, shade=0.92)
    ]
    ring = [(-0.012, y - 0.013), (0.012, y - 0.013), (0.012, y + 0.018), (-0.012, y + 0.018)]
    closed = fig.at([*ring, ring[0]])
    marks.append(Stroke(closed, mix(design.trim, (190, 170, 120), 0.6), fig.px(0.004), stage, 0.95))
    return marks


def arms(
    fig: Figure, design: GarmentDesign, length: str, ease: float, band: Material | None = None
) -> list[Mark]:
    """Both sleeves."""
    return sleeves(
        fig,
        design,
        length=length,
        ease=ease,
        stage=Stage.OUTER_SLEEVE,
        wrist_ease=0.008 if band else 0.014,
        band=band,
    )


def waistband(fig: Figure, front: Front, band: Material) -> list[Mark]:
    """The band along the hem of both halves."""
    hem, marks = front.cut.hem, list[Mark]()
    half = (fig.half(hem) + front.cut.hem_ease + 0.001) * fig.wide
    for s in (-1, 1):
        inner = front.hem_gap
        strip = [
            (s * inner, hem - 0.022),
            (s * half, hem - 0.026),
            (s * half, hem),
            (s * inner, hem + 0.004),
        ]
        piece = patch(fig, strip, band, BODY, shadow=0.2)
        marks.append(piece)
    return marks


def zipper(fig: Figure, points: Outline, design: GarmentDesign) -> Stroke:
    """A metal zip."""
    metal = mix(design.trim, (196, 196, 200), 0.7)
    return seam(fig, points, metal, BODY, width=0.0035, opacity=0.9)
