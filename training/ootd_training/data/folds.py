"""Folds of the train split, by which settings are chosen, so that val has nothing to do but report.

A fold is a fifth of the photos of train. A run that holds one out learns from the others and is
judged on it; how much its figures vary from fold to fold tells how far they can be trusted.
"""

from __future__ import annotations

import csv
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TypeVar

import numpy as np

FOLDS = 5
NO_FOLD = -1
"""In place of a fold's number: nothing is held out, and nothing judges a run."""
TRAIN = "train"
Record = TypeVar("Record")


@dataclass(frozen=True)
class Fold:
    """The photos of one fold of train (0 to 4), or, unless `held_out`, all others of train."""

    number: int
    held_out: bool

    def __post_init__(self) -> None:
        """ValueError if there is no such fold."""
        if not 0 <= self.number < FOLDS:
            raise ValueError(f"there is no fold {self.number}; choose one of 0 to {FOLDS - 1}")

    def select(
        self, data: Path, records: Iterable[Record], photo: Callable[[Record], Path]
    ) -> list[Record]:
        """Those of the records of train whose photo belongs here, in their order."""
        folds = photo_folds(data)
        return [
            record
            for record in records
            if (folds[photo(record).relative_to(data).as_posix()] == self.number) == self.held_out
        ]


def photo_folds(data: Path) -> Mapping[str, int]:
    """The fold of each photo of train, by its path in the data folder.

    Photos of one sender are in one fold, and so are photos that show one outfit twice. Folds have
    labels in nearly equal shares, and follow from the label files alone, wherever they lie.
    """
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    group_of: dict[str, str] = {}
    for photo, group, labels in _train_photos(data):
        group_of[photo] = group
        groups[group].update(labels)
    folds = spread(groups)
    return {photo: folds[group] for photo, group in group_of.items()}


def spread(groups: Mapping[str, Mapping[str, int]], folds: int = FOLDS) -> dict[str, int]:
    """A fold for each group of photos, so that each label is spread evenly; `groups` counts labels.

    The largest groups are placed first, each where the shares of its labels stay most alike and,
    where that is the same, where least is.
    """
    labels = sorted({label for counts in groups.values() for label in counts})
    column = {label: index for index, label in enumerate(labels)}
    counts = np.zeros((len(groups), len(labels)))
    names = sorted(groups)
    for row, name in zip(counts, names, strict=True):
        for label, count in groups[name].items():
            row[column[label]] = count
    shares = counts / np.maximum(counts.sum(0), 1)
    placed = np.zeros((folds, len(labels)))
    chosen: dict[str, int] = {}
    for index in np.argsort(-counts.sum(1), kind="stable"):
        # The sum of squares grows least where the labels of this group are rarest so far.
        growth = placed @ shares[index]
        best = int(np.lexsort((placed.sum(1), growth))[0])
        placed[best] += shares[index]
        chosen[names[index]] = best
    return chosen


def _train_photos(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Path in the data folder, group and labels of each photo of train."""
    yield from _catalog(data)
    yield from _outfits(data)
    if (data / "street" / f"{TRAIN}.jsonl").is_file():
        yield from _street(data)


def _catalog(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    with (data / "catalog" / f"{TRAIN}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            # A table without senders has photos that nothing is known of.
            group = f"sender {row.get('sender_id') or row['image']}"
            labels = ["catalog", *_labels("catalog", row["super"], row.get("sub"))]
            yield f"catalog/{row['image']}", group, labels


def _outfits(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    document = json.loads((data / "detect" / f"{TRAIN}.json").read_text())
    names = {category["id"]: category["name"] for category in document["categories"]}
    labels: dict[int, list[str]] = defaultdict(list)
    for entry in document["annotations"]:
        labels[entry["image_id"]] += _labels(
            "detect", names[entry["category_id"]], entry.get("sub")
        )
    for photo in document["images"]:
        found = ["detect", *labels[photo["id"]]]
        yield f"detect/{photo['file_name']}", _outfit_group(photo["file_name"]), found


def _street(data: Path) -> Iterator[tuple[str, str, list[str]]]:
    for line in (data / "street" / f"{TRAIN}.jsonl").read_text().splitlines():
        row = json.loads(line)
        labels = (_labels("street", item["super"], item["sub"]) for item in row["items"])
        found = ["street", *(label for pair in labels for label in pair)]
        yield f"street/{row['file_name']}", _outfit_group(row["file_name"]), found


def _labels(source: str, super_name: str, sub: str | None) -> list[str]:
    return [f"{source} {super_name}", f"{source} {super_name} {sub or ''}"]


def _outfit_group(file_name: str) -> str:
    stem = Path(file_name).stem
    return f"outfit {same_outfits().get(stem, stem)}"


@cache
def same_outfits() -> Mapping[str, str]:
    """The first photo of each outfit that two photos of Clothing Co-Parsing show, by the second.

    Found by perceptual hashes: of 256 bits these pairs differ in 50 at most, one of them in 76.
    """
    pairs: Sequence[Sequence[str]] = json.loads(
        (files(__package__) / "same_outfits.json").read_text()
    )
    return {second: first for first, second in pairs}
