"""Pictures of what was found: a photo with its garments, beside each garment its best hits.

Needs Pillow: `pip install 'ootd[draw]'`. Pictures are drawn large (text 24 px and up), on white,
with one colour for each super-category, so that they stay legible at half their size.
"""

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageOps, UnidentifiedImageError

from ootd._images import read_image
from ootd._labels import PALETTE, Mark, draw_marks, font
from ootd.errors import ImageError
from ootd.types import Box, Garment, Hit, ImageAnalysis, ImageSearch, ImageSource, Item

__all__ = ["LoadPicture", "draw_analysis", "draw_hits", "draw_search", "open_photo"]

LoadPicture: TypeAlias = Callable[[Item], Image.Image | None]
"""Finds an item's picture; None where there is none, and an empty frame is drawn."""

_PHOTO_WIDTH = 1200
_PHOTO_HEIGHTS = (1000, 1900)
_MARGIN = 48
_GAP = 20
_THUMBNAIL = 220
_HEADING_HEIGHT = 64
_CAPTION_HEIGHT = 96
_ROW_GAP = 30
_TEXT_WIDTH = 560
_MOST_DETAILS = 8

_INK = "#18181B"
_SOFT_INK = "#52525B"
_FRAME = "#E4E4E7"
_FRAME_FILL = "#F7F7F8"

_HEADING, _BODY, _SMALL = 32, 26, 24

_ORIGINS: Mapping[str, str] = {
    "whole_photo": "whole photo, nothing detected",
    "region": "in the given region",
}
"""What is said in place of a detector's score."""


@dataclass(frozen=True, slots=True)
class _Row:
    """One garment's part of a picture; `crop` is None where there is no picture of it."""

    heading: str
    details: tuple[str, ...]
    color: str
    crop: Image.Image | None
    hits: Sequence[Hit] | None


def open_photo(image: ImageSource) -> Image.Image:
    """Return a photo the right way up (EXIF) in RGB, what is transparent on white.

    Raises OSError where it cannot be read or is no photo, ValueError for a URL, TypeError for what
    is no photo at all.
    """
    try:
        content = read_image(image)
    except ImageError as error:
        raise OSError(error.message) from None
    try:
        return _decode(content)
    except UnidentifiedImageError:  # Its own text names an object in memory.
        raise OSError("the photo cannot be read: it is damaged or of an unknown kind") from None
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - Pillow's readers raise what their bytes lead to
        raise OSError(f"the photo cannot be read: {error}") from None


def _decode(content: bytes) -> Image.Image:
    with Image.open(io.BytesIO(content)) as opened:
        photo = ImageOps.exif_transpose(opened)
        if photo.mode in {"RGBA", "LA", "PA"} or "transparency" in photo.info:
            layer = photo.convert("RGBA")
            photo = Image.new("RGBA", layer.size, "white")
            photo.alpha_composite(layer)
        return photo.convert("RGB")


def draw_analysis(photo: Image.Image, analysis: ImageAnalysis, *, caption: str = "") -> Image.Image:
    """Return a picture of a photo with its garments boxed, and each named beside it.

    `photo` is RGB, as `open_photo` gives it; `caption` goes below it.
    """
    rows = [
        _garment_row(number, garment, photo, None)
        for number, garment in enumerate(analysis.garments, start=1)
    ]
    return _compose(_marked(photo, analysis.garments, _height(rows, 0)), caption, rows, 0, no_load)


def draw_search(
    photo: Image.Image,
    search: ImageSearch,
    load_picture: LoadPicture,
    *,
    caption: str = "",
    hits: int = 5,
) -> Image.Image:
    """Return a picture of a photo with its garments boxed, beside each its first hits with scores.

    `photo` is RGB, as `open_photo` gives it; `hits` (1 or more) are shown for each garment.
    """
    rows = [
        _garment_row(number, result.garment, photo, result.hits[:hits])
        for number, result in enumerate(search.results, start=1)
    ]
    garments = [result.garment for result in search.results]
    return _compose(
        _marked(photo, garments, _height(rows, hits)), caption, rows, hits, load_picture
    )


def draw_hits(
    item: Item, found: Sequence[Hit], load_picture: LoadPicture, *, hits: int = 5
) -> Image.Image:
    """Return a picture of an item beside its first hits with scores."""
    garment = item.garment
    details = (garment.super_category, f"item {item.item_id}")
    picture = load_picture(item)
    row = _Row(
        item.title or item.item_id,
        details,
        PALETTE[garment.super_category],
        picture,
        tuple(found)[:hits],
    )
    return _compose(None, "", [row], hits, load_picture)


