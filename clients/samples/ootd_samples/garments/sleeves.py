"""Sleeves with their hems and cuffs."""

from __future__ import annotations

import numpy as np

from ootd_samples.figure import Arm, Figure
from ootd_samples.garments.sewing import SIDES, Sewing
from ootd_samples.geometry import Floats, along, direction, normals, tube
from ootd_samples.pieces import Folds, Material, Piece, Stage

_REACH = {"short": 0.36, "long": 0.985}  # the share of the arm that is covered
_ROLLED = 0.66


def sleeves(
    sew: Sewing,
    *,
    ease: float,
    wrist_ease: float | None = None,
    length: str | None = None,
    band: Material | None = None,
    rolled: bool = False,
    cloth: Material | None = None,
) -> None:
    """Both sleeves, of the design's or another length; none for `sleeveless`."""
    length = length or sew.design.sleeve_length or "sleeveless"
    if length == "sleeveless":
        return
    reach = _ROLLED if rolled and length == "long" else _REACH[length]
    end_ease = ease * 0.8 if wrist_ease is None else wrist_ease
    body = float(np.interp(reach, (0, 0.12, 0.5, 1), (0.028, 0.03, 0.023, 0.014)))
    half = body * sew.fig.build.limbs + end_ease
    cloth = cloth or sew.cloth
    for side in SIDES:
        piece, line = _sleeve(sew, side, cloth, reach, (ease, end_ease))
        if band is not None or rolled:
            tight = half * (1.06 if rolled or length == "short" else 0.96)
            cuff(sew, line, tight, band or cloth, piece.stage, length=0.026 if rolled else 0.02)
        else:
            _hem(sew, line, half, piece)


def _middle(fig: Figure, arm: Arm) -> Floats:
    """The middle line of a sleeve in px: it starts a little above the shoulder joint."""
    line = arm.line()
    down = direction(line[0], line[1])
    inward = np.array([-arm.side, 0.0]) * 0.35 + down * 0.65
    start = line[0] - down * fig.px(0.016) - inward * fig.px(0.003)
    return np.concatenate([start[None], line])


def _half_widths(fig: Figure, where: Floats, reach: float, eases: tuple[float, float]) -> Floats:
    """Half widths of a sleeve at fractions of the arm, eased over the arm and at the wrist."""
    ease, end_ease = eases
    stations = np.array([0.0, 0.035, 0.09, 0.2, 0.35, 0.5, 0.75, 1.0]) * reach
    stations[1:4] = (0.03, 0.075, min(0.17, reach * 0.5))
    stations = np.sort(stations)
    arm = np.interp(stations, (0, 0.03, 0.1, 0.5, 1), (0.019, 0.0255, 0.027, 0.022, 0.014))
    grown = (0.1 * ease, ease * 0.35, ease * 0.62, ease * 0.8, ease * 0.9, end_ease)
    extra = np.interp(stations, (0, 0.03, 0.1, 0.25, 0.6 * reach + 0.1, reach), grown)
    widths = (arm * fig.build.limbs + extra) * (1.22 if fig.flat else 1.0)
    return np.interp(where, stations, widths)


def _sleeve(
    sew: Sewing, side: int, cloth: Material, reach: float, eases: tuple[float, float]
) -> tuple[Piece, Floats]:
    """One sleeve and its middle line in px."""
    fig, arm = sew.fig, sew.fig.arm(side)
    line = along(along(_middle(fig, arm), 0.0, reach), 0.0, 1.0, per=16)
    where = np.linspace(0, reach, len(line))
    wide = _half_widths(fig, where, reach, eases)
    # The outer edge runs on from the shoulder: a sleeve widens towards the body.
    if fig.flat:
        inward = np.maximum(wide - 0.026 * 1.22, 0)
    else:
        loose = np.maximum(wide - 0.028 * fig.build.limbs, 0)
        inward = 0.55 * loose * np.clip(1.3 - 1.3 * where, 0, 1)
    line = line - normals(line) * (side * fig.unit * inward)[:, None]
    outer, behind = sew.stage == Stage.OUTER, arm.pose == "behind"
    stage = Stage.OUTER_SLEEVE if outer else Stage.SLEEVE
    if behind:
        stage = Stage.BACK_OUTER_SLEEVE if outer else Stage.BACK_SLEEVE
    if fig.flat:  # the body's seam lies over the sleeve's top
        stage = Stage.TUCKED
    piece = Piece(
        fig.limb(line, tuple(wide)),
        cloth,
        fig.frame_between(line[0], line[-1]),
        stage,
        # Creases gather across the sleeve where it bends.
        Folds(angle=0.35 * side, wave=0.035, depth=0.3, stretch=2.6),
        shadow=0.3 if fig.flat else 0.24,
        bulge=0.4 if fig.flat else 0.85,
        tube=True,
    )
    sew.marks.append(piece)
    return piece, line


def cuff(
    sew: Sewing, line: Floats, half: float, cloth: Material, stage: Stage, *, length: float
) -> None:
    """A band around the end of a sleeve or leg, of a half width and a length."""
    fig = sew.fig
    end, along_it = line[-1], direction(line[-2], line[-1])
    ends = np.stack([end - along_it * fig.px(length), end + along_it * fig.px(0.003)])
    outline = tube(ends, [fig.px(half * (1.22 if fig.flat else 1.0))] * 2)
    frame = fig.frame_between(ends[0], ends[1])
    sew.marks.append(Piece(outline, cloth, frame, stage, Folds(depth=0.1), shadow=0.15))


def _hem(sew: Sewing, line: Floats, half: float, sleeve: Piece) -> None:
    d = direction(line[-2], line[-1])
    middle = line[-1] - d * sew.fig.px(0.009)
    across = np.array([-d[1], d[0]]) * sew.fig.px(half * 1.4)
    ends = np.stack([middle - across, middle + across])
    sew.line(ends, sew.ink, 0.002, 0.5, stage=sleeve.stage, clip=sleeve.outline)
