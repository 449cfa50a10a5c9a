"""The head: face, hair, hats."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ootd_samples.colors import RGB, mix, scale
from ootd_samples.figure import Figure
from ootd_samples.geometry import Floats, along, ellipse, rotate, smooth
from ootd_samples.person import Looks, skin_of
from ootd_samples.pieces import Folds, Mark, Material, Piece, Stage, Stroke

Outline = list[tuple[float, float]]
Place = Callable[[Outline], Floats]


def draw(fig: Figure, looks: Looks) -> list[Mark]:
    """Face, ears, hair and what is worn on the head."""
    c = fig.at([(0.0, 0.07)])[0] + (fig.px(0.006) * looks.head_turn, 0)
    tilt = fig.turn + np.radians(fig.pose.shoulder_tilt * 0.6 + looks.head_turn * 2)
    u = fig.unit

    def at(points: Outline) -> Floats:
        return rotate(np.asarray(points) * u + c, float(tilt), [c])

    skin = skin_of(looks)
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


def _face(fig: Figure, looks: Looks, place: Place) -> list[Mark]:
    u, shift = fig.unit, 0.008 * looks.head_turn
    dark = mix(scale(looks.skin, 0.42), (40, 20, 20), 0.3)
    marks: list[Mark] = []

    def line(points: Outline, color: RGB, width: float, alpha: float) -> None:
        moved = [(x + shift, y) for x, y in points]
        marks.append(Stroke(smooth(place(moved)), color, width * u, Stage.HEAD, alpha))

    def blob(at: tuple[float, float], radii: tuple[float, float], color: RGB, alpha: float) -> None:
        outline = ellipse(place([(at[0] + shift, at[1])]), radii[0] * u, radii[1] * u)
        marks.append(Stroke(outline, color, 0, Stage.HEAD, alpha, closed=True))

    for s in (-1, 1):
        blob((s * 0.0185, 0.0), (0.011, 0.008), scale(looks.skin, 0.82), 0.5)
        blob((s * 0.0185, 0.001), (0.0072, 0.0036), (236, 232, 226), 0.8)
        blob((s * 0.0185, 0.001), (0.0034, 0.0036), (42, 32, 28), 0.95)
        line([(s * 0.01, -0.002), (s * 0.018, -0.005), (s * 0.027, -0.001)], dark, 0.0018, 0.85)
        brow = [(s * 0.009, -0.013), (s * 0.02, -0.017), (s * 0.03, -0.013)]
        line(brow, scale(looks.hair, 0.8), 0.0038, 0.75)
        blob((s * 0.026, 0.02), (0.012, 0.009), mix(looks.skin, (220, 110, 100), 0.4), 0.25)
    line([(0.004, 0.0), (0.008, 0.016), (0.004, 0.021), (-0.004, 0.021)], dark, 0.0022, 0.4)
    lips = mix(looks.skin, (168, 52, 60), 0.45 + 0.3 * fig.build.feminine)
    blob((0.0, 0.038), (0.0145, 0.0048), lips, 0.9)
    line([(-0.014, 0.0375), (0.0, 0.0385), (0.014, 0.0375)], dark, 0.0016, 0.6)
    if looks.beard:
        chin = [(-0.04, 0.01), (-0.034, 0.042), (0.0, 0.066), (0.034, 0.042), (0.04, 0.01)]
        inner = [(0.026, 0.03), (0.0, 0.03), (-0.026, 0.03)]
        outline = smooth(place([*chin, *inner]), closed=True)
        marks.append(Stroke(outline, looks.hair, 0, Stage.HEAD, 0.6, closed=True))
    if looks.glasses:
        for s in (-1, 1):
            blob((s * 0.0195, 0.001), (0.0165, 0.0135), (24, 22, 24), 0.92)
        line([(-0.045, -0.005), (0.0, -0.006), (0.045, -0.005)], (24, 22, 24), 0.003, 0.95)
    return marks


def _hair(fig: Figure, looks: Looks, place: Place) -> list[Mark]:
    hair = Material((looks.hair,), "hair")
    frame = fig.frame(0, 0.05)
    part = 0.012 * looks.head_turn
    marks: list[Mark] = []

    def lock(points: Outline, stage: Stage, wave: float = 0.012) -> None:
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


def _ring(radius: float) -> Outline:
    t = np.linspace(0, 2 * np.pi, 9)[:-1]
    return [(radius * float(np.cos(a)), radius * 0.85 * float(np.sin(a))) for a in t]


def _hat(fig: Figure, looks: Looks, place: Place) -> list[Mark]:
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
