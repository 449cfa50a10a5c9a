"""Folds of train: what is held out of a run is not learnt from, and no group is torn apart."""

from __future__ import annotations

import csv
import json
import os
from collections import Counter, defaultdict
from pathlib import Path

import pytest

from labelled_photos import write_data, write_street
from ootd_training.data import catalog_photos, outfit_photos
from ootd_training.data.folds import FOLDS, Fold, photo_folds, same_outfits, spread
from ootd_training.data.garments import (
    load_held_out_tiles,
    read_garments,
    read_street_garments,
    training_garments,
)
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.data.street_photos import read_street
from ootd_training.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_street(write_data(tmp_path_factory.mktemp("data"), photos=20), photos=20)


def test_every_photo_of_train_has_one_fold(data: Path) -> None:
    folds = photo_folds(data)
    assert len(folds) == 60
    assert Counter(folds.values()).keys() == set(range(FOLDS))


def test_folds_follow_from_the_labels_wherever_they_lie(data: Path, tmp_path: Path) -> None:
    elsewhere = write_street(write_data(tmp_path, photos=20), photos=20)
    assert photo_folds(elsewhere) == photo_folds(data)


def test_labels_are_spread_evenly(data: Path) -> None:
    found: dict[str, Counter[int]] = defaultdict(Counter)
    folds = photo_folds(data)
    with (data / "catalog" / "train.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            found[row["super"]][folds[f"catalog/{row['image']}"]] += 1
    assert all(counts == Counter(range(FOLDS)) for counts in found.values()), "5 photos of each"


def test_photos_of_one_sender_share_a_fold(tmp_path: Path) -> None:
    data = write_data(tmp_path, photos=20)
    path = data / "catalog" / "train.csv"
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, rows[0])
        table.writeheader()
        for index, row in enumerate(rows):
            table.writerow({**row, "sender_id": index % 6})
    folds = photo_folds(data)
    for sender in range(6):
        mine = {folds[f"catalog/{row['image']}"] for row in rows[sender::6]}
        assert len(mine) == 1


def test_one_outfit_in_two_photos_is_in_one_fold(data: Path) -> None:
    """Street and outfit photos of the small data have the same numbers, as if they were one."""
    folds = photo_folds(data)
    for photo in read_street(data, "train"):
        assert folds[f"street/{photo.name}"] == folds[f"detect/{photo.name}"]


def test_known_pairs_are_in_one_group(tmp_path: Path) -> None:
    first, second = "0343", "1083"
    assert same_outfits()[second] == first
    data = write_data(tmp_path, photos=20)
    path = data / "detect" / "train.json"
    document = json.loads(path.read_text())
    for photo, name in zip(document["images"], (first, second), strict=False):
        photo["file_name"] = f"images/{name}.jpg"
    path.write_text(json.dumps(document))
    folds = photo_folds(data)
    assert folds[f"detect/images/{first}.jpg"] == folds[f"detect/images/{second}.jpg"]


def test_a_large_group_does_not_drag_small_ones_along() -> None:
    groups = {"big": {"top": 50}} | {f"small {i}": {"top": 1} for i in range(50)}
    found = spread(groups)
    alone = found.pop("big")
    assert alone not in found.values()
    assert sorted(Counter(found.values()).values()) == [12, 12, 13, 13]


@pytest.mark.parametrize("number", range(FOLDS))
def test_what_is_held_out_is_not_learnt(data: Path, tmp_path: Path, number: int) -> None:
    entries = [
        {"photo": p.name, "boxes": [[9, 9, 60, 60, 0.0]]} for p in read_street(data, "train")
    ]
    street = tmp_path / "street.json"
    street.write_text(json.dumps(entries))
    photos = PhotoSources(str(data), street=str(street), fold=number)
    held_out = load_held_out_tiles(photos, TAXONOMY, None)
    assert held_out is not None
    learnt = training_garments(photos, TAXONOMY)
    mine, others = ({g.photo for g in part} for part in (held_out.garments, learnt))
    assert mine
    assert not mine & others
    assert {g.source for g in learnt} == {"catalog", "outfit", "street"}
    everything = training_garments(PhotoSources(str(data)), TAXONOMY)
    own = [g for g in learnt if g.source != "street"]
    assert len(own) + len(held_out) == len(everything)
    tagged = read_street_garments(data, street, TAXONOMY, photos.held_out)
    assert {g.photo for g in tagged}.isdisjoint(others)
    assert (
        len({g.photo for g in tagged}) + len({g.photo for g in learnt if g.source == "street"})
        == 20
    )


def test_whole_photos_are_split_alike(data: Path) -> None:
    fold = Fold(2, held_out=True)
    names = {g.photo for g in read_garments(data, "train", TAXONOMY, fold=fold)}
    outfits = {photo.path for photo in outfit_photos.read_outfits(data, "train", fold)}
    catalog = {photo.path for photo in catalog_photos.read_catalog(data, "train", fold)}
    assert outfits | catalog == names


def test_nothing_is_held_out_unless_a_fold_is_named(data: Path) -> None:
    assert load_held_out_tiles(PhotoSources(str(data)), TAXONOMY, None) is None
    with pytest.raises(ValueError, match="no fold 5; choose one of 0 to 4"):
        Fold(5, held_out=True)


@pytest.mark.data
@pytest.mark.skipif(
    not os.environ.get("OOTD_DATA"), reason="OOTD_DATA names no folder of labelled photos"
)
def test_real_folds_have_labels_in_equal_shares() -> None:
    data = Path(os.environ["OOTD_DATA"])
    folds = photo_folds(data)
    counts: dict[str, Counter[int]] = defaultdict(Counter)
    for garment in read_garments(data, "train", TAXONOMY):
        name = f"{garment.source} {TAXONOMY.supers[garment.super_index]}"
        counts[name][folds[garment.photo.relative_to(data).as_posix()]] += 1
    for name, found in counts.items():
        # One sender has half of the shoes of the catalogue.
        if name != "catalog shoes":
            assert max(found.values()) < 1.5 * min(found.values()), name
    with (data / "catalog" / "train.csv").open(newline="") as file:
        senders: dict[str, set[int]] = defaultdict(set)
        for row in csv.DictReader(file):
            senders[row["sender_id"]].add(folds[f"catalog/{row['image']}"])
    assert all(len(found) == 1 for found in senders.values())
