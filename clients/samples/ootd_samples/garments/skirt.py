"""Skirts, by themselves and as the lower part of a dress."""

from __future__ import annotations

import numpy as np

from ootd_samples.colors import mix, scale
from ootd_samples.figure import WAIST_Y
from ootd_samples.garments.sewing import Sewing, plain
from ootd_samples.geometry import join, smooth
from ootd_samples.pieces import Folds


def skirt(sew: Sewing) -> None:
    """A skirt, from its waistband down."""
    fig, design = sew.fig, sew.design
    waist = WAIST_Y + 0.01 + 0.03 * (1 - design.fit)
    hem = 0.6 + 0.3 * design.length**1.3
    flare = 0.01 + (0.12 if design.has("pleats") else 0.07) * design.flare * (0.4 + design.length)
    skirt_panel(sew, (waist, hem), flare)
    half = (fig.half(waist) + 0.006) * fig.wide
    band = join(
        smooth([(-half, waist - 0.002), (0, waist + 0.003), (half, waist - 0.002)]),
        smooth([(half * 1.02, waist + 0.02), (0, waist + 0.025), (-half * 1.02, waist + 0.02)]),
    )
    cloth = plain((40, 30, 26), "leather") if design.has("belt") else sew.cloth
    sew.piece(band, cloth, at=(0, waist), folds=Folds(depth=0.1), bulge=0.5)
    if design.has("buttons") or design.fabric == "denim":
        sew.seam([(0.009, waist + 0.02), (0.009, hem)])
        ys = np.linspace(waist + 0.012, hem - 0.02, 7)
        metal = mix(design.trim, (170, 150, 110), 0.5)
        sew.buttons([(0.0, float(y)) for y in ys], metal, 0.005)


def skirt_panel(sew: Sewing, span: tuple[float, float], flare: float) -> None:
    """A skirt that spans waist to hem (y) and widens by `flare` (body heights)."""
    fig, design = sew.fig, sew.design
    waist, hem = span
    w, hip = fig.wide, fig.half(0.5) + 0.008
    grow = (hem - 0.51) / max(hem - waist, 1e-6)
    side = smooth(
        [
            ((fig.half(waist) + 0.005) * w, waist),
            ((hip * 0.93 + flare * 0.1) * w, 0.45),
            ((hip + flare * 0.25) * w, 0.51),
            ((hip + flare * (0.3 + 0.35 * grow)) * w, (0.51 + hem) / 2),
            ((hip + flare - (0.008 if flare < 0.03 else 0)) * w, hem),
        ]
    )
    edge = float(side[-1, 0])
    waves, ripple = (9, 0.006) if flare > 0.04 else (3, 0.002)
    xs = np.linspace(edge, -edge, waves)
    ys = hem + 0.016 * (1 - (xs / edge) ** 2) + ripple * np.where(np.arange(waves) % 2, 1, -1)
    bottom = smooth(np.stack([xs, ys], 1))
    top = smooth([(-side[0, 0], waist), (0, waist + 0.005), (side[0, 0], waist)])
    pleated = design.has("pleats")
    wave = 0.02 if pleated else 0.03 + 0.02 * (1 - design.flare)
    depth = 0.55 if pleated else 0.12 + 0.4 * design.flare
    folds = Folds(angle=1.57, wave=wave, depth=depth, stretch=14)
    shape = join(top, side, bottom, side[::-1] * (-1, 1))
    outline = sew.piece(shape, at=(0, 0.5), folds=folds, bulge=0.8).outline
    if pleated:
        top_half, dark = fig.half(waist) * w, scale(sew.base, 0.55)
        for k in np.linspace(-0.9, 0.9, 11):
            middle = (float(k) * (top_half + edge) / 2, (waist + hem) / 2)
            line = [(k * top_half, waist + 0.02), middle, (k * edge, hem + 0.02)]
            sew.line(smooth(fig.at(line)), dark, 0.003, 0.45, clip=outline)
    sew.line(fig.at(bottom - np.array((0, 0.012))), sew.ink, 0.002, 0.35, clip=outline)
