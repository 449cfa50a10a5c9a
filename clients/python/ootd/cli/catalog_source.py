"""What `ootd ingest` reads: a folder of photos, or a CSV with a row for each item.

Folder: every photo below it is an item. Its id is the path below the folder; its title is read
from the file's name; its category is the name of the photo's own folder where that is a
super-category.

CSV (UTF-8, with a header; comma, semicolon or tab): `image` is the photo's path, relative to the
CSV. `id` (default: `image`), `title` (default: from the file's name) and `category` (a
super-category; default: what the title says) are optional. A column `attributes.NAME` becomes the
item's attribute NAME. All other columns, such as price, currency or url, go into the payload as
they stand.

The payload is a JSON object; its "image" is the photo's absolute path, by which `ootd search
--draw` finds the pictures of hits.
"""

import csv
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ootd import SUPER_CATEGORIES, ItemUpload, SuperCategory
from ootd.cli.photos import photo_files

_ATTRIBUTE_PREFIX = "attributes."
_OWN_COLUMNS = frozenset({"id", "image", "title", "category"})
_NOT_OF_AN_ID = re.compile(r"[^A-Za-z0-9._:/-]")
_LONGEST_ID = 128
_CATEGORIES: Mapping[str, SuperCategory] = {name: name for name in SUPER_CATEGORIES}


class SourceError(Exception):
    """The folder or the CSV as a whole cannot be read as a catalogue; says why."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that is no item: where it is and why."""

    where: str
    problem: str


Row = ItemUpload | BadRow


def read_catalog(source: Path) -> Iterator[Row]:
    """Yield the items of a folder or CSV, one at a time; rows that are none as BadRow.

    A row whose id occurred before is a BadRow. Raises SourceError where the source is neither.
    """
    if source.is_dir():
        rows = _folder_rows(source)
    elif source.is_file():
        rows = _csv_rows(source)
    else:
        raise SourceError(f"there is no folder or file {source}")
    return _without_repeats(rows)


def count_catalog(source: Path) -> int:
    """Return how many rows `read_catalog` will yield, without keeping them."""
    return sum(1 for _ in read_catalog(source))


def id_of(path: str) -> str:
    """Return a valid id for a relative path: itself, or with what an id cannot hold replaced.

    A short hash of the path then keeps it apart from others.
    """
    if path and len(path) <= _LONGEST_ID and not _NOT_OF_AN_ID.search(path):
        return path
    digest = hashlib.sha256(path.encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return f"{_NOT_OF_AN_ID.sub('-', path)[: _LONGEST_ID - 9]}-{digest}"


def title_of(photo: Path) -> str:
    """Return a readable title from a file's name: "navy_wool-coat.jpg" is "navy wool coat"."""
    name = photo.stem.encode("utf-8", "replace").decode()  # Names need not be UTF-8.
    return (re.sub(r"[\W_]+", " ", name).strip() or name)[:512]


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


def _folder_rows(folder: Path) -> Iterator[Row]:
    for photo in photo_files(folder):
        yield ItemUpload(
            id_of(photo.relative_to(folder).as_posix()),
            photo,
            title=title_of(photo),
            category=_CATEGORIES.get(photo.parent.name.lower()),
            payload=_payload(photo, {}),
        )


def _csv_rows(table: Path) -> Iterator[Row]:
    try:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            header = lines.readline()
            delimiter = max(",;\t", key=header.count)
            lines.seek(0)
            reader = csv.DictReader(lines, delimiter=delimiter, restval="")
            columns = [name.strip() for name in reader.fieldnames or ()]
            if "image" not in columns:
                found = ", ".join(columns) or "none"
                raise SourceError(f'{table} has no column "image"; its columns: {found}')
            reader.fieldnames = columns
            for values in reader:
                yield _csv_row(table.parent, values, f"{table.name} line {reader.line_num}")
    except (UnicodeDecodeError, csv.Error) as error:
        raise SourceError(f"{table} is no CSV in UTF-8: {error}") from None


def _csv_row(folder: Path, values: Mapping[str | None, str | list[str]], where: str) -> Row:
    if None in values:
        return BadRow(where, "has more values than there are columns")
    texts = {str(name): str(value).strip() for name, value in values.items()}
    image, category = texts["image"], texts.get("category", "").lower()
    if not image:
        return BadRow(where, "has no image")
    if category and category not in _CATEGORIES:
        known = ", ".join(SUPER_CATEGORIES)
        return BadRow(where, f"category must be one of {known}, or empty; is {category!r}")
    photo = folder / image
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
    return ItemUpload(
        texts.get("id") or id_of(image),
        photo,
        title=texts.get("title") or title_of(photo),
        category=_CATEGORIES.get(category),
        attributes=attributes,
        payload=_payload(photo, others),
    )


def _payload(photo: Path, others: Mapping[str, str]) -> bytes:
    """The same row gives the same bytes, so that a second run changes nothing."""
    values = {**others, "image": str(photo.absolute())}
    return json.dumps(values, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
