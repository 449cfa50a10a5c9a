"""Both sets, fetched or given, laid out in one data folder."""

from __future__ import annotations

import csv
import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ootd_training.data.fetch.clothing_co_parsing import lay_out_detect, lay_out_street, numbers_of
from ootd_training.data.fetch.clothing_dataset import lay_out_catalog, used_rows
from ootd_training.data.fetch.corrections import TRAIN, VAL
from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.git_files import (
    CLOTHING_CO_PARSING,
    CLOTHING_DATASET,
    Source,
    fetch_source,
)
from ootd_training.data.fetch.stored_photos import Journal, write_text
from ootd_training.taxonomy import Taxonomy, load_taxonomy

ProgressOf = Callable[[str, int], Callable[[int], None]]
SOURCES_FOLDER = "sources"
# Journals of other rules are not gone on with.
JOURNAL = "layout-1.jsonl"


def fetch(
    target: Path,
    progress: ProgressOf,
    say: Callable[[str], None],
    *,
    ccp: Path | None = None,
    clothing_dataset: Path | None = None,
) -> None:
    """Write the data folder `target`: `detect`, `street`, `catalog` of train and val, and the test
    split in `target/test`, where no reader of train and val looks.

    Sources that are not given as folders are fetched into `target/sources`. A run that was killed
    goes on. FetchError says what is wrong with a source, the network or the disk.
    """
    outfits = _source(CLOTHING_CO_PARSING, ccp, target, progress, say)
    garments = _source(CLOTHING_DATASET, clothing_dataset, target, progress, say)
    try:
        with Journal(target / SOURCES_FOLDER / JOURNAL) as journal:
            total = len(numbers_of(outfits, "pixel-level"))
            lay_out_detect(outfits, target, journal, progress("detect", total))
            total = len(numbers_of(outfits, "image-level"))
            lay_out_street(outfits, target, progress("street", total))
            total = len(used_rows(garments))
            lay_out_catalog(garments, target, journal, progress("catalog", total))
        taxonomy = load_taxonomy()
        write_text(target / "taxonomy.json", json.dumps(sub_categories(taxonomy), indent=1) + "\n")
        write_text(target / "counts.json", json.dumps(counts(target, taxonomy), indent=1) + "\n")
    except OSError as error:
        text = f"{target}: {error.strerror or error}; what is done is kept: make room, run again"
        raise FetchError(text) from error


def _source(
    source: Source,
    given: Path | None,
    target: Path,
    progress: ProgressOf,
    say: Callable[[str], None],
) -> Path:
    """The folder of a source: the given one, which must look like it, or the fetched one."""
    if given is None:
        return fetch_source(source, target / SOURCES_FOLDER / source.name, progress, say)
    missing = [name for name in source.wanted if not (given / name).exists()]
    if missing:
        raise FetchError(
            f"{given}: has no {', '.join(missing)}; {source.option} takes the folder of "
            f"{source.url} with {', '.join(source.wanted)}"
        )
    return given


def sub_categories(taxonomy: Taxonomy) -> dict[str, list[str]]:
    """Sub-categories by super-category."""
    return {
        name: [taxonomy.subs[i] for i in taxonomy.subs_of(index)]
        for index, name in enumerate(taxonomy.supers)
    }


def counts(target: Path, taxonomy: Taxonomy) -> dict[str, Any]:
    """How many photos, boxes and tags there are, by set, split, super- and sub-category.

    Only train and val; "null" counts those without a sub-category.
    """
    names = sub_categories(taxonomy)
    result: dict[str, Any] = {"images": {"detect": {}, "street": {}, "catalog": {}}}
    readers = {"detect": _read_detect, "street": _read_street, "catalog": _read_catalog}
    for part, read in readers.items():
        result[part] = {}
        for split in (TRAIN, VAL):
            photos, found = read(target / part, split)
            result["images"][part][split] = photos
            result[part][split] = {
                name: {sub: found[name, sub] for sub in (*subs, "null")}
                for name, subs in names.items()
            }
    return result


Found = tuple[int, Counter[tuple[str, str]]]


def _read_detect(folder: Path, split: str) -> Found:
    document = json.loads((folder / f"{split}.json").read_text())
    names = {category["id"]: category["name"] for category in document["categories"]}
    kinds = [(names[a["category_id"]], a["sub"] or "null") for a in document["annotations"]]
    return len(document["images"]), Counter(kinds)


def _read_street(folder: Path, split: str) -> Found:
    rows = [json.loads(line) for line in (folder / f"{split}.jsonl").read_text().splitlines()]
    items = [(item["super"], item["sub"] or "null") for row in rows for item in row["items"]]
    return len(rows), Counter(items)


def _read_catalog(folder: Path, split: str) -> Found:
    with (folder / f"{split}.csv").open(newline="") as file:
        kinds = [(row["super"], row["sub"] or "null") for row in csv.DictReader(file)]
    return len(kinds), Counter(kinds)
