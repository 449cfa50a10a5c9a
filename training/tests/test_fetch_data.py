"""The rules of `ootd-data fetch` against the labelled photos, where OOTD_DATA names them."""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path

import pytest
from pycocotools import mask as run_length

from ootd_training.data.fetch.clothing_dataset import catalog_row
from ootd_training.data.fetch.colours import catalog_colour, garment_colour
from ootd_training.data.fetch.corrections import decisions
from ootd_training.data.fetch.garment_masks import tight_box
from ootd_training.data.fetch.layout import counts, sub_categories
from ootd_training.data.fetch.mapping import OUTFIT_KINDS, kinds_of_tags
from ootd_training.data.fetch.stored_photos import read_stored
from ootd_training.taxonomy import SUPER_CATEGORIES, load_taxonomy

DATA = Path(os.environ.get("OOTD_DATA", ""))
pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(
        not os.environ.get("OOTD_DATA"), reason="OOTD_DATA names no folder of labelled photos"
    ),
]


def annotations(split):
    document = json.loads((DATA / f"detect/{split}.json").read_text())
    files = {image["id"]: DATA / "detect" / image["file_name"] for image in document["images"]}
    return [(files[a["image_id"]], a) for a in document["annotations"]]


def street(split):
    lines = (DATA / f"street/{split}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def catalog(split):
    with (DATA / f"catalog/{split}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("split", ["train", "val"])
def test_every_photo_is_in_the_split_that_the_tables_say(split):
    numbers = {int(path.stem) for path, _ in annotations(split)} | {r["id"] for r in street(split)}
    assert {decisions().split_of_outfit(number) for number in numbers} == {split}
    senders = {row["sender_id"] for row in catalog(split)}
    assert {decisions().split_of_sender(sender) for sender in senders} == {split}


@pytest.mark.parametrize("split", ["train", "val"])
def test_labels_mean_what_the_tables_say(split):
    for row in street(split):
        assert [kind._asdict() for kind in kinds_of_tags(row["tags"])] == row["items"]
    for _, entry in annotations(split):
        kind = OUTFIT_KINDS.get(entry["label"])
        if kind and entry["note"] is None:
            assert kind == (SUPER_CATEGORIES[entry["category_id"] - 1], entry["sub"])
    for row in catalog(split):
        name = Path(row["image"]).stem
        again = catalog_row({**row, "image": name, "kids": row["kids"].title()})
        assert again == {key: row[key] for key in again}


def test_counts_and_taxonomy_are_those_of_the_folder():
    taxonomy = load_taxonomy()
    assert counts(DATA, taxonomy) == json.loads((DATA / "counts.json").read_text())
    assert sub_categories(taxonomy) == json.loads((DATA / "taxonomy.json").read_text())


def test_boxes_are_the_tight_boxes_of_the_masks():
    for _, entry in annotations("val"):
        x0, y0, x1, y1 = tight_box(run_length.decode(entry["segmentation"]).astype(bool))
        assert [x0, y0, x1 - x0, y1 - y0] == entry["bbox"]


def test_colours_agree_with_the_labels_in_most_photos():
    sample = annotations("val")[::25]
    names = [
        garment_colour(read_stored(path), run_length.decode(a["segmentation"]).astype(bool))[0]
        for path, a in sample
    ]
    same = sum(name == a["color"] for name, (_, a) in zip(names, sample, strict=True))
    assert same >= 0.75 * len(sample)
    rows = catalog("val")[::25]
    found = [catalog_colour(read_stored(DATA / "catalog" / row["image"]))[0] for row in rows]
    same = sum(name == row["color"] for name, row in zip(found, rows, strict=True))
    assert same >= 0.72 * len(rows)
