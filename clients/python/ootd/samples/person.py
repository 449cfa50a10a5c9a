"""The person in the clothes: skin, hands, face and hair."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ootd.samples.colors import RGB, mix, scale
from ootd.samples.figure import Figure
from ootd.samples.geometry import Floats, along, ellipse, join, rotate, smooth, tube
from ootd.samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

_SKINS: tuple[RGB, ...] = (
    (240, 208, 186),
    (230, 190, 165),
    (222, 176, 145),
    (205, 155, 120),
    (178, 127, 92),
    (141, 95, 66),
    (104, 68, 48),
    (78, 51, 38),
)
_HAIRS: tuple[RGB, ...] = (
    (28, 22, 20),
    (48, 33, 25),
    (78, 52, 34),
    (112, 74, 44),
    (160, 118, 70),
    (205, 168, 112),
    (140, 62, 34),
    (120, 116, 112),
)
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


def _skin(looks: Looks) -> Material:
    return Material((looks.skin,), "skin")


def _limb(
    fig: Figure, looks: Looks, line: Floats, halves: tuple[float, ...], stage: Stage, shadow: float
) -> Piece:
    k = fig.build.limbs
    outline = fig.limb(line, tuple(h * k for h in halves))
    frame = fig.frame_between(line[0], line[-1])
    return Piece(outline, _skin(looks), frame, stage, Folds(wave=0.12), shadow=shadow, tube=True)


def trunk(fig: Figure, looks: Looks, *, legs: RGB | None = None) -> list[Mark]:
    """Neck, shoulders and chest, down to the hips, and both legs (in tights of a colour)."""
    stocking = looks if legs is None else replace(looks, skin=legs)
    marks: list[Mark] = []
    for leg in fig.legs():
        line = np.stack([leg.hip, leg.knee, leg.ankle + (0, fig.px(0.012))])
        thigh = 0.046 if fig.build.feminine > 0.5 else 0.044
        halves = (thigh, thigh * 0.9, 0.029, 0.031, 0.016)
        line = np.stack([line[0], (line[0] + line[1]) / 2, line[1]])
        lower = np.stack([leg.knee, (leg.knee * 2 + leg.ankle) / 3, leg.ankle + (0, fig.px(0.012))])
        line = np.concatenate([line, lower[1:]])
        marks.append(_limb(fig, stocking, line, halves, Stage.SKIN, 0.3))
    half, s = fig.half, fig.build.shoulders
    side = [
        (0.031, 0.12),
        (0.032, 0.165),
        (0.05, 0.181),
        (s * 0.8, SHOULDER_LINE),
        (s * 0.86, 0.225),
        (half(0.27), 0.27),
        (half(0.33), 0.33),
        (half(0.395), 0.395),
        (half(0.45), 0.45),
        (half(0.5), 0.5),
        (half(0.5) * 0.98, 0.54),
    ]
    right = smooth(side)
    left = right[::-1] * (-1, 1)
    outline = fig.at(join(right, left))
    marks.append(
        Piece(outline, _skin(looks), fig.frame(0, 0.3), Stage.SKIN, Folds(wave=0.15), bulge=0.5)
    )
    return marks


SHOULDER_LINE = 0.192


_ARM = (0.016, 0.0235, 0.026, 0.0245, 0.022, 0.02, 0.019, 0.016, 0.013)


def _arm_line(fig: Figure, line: Floats) -> Floats:
    """The middle line of a bare arm, from the top of its shoulder."""
    down = line[1] - line[0]
    start = line[0] - down / max(float(np.hypot(*down)), 1e-6) * fig.px(0.014)
    return along(np.concatenate([start[None], line]), 0.0, 1.0)


def arm(fig: Figure, looks: Looks, side: int) -> list[Mark]:
    """Bare arm and, unless it is in a pocket or behind the back, the hand."""
    a = fig.arm(side)
    stage = Stage.BACK_ARM if a.pose == "behind" else Stage.ARM
    marks: list[Mark] = [_limb(fig, looks, _arm_line(fig, a.line()), _ARM, stage, 0.12)]
    if a.pose not in ("pocket", "behind"):
        marks += hand(fig, looks, side)
    return marks


def hand(fig: Figure, looks: Looks, side: int) -> list[Mark]:
    """The hand at the end of the arm: palm, fingers and thumb."""
    a = fig.arm(side)
    d = (a.wrist - a.elbow) / max(float(np.hypot(*(a.wrist - a.elbow))), 1e-6)
    across = np.array([-d[1], d[0]]) * (-side)
    u = fig.unit * fig.build.limbs

    def go(forward: float, sideways: float) -> Floats:
        return np.asarray(a.wrist + d * forward * u + across * sideways * u)

    palm = smooth(
        np.stack(
            [
                go(-0.006, 0.012),
                go(0.012, 0.016),
                go(0.035, 0.015),
                go(0.062, 0.008),
                go(0.067, 0.0),
                go(0.062, -0.008),
                go(0.04, -0.014),
                go(0.015, -0.014),
                go(-0.006, -0.012),
            ]
        ),
        closed=True,
        per=5,
    )
    thumb = tube(np.stack([go(0.006, 0.008), go(0.02, 0.019), go(0.037, 0.02)]), [u * 0.006] * 3)
    frame = fig.frame_between(a.wrist, a.wrist + d)
    stage = Stage.BACK_ARM if a.pose == "behind" else Stage.HAND
    skin = _skin(looks)
    marks: list[Mark] = [
        Piece(outline, skin, frame, stage, Folds(wave=0.1), shadow=0.2) for outline in (thumb, palm)
    ]
    for k in (-0.006, 0.0, 0.006):
        line = np.stack([go(0.034, k * 1.2), go(0.06, k)])
        marks.append(Stroke(line, scale(looks.skin, 0.72), fig.px(0.002), stage, 0.5))
    return marks


def head(fig: Figure, looks: Looks) -> list[Mark]:
    """Face, ears, hair and what is worn on the head."""
    c = fig.at([(0.0, 0.07)])[0] + (fig.px(0.006) * looks.head_turn, 0)
    tilt = fig.turn + np.radians(fig.pose.shoulder_tilt * 0.6 + looks.head_turn * 2)
    u = fig.unit

    def at(points: list[tuple[float, float]]) -> Floats:
        return rotate(np.asarray(points) * u + c, float(tilt), c)

    skin = _skin(looks)
    jaw = 0.034 if fig.build.feminine > 0.5 else 0.038
    right = [(0.0, -0.066), (0.03, -0.058), (0.045, -0.03), (0.046, 0.0), (0.042, 0.028)]
    right += [(jaw - 0.003, 0.046), (0.016, 0.063), (0.0, 0.066)]
    outline = smooth(at([*right, *[(-x, y) for x, y in right[-2:0:-1]]]), closed=True, per=6)
    frame = fig.frame(0, 0.07)
    marks: list[Mark] = []
    for s in (-1, 1):
        ear = ellipse(at([(s * 0.046, 0.004)]), u * 0.008, u * 0.014)
        marks.append(Piece(ear, skin, frame, Stage.HEAD, shadow=0))
    marks.append(Piece(outline, skin, frame, Stage.HEAD, Folds(wave=0.1), bulge=1.0, shadow=0.45))
    marks += _face(fig, looks, at)
    marks += _hair(fig, looks, at)
    return marks


def _face(fig: Figure, looks: Looks, at: object) -> list[Mark]:
    place = at
    assert callable(place)
    u, shift = fig.unit, 0.008 * looks.head_turn
    dark = mix(scale(looks.skin, 0.42), (40, 20, 20), 0.3)
    marks: list[Mark] = []

    def line(points: list[tuple[float, float]], color: RGB, width: float, alpha: float) -> None:
        moved = [(x + shift, y) for x, y in points]
        marks.append(Stroke(smooth(place(moved)), color, width * u, Stage.HEAD, alpha))

    def blob(x: float, y: float, rx: float, ry: float, color: RGB, alpha: float) -> None:
        outline = ellipse(place([(x + shift, y)]), rx * u, ry * u)
        marks.append(Stroke(outline, color, 0, Stage.HEAD, alpha, closed=True))

    for s in (-1, 1):
        blob(s * 0.0185, 0.0, 0.011, 0.008, scale(looks.skin, 0.82), 0.5)
        blob(s * 0.0185, 0.001, 0.0072, 0.0036, (236, 232, 226), 0.8)
        blob(s * 0.0185, 0.001, 0.0034, 0.0036, (42, 32, 28), 0.95)
        line([(s * 0.01, -0.002), (s * 0.018, -0.005), (s * 0.027, -0.001)], dark, 0.0018, 0.85)
        brow = [(s * 0.009, -0.013), (s * 0.02, -0.017), (s * 0.03, -0.013)]
        line(brow, scale(looks.hair, 0.8), 0.0038, 0.75)
        blob(s * 0.026, 0.02, 0.012, 0.009, mix(looks.skin, (220, 110, 100), 0.4), 0.25)
    line([(0.004, 0.0), (0.008, 0.016), (0.004, 0.021), (-0.004, 0.021)], dark, 0.0022, 0.4)
    lips = mix(looks.skin, (168, 52, 60), 0.45 + 0.3 * fig.build.feminine)
    blob(0.0, 0.038, 0.0145, 0.0048, lips, 0.9)
    line([(-0.014, 0.0375), (0.0, 0.0385), (0.014, 0.0375)], dark, 0.0016, 0.6)
    if looks.beard:
        chin = [(-0.04, 0.01), (-0.034, 0.042), (0.0, 0.066), (0.034, 0.042), (0.04, 0.01)]
        inner = [(0.026, 0.03), (0.0, 0.03), (-0.026, 0.03)]
        outline = smooth(place([*chin, *inner]), closed=True)
        marks.append(Stroke(outline, looks.hair, 0, Stage.HEAD, 0.6, closed=True))
    if looks.glasses:
        for s in (-1, 1):
            blob(s * 0.0195, 0.001, 0.0165, 0.0135, (24, 22, 24), 0.92)
        line([(-0.045, -0.005), (0.0, -0.006), (0.045, -0.005)], (24, 22, 24), 0.003, 0.95)
    return marks


def _hair(fig: Figure, looks: Looks, at: object) -> list[Mark]:
    place = at
    assert callable(place)
    hair = Material((looks.hair,), "hair")
    frame = fig.frame(0, 0.05)
    part = 0.012 * looks.head_turn
    marks: list[Mark] = []

    def lock(points: list[tuple[float, float]], stage: Stage, wave: float = 0.012) -> None:
        outline = smooth(place(points), closed=True, per=6)
        folds = Folds(angle=1.45, wave=wave, depth=0.5, stretch=10)
        marks.append(Piece(outline, hair, frame, stage, folds, bulge=0.9, shadow=0.25))

    drop = {"bob": 0.075, "long": 0.17, "curly": 0.06}.get(looks.style)
    if drop:
        wide = 0.066 if looks.style == "curly" else 0.054
        back = [(0.0, -0.076), (0.04, -0.066), (wide, -0.02), (wide + 0.006, 0.03), (wide, drop)]
        back += [(0.02, drop + 0.006)]
        lock([*back, *[(-x, y) for x, y in back[:0:-1]]], Stage.BEHIND)
        for s in (-1, 1):
            strand = [(s * 0.03, -0.05), (s * wide, -0.02), (s * (wide + 0.003), drop * 0.6)]
            strand += [(s * (wide - 0.006), drop), (s * (wide - 0.022), drop * 0.95)]
            strand += [(s * 0.039, 0.03), (s * 0.037, -0.02)]
            lock(strand, Stage.HAIR)
    if looks.style == "bun":
        lock([(x, y - 0.082) for x, y in _ring(0.026)], Stage.HAIR)
    low = -0.002 if looks.style in ("crop", "short") else 0.008
    cap = [(-0.049, low), (-0.053, -0.03), (-0.04, -0.066), (0.0, -0.08), (0.04, -0.066)]
    cap += [(0.053, -0.03), (0.049, low), (0.041, -0.022), (0.026, -0.04)]
    cap += [(part, -0.046), (-0.026, -0.04), (-0.041, -0.022)]
    lock(cap, Stage.HAIR, 0.016)
    if looks.style in ("hat", "beanie"):
        marks += _hat(fig, looks, place)
    return marks


def _ring(radius: float) -> list[tuple[float, float]]:
    t = np.linspace(0, 2 * np.pi, 9)[:-1]
    return [(radius * float(np.cos(a)), radius * 0.85 * float(np.sin(a))) for a in t]


def _hat(fig: Figure, looks: Looks, place: object) -> list[Mark]:
    assert callable(place)
    felt = Material((looks.hat,), "wool" if looks.style == "hat" else "knit")
    frame = fig.frame(0, 0.02)
    crown = [(-0.052, -0.02), (-0.054, -0.05), (-0.045, -0.088), (0.0, -0.098), (0.045, -0.088)]
    crown += [(0.054, -0.05), (0.052, -0.02), (0.0, -0.028)]
    marks: list[Mark] = [
        Piece(smooth(place(crown), closed=True), felt, frame, Stage.HAIR, Folds(depth=0.1))
    ]
    if looks.style == "hat":
        brim = ellipse(place([(0.0, -0.026)]), fig.px(0.082), fig.px(0.014))
        marks.append(Piece(brim, felt, frame, Stage.HAIR, Folds(depth=0.1), shadow=0.5))
        band = along(place([(-0.052, -0.036), (0.0, -0.03), (0.052, -0.036)]), 0, 1)
        marks.append(Stroke(band, scale(looks.hat, 0.45), fig.px(0.01), Stage.HAIR, 0.9))
    return marks
