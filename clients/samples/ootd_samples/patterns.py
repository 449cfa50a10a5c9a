"""Patterns of cloth: the colour at a place on it. Lengths are in body heights."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFont

from ootd_samples.colors import RGB, mix, scale

Grid = npt.NDArray[np.float32]

_TILE = 160  # pixels of one period of a floral cloth
_PRINT = 160  # pixels of a printed motif
_WORDS = ("OOTD", "PARIS", "CLUB", "WAVE", "NO 7", "STAY", "LOUD", "1994", "TOKYO", "MOON", "SURF")


class Place(NamedTuple):
    """Cloth coordinates u (across) and v (down) of each pixel, and the size of a pixel."""

    u: Grid
    v: Grid
    pixel: float


def cloth(palette: tuple[RGB, ...], pattern: str, size: float, seed: int, place: Place) -> Grid:
    """Colours (..., 3), 0 to 255, at a place of the cloth; `size` is the pattern's period.

    Edges are blended over one pixel. A `graphic` cloth is plain here: `printed` adds its motif.
    """
    u, v, pixel = place
    base: Grid = np.broadcast_to(np.asarray(palette[0], np.float32), (*u.shape, 3))
    if pattern in ("solid", "graphic") or len(palette) < 3:
        return base
    accent, third = (np.asarray(c, np.float32) for c in palette[1:3])
    variant = int(np.random.default_rng([seed, 7]).integers(6))
    if pattern == "striped":
        return _stripes((base, accent, third), variant, size, place)
    if pattern == "checked":
        return _checks((base, accent, third), variant, size, place)
    if pattern == "dotted":
        row = np.floor(v / size)
        du = np.abs((u / size + 0.5 * (row % 2)) % 1 - 0.5) * size
        dv = np.abs((v / size) % 1 - 0.5) * size
        radius = size * (0.2 + 0.035 * variant)
        return _over(base, accent, (radius - np.hypot(du, dv)) / pixel + 0.5)
    if pattern == "floral":
        return _sample(_flowers(palette, seed), u / (size * 3.2), v / (size * 3.2))
    raise ValueError(f"unknown pattern {pattern!r}")


def _over(under: Grid, color: Grid, alpha: Grid) -> Grid:
    a = np.clip(alpha, 0, 1)[..., None].astype(np.float32)
    out: Grid = under + (color - under) * a
    return out


def _band(x: Grid, period: float, width: float, pixel: float, shift: float = 0.0) -> Grid:
    away = np.abs((x / period + shift) % 1 - 0.5) * period
    out: Grid = np.clip((width / 2 - away) / pixel + 0.5, 0, 1)
    return out


def _stripes(colors: tuple[Grid, Grid, Grid], variant: int, size: float, place: Place) -> Grid:
    base, accent, third = colors
    u, v, pixel = place
    x = u if variant in (4, 5) else v
    if variant == 5:  # pin stripes
        return _over(base, accent, _band(x, size * 0.6, size * 0.07, pixel))
    width = size * (0.3, 0.4, 0.5, 0.22, 0.38, 0)[variant]
    out = _over(base, accent, _band(x, size, width, pixel))
    if variant in (1, 3):
        out = _over(out, third, _band(x, size * 2, size * 0.2, pixel, 0.25))
    return out


def _checks(colors: tuple[Grid, Grid, Grid], variant: int, size: float, place: Place) -> Grid:
    base, accent, third = colors
    u, v, pixel = place
    across, down = _band(u, size, size / 2, pixel), _band(v, size, size / 2, pixel)
    if variant < 2:  # gingham
        return _over(base, accent, 0.5 * (across + down))
    if variant == 2:  # window pane
        line = np.maximum(_band(u, size, size * 0.1, pixel), _band(v, size, size * 0.1, pixel))
        return _over(base, accent, line)
    size *= 1.7  # tartan
    wide = 0.38 * (_band(u, size, size / 2, pixel) + _band(v, size, size / 2, pixel))
    out = _over(base, accent, wide)
    thin = np.maximum(
        _band(u, size, size * 0.06, pixel, 0.5), _band(v, size, size * 0.06, pixel, 0.5)
    )
    return _over(out, third, 0.8 * thin)


def _sample(tile: Grid, u: Grid, v: Grid) -> Grid:
    """Bilinear samples of a periodic tile at u, v in periods."""
    h, w = tile.shape[:2]
    x, y = (u % 1) * w, (v % 1) * h
    x0, y0 = np.floor(x).astype(np.intp), np.floor(y).astype(np.intp)
    fx, fy = (x - x0)[..., None].astype(np.float32), (y - y0)[..., None].astype(np.float32)
    x0, y0 = x0 % w, y0 % h
    x1, y1 = (x0 + 1) % w, (y0 + 1) % h
    top = tile[y0, x0] * (1 - fx) + tile[y0, x1] * fx
    bottom = tile[y1, x0] * (1 - fx) + tile[y1, x1] * fx
    out: Grid = top * (1 - fy) + bottom * fy
    return out


@lru_cache(maxsize=64)
def _flowers(palette: tuple[RGB, ...], seed: int) -> Grid:
    """One period of a floral cloth, (n, n, 3), 0 to 255."""
    rng = np.random.default_rng([seed, 11])
    side = _TILE * 2
    tile = Image.new("RGB", (side, side), palette[0])
    draw = ImageDraw.Draw(tile)
    leaf = mix((58, 96, 58), palette[0], 0.25)
    petals = int(rng.integers(5, 7))
    radius = side * float(rng.uniform(0.05, 0.085))
    for _ in range(int(rng.integers(9, 15))):
        x, y, turn = (float(n) for n in rng.uniform((0, 0, 0), (side, side, 6.28)))
        r = radius * float(rng.uniform(0.6, 1.3))
        color = palette[1] if rng.random() < 0.6 else palette[2]
        for dx in (-side, 0, side):
            for dy in (-side, 0, side):
                _flower(draw, (x + dx, y + dy), r, turn, petals, fill=color, leaf=leaf)
    return np.asarray(tile.reduce(2), dtype=np.float32)


def _flower(
    draw: ImageDraw.ImageDraw,
    at: tuple[float, float],
    r: float,
    turn: float,
    petals: int,
    *,
    fill: RGB,
    leaf: RGB,
) -> None:
    x, y = at
    for k in (0.6, 2.6):
        lx, ly = x + 1.5 * r * np.cos(turn + k), y + 1.5 * r * np.sin(turn + k)
        draw.line([(x, y), (lx, ly)], fill=leaf, width=max(1, int(r * 0.25)))
        draw.ellipse([lx - r * 0.45, ly - r * 0.3, lx + r * 0.45, ly + r * 0.3], fill=leaf)
    for i in range(petals):
        a = turn + i * 2 * np.pi / petals
        px, py, pr = x + 0.6 * r * np.cos(a), y + 0.6 * r * np.sin(a), 0.48 * r
        draw.ellipse([px - pr, py - pr, px + pr, py + pr], fill=scale(fill, 0.9 + 0.06 * (i % 3)))
    heart = (236, 196, 84) if sum(fill) > 240 else scale(fill, 2.2)
    draw.ellipse([x - 0.25 * r, y - 0.25 * r, x + 0.25 * r, y + 0.25 * r], fill=heart)


@lru_cache(maxsize=64)
def motif(palette: tuple[RGB, ...], seed: int) -> Grid:
    """The printed motif of a `graphic` cloth: (n, n, 4), colours 0 to 255 and alpha 0 to 1."""
    rng = np.random.default_rng([seed, 13])
    side = _PRINT * 2
    art = Image.new("RGBA", (side, side), (*palette[1], 0))
    draw = ImageDraw.Draw(art)
    one, two = (*palette[1], 255), (*palette[min(2, len(palette) - 1)], 255)
    kind = int(rng.integers(5))
    c = side / 2
    if kind == 0:  # sun over hills
        draw.ellipse([c - 90, 20, c + 90, 200], fill=two)
        draw.polygon([(10, 230), (110, 90), (190, 180), (240, 120), (310, 230)], fill=one)
    elif kind == 1:  # star
        a = np.arange(10) * np.pi / 5 - np.pi / 2
        r = np.where(np.arange(10) % 2, 52, 125)
        star = [(c + x, 125 + y) for x, y in zip(r * np.cos(a), r * np.sin(a), strict=True)]
        draw.polygon(star, fill=one)
        draw.ellipse([c - 30, 95, c + 30, 155], fill=two)
    elif kind == 2:  # badge
        draw.ellipse([c - 130, 0, c + 130, 250], fill=one)
        draw.ellipse([c - 105, 25, c + 105, 225], fill=(*palette[0], 255))
        draw.polygon([(c - 70, 190), (c, 50), (c + 70, 190)], fill=two)
    elif kind == 3:  # cat's head
        draw.polygon([(c - 110, 10), (c - 90, 150), (c - 10, 60)], fill=one)
        draw.polygon([(c + 110, 10), (c + 90, 150), (c + 10, 60)], fill=one)
        draw.ellipse([c - 110, 50, c + 110, 240], fill=one)
        for x in (c - 45, c + 45):
            draw.ellipse([x - 18, 115, x + 18, 155], fill=two)
    else:  # bars
        for i in range(5):
            width = int(rng.integers(120, 300))
            draw.rectangle([c - width / 2, i * 46, c + width / 2, i * 46 + 26], fill=one)
    word = _WORDS[int(rng.integers(len(_WORDS)))]
    font = ImageFont.load_default(size=72)
    draw.text((c, 284), word, font=font, fill=one, anchor="mm", stroke_width=3, stroke_fill=one)
    out = np.asarray(art.reduce(2), dtype=np.float32).copy()
    out[..., 3] /= 255
    return out


def printed(under: Grid, art: Grid, place: Place, half: float) -> Grid:
    """`under` with the motif on it: centred at u = v = 0, `half` its half width."""
    u, v, pixel = place
    inside = (np.abs(u) < half) & (np.abs(v) < half)
    if not inside.any():
        return under
    n = art.shape[0]
    step = max(1, round(n * pixel / (2 * half)))
    if step > 1:  # average first, or thin lines of the motif break up
        m = n // step * step
        art = art[:m, :m].reshape(m // step, step, m // step, step, 4).mean(axis=(1, 3))
    got = _sample(art, (u + half) / (2 * half), (v + half) / (2 * half))
    alpha = got[..., 3] * inside * 0.92
    return _over(under, got[..., :3], alpha)


@lru_cache(maxsize=256)
def shares(palette: tuple[RGB, ...], pattern: str, size: float, seed: int) -> dict[RGB, float]:
    """How much of the cloth each colour of the palette covers; sums to 1."""
    if pattern in ("solid", "graphic"):
        return {palette[0]: 1.0}
    line = np.linspace(0, 4 * size, 97, dtype=np.float32)[:-1]
    u, v = np.meshgrid(line, line)
    drawn = cloth(palette, pattern, size, seed, Place(u, v, size / 24)).reshape(-1, 1, 3)
    nearest = np.abs(drawn - np.asarray(palette, np.float32)[None]).sum(-1).argmin(1)
    counts = np.bincount(nearest, minlength=len(palette)) / len(nearest)
    return {rgb: float(n) for rgb, n in zip(palette, counts, strict=True)}