def no_load(_: Item) -> None:
    """Find no picture."""


def _garment_row(
    number: int, garment: Garment, photo: Image.Image, hits: Sequence[Hit] | None
) -> _Row:
    name = _name(garment)
    details: list[str] = [garment.super_category]
    if garment.box_origin in _ORIGINS:
        details.append(_ORIGINS[garment.box_origin])
    elif garment.score:
        details.append(f"found with {garment.score:.2f}")
    if garment.sub_category_score:
        details.append(f"{garment.sub_category} {garment.sub_category_score:.0%}")
    details += [
        f"{one.group.replace('_', ' ')} {one.value} {one.score:.0%}" for one in garment.attributes
    ]
    crop = _crop(photo, garment.box) if garment.box else None
    color = PALETTE[garment.super_category]
    return _Row(f"{number}  {name}", tuple(details), color, crop, hits)


def _name(garment: Garment) -> str:
    color = garment.attribute("color")
    name = garment.sub_category or garment.super_category
    return f"{color} {name}" if color else name


def _crop(photo: Image.Image, box: Box) -> Image.Image:
    width, height = photo.size
    x0, y0 = int(box.x0 * width), int(box.y0 * height)
    x1, y1 = max(x0 + 1, round(box.x1 * width)), max(y0 + 1, round(box.y1 * height))
    return photo.crop((x0, y0, min(x1, width), min(y1, height)))


def _marked(photo: Image.Image, garments: Sequence[Garment], beside: int) -> Image.Image:
    """The photo about as high as what stands `beside` it (px), with boxes and labels."""
    height = min(max(beside, _PHOTO_HEIGHTS[0]), _PHOTO_HEIGHTS[1])
    scale = min(_PHOTO_WIDTH / photo.width, height / photo.height)
    size = max(1, round(photo.width * scale)), max(1, round(photo.height * scale))
    marked = photo.resize(size, Image.Resampling.LANCZOS)
    marks = [
        Mark(garment.box, _label(number, garment), PALETTE[garment.super_category])
        for number, garment in enumerate(garments, start=1)
        if garment.box is not None
    ]
    draw_marks(marked, marks, text_size=_BODY, line=5)
    return marked


def _label(number: int, garment: Garment) -> str:
    score = f"  {garment.score:.2f}" if garment.score else ""
    return f"{number}  {_name(garment)}{score}"


def _row_height(columns: int) -> int:
    return _HEADING_HEIGHT + _THUMBNAIL + (_CAPTION_HEIGHT if columns else 0) + _ROW_GAP


def _height(rows: Sequence[_Row], columns: int) -> int:
    return max(0, len(rows) * _row_height(columns) - _ROW_GAP)


def _compose(
    photo: Image.Image | None,
    caption: str,
    rows: Sequence[_Row],
    columns: int,
    load_picture: LoadPicture,
) -> Image.Image:
    """The photo on the left, the rows on the right."""
    row_height = _row_height(columns)
    row_width = _THUMBNAIL + (columns * (_THUMBNAIL + _GAP) + _GAP if columns else _TEXT_WIDTH)
    left = _MARGIN + (photo.width + _MARGIN if photo else 0)
    caption_height = 44 if caption and photo else 0
    photo_height = photo.height + caption_height if photo else 0
    height = max(photo_height, _height(rows, columns), _THUMBNAIL) + 2 * _MARGIN
    picture = Image.new("RGB", (left + row_width + _MARGIN, height), "white")
    pen = ImageDraw.Draw(picture)
    if photo is not None:
        picture.paste(photo, (_MARGIN, _MARGIN))
        text = _shortened(pen, caption, photo.width, _SMALL)
        pen.text((_MARGIN, _MARGIN + photo.height + 12), text, font=font(_SMALL), fill=_SOFT_INK)
    if not rows:
        pen.text((left, _MARGIN), "no garments", font=font(_HEADING), fill=_SOFT_INK)
    for place, row in enumerate(rows):
        _draw_row(picture, row, (left, _MARGIN + place * row_height), columns, load_picture)
    return picture


