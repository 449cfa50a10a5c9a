"""A folder of drawn photos: outfits, a shop's catalogue as CSV, and every label as JSON."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ootd.samples.design import GarmentDesign
from ootd.samples.labels import ALL_SUB_CATEGORIES
from ootd.samples.outfit import choose_designs, draw_outfit
from ootd.samples.sample import Sample, check_seed
from ootd.samples.single import draw_garment

_TABLE, _LABELS = "catalog.csv", "labels.json"
COLUMNS = ("id", "image", "title", "category", "region", "price", "currency")
_PRICES = {"top": 25, "bottom": 45, "outer": 110, "dress": 70, "shoes": 80, "bag": 60}


@dataclass(frozen=True)
class SamplesIndex:
    """Where `write_samples` put its files; paths of photos are in the order of their numbers."""

    folder: Path
    outfits: tuple[Path, ...]
    catalog: tuple[Path, ...]
    catalog_csv: Path
    labels_json: Path


def write_samples(
    folder: str | Path,
    *,
    outfits: int = 12,
    catalog: int = 120,
    seed: int = 0,
    replace: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> SamplesIndex:
    """Write outfit photos and a catalogue that holds the shop photo of every garment worn in them.

    `catalog` is the number of catalogue photos; it grows if the outfits wear more garments than
    that. Same arguments, same bytes. `progress` is called with the number of photos done and the
    number of all. `labels.json` holds one object a photo: `image`, `seed`, `width`, `height`,
    `garments`. Raises ValueError for negative numbers, OSError where the folder cannot be written
    and, before anything is written, FileExistsError for a file that is there already, unless
    `replace` is set.
    """
    check_seed(seed)
    if outfits < 0 or catalog < 0:
        raise ValueError(f"numbers of photos must be 0 or more, got {outfits} and {catalog}")
    root = Path(folder)
    rng = np.random.default_rng([seed, 0xCA7])
    worn = [choose_designs(rng) for _ in range(outfits)]
    items = _shop(worn, catalog, rng)
    if not replace:
        _refuse_to_replace(root, len(worn), items)
    for name in ("outfits", "catalog"):
        (root / name).mkdir(parents=True, exist_ok=True)
    total, done = outfits + len(items), 0
    entries: list[dict[str, object]] = []
    outfit_paths: list[Path] = []
    catalog_paths: list[Path] = []
    for index, designs in enumerate(worn):
        photo = draw_outfit(seed * 1_000_003 + index, designs=designs)
        outfit_paths.append(_save(root, _outfit_name(index), photo, entries))
        done += 1
        if progress:
            progress(done, total)
    rows: list[dict[str, str]] = []
    for index, design in enumerate(items):
        photo = draw_garment(seed * 1_000_003 + index, design=design)
        name = _item_name(design)
        catalog_paths.append(_save(root, name, photo, entries))
        rows.append(_row(name, design, photo))
        done += 1
        if progress:
            progress(done, total)
    table, labels = root / _TABLE, root / _LABELS
    table.write_bytes(_csv(rows))
    labels.write_bytes((json.dumps(entries, indent=1) + "\n").encode())
    return SamplesIndex(root, tuple(outfit_paths), tuple(catalog_paths), table, labels)


def _refuse_to_replace(root: Path, outfits: int, items: list[GarmentDesign]) -> None:
    photos = [_outfit_name(index) for index in range(outfits)]
    photos += [_item_name(design) for design in items]
    for name in (_TABLE, _LABELS, *photos):
        path = root / name
        if path.exists() or path.is_symlink():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))


def _outfit_name(index: int) -> str:
    return f"outfits/{index:04d}.jpg"


def _item_name(design: GarmentDesign) -> str:
    return f"catalog/{design.item}.jpg"


def _shop(
    worn: list[list[GarmentDesign]], count: int, rng: np.random.Generator
) -> list[GarmentDesign]:
    """The designs on sale: all that are worn, then others, each sub-category in turn."""
    items = {design.item: design for designs in worn for design in designs}
    order = [str(sub) for sub in rng.permutation(ALL_SUB_CATEGORIES)]
    turn = 0
    while len(items) < count:
        design = GarmentDesign.random(int(rng.integers(1_000_000)), order[turn % len(order)])
        items.setdefault(design.item, design)
        turn += 1
    return sorted(items.values(), key=lambda design: design.item)


def _save(root: Path, name: str, photo: Sample, entries: list[dict[str, object]]) -> Path:
    path = root / name
    path.write_bytes(photo.jpeg())
    entries.append(
        {
            "image": name,
            "seed": photo.seed,
            "width": photo.image.width,
            "height": photo.image.height,
            "garments": [asdict(garment) for garment in photo.garments],
        }
    )
    return path


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _row(name: str, design: GarmentDesign, photo: Sample) -> dict[str, str]:
    rng = np.random.default_rng([design.seed, 0x9817])
    price = _PRICES[design.super_category] * float(rng.uniform(0.5, 2.2))
    return {
        "id": design.item,
        "image": name,
        "title": design.title,
        "category": design.super_category,
        "region": ",".join(f"{edge:.4f}" for edge in photo.garments[0].box),
        "price": f"{int(price)}.{99 if rng.random() < 0.5 else 50}",
        "currency": "EUR",
    }
