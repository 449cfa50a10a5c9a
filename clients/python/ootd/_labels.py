"""Boxes and labels on a photo, placed so that labels stay apart and inside."""

from collections.abc import Sequence
from dataclasses import dataclass

from PIL import Image, ImageDraw, ImageFont

from ootd.types import Box, SuperCategory

Rectangle = tuple[float, float, float, float]
Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

PALETTE: dict[SuperCategory, str] = {
    "top": "#1D5FD1",
    "bottom": "#0B7A4B",
    "outer": "#B45309",
    "dress": "#C0267A",
    "shoes": "#6D3BD1",
    "bag": "#C22B2B",
}
"""One colour for each super-category, dark enough for white text on it."""

_PADDING = (12, 7)


@dataclass(frozen=True, slots=True)
class Mark:
    """A box to be drawn, and what its label says."""

    box: Box
    text: str
    color: str


def font(size: int) -> Font:
    """Return the font that Pillow carries, so that pictures need no font of the system."""
    return ImageFont.load_default(size)


def draw_marks(photo: Image.Image, marks: Sequence[Mark], *, text_size: int, line: int) -> None:
    """Draw boxes and labels onto a photo; sizes in px of this photo.

    All boxes come first, so that no box covers a label.
    """
    pen = ImageDraw.Draw(photo)
    rectangles = [_to_pixels(mark.box, photo.size) for mark in marks]
    for mark, rectangle in zip(marks, rectangles, strict=True):
        _outline(pen, rectangle, mark.color, line)
    type_face = font(text_size)
    taken: list[Rectangle] = []
    for mark, rectangle in zip(marks, rectangles, strict=True):
        # The line's height, not the text's: labels with and without descenders look alike.
        length, height = pen.textlength(mark.text, font=type_face), round(1.25 * text_size)
        size = (length + 2 * _PADDING[0], height + _PADDING[1])
        place = _place(rectangle, size, photo.size, taken, line)
        taken.append(place)
        pen.rounded_rectangle(place, radius=8, fill=mark.color, outline="white", width=2)
        middle = (place[0] + _PADDING[0], (place[1] + place[3]) / 2)
        pen.text(middle, mark.text, font=type_face, fill="white", anchor="lm")


def _to_pixels(box: Box, size: tuple[int, int]) -> Rectangle:
    width, height = size
    return box.x0 * width, box.y0 * height, box.x1 * width, box.y1 * height


def _outline(pen: ImageDraw.ImageDraw, rectangle: Rectangle, color: str, line: int) -> None:
    """A coloured line between two thin white ones, seen on dark and on bright cloth."""
    x0, y0, x1, y1 = rectangle
    if x1 - x0 <= 2 * line or y1 - y0 <= 2 * line:
        pen.rectangle(rectangle, outline=color, width=1)
        return
    pen.rectangle((x0 - 2, y0 - 2, x1 + 2, y1 + 2), outline="white", width=line + 4)
    pen.rectangle(rectangle, outline=color, width=line)


def _place(
    box: Rectangle,
    size: tuple[float, float],
    photo: tuple[int, int],
    taken: Sequence[Rectangle],
    line: int,
) -> Rectangle:
    """Return where a label goes: the first of the places around its box that no label has taken.

    Where all are taken, the one that covers least of the others.
    """
    x0, y0, x1, y1 = box
    width, height = size
    inside = line + 2
    columns = (x0, x1 - width, x0 + inside, x1 - width - inside, (x0 + x1 - width) / 2)
    steps = range(1, max(1, int((y1 - y0) // (height + 2))))
    rows = (
        *(y0 - height, y0 + inside, y1 - height - inside, y1),
        *(y0 + inside + step * (height + 2) for step in steps),
    )
    places = [_moved_inside((x, y, x + width, y + height), photo) for y in rows for x in columns]
    return min(places, key=lambda place: sum(_overlap(place, other) for other in taken))


def _moved_inside(place: Rectangle, photo: tuple[int, int]) -> Rectangle:
    x0, y0, x1, y1 = place
    right = min(0.0, photo[0] - 1 - x1)
    down = min(0.0, photo[1] - 1 - y1)
    x_shift = max(right, -x0) if x0 + right < 0 else right
    y_shift = max(down, -y0) if y0 + down < 0 else down
    return x0 + x_shift, y0 + y_shift, x1 + x_shift, y1 + y_shift


def _overlap(one: Rectangle, other: Rectangle) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    return width * height if width > 0 and height > 0 else 0.0
