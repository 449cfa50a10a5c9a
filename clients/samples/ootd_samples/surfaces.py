"""What a single garment lies on, hangs on or stands on. (h, w, 3) floats, 0 to 255."""

from __future__ import annotations

import numpy as np

from ootd_samples import patterns
from ootd_samples.background import wall_texture
from ootd_samples.colors import NAMED, RGB, sample
from ootd_samples.pieces import Folds, Frame
from ootd_samples.shading import (
    SURFACES,
    Grid,
    Light,
    coordinates,
    fold_height,
    lambert,
    noise,
    resize,
    uneven,
)

Rng = np.random.Generator
_WOODS: tuple[RGB, ...] = (
    (196, 152, 104), (150, 106, 68), (104, 72, 48), (204, 190, 170), (216, 176, 120),
)  # fmt: skip


def draw(width: int, height: int, kind: str, light: Light, rng: Rng) -> Grid:
    """A surface: `flat` (sheet, wood, carpet, tiles, white), `wall` or `stand` (with a table)."""
    if kind == "wall":
        return _wall(width, height, rng)
    if kind == "stand":
        return _stand(width, height, light, rng)
    chosen = str(
        rng.choice(["white", "sheet", "wood", "carpet", "tiles"], p=[0.25, 0.33, 0.2, 0.12, 0.1])
    )
    return _lit(_surface(chosen, width, height, light, rng), rng)


def _surface(kind: str, width: int, height: int, light: Light, rng: Rng) -> Grid:
    if kind == "sheet":
        return _sheet(width, height, light, rng)
    maker = {"white": _white, "wood": _wood, "carpet": _carpet, "tiles": _floor_tiles}[kind]
    return maker(width, height, rng)


def _lit(surface: Grid, rng: Rng) -> Grid:
    """Light that falls off across the picture."""
    height, width = surface.shape[:2]
    a, b = rng.uniform(-0.13, 0.13, 2)
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :]
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None]
    lit: Grid = surface * (1 + np.float32(a) * xs + np.float32(b) * ys)[..., None]
    return lit


def _plane(tone: Grid, rgb: RGB) -> Grid:
    out: Grid = np.asarray(rgb, np.float32) * tone[..., None]
    return out


def _white(width: int, height: int, rng: Rng) -> Grid:
    level = int(rng.integers(222, 250))
    return _plane(
        uneven(width, height, 0.006, rng), (level, level, level - int(rng.integers(0, 8)))
    )


def _sheet(width: int, height: int, light: Light, rng: Rng) -> Grid:
    name = str(rng.choice([*NAMED, "white", "white", "beige", "gray"]))
    base = sample(name, rng)
    frame = Frame(0.0, 0.0, float(max(width, height)))
    u, v = coordinates(frame, (0, 0, width, height), step=3)
    folds = Folds(float(rng.uniform(0, 3)), float(rng.uniform(0.08, 0.2)), 0.12, 3.0)
    phase = rng.uniform(0, 60, 2)
    relief = fold_height(u, v, folds, SURFACES["cotton"], (float(phase[0]), float(phase[1])))
    diffuse, _ = lambert(relief * max(width, height) / 3, light)
    tone = resize(diffuse, width, height) * uneven(width, height, 0.014, rng)
    if rng.random() < 0.3:
        other = sample(str(rng.choice(NAMED)), rng)
        kind = str(rng.choice(["striped", "checked", "dotted", "floral"]))
        full_u, full_v = coordinates(frame, (0, 0, width, height))
        palette = (base, other, sample(str(rng.choice(NAMED)), rng))
        size = float(rng.uniform(0.03, 0.12))
        seed = int(rng.integers(1 << 30))
        colors = patterns.cloth(
            palette, kind, size, seed, patterns.Place(full_u, full_v, 1 / frame.unit)
        )
        faded = colors * 0.6 + np.asarray(base, np.float32) * 0.4
        return np.asarray(faded * tone[..., None], dtype=np.float32)
    return _plane(tone, base)


