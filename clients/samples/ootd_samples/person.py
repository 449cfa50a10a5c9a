"""The person in the clothes: skin, hands, face and hair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ootd_samples.colors import RGB, scale
from ootd_samples.figure import Figure
from ootd_samples.geometry import Floats, along, direction, join, smooth, tube
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

# From light to dark.
_SKINS: tuple[RGB, ...] = (
    (240, 208, 186), (230, 190, 165), (222, 176, 145), (205, 155, 120), (178, 127, 92),
    (141, 95, 66), (104, 68, 48), (78, 51, 38),
)  # fmt: skip
_HAIRS: tuple[RGB, ...] = (
    (28, 22, 20), (48, 33, 25), (78, 52, 34), (112, 74, 44), (160, 118, 70), (205, 168, 112),
    (140, 62, 34), (120, 116, 112),
)  # fmt: skip
# Forward along the hand and sideways to the thumb, in body heights.
_PALM = (
    (-0.006, 0.012), (0.012, 0.016), (0.035, 0.015), (0.062, 0.008), (0.067, 0.0), (0.062, -0.008),
    (0.04, -0.014), (0.015, -0.014), (-0.006, -0.012),
)  # fmt: skip
_THUMB = ((0.006, 0.008), (0.02, 0.019), (0.037, 0.02))
_STYLES = ("short", "crop", "bob", "long", "bun", "tail", "hat", "beanie", "curly")


@dataclass(frozen=True)
class Looks:
    """Skin, hair and face of a person."""

    skin: RGB
    hair: RGB
    style: str
    glasses: bool
    beard: bool
    head_turn: float
    hat: RGB

    @classmethod
    def random(cls, rng: np.random.Generator, feminine: float) -> Looks:
        """Anybody; `feminine` (0 to 1) shifts how likely long hair and beards are."""
        f = feminine
        weights = np.array([2 - 1.6 * f, 1.5 - 1.4 * f, 0.2 + f, 0.1 + 2 * f, f, f, 0.3, 0.25, 0.4])
        skin = _SKINS[int(rng.choice(8, p=[0.14, 0.2, 0.18, 0.14, 0.12, 0.1, 0.07, 0.05]))]
        hair = _HAIRS[int(rng.integers(len(_HAIRS) if sum(skin) > 450 else 3))]
        style = str(rng.choice(_STYLES, p=weights / weights.sum()))
        return cls(
            skin=skin,
            hair=hair,
            style=style,
            glasses=bool(rng.random() < 0.2),
            beard=bool(rng.random() < 0.45 - 0.9 * f and style not in ("bob", "long", "tail")),
            head_turn=float(rng.uniform(-1, 1)),
            hat=(
                int(rng.integers(20, 200)),
                int(rng.integers(20, 160)),
                int(rng.integers(20, 150)),
            ),
        )


def skin_of(looks: Looks) -> Material:
    """The skin as a material."""
    return Material((looks.skin,), "skin")


def _limb(
    fig: Figure,
    looks: Looks,
    line: Floats,
    halves: tuple[float, ...],
    stage: Stage,
    *,
    shadow: float,
) -> Piece:
    k = fig.build.limbs
    outline = fig.limb(line, tuple(h * k for h in halves))
    frame = fig.frame_between(line[0], line[-1])
    return Piece(outline, skin_of(looks), frame, stage, Folds(wave=0.12), shadow=shadow, tube=True)


def torso(fig: Figure, looks: Looks, *, legs: RGB | None = None) -> list[Mark]:
    """Neck, shoulders and chest, down to the hips, and both legs (in tights of a colour)."""
    stocking = looks if legs is None else replace(looks, skin=legs)
    marks: list[Mark] = []
    for leg in fig.legs():
        thigh = 0.046 if fig.build.feminine > 0.5 else 0.044
        halves = (thigh, thigh * 0.9, 0.029, 0.031, 0.016)
        foot = leg.ankle + np.array((0, fig.px(0.012)))
        calf = (leg.knee * 2 + leg.ankle) / 3
        line = np.stack([leg.hip, (leg.hip + leg.knee) / 2, leg.knee, calf, foot])
        marks.append(_limb(fig, stocking, line, halves, Stage.SKIN, shadow=0.3))
    half, s = fig.half, fig.build.shoulders
    side = [(0.031, 0.12), (0.032, 0.165), (0.05, 0.181), (s * 0.8, 0.192), (s * 0.86, 0.225)]
    side += [(half(y), y) for y in (0.27, 0.33, 0.395, 0.45, 0.5)]
    side += [(half(0.5) * 0.98, 0.54)]
    right = smooth(side)
    left = right[::-1] * (-1, 1)
    outline = fig.at(join(right, left))
    marks.append(
        Piece(outline, skin_of(looks), fig.frame(0, 0.3), Stage.SKIN, Folds(wave=0.15), bulge=0.5)
    )
    return marks


_ARM = (0.016, 0.0235, 0.026, 0.0245, 0.022, 0.02, 0.019, 0.016, 0.013)


def _arm_line(fig: Figure, line: Floats) -> Floats:
    """The middle line of a bare arm, from the top of its shoulder."""
    start = line[0] - direction(line[0], line[1]) * fig.px(0.014)
    return along(np.concatenate([start[None], line]), 0.0, 1.0)


def arm(fig: Figure, looks: Looks, side: int) -> list[Mark]:
    """Bare arm and, unless it is in a pocket or behind the back, the hand."""
    a = fig.arm(side)
    stage = Stage.BACK_ARM if a.pose == "behind" else Stage.ARM
    marks: list[Mark] = [_limb(fig, looks, _arm_line(fig, a.line()), _ARM, stage, shadow=0.12)]
    if a.pose not in ("pocket", "behind"):
        marks += hand(fig, looks, side)
    return marks


def hand(fig: Figure, looks: Looks, side: int) -> list[Mark]:
    """The hand at the end of the arm: palm, fingers and thumb."""
    a = fig.arm(side)
    d = direction(a.elbow, a.wrist)
    across = np.array([-d[1], d[0]]) * (-side)
    u = fig.unit * fig.build.limbs

    def go(forward: float, sideways: float) -> Floats:
        return np.asarray(a.wrist + d * forward * u + across * sideways * u)

    palm = smooth(np.stack([go(*place) for place in _PALM]), closed=True, per=5)
    thumb = tube(np.stack([go(*place) for place in _THUMB]), [u * 0.006] * 3)
    frame = fig.frame_between(a.wrist, a.wrist + d)
    stage = Stage.BACK_ARM if a.pose == "behind" else Stage.HAND
    skin = skin_of(looks)
    marks: list[Mark] = [
        Piece(outline, skin, frame, stage, Folds(wave=0.1), shadow=0.2) for outline in (thumb, palm)
    ]
    for k in (-0.006, 0.0, 0.006):
        line = np.stack([go(0.034, k * 1.2), go(0.06, k)])
        marks.append(Stroke(line, scale(looks.skin, 0.72), fig.px(0.002), stage, 0.5))
    return marks
