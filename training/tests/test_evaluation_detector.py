"""`ootd-evaluate detector`: the shipped files on drawn photos."""

from __future__ import annotations

import json

import numpy as np
import pytest

from labelled_photos import write_data
from ootd_training.commands import by_model
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.models.detector.measure import OVERLAPS, average_precision, judge_rows
from ootd_training.taxonomy import SUPER_CATEGORIES


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return write_data(tmp_path_factory.mktemp("data"), photos=4)


def test_perfect_boxes_have_full_precision(data):
    photos = read_outfits(data, "val")
    rows = [
        {
            "image_id": photo.identity,
            "category_id": int(index) + 1,
            "bbox": [float(v) for v in (*box[:2], *(box[2:] - box[:2]))],
            "score": 0.5,
        }
        for photo in photos
        for box, index in zip(photo.boxes, photo.classes, strict=True)
    ]
    found = judge_rows(rows, photos, data, "val")
    assert found.mean == pytest.approx(dict.fromkeys(OVERLAPS, 1.0))
    assert found.curves["top"].tolist() == pytest.approx([1.0] * 101)
    assert np.isnan(found.by_class[0.5]["dress"]), "no photo is labelled with one"


def test_a_detector_that_finds_nothing_has_none(data):
    nothing = (np.empty((0, 4), np.float32), np.empty(0, np.float32), np.empty(0, np.int64))
    found = average_precision(lambda _square: nothing, read_outfits(data, "val"), data, "val")
    assert found.mean == dict.fromkeys(OVERLAPS, 0.0)
    assert set(found.curves) == set(SUPER_CATEGORIES)


def test_evaluate_writes_report_and_pictures(data, tmp_path, capsys):
    arguments = ["--data", str(data), "--limit", "2", "--report", str(tmp_path), "--json"]
    by_model.run("evaluate", ["detector", *arguments])
    summary = json.loads(capsys.readouterr().out)
    assert summary["outfit_photos"] == 2
    assert set(summary["rules"]) >= {"detector alone", "with exclusivity", "with cross-check"}
    text = (tmp_path / "detector.md").read_text()
    assert "| guided |" in text
    assert "| with exclusivity |" in text
    assert f"{summary['unguided']['mean']['0.5']:.3f}" in text
    assert {path.name for path in tmp_path.glob("*.png")} == {
        "detector-precision.png",
        "detector-rules.png",
    }
