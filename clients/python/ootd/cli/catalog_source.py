"""What `ootd ingest` reads: a folder of photos, or a CSV with a row for each item.

Folder: every photo below it is an item. Its id is the path below the folder; its title is read
from the file's name; its category is the name of the photo's own folder where that is a
super-category.

CSV (with a header): `image` is the photo's path, relative to the CSV. `id` (default: `image`),
`title` (default: from the file's name), `category` (a super-category; default: what the title
says) and `region` (x0,y0,x1,y1, fractions of width and height: the rectangle that holds the
garment; it counts more than the category) are optional. A column `attributes.NAME` becomes the
item's attribute NAME. All other columns, such as price, currency or url, go into the payload as
they stand.

The payload is a JSON object. Its "image" is the photo's path below the folder or the CSV's folder,
and only the file's name where the photo lies elsewhere; "folder" is that folder's own name, as far
as the source names it. So nobody who searches learns where the catalogue lies on this machine.
"""

import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from unicodedata import category as category_of
from unicodedata import normalize

from ootd import SUPER_CATEGORIES, ItemUpload, SuperCategory
from ootd.cli.csv_table import Table, TableError
from ootd.cli.item_ids import digest_of, id_of
from ootd.cli.photos import STANDARD_INPUT, URLS_ARE_NOT_FETCHED, is_url, photo_files
from ootd.cli.printable import printable

_ATTRIBUTE_PREFIX = "attributes."
_OWN_COLUMNS = frozenset({"id", "image", "title", "category", "region"})
_CATEGORIES: Mapping[str, SuperCategory] = {name: name for name in SUPER_CATEGORIES}


class SourceError(Exception):
    """The folder or the CSV as a whole cannot be read as a catalogue; says why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no item: where it is and why."""

    where: str
    problem: str


@dataclass(frozen=True, slots=True)
class CatalogItem(ItemUpload):
    """An item of a CSV; `where` tells people its line and id."""

    where: str = ""


Row = ItemUpload | BadRow


def read_catalog(source: Path, *, id_prefix: str = "", piped: bytes = b"") -> Iterator[Row]:
    """Yield the items of a folder or CSV, one at a time; rows that are none as BadRow.

    `id_prefix` stands before every id. A source "-" is the CSV `piped`, whose paths are relative
    to the working directory. A row whose id occurred before is a BadRow. Raises SourceError where
    the source is neither folder nor CSV.
    """
    if str(source) == STANDARD_INPUT:
        rows = _csv_rows(io.BytesIO(piped), Path(), "standard input", id_prefix)
    elif source.is_dir():
        rows = _folder_rows(source, id_prefix)
    elif source.is_file():
        rows = _file_rows(source, id_prefix)
    elif is_url(str(source)):
        raise SourceError(f"{source}: {URLS_ARE_NOT_FETCHED}")
    else:
        what = "is no file" if source.exists() else "is not there"
        raise SourceError(f"{source} {what}; give a folder, a CSV, or - for a CSV in a pipe")
    return _without_repeats(rows)


def count_catalog(source: Path, *, piped: bytes = b"") -> int:
    """Return how many rows `read_catalog` will yield, without keeping them."""
    return sum(1 for _ in read_catalog(source, piped=piped))


def title_of(photo: Path) -> str:
    """Return a readable title from a file's name: "navy_wool-coat.jpg" is "navy wool coat"."""
    name = photo.stem.encode("utf-8", "replace").decode()  # Names need not be UTF-8.
    words = "".join(one if _is_of_a_word(one) else " " for one in normalize("NFC", name))
    return (" ".join(words.split()) or printable(name))[:512]


def _is_of_a_word(character: str) -> bool:
    """Marks are part of how Devanagari, Thai and others are written."""
    return character.isalnum() or category_of(character).startswith("M")


