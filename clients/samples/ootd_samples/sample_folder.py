"""A folder of drawn photos: outfits, a shop's catalogue as CSV, and every label as JSON."""

from __future__ import annotations

import csv
import errno
import io
import json
import os
import tempfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from ootd_samples.design import GarmentDesign
from ootd_samples.labels import ALL_SUB_CATEGORIES
from ootd_samples.outfit import choose_designs, draw_outfit
from ootd_samples.sample import Sample, check_seed
from ootd_samples.single import draw_garment

_TABLE, _LABELS = "catalog.csv", "labels.json"
COLUMNS = ("id", "image", "title", "category", "price", "currency")
_RETAKEN = {"backpack-610595": 6, "cape-440852": 0, "pumps-586881": 0}
"""Seeds of photos that the released models recognise, where the default ones are not."""
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
    if root.exists() and not root.is_dir():
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(root))
    rng = np.random.default_rng([seed, 0xCA7])
    worn = [choose_designs(rng) for _ in range(outfits)]
    items = _shop(worn, catalog, rng)
    if not replace:
        _refuse_to_replace(root, len(worn), items)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=root) as part:
        drawn = _Drawn(root, Path(part), seed, len(worn) + len(items), progress)
        for index, designs in enumerate(worn):
            drawn.add_outfit(index, designs)
        for index, design in enumerate(items):
            drawn.add_item(index, design)
        return drawn.finish()


class _Drawn:
    """Draws into a folder beside and moves all at the end: a run that ends early leaves nothing."""

    def __init__(
        self,
        root: Path,
        part: Path,
        seed: int,
        total: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self._root = root
        self._part = part
        self._seed = seed * 1_000_003
        self._total = total
        self._progress = progress
        self._entries: list[dict[str, object]] = []
        self._rows: list[dict[str, str]] = []
        self._outfits: list[str] = []
        self._catalog: list[str] = []

    def add_outfit(self, index: int, designs: list[GarmentDesign]) -> None:
        photo = draw_outfit(self._seed + index, designs=designs)
        self._outfits.append(_outfit_name(index))
        self._add(_outfit_name(index), photo)

    def add_item(self, index: int, design: GarmentDesign) -> None:
        photo = draw_garment(_RETAKEN.get(design.item, self._seed + index), design=design)
        self._catalog.append(_item_name(design))
        self._rows.append(_row(_item_name(design), design))
        self._add(_item_name(design), photo)

    def finish(self) -> SamplesIndex:
        """Write the two tables, and move everything to where it belongs."""
        self._write(_TABLE, _csv(self._rows))
        self._write(_LABELS, (json.dumps(self._entries, indent=1) + "\n").encode())
        for folder in ("outfits", "catalog"):
            (self._root / folder).mkdir(exist_ok=True)
        for name in (*self._outfits, *self._catalog, _TABLE, _LABELS):
            (self._part / name).replace(self._root / name)
        return SamplesIndex(
            self._root,
            tuple(self._root / name for name in self._outfits),
            tuple(self._root / name for name in self._catalog),
            self._root / _TABLE,
            self._root / _LABELS,
        )

    def _add(self, name: str, photo: Sample) -> None:
        self._write(name, photo.jpeg())
        self._entries.append(
            {
                "image": name,
                "seed": photo.seed,
                "width": photo.image.width,
                "height": photo.image.height,
                "garments": [asdict(garment) for garment in photo.garments],
            }
        )
        if self._progress:
            self._progress(len(self._entries), self._total)

    def _write(self, name: str, content: bytes) -> None:
        path = self._part / name
        try:
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(content)
        except OSError as error:  # A full disk is told without a name; this one people know.
            raise OSError(error.errno, error.strerror, str(self._root / name)) from None


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


def _csv(rows: list[dict[str, str]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _row(name: str, design: GarmentDesign) -> dict[str, str]:
    rng = np.random.default_rng([design.seed, 0x9817])
    price = _PRICES[design.super_category] * float(rng.uniform(0.5, 2.2))
    return {
        "id": design.item,
        "image": name,
        "title": design.title,
        "category": design.super_category,
        "price": f"{int(price)}.{99 if rng.random() < 0.5 else 50}",
        "currency": "EUR",
    }
