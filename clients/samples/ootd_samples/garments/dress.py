"""One-piece garments: dress, romper (playsuits and jumpsuits)."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import ANKLE_Y, Figure
from ootd_samples.garments.bottom import leg_outline, skirt_panel
from ootd_samples.garments.layers import belt
from ootd_samples.garments.torso import (
    Cut,
    collar,
    front,
    material,
    neck_band,
    panel,
    placket,
    plain,
    seam,
    seam_color,
    sleeves,
)
from ootd_samples.geometry import normals
from ootd_samples.pieces import Folds, Mark, Piece, Stage, Stroke

_WAIST = 0.402


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of a dress or a romper."""
    return _dress(fig, design) if design.sub_category == "dress" else _romper(fig, design)


def _bodice(fig: Figure, design: GarmentDesign, hem: float, ease: float) -> list[Mark]:
    bare = design.sleeve_length == "sleeveless"
    straps = bare and design.has("straps")
    neck = design.neckline
    if straps and neck not in ("v", "scoop"):
        neck = "scoop"
    cut = Cut(hem, ease, ease, neck, bare, waist=0.9, strap=0.007 if straps else 0.0)
    cloth = material(design)
    marks = front(fig, design, cut, Stage.TOP, folds=Folds(angle=1.1, wave=0.04, depth=0.2))
    edge = scale(design.palette[0], 0.86)
    marks.append(neck_band(fig, cut, edge, Stage.TOP, 0.005))
    if straps or bare:
        outline = panel(fig, cut)
        marks.append(Stroke(outline, edge, fig.px(0.003), Stage.TOP, 0.5, clip=outline))
    if neck == "collar":
        marks += collar(fig, cloth, Stage.COLLAR)
        marks += placket(fig, design, (0.224, hem), Stage.TOP, 4)
    marks += sleeves(
        fig,
        design,
        length=design.sleeve_length or "sleeveless",
        ease=0.01 + 0.014 * design.fit,
        stage=Stage.SLEEVE,
        wrist_ease=0.012,
        band=cloth if design.sleeve_length == "long" else None,
    )
    return marks


def _dress(fig: Figure, design: GarmentDesign) -> list[Mark]:
    ease = 0.005 + 0.012 * design.fit
    hem = 0.62 + 0.3 * design.length**1.2
    flare = 0.012 + 0.09 * design.flare * (0.5 + design.length)
    marks = _bodice(fig, design, _WAIST + 0.006, ease)
    # The skirt is behind the bodice's hem: same stage, so it is listed first.
    marks = skirt_panel(fig, design, (_WAIST - 0.004, hem), flare, Stage.TOP) + marks
    if design.has("ruffle-hem"):
        marks += _ruffle(fig, design, hem, flare)
    if design.has("belt"):
        dark = plain((44, 34, 30) if sum(design.palette[0]) > 200 else design.trim, "leather")
        marks += belt(fig, design, dark, Stage.TOP, y=_WAIST, ease=0.004 + ease)
    else:
        half = (fig.half(_WAIST) + ease) * fig.wide
        line = [(-half, _WAIST), (0.0, _WAIST + 0.004), (half, _WAIST)]
        marks.append(seam(fig, line, seam_color(design.palette[0]), Stage.TOP, opacity=0.55))
    if design.has("wrap"):
        line = [(0.05, 0.25), (0.0, 0.3), (-0.06, _WAIST)]
        marks.append(seam(fig, line, seam_color(design.palette[0]), Stage.TOP, width=0.003))
        fall = [(-0.05, _WAIST), (-0.01, 0.52), (0.01, hem)]
        marks.append(seam(fig, fall, seam_color(design.palette[0]), Stage.TOP, width=0.003))
    return marks


def _ruffle(fig: Figure, design: GarmentDesign, hem: float, flare: float) -> list[Mark]:
    half = (fig.half(0.5) + 0.008 + flare) * fig.wide
    y = hem - 0.045
    line = [(-half, y - 0.004), (0.0, y + 0.012), (half, y - 0.004)]
    return [
        seam(fig, line, scale(design.palette[0], 0.55), Stage.TOP, width=0.004, opacity=0.5),
    ]


def _romper(fig: Figure, design: GarmentDesign) -> list[Mark]:
    long = design.has("long-legs")
    ease = 0.008 + 0.012 * design.fit
    hem = ANKLE_Y - 0.02 if long else 0.6 + 0.07 * design.length
    spread = (0.012, 0.02 + 0.012 * design.flare, 0.022 + 0.03 * design.flare)
    cloth = material(design)
    marks: list[Mark] = []
    for leg in fig.legs():
        outline, line = leg_outline(fig, leg, spread, hem, _WAIST - 0.006)
        frame = fig.frame_between(line[0], line[-1])
        folds = Folds(angle=0.5 * leg.side, wave=0.045, depth=0.26, stretch=2.4)
        marks.append(Piece(outline, cloth, frame, Stage.TOP, folds, shadow=0.3))
        across = normals(line)[-3] * fig.px(0.09)
        end = np.stack([line[-3] - across, line[-3] + across])
        ink = seam_color(design.palette[0])
        marks.append(Stroke(end, ink, fig.px(0.0022), Stage.TOP, 0.5, clip=outline))
    ink = seam_color(design.palette[0])
    marks.append(seam(fig, [(0.0, _WAIST), (0.0, 0.54)], ink, Stage.TOP, opacity=0.5))
    for s in (-1, 1):
        pocket = [(s * 0.06, 0.415), (s * 0.074, 0.44), (s * 0.09, 0.465)]
        marks.append(seam(fig, pocket, ink, Stage.TOP, width=0.003))
    marks += _bodice(fig, design, _WAIST + 0.008, ease)
    if design.has("placket") and design.neckline != "collar":
        marks += placket(fig, design, (0.275, _WAIST), Stage.TOP, 4)
    if design.has("belt"):
        marks += belt(fig, design, material(design), Stage.TOP, y=_WAIST, ease=0.004 + ease)
    else:
        half = (fig.half(_WAIST) + ease) * fig.wide
        waist = [(-half, _WAIST), (0.0, _WAIST + 0.003), (half, _WAIST)]
        marks.append(seam(fig, waist, ink, Stage.TOP, width=0.004))
    return marks
