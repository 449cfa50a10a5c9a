"""Intervals of figures: drawn over photos, the same each time, and as wide as they should be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from labelled_photos import write_data
from ootd_training.commands import by_model
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.evaluation.intervals import (
    Interval,
    draws,
    garment_intervals,
    interval,
    ratio_interval,
)
from ootd_training.models.detector.measure import drawn_precisions, judge_rows
from ootd_training.models.names import MODEL_NAMES


def test_an_interval_is_as_wide_as_the_binomial_distribution_says():
    right = np.arange(400) % 2
    found = ratio_interval(right, np.ones(400, np.int64))
    assert found.low == pytest.approx(0.5 - 1.96 * 0.025, abs=0.01)
    assert found.high == pytest.approx(0.5 + 1.96 * 0.025, abs=0.01)


def test_garments_of_one_photo_are_drawn_together():
    right = np.arange(200) % 2

    def share(chosen):
        return {"right": float(right[chosen].mean())}

    alone = garment_intervals([Path(str(i)) for i in range(200)], share)["right"]
    # Ten alike garments a photo tell no more than one of them.
    right = np.repeat(right[:20], 10)
    together = garment_intervals([Path(str(i // 10)) for i in range(200)], share)["right"]
    assert together.high - together.low > 2 * (alone.high - alone.low)


def test_draws_without_the_figure_do_not_count():
    assert interval([float("nan"), 0.5, 0.5]) == Interval(0.5, 0.5)
    assert Interval(float("nan"), float("nan")) != interval([0.5])
    found = garment_intervals([Path("a"), Path("b")], lambda _chosen: {"right": None})
    assert found["right"].text() == "– to –"
    assert Interval(0.5, 0.75).text() == "50.0 % to 75.0 %"


def test_precision_of_a_draw_is_that_of_its_photos(tmp_path):
    data = write_data(tmp_path, photos=6)
    photos = read_outfits(data, "val")
    rows = [
        {
            "image_id": photo.identity,
            "category_id": int(index) + 1,
            # The first half of the photos is boxed rightly.
            "bbox": [float(v) for v in (*box[:2] + (0 if place < 3 else 60), *(box[2:] - box[:2]))],
            "score": 0.5,
        }
        for place, photo in enumerate(photos)
        for box, index in zip(photo.boxes, photo.classes, strict=True)
    ]
    whole = judge_rows(rows, photos, data, "val").mean[0.5]
    given = [np.arange(6), np.array([0, 1, 2, 2, 1, 0]), np.array([3, 4, 5, 5, 4, 3])]
    assert drawn_precisions(rows, photos, data, "val", given) == pytest.approx([whole, 1.0, 0.0])
    assert drawn_precisions([], photos, data, "val", given) == [0.0] * 3


@pytest.mark.parametrize("fold", [None, "1"])
@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_report_says_which_photos_it_is_of(model, fold, tmp_path):
    data = write_data(tmp_path / "data", photos=10)
    chosen = [] if fold is None else ["--fold", fold]
    arguments = [model, "--data", str(data), "--report", str(tmp_path), *chosen]
    by_model.run("evaluate", arguments)
    page = (tmp_path / f"{model}.md").read_text()
    title = "the val split" if fold is None else "fold 1 of the train split"
    assert page.splitlines()[0].endswith(f": measured on {title}")
    assert "interval" in page.split("## ")[1]
    assert "95 % of the values" in page


def test_draws_are_the_same_each_time():
    assert all((one == other).all() for one, other in zip(draws(9), draws(9), strict=True))
