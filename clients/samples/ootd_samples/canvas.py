"""The picture while it is painted: colours, and which garment each pixel shows."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw, ImageFilter

from ootd_samples import patterns
from ootd_samples.geometry import Floats, bounds
from ootd_samples.pieces import Mark, Piece, Stroke
from ootd_samples.shading import (
    SURFACES,
    Grid,
    Light,
    box_blur,
    coordinates,
    fold_height,
    lambert,
    resize,
    rough,
    weave_relief,
)

_SUPERSAMPLE = 3  # outlines are rasterised at this multiple and averaged
_VISIBLE = 0.4  # share of a pixel from which it counts as the garment's


class Canvas:
    """A picture of (height, width, 3) floats, 0 to 255, with the owner of each pixel.

    Owner 0 is nobody (background, skin, hair); garments are 1 to 31.
    """

    def __init__(self, background: Grid, light: Light, rng: np.random.Generator) -> None:
        self.rgb = background
        self.height, self.width = background.shape[:2]
        self.light = light
        self.owner = np.zeros((self.height, self.width), np.uint8)
        self.touched = np.zeros((self.height, self.width), np.uint32)
        self.body = np.zeros((self.height, self.width), np.float32)
        self.everywhere = False  # whether shadows fall on the background too
        self._rng = rng

    def paint(self, mark: Mark, owner: int = 0) -> None:
        """Paint one mark for a garment (or for nobody)."""
        if isinstance(mark, Piece):
            self._paint_piece(mark, owner)
        else:
            self._paint_stroke(mark, owner)

    def visible(self, owner: int) -> tuple[tuple[float, float, float, float], float, int] | None:
        """Normalised tight box, visible share and visible pixels of a garment; None if hidden."""
        mine = self.owner == owner
        count = int(mine.sum())
        if not count:
            return None
        ys, xs = np.flatnonzero(mine.any(axis=1)), np.flatnonzero(mine.any(axis=0))
        all_of_it = int(((self.touched >> np.uint32(owner)) & 1).sum())
        box = (
            float(xs[0]) / self.width,
            float(ys[0]) / self.height,
            float(xs[-1] + 1) / self.width,
            float(ys[-1] + 1) / self.height,
        )
        return box, count / max(all_of_it, 1), count

    def _window(self, outline: Floats, pad: float) -> tuple[int, int, int, int] | None:
        x0, y0, x1, y1 = bounds(outline)
        left, top = max(0, int(x0 - pad)), max(0, int(y0 - pad))
        right, bottom = min(self.width, int(x1 + pad) + 1), min(self.height, int(y1 + pad) + 1)
        return (left, top, right, bottom) if right - left > 1 and bottom - top > 1 else None

    def _paint_piece(self, piece: Piece, owner: int) -> None:
        window = self._window(piece.outline, 2)
        if window is None or min(window[2] - window[0], window[3] - window[1]) < 3:
            return  # too thin to have a slope for the light to fall on: a sliver at the edge
        if piece.shadow > 0:
            self._cast(piece)
        x0, y0, x1, y1 = window
        mask = _mask(piece, window)
        color = self._shaded(piece, mask, window)
        area = self.rgb[y0:y1, x0:x1]
        area += (color - area) * mask[..., None]
        self.body[y0:y1, x0:x1] = np.maximum(self.body[y0:y1, x0:x1], mask)
        self._own(window, mask >= _VISIBLE, owner)

    def _own(
        self, window: tuple[int, int, int, int], where: npt.NDArray[np.bool_], owner: int
    ) -> None:
        x0, y0, x1, y1 = window
        self.owner[y0:y1, x0:x1][where] = owner
        if owner:
            self.touched[y0:y1, x0:x1][where] |= np.uint32(1 << owner)

    def _shaded(self, piece: Piece, mask: Grid, window: tuple[int, int, int, int]) -> Grid:
        x0, y0, x1, y1 = window
        w, h = x1 - x0, y1 - y0
        surface = SURFACES[piece.material.fabric]
        u2, v2 = coordinates(piece.frame, window, step=2)
        half = resize(mask, u2.shape[1], u2.shape[0])
        radius = piece.radius()
        quarter = resize(half, max(1, half.shape[1] // 2), max(1, half.shape[0] // 2))
        soft = box_blur(quarter, max(1, round(radius * 0.15)))
        soft = resize(soft, half.shape[1], half.shape[0])
        height = soft * (radius * 0.62 * piece.bulge)
        phase = tuple(self._rng.uniform(0, 64, 2))
        folds = fold_height(u2, v2, piece.folds, surface, (float(phase[0]), float(phase[1])))
        height = height + folds * (piece.frame.unit / 2) * half
        diffuse, gleam = lambert(height, self.light, glossy=surface.gloss > 0.03)
        # Hollows between pieces are darker: the rim of every piece a little.
        rim = 0.86 + 0.14 * np.clip(soft * 1.5 - 0.5, 0, 1)
        diffuse = resize(diffuse * rim, w, h)
        color = self._colors(piece, window, folds)
        tone = diffuse * (1 + surface.grain * rough(w, h, self._rng)) * np.float32(piece.shade)
        # Black cloth still shows its folds: light adds a little that does not depend on colour.
        sheen = 14 * (tone - 1)
        if gleam is not None:
            sheen += 235 * surface.gloss * resize(gleam * gleam, w, h)
        shaded: Grid = color * tone[..., None] + sheen[..., None]
        return shaded

    def _colors(self, piece: Piece, window: tuple[int, int, int, int], folds: Grid) -> Grid:
        material, unit = piece.material, piece.frame.unit
        weave = SURFACES[material.fabric].weave
        if material.pattern == "solid" and not weave:
            out: Grid = np.asarray(material.palette[0], np.float32)
            return out
        u, v = coordinates(piece.frame, window)
        folds = resize(folds, u.shape[1], u.shape[0])
        pattern_u, pattern_v = u + folds * 0.5, v + folds * 0.8  # patterns follow the folds
        place = patterns.Place(pattern_u, pattern_v, 1.3 / unit)
        colors = patterns.cloth(
            material.palette, material.pattern, material.size, material.seed, place
        )
        if piece.print_half and material.pattern == "graphic":
            art = patterns.motif(material.palette, material.seed)
            half = piece.print_half
            colors = patterns.printed(colors, art, place, half)
        if weave and unit > 250:
            colors = colors * weave_relief(weave, u, v)[..., None]
        return colors

    def _cast(self, piece: Piece) -> None:
        """Darken what lies under the piece, a little away from the light."""
        reach = max(2.0, piece.frame.unit * 0.012)
        window = self._window(piece.outline, 3 * reach)
        if window is None:
            return
        x0, y0, x1, y1 = window
        shifted = piece.outline - np.array([self.light.x, self.light.y]) * reach
        size = (max(1, (x1 - x0) // 2), max(1, (y1 - y0) // 2))
        image = Image.new("L", size)
        ImageDraw.Draw(image).polygon(_scaled(shifted, x0, y0, 0.5), fill=255)
        image = image.filter(ImageFilter.BoxBlur(reach * 0.35)).filter(
            ImageFilter.BoxBlur(reach * 0.3)
        )
        soft = np.asarray(image.resize((x1 - x0, y1 - y0)), dtype=np.float32) / 255
        if not self.everywhere:
            soft = soft * self.body[y0:y1, x0:x1]
        self.rgb[y0:y1, x0:x1] *= (1 - piece.shadow * soft)[..., None]

    def _paint_stroke(self, stroke: Stroke, owner: int) -> None:
        window = self._window(stroke.points, stroke.width + 2)
        if window is None:
            return
        x0, y0, x1, y1 = window
        if stroke.closed:
            mask = _fill((stroke.points,), window, stroke.clip)
        else:
            mask = _line(stroke, window)
        color = np.asarray(stroke.color, np.float32)
        area = self.rgb[y0:y1, x0:x1]
        area += (color - area) * (mask * stroke.opacity)[..., None]
        if stroke.solid:
            self.body[y0:y1, x0:x1] = np.maximum(self.body[y0:y1, x0:x1], mask)
            self._own(window, mask >= _VISIBLE, owner)


def _scaled(outline: Floats, x0: int, y0: int, scale: float) -> list[float]:
    """The points as x, y, x, y ... in the pixels of a window that was enlarged by `scale`."""
    flat: list[float] = ((outline - np.array([x0, y0])) * scale).ravel().tolist()
    return flat


def _mask(piece: Piece, window: tuple[int, int, int, int]) -> Grid:
    if not piece.tube:
        return _fill((piece.outline,), window)
    n = len(piece.outline) // 2
    left, right = piece.outline[:n], piece.outline[: n - 1 : -1]
    links = np.stack([left[:-1], left[1:], right[1:], right[:-1]], 1)
    return _fill(tuple(links), window)


def _fill(
    outlines: tuple[Floats, ...],
    window: tuple[int, int, int, int],
    clip: Floats | None = None,
) -> Grid:
    """Coverage, 0 to 1, of the outlines inside the window."""
    x0, y0, x1, y1 = window
    s = _SUPERSAMPLE
    image = Image.new("L", ((x1 - x0) * s, (y1 - y0) * s))
    draw = ImageDraw.Draw(image)
    for outline in outlines:
        draw.polygon(_scaled(outline, x0, y0, s), fill=255)
    mask: Grid = np.asarray(image.reduce(s), dtype=np.float32) / 255
    return mask if clip is None else mask * _fill((clip,), window)


def _line(stroke: Stroke, window: tuple[int, int, int, int]) -> Grid:
    x0, y0, x1, y1 = window
    s = _SUPERSAMPLE
    image = Image.new("L", ((x1 - x0) * s, (y1 - y0) * s))
    draw = ImageDraw.Draw(image)
    points = _scaled(stroke.points, x0, y0, s)
    width = max(1, round(stroke.width * s))
    if stroke.dashed:
        for i in range(0, len(points) - 3, 4):
            draw.line(points[i : i + 4], fill=255, width=width)
    else:
        draw.line(points, fill=255, width=width, joint="curve")
    mask: Grid = np.asarray(image.reduce(s), dtype=np.float32) / 255
    if stroke.clip is not None:
        mask = mask * _fill((stroke.clip,), window)
    return mask
