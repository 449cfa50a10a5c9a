"""Light on cloth: noise, folds, volume and the surface of each fabric."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from PIL import Image

from ootd_samples.pieces import Folds, Frame

Grid = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Light:
    """Where the light is: x, y (screen, y down) and z (towards the camera); how hard it is."""

    x: float
    y: float
    z: float
    hardness: float

    @classmethod
    def random(cls, rng: np.random.Generator) -> Light:
        """From above, somewhat to one side; overcast to sunny."""
        return cls(
            x=float(rng.uniform(-0.7, 0.7)),
            y=float(rng.uniform(-0.8, -0.3)),
            z=float(rng.uniform(0.7, 1.1)),
            hardness=float(rng.uniform(0.45, 1.0)),
        )


@dataclass(frozen=True)
class Surface:
    """How a fabric looks: grain and its size, gloss, depth of folds, sharpness of creases."""

    grain: float
    gloss: float
    folds: float
    creases: float
    weave: str = ""


SURFACES: dict[str, Surface] = {
    "cotton": Surface(0.014, 0.02, 1.0, 0.5),
    "jersey": Surface(0.008, 0.08, 0.5, 0.2),
    "silk": Surface(0.012, 0.22, 1.2, 0.2),
    "denim": Surface(0.022, 0.02, 0.8, 0.6, "twill"),
    "knit": Surface(0.028, 0.0, 0.8, 0.1, "knit"),
    "cable": Surface(0.028, 0.0, 0.6, 0.1, "cable"),
    "rib": Surface(0.022, 0.0, 0.4, 0.1, "rib"),
    "fleece": Surface(0.013, 0.0, 0.9, 0.3),
    "wool": Surface(0.016, 0.01, 0.6, 0.2),
    "fur": Surface(0.220, 0.0, 0.4, 0.0),
    "nylon": Surface(0.020, 0.16, 1.1, 0.6),
    "quilted": Surface(0.020, 0.14, 0.5, 0.2, "quilt"),
    "leather": Surface(0.012, 0.30, 0.8, 0.6),
    "suede": Surface(0.030, 0.0, 0.4, 0.2),
    "canvas": Surface(0.025, 0.0, 0.4, 0.2),
    "rubber": Surface(0.015, 0.05, 0.0, 0.0),
    "metal": Surface(0.010, 0.90, 0.0, 0.0),
    "straw": Surface(0.100, 0.02, 0.3, 0.2, "basket"),
    "skin": Surface(0.004, 0.07, 0.12, 0.0),
    "hair": Surface(0.050, 0.10, 1.0, 0.0),
}


@lru_cache(maxsize=1)
def _lattice() -> Grid:
    return np.random.default_rng(20).random((64, 64)).astype(np.float32)


def noise(x: Grid, y: Grid) -> Grid:
    """Smooth value noise, 0 to 1, with features about one unit wide; periodic over 64 units."""
    x0, y0 = np.floor(x), np.floor(y)
    fx, fy = x - x0, y - y0
    fx, fy = fx * fx * (3 - 2 * fx), fy * fy * (3 - 2 * fy)
    ix, iy = x0.astype(np.intp) & 63, y0.astype(np.intp) & 63
    jx, jy = (ix + 1) & 63, (iy + 1) & 63
    t = _lattice()
    top = t[iy, ix] + (t[iy, jx] - t[iy, ix]) * fx
    bottom = t[jy, ix] + (t[jy, jx] - t[jy, ix]) * fx
    out: Grid = top + (bottom - top) * fy
    return out


@lru_cache(maxsize=1)
def _grain() -> Grid:
    """Fine cloth noise of mean 0 and deviation 1, 512 x 512, periodic."""
    rng = np.random.default_rng(21)
    fine = rng.standard_normal((512, 512)).astype(np.float32)
    coarse = (fine + np.roll(fine, 1, 0) + np.roll(fine, 1, 1) + np.roll(fine, (1, 1), (0, 1))) / 2
    out: Grid = (0.5 * fine + 0.86 * coarse).astype(np.float32)
    return out


def rough(width: int, height: int, rng: np.random.Generator) -> Grid:
    """A piece of the grain of that size, from a random place."""
    oy, ox = (int(n) for n in rng.integers(0, 512, 2))
    rows, columns = np.arange(oy, oy + height) & 511, np.arange(ox, ox + width) & 511
    return np.take(np.take(_grain(), rows, 0), columns, 1)


def uneven(width: int, height: int, amount: float, rng: np.random.Generator) -> Grid:
    """Brightness around 1 of a rough surface; `amount` is its deviation."""
    return 1 + amount * rough(width, height, rng)


def box_blur(a: Grid, radius: int, passes: int = 2) -> Grid:
    """Separable box blur (edges repeated), `passes` times; close to a Gaussian from 2 on."""
    if radius < 1:
        return a
    k = 2 * radius + 1
    for _ in range(passes):
        for axis in (0, 1):
            pad = [(0, 0), (0, 0)]
            pad[axis] = (radius + 1, radius)
            c = np.cumsum(np.pad(a, pad, mode="edge"), axis=axis, dtype=np.float64)
            hi = c[k:] if axis == 0 else c[:, k:]
            lo = c[:-k] if axis == 0 else c[:, :-k]
            a = ((hi - lo) / k).astype(np.float32)
    return a


def resize(a: Grid, width: int, height: int) -> Grid:
    """Bilinear resize of one channel of floats."""
    image = Image.fromarray(np.ascontiguousarray(a, dtype=np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR), dtype=np.float32)


def fold_height(
    u: Grid, v: Grid, folds: Folds, surface: Surface, phase: tuple[float, float]
) -> Grid:
    """Height of the folds in body heights at cloth coordinates u, v."""
    c, s = np.float32(np.cos(folds.angle)), np.float32(np.sin(folds.angle))
    along, across = u * c + v * s, -u * s + v * c
    wave = np.float32(folds.wave)
    # Folds wander: bend the coordinate across them by a slow noise.
    bend = noise(along / (wave * 4) + phase[1], across / (wave * 4) + phase[0])
    x = across / wave + 1.6 * bend + phase[0]
    y = along / (wave * folds.stretch) + phase[1]
    wide = noise(x, y)
    narrow = noise(x * 2.1 + 17, y * 1.7 + 5)
    crease = 1 - np.abs(2 * narrow - 1)
    depth = folds.depth * surface.folds * wave
    out: Grid = depth * (wide + 0.35 * narrow - 0.35 * surface.creases * crease * crease)
    return out


def lambert(height: Grid, light: Light, *, glossy: bool = True) -> tuple[Grid, Grid | None]:
    """Diffuse light (1 on a flat surface) and highlight (0 to 1) on a height field in px.

    The highlight is left out unless `glossy`.
    """
    gy, gx = np.gradient(height)
    length = np.sqrt(1 + gx * gx + gy * gy)
    flat = np.sqrt(light.x**2 + light.y**2 + light.z**2)
    facing = (-gx * light.x - gy * light.y + light.z) / length
    diffuse = np.clip(facing / light.z, 0.0, 1.8)
    ambient = 0.62 - 0.27 * light.hardness
    shaded = (ambient + (1 - ambient) * diffuse).astype(np.float32)
    if not glossy:
        return shaded, None
    # Halfway vector towards a camera straight ahead.
    hx, hy, hz = light.x / flat, light.y / flat, light.z / flat + 1
    half = np.sqrt(hx * hx + hy * hy + hz * hz)
    gleam = np.clip((-gx * hx - gy * hy + hz) / (length * half), 0, 1)
    gleam = gleam * gleam
    gleam = gleam * gleam * gleam
    gleam = gleam * gleam * gleam  # to the 18th power
    return shaded, gleam.astype(np.float32)


_WEAVES: dict[str, Callable[[Grid, Grid], Grid]] = {
    "twill": lambda u, v: 1 + 0.035 * _wave((u + 1.4 * v) / 0.0042),
    "knit": lambda u, v: 1 + 0.05 * _wave(v / 0.0075 + 0.19 * _wave(u / 0.0075)),
    "rib": lambda u, v: 1 + 0.11 * _wave(u / 0.0085 + 0 * v),
    "cable": lambda u, v: (
        1 + 0.12 * _wave(u / 0.042 + 0.14 * _wave(v / 0.035)) + 0.04 * _wave(v / 0.0075)
    ),
    "quilt": lambda u, v: 0.72 + 0.34 * np.clip(4 * _diamond(u / 0.03, v / 0.03), 0, 1),
    "basket": lambda u, v: 1 + 0.14 * _wave(u / 0.016) * _wave(v / 0.012),
}


def _wave(x: Grid) -> Grid:
    out: Grid = np.sin(np.float32(2 * np.pi) * x)
    return out


def _diamond(u: Grid, v: Grid) -> Grid:
    """Distance to the nearest seam of a diamond quilt, in periods."""
    a, b = (u + v) % 1, (u - v) % 1
    out: Grid = np.minimum(np.minimum(a, 1 - a), np.minimum(b, 1 - b))
    return out


def weave_relief(kind: str, u: Grid, v: Grid) -> Grid:
    """Brightness of a weave, around 1, at cloth coordinates in body heights."""
    return _WEAVES[kind](u, v)


def coordinates(
    frame: Frame, window: tuple[int, int, int, int], step: int = 1
) -> tuple[Grid, Grid]:
    """Cloth coordinates u, v (body heights) of the pixels of a box, every `step` pixels."""
    x0, y0, x1, y1 = window
    xs = np.arange(x0, x1, step, dtype=np.float32) + step / 2 - np.float32(frame.x)
    ys = np.arange(y0, y1, step, dtype=np.float32) + step / 2 - np.float32(frame.y)
    gx, gy = np.meshgrid(xs / frame.unit, ys / frame.unit)
    c, s = np.float32(np.cos(frame.angle)), np.float32(np.sin(frame.angle))
    return gx * c + gy * s, -gx * s + gy * c
