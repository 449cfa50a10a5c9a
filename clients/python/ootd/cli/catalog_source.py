"""What `ootd ingest` reads: a folder of photos, or a CSV with a row for each item.

Folder: every photo below it is an item. Its id is the path below the folder; its title is read
from the file's name; its category is the name of the photo's own folder where that is a
super-category.

CSV (UTF-8, with a header; comma, semicolon or tab): `image` is the photo's path, relative to the
CSV. `id` (default: `image`), `title` (default: from the file's name) and `category` (a
super-category; default: what the title says) are optional. A column `attributes.NAME` becomes the
item's attribute NAME. All other columns, such as price, currency or url, go into the payload as
they stand.

The payload is a JSON object. Its "image" is the photo's path below the folder or the CSV's folder,
and only the file's name where the photo lies elsewhere; "folder" is that folder's own name, as far
as the source names it. So nobody who searches learns where the catalogue lies on this machine.
"""

import csv
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from ootd import SUPER_CATEGORIES, ItemUpload, SuperCategory
from ootd.cli.item_ids import digest_of, id_of
from ootd.cli.photos import STANDARD_INPUT, photo_files
from ootd.cli.printable import printable

_ATTRIBUTE_PREFIX = "attributes."
_OWN_COLUMNS = frozenset({"id", "image", "title", "category"})
_CATEGORIES: Mapping[str, SuperCategory] = {name: name for name in SUPER_CATEGORIES}


class SourceError(Exception):
    """The folder or the CSV as a whole cannot be read as a catalogue; says why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no item: where it is and why."""

    where: str
    problem: str


Row = ItemUpload | BadRow


def read_catalog(source: Path, *, id_prefix: str = "", piped: bytes = b"") -> Iterator[Row]:
    """Yield the items of a folder or CSV, one at a time; rows that are none as BadRow.

    `id_prefix` stands before every id. A source "-" is the CSV `piped`, whose paths are relative
    to the working directory. A row whose id occurred before is a BadRow. Raises SourceError where
    the source is neither folder nor CSV.
    """
    if str(source) == STANDARD_INPUT:
        lines = io.TextIOWrapper(io.BytesIO(piped), encoding="utf-8-sig", newline="")
        rows = _csv_rows(lines, Path(), "standard input", id_prefix)
    elif source.is_dir():
        rows = _folder_rows(source, id_prefix)
    elif source.is_file():
        rows = _file_rows(source, id_prefix)
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
    return (re.sub(r"[\W_]+", " ", name).strip() or printable(name))[:512]


def _without_repeats(rows: Iterator[Row]) -> Iterator[Row]:
    seen: set[str] = set()
    for row in rows:
        if isinstance(row, ItemUpload):
            if row.item_id in seen:
                image = Path(row.image).name if isinstance(row.image, Path) else ""
                yield BadRow(f"{row.item_id} ({image})", "this id occurred before")
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
    with table.open(encoding="utf-8-sig", newline="") as lines:
        yield from _csv_rows(lines, table.parent, table.name, id_prefix)


def _csv_rows(lines: TextIO, folder: Path, name: str, id_prefix: str) -> Iterator[Row]:
    try:
        header = lines.readline()
        delimiter = max(",;\t", key=header.count)
        lines.seek(0)
        reader = csv.DictReader(lines, delimiter=delimiter, restval="")
        columns = [one.strip() for one in reader.fieldnames or ()]
        if "image" not in columns:
            found = ", ".join(columns) or "none"
            raise SourceError(f'{name} has no column "image"; its columns: {found}')
        repeated = sorted({one for one in columns if one and columns.count(one) > 1})
        if repeated:
            raise SourceError(f"{name} has columns of the same name: {', '.join(repeated)}")
        reader.fieldnames = columns
        for values in reader:
            yield _csv_row(folder, values, f"{name} line {reader.line_num}", id_prefix)
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{name} is no CSV in UTF-8: {error}") from None


def _csv_row(
    folder: Path, values: Mapping[str | None, str | list[str]], where: str, id_prefix: str
) -> Row:
    if None in values:
        return BadRow(where, "has more values than there are columns")
    texts = {str(name): str(value).strip() for name, value in values.items()}
    image, category = texts["image"], texts.get("category", "").lower()
    if not image:
        return BadRow(where, "has no image")
    if category and category not in _CATEGORIES:
        known = ", ".join(SUPER_CATEGORIES)
        return BadRow(where, f"category must be one of {known}, or empty; is {category!r}")
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
    own_id = texts.get("id")
    named = path if is_whole else f"{path}-{digest_of(image)}"
    return ItemUpload(
        f"{id_prefix}{own_id}" if own_id else id_of(named, id_prefix),
        folder / image,
        title=texts.get("title") or title_of(Path(image)),
        category=_CATEGORIES.get(category),
        attributes=attributes,
        payload=_payload(path, folder, others),
    )


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
    values = {**named, **others, "image": path}
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
