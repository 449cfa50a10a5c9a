"""The data folder that `ootd-data fetch` writes, from folders at hand."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from public_sources import commit_all, write_ccp, write_clothing_dataset
from scipy.io import savemat

from ootd_training.commands import data as data_commands
from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.fetch import clothing_co_parsing as outfits
from ootd_training.data.fetch import layout
from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.data.fetch.stored_photos import Journal, stored_size
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.data.street_photos import read_street


@pytest.fixture
def sources(tmp_path):
    return write_ccp(tmp_path / "ccp"), write_clothing_dataset(tmp_path / "clothing")


def lay_out(target, sources):
    ccp, clothing = (str(folder) for folder in sources)
    data_commands.run(["fetch", str(target), "--ccp", ccp, "--clothing-dataset", clothing])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """A data folder that tests only read."""
    folder = tmp_path_factory.mktemp("laid-out")
    target = folder / "data"
    lay_out(target, (write_ccp(folder / "ccp"), write_clothing_dataset(folder / "clothing")))
    return target


def files_of(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_readers_find_everything_and_the_test_split_apart(data):
    train, val = read_outfits(data, "train"), read_outfits(data, "val")
    assert [photo.identity for photo in train] == [1, 2]
    assert [photo.identity for photo in val] == [5]
    assert [photo.name for photo in read_street(data, "train")] == ["images/1005.jpg"]
    assert [photo.path.name for photo in read_catalog(data, "train")] == ["aaa.jpg", "eee.jpg"]
    kept_out = data / "test"
    assert [photo.identity for photo in read_outfits(kept_out, "test")] == [3]
    assert [photo.name for photo in read_street(kept_out, "test")] == ["images/1023.jpg"]
    assert [photo.path.name for photo in read_catalog(kept_out, "test")] == ["bbb.jpg"]
    outside = {name for name in files_of(data) if not name.startswith("test/")}
    assert not {name for name in outside if "0003" in name or "1023" in name or "bbb" in name}


def test_annotations_say_what_the_labels_say(data):
    document = json.loads((data / "detect/train.json").read_text())
    first = [a for a in document["annotations"] if a["image_id"] == 1]
    names = {c["id"]: c["name"] for c in document["categories"]}
    assert [(names[a["category_id"]], a["sub"], a["label"], a["bbox"]) for a in first] == [
        ("top", "blouse", "blouse", [60, 60, 80, 90]),
        ("bottom", "pants", "pants", [65, 150, 70, 110]),
        ("shoes", None, "shoes", [65, 260, 70, 25]),
        ("bag", None, "bag", [140, 140, 30, 50]),
    ]
    assert [a["color"] for a in first[:3]] == ["red", "blue", "black"]
    assert first[0]["area"] == 80 * 90
    (photo, _) = read_outfits(data, "train")
    assert photo.label_map()[100, 100] == 1
    ids = [a["id"] for a in document["annotations"]]
    val = json.loads((data / "detect/val.json").read_text())
    ids += [a["id"] for a in val["annotations"]]
    assert ids == [*range(1, 9), *range(13, 17)]  # 9 to 12 are in the test split
    street = json.loads((data / "street/train.jsonl").read_text())
    assert street["tags"] == ["bag", "pants", "vest"]
    assert street["items"][0] == {"super": "top", "sub": "tank-top"}


def test_catalogue_rows_counts_and_taxonomy(data):
    rows = (data / "catalog/train.csv").read_text().splitlines()
    assert rows[1].startswith("images/aaa.jpg,top,t-shirt,label,T-Shirt,false,48,red,1.0,240,320")
    assert rows[2].startswith("images/eee.jpg,bottom,shorts,label,Shorts,false,48,green,")
    counts = json.loads((data / "counts.json").read_text())
    assert counts["images"]["detect"] == {"train": 2, "val": 1}
    assert counts["detect"]["train"]["bag"]["null"] == 2
    assert counts["catalog"]["train"]["top"]["t-shirt"] == 1
    assert len(json.loads((data / "taxonomy.json").read_text())["shoes"]) == 7


def test_a_killed_run_goes_on_where_it_was(data, sources, tmp_path, monkeypatch, capsys):
    target, worked_on = tmp_path / "data", []
    original = outfits.read_label_map

    def killed_at_the_third(folder, number):
        worked_on.append(number)
        if len(worked_on) == 3:
            raise KeyboardInterrupt
        return original(folder, number)

    monkeypatch.setattr(outfits, "read_label_map", killed_at_the_third)
    with pytest.raises(KeyboardInterrupt):
        lay_out(target, sources)
    assert not (target / "detect/train.json").exists()
    with next(target.glob("sources/*.jsonl")).open("a") as journal:
        journal.write('["detect/5", {"wid')
    lay_out(target, sources)
    assert worked_on == [1, 2, 3, 3, 5]
    assert files_of(target) == files_of(data)
    shown = capsys.readouterr()
    assert "ready for ootd-train" in shown.out
    assert "detect: 4 of 4" in shown.err


def test_sources_that_are_not_given_are_fetched(data, sources, tmp_path, monkeypatch):
    for name, folder in zip(("CLOTHING_CO_PARSING", "CLOTHING_DATASET"), sources, strict=True):
        source = getattr(layout, name)
        local = replace(source, url=folder.as_uri(), commit=commit_all(folder))
        monkeypatch.setattr(layout, name, local)
    target = tmp_path / "data"
    data_commands.run(["fetch", str(target)])
    assert (target / "sources/clothing-dataset/images.csv").exists()
    made = {k: v for k, v in files_of(target).items() if not k.startswith("sources/")}
    assert made == {k: v for k, v in files_of(data).items() if not k.startswith("sources/")}


def test_photos_are_made_smaller_and_never_larger(sources, tmp_path):
    assert stored_size(1200, 1800, 640) == (427, 640)
    assert stored_size(300, 200, 640) == (300, 200)
    large = Image.open(sources[0] / "photos/0001.jpg").resize((600, 900))
    large.save(sources[0] / "photos/0001.jpg")
    labels = np.kron(outfits.read_label_map(sources[0], 1), np.ones((3, 3), np.uint8))
    savemat(sources[0] / "annotations/pixel-level/0001.mat", {"groundtruth": labels})
    lay_out(tmp_path / "data", sources)
    photo = read_outfits(tmp_path / "data", "train")[0]
    assert (photo.width, photo.height) == (427, 640)
    scale = 640 / 900
    wanted = np.array([60, 60, 140, 150]) * 3 * scale
    np.testing.assert_allclose(photo.boxes[0], wanted, atol=1)


def test_broken_sources_are_named(sources, tmp_path):
    target = tmp_path / "data"
    with pytest.raises(FetchError, match=r"has no images/, images.csv; --clothing-dataset takes"):
        lay_out(target, (sources[0], sources[0]))
    (sources[0] / "photos/0002.jpg").write_bytes(b"half a photo")
    with pytest.raises(FetchError, match=r"0002.jpg: not a readable photo"):
        lay_out(target, sources)
    (sources[0] / "annotations/pixel-level/0001.mat").write_bytes(b"nonsense")
    shutil.rmtree(target)
    with pytest.raises(FetchError, match=r"0001.mat: no readable MATLAB file with 'groundtruth'"):
        lay_out(target, sources)


def test_a_journal_drops_a_line_that_was_cut_off(tmp_path):
    path = tmp_path / "journal.jsonl"
    with Journal(path) as journal:
        journal.add("a", {"x": 1})
    path.write_bytes(path.read_bytes() + b'["b", {"x"')
    with Journal(path) as journal:
        assert journal.entries == {"a": {"x": 1}}
        journal.add("c", {"x": 3})
    with Journal(path) as journal:
        assert list(journal.entries) == ["a", "c"]