def _without_repeats(rows: Iterator[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        if isinstance(row, ItemUpload):
            if row.item_id in seen:
                image = Path(row.image).name if isinstance(row.image, Path) else ""
                where = row.where if isinstance(row, CatalogItem) else f"{row.item_id} ({image})"
                yield BadRow(where, f"{image}: this id occurred before")
                continue
            seen.add(row.item_id)
        yield row


def _folder_rows(folder: Path, id_prefix: str) -> Iterator[Row]:
    for photo in photo_files(folder):
        path = photo.relative_to(folder).as_posix()
        yield ItemUpload(
            id_of(path, id_prefix),
            photo,
            title=title_of(photo),
            category=_CATEGORIES.get(photo.parent.name.lower()),
            payload=_payload(path, folder, {}),
        )


def _file_rows(table: Path, id_prefix: str) -> Iterator[Row]:
    with table.open("rb") as content:
        yield from _csv_rows(content, table.parent, table.name, id_prefix)


def _csv_rows(content: BinaryIO, folder: Path, name: str, id_prefix: str) -> Iterator[Row]:
    try:
        table = Table(content, "image")
        columns = [_column(one) for one in table.columns]
        if "image" not in columns:
            found = ", ".join(columns) or "none"
            raise SourceError(f'{name} has no column "image"; its columns: {found}')
        repeated = sorted({one for one in columns if one and columns.count(one) > 1})
        if repeated:
            raise SourceError(f"{name} has columns of the same name: {', '.join(repeated)}")
        for row in table:
            where = f"{name} line {row.line}"
            if row.problem:
                yield BadRow(where, row.problem)
                continue
            texts = {
                column: normalize("NFC", value.strip())
                for column, value in zip(columns, row.values, strict=True)
                if column != "image"
            }
            image = row.values[columns.index("image")].strip()
            yield _csv_row(folder, image, texts, where, id_prefix)
    except TableError as error:
        raise SourceError(f"{name}: {error}") from None


def _column(name: str) -> str:
    """The columns that are told apart by their names may be written in any case."""
    lower = name.lower()
    if lower in _OWN_COLUMNS:
        return lower
    if lower.startswith(_ATTRIBUTE_PREFIX):
        return _ATTRIBUTE_PREFIX + name[len(_ATTRIBUTE_PREFIX) :]
    return name


def _csv_row(folder: Path, image: str, texts: Mapping[str, str], where: str, id_prefix: str) -> Row:
    own_id, category = texts.get("id"), texts.get("category", "").lower()
    if own_id:
        where = f"{where} (id {own_id})"
    if not image:
        return BadRow(where, "has no image")
    if is_url(image):
        return BadRow(where, f"{image}: {URLS_ARE_NOT_FETCHED}")
    if category and category not in _CATEGORIES:
        known = ", ".join(SUPER_CATEGORIES)
        return BadRow(where, f"category must be one of {known}, or empty; is {category!r}")
    try:
        region = _region(texts.get("region", ""))
    except ValueError as error:
        return BadRow(where, str(error))
    path, is_whole = told_path(folder, image)
    attributes = {
        name.removeprefix(_ATTRIBUTE_PREFIX): value
        for name, value in texts.items()
        if name.startswith(_ATTRIBUTE_PREFIX) and value
    }
    others = {
        name: value
        for name, value in texts.items()
        if name and name not in _OWN_COLUMNS and not name.startswith(_ATTRIBUTE_PREFIX)
    }
    named = path if is_whole else f"{path}-{digest_of(image)}"
    title = re.sub(r"\s*[\r\n]\s*", " ", texts.get("title", ""))
    return CatalogItem(
        f"{id_prefix}{own_id}" if own_id else id_of(named, id_prefix),
        folder / image,
        title=title or title_of(Path(image)),
        category=None if region else _CATEGORIES.get(category),
        region=region,
        attributes=attributes,
        payload=_payload(path, folder, others),
        where=where,
    )


def _region(text: str) -> tuple[float, float, float, float] | None:
    """Raises ValueError where it is no rectangle."""
    if not text:
        return None
    problem = f'region must be four numbers 0 to 1 such as "0.2,0.1,0.8,0.5", or empty; is {text!r}'
    try:
        x0, y0, x1, y1 = (float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(problem) from None
    if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
        raise ValueError(problem)
    return x0, y0, x1, y1


def told_path(folder: Path, image: str) -> tuple[str, bool]:
    """Return what of a photo's path may be told: the path below a folder, or the file's name.

    And whether it is the whole path.
    """
    absolute = Path(os.path.abspath(folder / image))  # noqa: PTH100 - links stay as they are
    base = Path(os.path.abspath(folder))  # noqa: PTH100
    if absolute.is_relative_to(base) and absolute != base:
        return absolute.relative_to(base).as_posix(), True
    return absolute.name, False


def _payload(path: str, folder: Path, others: Mapping[str, str]) -> bytes:
    """The same row gives the same bytes, so that a second run changes nothing."""
    named = {"folder": folder.name} if folder.name else {}
    values = {**others, **named, "image": path}
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
