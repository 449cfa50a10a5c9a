"""One-piece garments: dress, romper (playsuits and jumpsuits)."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import scale
from ootd_samples.design import GarmentDesign
from ootd_samples.figure import ANKLE_Y, Figure
from ootd_samples.garments.bottom import leg_outline
from ootd_samples.garments.layers import belt
from ootd_samples.garments.sewing import SIDES, Sewing, plain
from ootd_samples.garments.skirt import skirt_panel
from ootd_samples.garments.sleeves import sleeves
from ootd_samples.garments.torso import Cut, collar, front, neck_band, placket
from ootd_samples.geometry import array, normals
from ootd_samples.pieces import Folds, Mark, Piece, Stage

_WAIST = 0.402
_POCKET = array([(0.06, 0.415), (0.074, 0.44), (0.09, 0.465)])


def draw(fig: Figure, design: GarmentDesign) -> list[Mark]:
    """The marks of a dress or a romper."""
    sew = Sewing(fig, design, Stage.TOP)
    if design.sub_category == "dress":
        _dress(sew)
    else:
        _romper(sew)
    return sew.marks


def _bodice(sew: Sewing, hem: float, ease: float) -> None:
    design = sew.design
    bare = design.sleeve_length == "sleeveless"
    straps = bare and design.has("straps")
    neck = design.neckline
    if straps and neck not in ("v", "scoop"):
        neck = "scoop"
    cut = Cut(hem, ease, ease, neck, bare, waist=0.9, strap=0.007 if straps else 0.0)
    outline = front(sew, cut, folds=Folds(angle=1.1, wave=0.04, depth=0.2)).outline
    edge = scale(sew.base, 0.86)
    neck_band(sew, cut, edge, 0.005)
    if bare:
        sew.line(outline, edge, 0.003, 0.5, clip=outline)
    if neck == "collar":
        collar(sew)
        placket(sew, 0.224, hem, 4)
    band = sew.cloth if design.sleeve_length == "long" else None
    sleeves(sew, ease=0.01 + 0.014 * design.fit, wrist_ease=0.012, band=band)


def _dress(sew: Sewing) -> None:
    fig, design = sew.fig, sew.design
    ease = 0.005 + 0.012 * design.fit
    hem = 0.62 + 0.3 * design.length**1.2
    flare = 0.012 + 0.09 * design.flare * (0.5 + design.length)
    # The skirt is behind the bodice's hem: same stage, so it is listed first.
    skirt_panel(sew, (_WAIST - 0.004, hem), flare)
    _bodice(sew, _WAIST + 0.006, ease)
    if design.has("ruffle-hem"):
        half, y = (fig.half(0.5) + 0.008 + flare) * fig.wide, hem - 0.045
        ruffle = [(-half, y - 0.004), (0.0, y + 0.012), (half, y - 0.004)]
        sew.seam(ruffle, scale(sew.base, 0.55), width=0.004, opacity=0.5)
    if design.has("belt"):
        dark = plain((44, 34, 30) if sum(sew.base) > 200 else design.trim, "leather")
        belt(sew, dark, y=_WAIST, ease=0.004 + ease)
    else:
        half = (fig.half(_WAIST) + ease) * fig.wide
        sew.seam([(-half, _WAIST), (0.0, _WAIST + 0.004), (half, _WAIST)], opacity=0.55)
    if design.has("wrap"):
        sew.seam([(0.05, 0.25), (0.0, 0.3), (-0.06, _WAIST)], width=0.003)
        sew.seam([(-0.05, _WAIST), (-0.01, 0.52), (0.01, hem)], width=0.003)


def _romper(sew: Sewing) -> None:
    fig, design = sew.fig, sew.design
    ease = 0.008 + 0.012 * design.fit
    hem = ANKLE_Y - 0.02 if design.has("long-legs") else 0.6 + 0.07 * design.length
    spread = (0.012, 0.02 + 0.012 * design.flare, 0.022 + 0.03 * design.flare)
    for leg in fig.legs():
        outline, line = leg_outline(fig, leg, spread, hem, _WAIST - 0.006)
        frame = fig.frame_between(line[0], line[-1])
        folds = Folds(angle=0.5 * leg.side, wave=0.045, depth=0.26, stretch=2.4)
        sew.marks.append(Piece(outline, sew.cloth, frame, sew.stage, folds, shadow=0.3))
        across = normals(line)[-3] * fig.px(0.09)
        end = np.stack([line[-3] - across, line[-3] + across])
        sew.line(end, sew.ink, 0.0022, 0.5, clip=outline)
    sew.seam([(0.0, _WAIST), (0.0, 0.54)], opacity=0.5)
    for s in SIDES:
        sew.seam(_POCKET * (s, 1), width=0.003)
    _bodice(sew, _WAIST + 0.008, ease)
    if design.has("placket") and design.neckline != "collar":
        placket(sew, 0.275, _WAIST, 4)
    if design.has("belt"):
        belt(sew, sew.cloth, y=_WAIST, ease=0.004 + ease)
    else:
        half = (fig.half(_WAIST) + ease) * fig.wide
        sew.seam([(-half, _WAIST), (0.0, _WAIST + 0.003), (half, _WAIST)], width=0.004)
