"""Outlines: smooth curves, tubes along limbs, simple shapes. Points are (n, 2) arrays of x, y."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Points = Sequence[Sequence[float]] | Sequence[Floats] | Floats


def array(points: Points) -> Floats:
    """Points as an (n, 2) float array."""
    return np.asarray(points, dtype=np.float64).reshape(-1, 2)


def smooth(points: Points, *, closed: bool = False, per: int = 8) -> Floats:
    """A Catmull-Rom curve through the points, `per` samples a span; corners are never cut off."""
    p = array(points)
    if len(p) < 3:
        return p
    before, after = (p[-1:], p[:2]) if closed else (2 * p[:1] - p[1:2], 2 * p[-1:] - p[-2:-1])
    q = np.concatenate([before, p, after])
    spans = len(p) if closed else len(p) - 1
    t = np.linspace(0.0, 1.0, per, endpoint=False)[None, :, None]
    a, b, c, d = (q[i : i + spans, None, :] for i in range(4))
    curve = 0.5 * (
        2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3
    )
    flat = curve.reshape(-1, 2)
    return flat if closed else np.concatenate([flat, p[-1:]])


def join(*parts: Points) -> Floats:
    """One outline from several curves; sharp corners stay where they meet."""
    return np.concatenate([array(part) for part in parts])


def rotate(points: Points, angle: float, about: Points = ((0.0, 0.0),)) -> Floats:
    """The points turned by `angle` radians (clockwise on screen, where y points down)."""
    p, center = array(points), array(about)
    c, s = np.cos(angle), np.sin(angle)
    turned: Floats = (p - center) @ np.array([[c, s], [-s, c]]) + center
    return turned


def moved(points: Floats, x: float, y: float) -> Floats:
    """The points shifted by x and y."""
    shifted: Floats = points + np.array([x, y])
    return shifted


def direction(start: Floats, end: Floats) -> Floats:
    """The unit vector from one point to another."""
    step: Floats = end - start
    return step / max(float(np.hypot(*step)), 1e-6)


def ellipse(center: Points, rx: float, ry: float, *, angle: float = 0.0, n: int = 28) -> Floats:
    """An ellipse as a closed outline."""
    t = np.linspace(0, 2 * np.pi, n, endpoint=False)
    c = array(center)
    return rotate(np.stack([c[0, 0] + rx * np.cos(t), c[0, 1] + ry * np.sin(t)], 1), angle, c)


def rounded(x0: float, y0: float, x1: float, y1: float, radius: float) -> Floats:
    """A rectangle with rounded corners as a closed outline."""
    r = min(radius, (x1 - x0) / 2, (y1 - y0) / 2)
    corners = []
    for cx, cy, start in ((x1 - r, y0 + r, -90), (x1 - r, y1 - r, 0), (x0 + r, y1 - r, 90)):
        corners.append(_arc(cx, cy, r, start))
    corners.append(_arc(x0 + r, y0 + r, r, 180))
    return join(*corners)


def _arc(cx: float, cy: float, r: float, start: float) -> Floats:
    t = np.radians(np.linspace(start, start + 90, 7))
    return np.stack([cx + r * np.cos(t), cy + r * np.sin(t)], 1)


def normals(line: Points) -> Floats:
    """Unit normals (to the left of the direction of travel on screen) of an open curve."""
    p = array(line)
    d = np.gradient(p, axis=0)
    d /= np.maximum(np.hypot(d[:, 0], d[:, 1]), 1e-9)[:, None]
    return np.stack([d[:, 1], -d[:, 0]], 1)


def tube(centers: Points, widths: Sequence[float], *, per: int = 8) -> Floats:
    """Outline of a limb: `widths` are the half widths at the centres; flat ends."""
    line = smooth(centers, per=per)
    stations = np.linspace(0.0, 1.0, len(widths))
    # The same spline gives smooth widths.
    curve = smooth(np.stack([stations, np.asarray(widths, dtype=np.float64)], 1), per=per)
    w = np.interp(np.linspace(0, 1, len(line)), curve[:, 0], curve[:, 1])
    n = normals(line) * w[:, None]
    return np.concatenate([line + n, (line - n)[::-1]])


def along(centers: Points, start: float, stop: float, *, per: int = 12) -> Floats:
    """The part of the curve through `centers` between two fractions of its length, 0 to 1."""
    line = smooth(centers, per=per)
    steps = np.hypot(*np.diff(line, axis=0).T)
    s = np.concatenate([[0.0], np.cumsum(steps)]) / max(float(steps.sum()), 1e-9)
    want = np.linspace(start, stop, max(4, int(per * 2 * abs(stop - start)) + 2))
    return np.stack([np.interp(want, s, line[:, 0]), np.interp(want, s, line[:, 1])], 1)


def bounds(*outlines: Floats) -> tuple[float, float, float, float]:
    """x0, y0, x1, y1 around all the points."""
    p = np.concatenate(outlines)
    x0, y0 = p.min(axis=0)
    x1, y1 = p.max(axis=0)
    return float(x0), float(y0), float(x1), float(y1)


def area_and_perimeter(outline: Floats) -> tuple[float, float]:
    """Area and perimeter of a closed outline."""
    nxt = np.roll(outline, -1, axis=0)
    cross = outline[:, 0] * nxt[:, 1] - outline[:, 1] * nxt[:, 0]
    return abs(float(cross.sum())) / 2, float(np.hypot(*(nxt - outline).T).sum())
