"""What stands behind a person: streets, walls, rooms, parks, studios.

Pictures are (height, width, 3) floats, 0 to 255.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from ootd_samples.colors import RGB, scale
from ootd_samples.shading import Grid, noise, resize, uneven

Rng = np.random.Generator


def draw(width: int, height: int, ground: float, rng: Rng) -> Grid:
    """A background whose ground starts about `ground` (share of the height) from the top."""
    makers: list[Callable[[int, int, float, Rng], Grid]] = [_street, _wall, _studio, _room, _park]
    chosen = makers[int(rng.choice(len(makers), p=[0.38, 0.24, 0.12, 0.12, 0.14]))]
    return chosen(width, height, ground, rng)


def _rgb(rng: Rng, low: float, high: float, tint: float) -> RGB:
    level = float(rng.uniform(low, high))
    r, g, b = (int(np.clip(level + rng.uniform(-tint, tint), 0, 255)) for _ in range(3))
    return r, g, b


def _field(width: int, height: int, cell: float, rng: Rng) -> Grid:
    """Smooth noise over a picture, 0 to 1; `cell` is its size in px."""
    shift = rng.uniform(0, 60, 2)
    xs = (np.arange(0, width, 4, dtype=np.float32) / cell) + np.float32(shift[0])
    ys = (np.arange(0, height, 4, dtype=np.float32) / cell) + np.float32(shift[1])
    gx, gy = np.meshgrid(xs, ys)
    return resize(0.65 * noise(gx, gy) + 0.35 * noise(gx * 2.3, gy * 2.3), width, height)


def _slope(width: int, low: float, high: float, rng: Rng) -> Grid:
    """Light that falls off from one side to the other."""
    left, right = (float(n) for n in rng.uniform(low, high, 2))
    return np.linspace(left, right, width, dtype=np.float32)[None, :, None]


def _blurred(image: Image.Image, width: int, height: int, radius: float) -> Grid:
    soft = image.filter(ImageFilter.GaussianBlur(radius))
    big = soft.resize((width, height), Image.Resampling.BICUBIC)
    return np.asarray(big, dtype=np.float32).copy()


def ground_plane(
    far: Grid, ground: float, color: RGB, rng: Rng, *, tile: str | None = None
) -> Grid:
    """`far` with a floor in perspective below the horizon line."""
    height, width = far.shape[:2]
    top = int(height * ground)
    rows = height - top
    if rows < 4:
        return far
    y = ((np.arange(rows) + 1) / rows).astype(np.float32)
    depth = 1 / (0.12 + y)
    x = (np.arange(width, dtype=np.float32) / width - 0.5)[None, :] * depth[:, None] * 3
    z = np.broadcast_to(depth[:, None] * 4, x.shape) + np.float32(rng.uniform(0, 1))
    x = x + np.float32(rng.uniform(-0.5, 0.5)) + 0.12 * z * np.float32(rng.uniform(-1, 1))
    tone = 0.86 + 0.28 * _field(width, rows, width / 5, rng)
    tone *= uneven(width, rows, 0.025, rng)
    kind = tile or str(rng.choice(["plain", "slabs", "cobble", "brick"], p=[0.4, 0.25, 0.2, 0.15]))
    if kind != "plain":
        tone *= _tiles(kind, x.astype(np.float32), z.astype(np.float32), y)
    tone *= (0.9 + 0.16 * y)[:, None]
    far[top:] = np.asarray(color, np.float32) * tone[..., None]
    # A soft edge where the floor meets what is behind it.
    band = max(2, rows // 30)
    mixed = far[top - band : top + band].mean(axis=0, keepdims=True)
    far[top - band : top + band] = 0.6 * far[top - band : top + band] + 0.4 * mixed
    return far


def _tiles(kind: str, x: Grid, z: Grid, y: Grid) -> Grid:
    size = {"slabs": 1.0, "cobble": 0.22, "brick": 0.3, "planks": 0.35}[kind]
    u, v = x / size, z / (size * (6.0 if kind == "planks" else 1.0))
    row = np.floor(v)
    if kind in ("cobble", "brick"):
        u = (u + 0.5 * (row % 2)).astype(np.float32)
    if kind == "planks":
        v = (v + 0.37 * np.floor(u)).astype(np.float32)
    cell = noise(np.floor(u) * 7.3 + 0.5, np.floor(v) * 3.7 + 0.5)
    edge = np.minimum(np.minimum(u % 1, 1 - u % 1), np.minimum(v % 1, 1 - v % 1))
    # Joints are finer than a pixel far away: fade them there.
    joint = np.clip(edge * (8 if kind == "slabs" else 4) * (0.3 + y[:, None]), 0, 1)
    near = np.clip(y[:, None] * 1.6, 0.2, 1)
    return np.asarray(1 + near * (0.22 * (cell - 0.5) - 0.3 * (1 - joint)), dtype=np.float32)


def _street(width: int, height: int, ground: float, rng: Rng) -> Grid:
    w, h = max(32, width // 3), max(32, height // 3)
    sky = _rgb(rng, 150, 235, 18)
    image = Image.new("RGB", (w, h), sky)
    draw = ImageDraw.Draw(image)
    x = -int(rng.integers(0, w // 3))
    while x < w:
        wide = int(w * rng.uniform(0.18, 0.5))
        top = int(h * rng.uniform(-0.3, 0.35))
        _facade(draw, (x, top, x + wide, int(h * ground) + 2), rng)
        x += wide + int(rng.random() < 0.3) * int(w * rng.uniform(0.02, 0.15))
    for _ in range(int(rng.integers(0, 4))):
        _car(draw, w, h, ground, rng)
    for _ in range(int(rng.integers(0, 3))):
        _tree(draw, w, h, ground, rng)
    if rng.random() < 0.5:
        x0 = float(rng.uniform(0, w))
        draw.rectangle([x0, 0, x0 + max(1, w * 0.012), h * ground], fill=_rgb(rng, 30, 90, 8))
    if rng.random() < 0.4:
        y0 = h * (ground + rng.uniform(0.0, 0.03))
        draw.rectangle([0, y0, w, y0 + h * 0.03], fill=_rgb(rng, 120, 190, 8))
    far = _blurred(image, width, height, float(rng.uniform(0.8, 3.5)))
    return ground_plane(far, ground, _rgb(rng, 75, 175, 10), rng)


def _facade(draw: ImageDraw.ImageDraw, box: tuple[int, int, int, int], rng: Rng) -> None:
    x0, y0, x1, y1 = box
    wall = _rgb(rng, 60, 205, 13)
    draw.rectangle(box, fill=wall)
    if x1 - x0 < 8:
        return
    step_x, step_y = int(max(6, (x1 - x0) / rng.integers(2, 6))), int(rng.integers(18, 40))
    glass = scale(wall, float(rng.uniform(0.3, 0.7)))
    frame = scale(wall, 1.15)
    for x in range(x0 + 3, x1 - step_x // 2, step_x):
        for y in range(y0 + 6, y1 - step_y // 2, step_y):
            right, low = x + int(step_x * 0.6), y + int(step_y * 0.65)
            draw.rectangle([x - 1, y - 1, right + 1, low + 1], fill=frame)
            draw.rectangle([x, y, right, low], fill=scale(glass, float(rng.uniform(0.8, 1.3))))
    if rng.random() < 0.4:  # a shop front
        shop = _rgb(rng, 30, 120, 40)
        draw.rectangle([x0, int(y1 - (y1 - y0) * 0.24), x1, y1], fill=shop)


def _car(draw: ImageDraw.ImageDraw, w: int, h: int, ground: float, rng: Rng) -> None:
    color = _rgb(rng, 20, 210, 24)
    length, x = w * float(rng.uniform(0.35, 0.7)), w * float(rng.uniform(-0.3, 0.9))
    base = h * (ground + 0.02)
    tall = length * 0.3
    draw.ellipse([x, base - tall * 0.15, x + length, base + tall * 0.12], fill=(30, 30, 32))
    draw.rounded_rectangle([x, base - tall * 0.65, x + length, base], tall * 0.2, fill=color)
    roof = [(x + length * 0.2, base - tall * 0.6), (x + length * 0.32, base - tall * 1.1)]
    roof += [(x + length * 0.7, base - tall * 1.1), (x + length * 0.85, base - tall * 0.6)]
    draw.polygon(roof, fill=scale(color, 0.45))
    for k in (0.2, 0.8):
        cx, r = x + length * k, tall * 0.22
        draw.ellipse([cx - r, base - r, cx + r, base + r], fill=(24, 24, 26))
        draw.ellipse([cx - r / 2, base - r / 2, cx + r / 2, base + r / 2], fill=(140, 140, 144))


def _tree(draw: ImageDraw.ImageDraw, w: int, h: int, ground: float, rng: Rng) -> None:
    x, top = w * float(rng.uniform(0, 1)), h * float(rng.uniform(-0.05, 0.25))
    trunk = w * 0.02
    draw.rectangle([x - trunk, top, x + trunk, h * ground], fill=(72, 58, 46))
    green = np.array([60, 92, 48]) * rng.uniform(0.7, 1.5)
    for _ in range(40):
        cx, cy = x + rng.normal(0, w * 0.13), top + rng.normal(0, h * 0.09)
        r = w * float(rng.uniform(0.015, 0.06))
        r0, g0, b0 = (int(v) for v in np.clip(green * rng.uniform(0.7, 1.3), 0, 255))
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(r0, g0, b0))


def wall_texture(width: int, height: int, rng: Rng) -> Grid:
    """A wall filling the picture: plaster, brick, concrete panels, shutters or stone."""
    kind = str(rng.choice(["plaster", "brick", "panels", "shutter", "stone"]))
    base = _rgb(rng, 90, 225, 14) if kind != "brick" else (150, 84, 66)
    if kind == "brick" and rng.random() < 0.4:
        base = _rgb(rng, 150, 225, 8)
    tone = 0.88 + 0.24 * _field(width, height, width / 3, rng)
    tone *= uneven(width, height, 0.018, rng)
    xs, ys = np.meshgrid(
        np.arange(width, dtype=np.float32) / width, np.arange(height, dtype=np.float32) / width
    )
    if kind in ("brick", "stone"):
        size = 0.05 if kind == "brick" else 0.16
        v = ys / (size * 0.45)
        u = xs / size + 0.5 * (np.floor(v) % 2)
        edge = np.minimum(np.minimum(u % 1, 1 - u % 1) * 2.2, np.minimum(v % 1, 1 - v % 1))
        cell = noise(np.floor(u) * 5.3 + 0.5, np.floor(v) * 9.1 + 0.5)
        joint = np.clip(edge * 8, 0, 1)
        tone *= (0.85 + 0.3 * cell) * (0.72 + 0.28 * joint)
    elif kind == "panels":
        edge = np.minimum((xs / 0.45) % 1, (ys / 0.6) % 1)
        tone *= np.where(edge < 0.012, 0.72, 1.0)
    elif kind == "shutter":
        tone *= 0.9 + 0.14 * ((ys / 0.035) % 1)
    out: Grid = np.asarray(base, np.float32) * tone[..., None]
    return out


def _wall(width: int, height: int, ground: float, rng: Rng) -> Grid:
    far = wall_texture(width, height, rng)
    ground = min(0.93, ground + 0.12)
    if rng.random() < 0.35:
        x0, x1 = sorted(float(n) for n in rng.uniform(-0.1, 1.1, 2))
        left, right = int(max(0, x0) * width), int(min(1.0, x1) * width)
        door = np.asarray(_rgb(rng, 30, 140, 30), np.float32)
        top = int(height * rng.uniform(0.0, 0.25))
        far[top : int(height * ground), left:right] = door
    far *= _slope(width, 0.82, 1.12, rng)
    return ground_plane(far, ground, _rgb(rng, 90, 185, 10), rng)


def _studio(width: int, height: int, ground: float, rng: Rng) -> Grid:
    base = np.asarray(_rgb(rng, 130, 250, 12), np.float32)
    if rng.random() < 0.25:
        base = rng.uniform(70, 235, 3).astype(np.float32)
    xs = np.linspace(-1, 1, width, dtype=np.float32)[None, :] - np.float32(rng.uniform(-0.4, 0.4))
    ys = np.linspace(-1, 1, height, dtype=np.float32)[:, None] + np.float32(0.2)
    glow = 1.04 - float(rng.uniform(0.05, 0.25)) * (xs**2 + ys**2)
    floor = np.clip((np.linspace(0, 1, height, dtype=np.float32) - ground) * 8, 0, 1)
    tone = glow * (1 - 0.07 * floor[:, None])
    out: Grid = base * (tone * uneven(width, height, 0.006, rng))[..., None]
    return out


def _room(width: int, height: int, ground: float, rng: Rng) -> Grid:
    ground = min(0.92, ground + 0.1)
    w, h = max(32, width // 2), max(32, height // 2)
    wall = _rgb(rng, 150, 238, 14)
    image = Image.new("RGB", (w, h), wall)
    draw = ImageDraw.Draw(image)
    floor = h * ground
    for _ in range(int(rng.integers(0, 3))):
        x, y = w * float(rng.uniform(-0.1, 0.9)), h * float(rng.uniform(0.02, 0.35))
        fw, fh = w * float(rng.uniform(0.15, 0.35)), h * float(rng.uniform(0.1, 0.25))
        draw.rectangle([x - 2, y - 2, x + fw + 2, y + fh + 2], fill=_rgb(rng, 30, 120, 10))
        draw.rectangle([x, y, x + fw, y + fh], fill=_rgb(rng, 90, 240, 40))
    if rng.random() < 0.4:  # a door or a mirror
        x = w * float(rng.uniform(-0.1, 0.8))
        draw.rectangle([x, h * 0.1, x + w * 0.3, floor], fill=scale(wall, 0.85))
        draw.rectangle([x + 3, h * 0.12, x + w * 0.3 - 3, floor], fill=scale(wall, 0.95))
    if rng.random() < 0.4:
        _plant(draw, w * float(rng.uniform(0.05, 0.95)), floor, h, rng)
    draw.rectangle([0, floor - h * 0.025, w, floor], fill=scale(wall, 1.08))
    far = _blurred(image, width, height, float(rng.uniform(0.6, 2.0)))
    far *= _slope(width, 0.8, 1.1, rng)
    wood = [(150, 108, 70), (186, 146, 102), (108, 76, 52), (176, 164, 150)]
    return ground_plane(far, ground, wood[int(rng.integers(4))], rng, tile="planks")


def _plant(draw: ImageDraw.ImageDraw, x: float, floor: float, h: int, rng: Rng) -> None:
    rim, foot, top = h * 0.04, h * 0.03, floor - h * 0.09
    pot = [(x - rim, top), (x + rim, top), (x + foot, floor), (x - foot, floor)]
    draw.polygon(pot, fill=_rgb(rng, 90, 220, 20))
    for _ in range(14):
        a, r = rng.uniform(-1.3, 1.3), h * float(rng.uniform(0.1, 0.22))
        tip = (x + r * np.sin(a), floor - h * 0.09 - r * np.cos(a))
        green = (int(rng.integers(30, 80)), int(rng.integers(80, 140)), int(rng.integers(30, 80)))
        draw.line([(x, floor - h * 0.09), tip], fill=green, width=max(2, h // 60))


def _park(width: int, height: int, ground: float, rng: Rng) -> Grid:
    w, h = max(32, width // 3), max(32, height // 3)
    image = Image.new("RGB", (w, h), _rgb(rng, 170, 235, 14))
    draw = ImageDraw.Draw(image)
    season = np.array([[70, 104, 50], [96, 110, 52], [168, 112, 50]])[int(rng.integers(3))]
    for _ in range(170):
        cx, cy = float(rng.uniform(0, w)), float(rng.uniform(0, h * ground))
        r = w * float(rng.uniform(0.02, 0.09))
        shade = rng.uniform(0.45, 1.6)
        r0, g0, b0 = (int(v) for v in np.clip(season * shade + rng.normal(0, 8, 3), 0, 255))
        draw.ellipse([cx - r, cy - r, cx + r, cy + r], fill=(r0, g0, b0))
    for _ in range(int(rng.integers(1, 5))):
        x = float(rng.uniform(0, w))
        draw.rectangle([x, h * 0.1, x + w * 0.03, h * ground], fill=(66, 54, 44))
    far = _blurred(image, width, height, float(rng.uniform(2.0, 5.0)))
    floor: RGB = (104, 118, 66) if rng.random() < 0.45 else (172, 158, 136)
    return ground_plane(far, ground, floor, rng, tile="plain")