def _draw_row(
    picture: Image.Image, row: _Row, at: tuple[int, int], columns: int, load_picture: LoadPicture
) -> None:
    left, top = at
    pen = ImageDraw.Draw(picture)
    room = picture.width - _MARGIN - left
    _heading(pen, row, left, top, room, below=columns == 0)
    top += _HEADING_HEIGHT
    _thumbnail(picture, row.crop, left, top, outline=row.color, width=5)
    if row.hits is None:
        return
    left += _THUMBNAIL + 2 * _GAP
    if not row.hits:
        text = "nothing of this kind in the catalogue"
        pen.text((left, top + _THUMBNAIL // 2 - 16), text, font=font(_BODY), fill=_SOFT_INK)
    for place, hit in enumerate(row.hits):
        x = left + place * (_THUMBNAIL + _GAP)
        _thumbnail(picture, load_picture(hit.item), x, top, outline=_FRAME, width=2)
        _caption(pen, hit, x, top + _THUMBNAIL + 8)


def _heading(
    pen: ImageDraw.ImageDraw, row: _Row, left: int, top: int, room: int, *, below: bool
) -> None:
    """The garment's name, and what is known of it: beside the name, or beside the crop."""
    name = _shortened(pen, row.heading, room, _HEADING)
    pen.text(
        (left, top + 8),
        name,
        font=font(_HEADING),
        fill=row.color,
        stroke_width=0.6,
        stroke_fill=row.color,
    )
    if not below:
        x = left + pen.textlength(name, font=font(_HEADING)) + 24
        lines = _wrapped(pen, ", ".join(row.details), room - (x - left), _SMALL, 2)
        y = top + (15 if len(lines) == 1 else 2)
        for number, line in enumerate(lines):
            pen.text((x, y + 29 * number), line, font=font(_SMALL), fill=_SOFT_INK)
        return
    x = left + _THUMBNAIL + 2 * _GAP
    for number, line in enumerate(row.details[:_MOST_DETAILS]):
        y = top + _HEADING_HEIGHT + number * (_THUMBNAIL // _MOST_DETAILS)
        text = _shortened(pen, line, _TEXT_WIDTH - 2 * _GAP, _SMALL)
        pen.text((x, y), text, font=font(_SMALL), fill=_INK)


def _caption(pen: ImageDraw.ImageDraw, hit: Hit, left: int, top: int) -> None:
    pen.text((left, top), f"{hit.score:.3f}", font=font(_SMALL), fill=_INK, stroke_width=0.4)
    title = hit.item.title or hit.item.item_id
    for number, line in enumerate(_wrapped(pen, title, _THUMBNAIL, _SMALL, 2)):
        pen.text((left, top + 30 * (number + 1)), line, font=font(_SMALL), fill=_SOFT_INK)


def _thumbnail(
    picture: Image.Image,
    shown: Image.Image | None,
    left: int,
    top: int,
    *,
    outline: str,
    width: int,
) -> None:
    """A square frame with a picture in it, whole and in its middle."""
    pen = ImageDraw.Draw(picture)
    frame = (left, top, left + _THUMBNAIL - 1, top + _THUMBNAIL - 1)
    pen.rectangle(frame, fill=_FRAME_FILL)
    if shown is None:
        text = "no picture"
        length = pen.textlength(text, font=font(_SMALL))
        at = (left + (_THUMBNAIL - length) / 2, top + _THUMBNAIL / 2 - 14)
        pen.text(at, text, font=font(_SMALL), fill=_SOFT_INK)
    else:
        inner = _THUMBNAIL - 2 * width
        fitted = ImageOps.contain(shown.convert("RGB"), (inner, inner), Image.Resampling.LANCZOS)
        x = left + (_THUMBNAIL - fitted.width) // 2
        picture.paste(fitted, (x, top + (_THUMBNAIL - fitted.height) // 2))
    pen.rectangle(frame, outline=outline, width=width)


def _wrapped(pen: ImageDraw.ImageDraw, text: str, room: float, size: int, most: int) -> list[str]:
    """The text in at most `most` lines, the last one shortened."""
    lines: list[str] = []
    words = text.split()
    while words and len(lines) < most - 1:
        count = 1
        while count < len(words) and _fits(pen, " ".join(words[: count + 1]), room, size):
            count += 1
        lines.append(_shortened(pen, " ".join(words[:count]), room, size))
        words = words[count:]
    return [*lines, _shortened(pen, " ".join(words), room, size)] if words else lines


def _fits(pen: ImageDraw.ImageDraw, text: str, room: float, size: int) -> bool:
    return bool(pen.textlength(text, font=font(size)) <= room)


def _shortened(pen: ImageDraw.ImageDraw, text: str, room: float, size: int) -> str:
    """The text, its end replaced by dots where it is too long."""
    text = " ".join(text.split())
    if _fits(pen, text, room, size):
        return text
    while text and not _fits(pen, text + "...", room, size):
        text = text[:-1]
    return text.rstrip() + "..."
