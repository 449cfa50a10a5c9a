"""The photos of clothing-dataset, laid out as `catalog`: one garment a photo."""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from ootd_training.data.fetch.clothing_co_parsing import part_of
from ootd_training.data.fetch.colours import catalog_colour
from ootd_training.data.fetch.corrections import TEST, TRAIN, VAL, decisions
from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.mapping import CATALOG_KINDS
from ootd_training.data.fetch.stored_photos import Journal, store_photo, write_text

LONGEST = 320
QUALITY = 80
COLUMNS = (
    "image",
    "super",
    "sub",
    "sub_from",
    "label",
    "kids",
    "sender_id",
    "color",
    "color_share",
    "width",
    "height",
)


def used_rows(source: Path) -> list[dict[str, str]]:
    """Rows of `images.csv` with a label that is used and a photo, by name.

    One file with two labels is kept once, under the label that comes first in the alphabet.
    FetchError if the table or a photo is missing.
    """
    table = source / "images.csv"
    try:
        with table.open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["label"] in CATALOG_KINDS]
    except (OSError, KeyError) as error:
        text = f"{table}: no readable table with a column 'label' ({error}); fetch it anew"
        raise FetchError(text) from error
    seen: dict[str, dict[str, str]] = {}
    for row in sorted(rows, key=lambda row: (row["label"], row["image"])):
        photo = source / "images" / f"{row['image']}.jpg"
        try:
            digest = hashlib.sha256(photo.read_bytes()).hexdigest()
        except OSError as error:
            raise FetchError(f"{photo}: cannot be read ({error}); fetch it anew") from error
        first = seen.setdefault(digest, row)
        if first["label"] == row["label"] and first is not row:
            seen[digest + row["image"]] = row
    return sorted(seen.values(), key=lambda row: row["image"])


def lay_out_catalog(
    source: Path, target: Path, journal: Journal, advance: Callable[[int], None]
) -> None:
    """Write `catalog` (a CSV row a photo). Photos that the journal holds are not worked on
    again."""
    rows = used_rows(source)
    for done, row in enumerate(rows, 1):
        split = decisions().split_of_sender(row["sender_id"])
        name = f"images/{row['image']}.jpg"
        photo = part_of(target, split) / "catalog" / name
        key = f"catalog/{row['image']}"
        if key not in journal.entries or not photo.exists():
            pixels = store_photo(source / name, photo, LONGEST, QUALITY)
            colour, share = catalog_colour(pixels)
            size = {"width": pixels.shape[1], "height": pixels.shape[0]}
            journal.add(key, {"color": colour, "color_share": round(share, 3), **size})
        advance(done)
    for split in (TRAIN, VAL, TEST):
        own = [row for row in rows if decisions().split_of_sender(row["sender_id"]) == split]
        path = part_of(target, split) / "catalog" / f"{split}.csv"
        write_text(path, _table(own, journal.entries))


def catalog_row(row: Mapping[str, str]) -> dict[str, str]:
    """Columns that follow from a row of the source's table alone."""
    kind = CATALOG_KINDS[row["label"]]
    by_eye = decisions().subs
    sub = by_eye.get(row["image"], kind.sub or "")
    decided_by_eye = row["image"] in by_eye and row["label"] == "Blazer" and sub
    return {
        "image": f"images/{row['image']}.jpg",
        "super": kind.super,
        "sub": sub,
        "sub_from": "by-eye" if decided_by_eye else "label" if sub else "none",
        "label": row["label"],
        "kids": row["kids"].lower(),
        "sender_id": row["sender_id"],
    }


def _table(rows: Sequence[Mapping[str, str]], entries: Mapping[str, Mapping[str, object]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({**catalog_row(row), **entries[f"catalog/{row['image']}"]})
    return text.getvalue()