def _wood(width: int, height: int, rng: Rng) -> Grid:
    base = _WOODS[int(rng.integers(len(_WOODS)))]
    xs = np.arange(width, dtype=np.float32) / height
    ys = np.arange(height, dtype=np.float32) / height
    gx, gy = np.meshgrid(xs, ys)
    if rng.random() < 0.5:
        gx, gy = gy, gx
    plank = float(rng.uniform(0.1, 0.2))
    v = gy / plank
    row = np.floor(v)
    u = gx + 0.37 * row
    shade = noise(row * 3.3 + 0.5, np.floor(u / 0.9) * 5.1 + 0.5)
    rings = noise(u * 5 + row * 11, v * 9) + 0.4 * noise(u * 12, v * 40)
    joint = np.minimum(np.minimum(v % 1, 1 - v % 1) * plank, (u % 0.9)) * height
    tone = (0.86 + 0.16 * shade + 0.16 * (rings - 0.6)) * (0.62 + 0.38 * np.clip(joint / 2, 0, 1))
    return _plane(tone * uneven(width, height, 0.02, rng), base)


def _carpet(width: int, height: int, rng: Rng) -> Grid:
    base = sample(str(rng.choice(["gray", "beige", "brown", "green", "navy", "red"])), rng)
    xs, ys = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    tone = 0.8 + 0.25 * noise(xs / 5, ys / 5) + 0.15 * noise(xs / 60, ys / 60)
    return _plane(tone * uneven(width, height, 0.08, rng), base)


def _floor_tiles(width: int, height: int, rng: Rng) -> Grid:
    base = sample(str(rng.choice(["white", "gray", "beige"])), rng)
    xs, ys = np.meshgrid(
        np.arange(width, dtype=np.float32) / height, np.arange(height, dtype=np.float32) / height
    )
    angle, size = float(rng.uniform(0, 1.5)), float(rng.uniform(0.2, 0.4))
    u = (xs * np.cos(angle) + ys * np.sin(angle)) / size
    v = (-xs * np.sin(angle) + ys * np.cos(angle)) / size
    edge = np.minimum(np.minimum(u % 1, 1 - u % 1), np.minimum(v % 1, 1 - v % 1)) * size * height
    cell = noise(np.floor(u) * 3.1 + 0.5, np.floor(v) * 7.7 + 0.5)
    veins = noise(u * 3, v * 3 + noise(u * 2, v * 2) * 3)
    tone = (0.92 + 0.08 * cell + 0.07 * veins) * (0.7 + 0.3 * np.clip(edge / 2.5, 0, 1))
    return _plane(tone * uneven(width, height, 0.015, rng), base)


def _wall(width: int, height: int, rng: Rng) -> Grid:
    if rng.random() < 0.6:
        level = rng.uniform(170, 240) + rng.uniform(-12, 12, 3)
        base = np.clip(level, 0, 250).astype(np.float32)
        return _lit(base * uneven(width, height, 0.012, rng)[..., None], rng)
    return _lit(wall_texture(width, height, rng), rng)


def _stand(width: int, height: int, light: Light, rng: Rng) -> Grid:
    """A table or floor in front of a wall, or seamless white."""
    if rng.random() < 0.35:
        out = _white(width, height, rng)
        fall = np.linspace(1.0, float(rng.uniform(0.86, 0.96)), height, dtype=np.float32)
        return out * fall[:, None, None]
    wall = _wall(width, height, rng)
    edge = int(height * rng.uniform(0.42, 0.62))
    kind = str(rng.choice(["wood", "sheet", "white", "tiles", "carpet"]))
    floor = _surface(kind, width, max(8, (height - edge) * 2), light, rng)
    table = resize_rows(floor, height - edge)
    wall[edge:] = table
    band = slice(max(0, edge - 2), edge + 2)
    wall[band] = wall[band].mean(axis=0, keepdims=True)
    return _lit(wall, rng)


def resize_rows(picture: Grid, rows: int) -> Grid:
    """The picture squeezed to fewer rows, as a floor seen at a low angle."""
    channels = [resize(picture[..., i], picture.shape[1], rows) for i in range(3)]
    return np.stack(channels, axis=-1)
