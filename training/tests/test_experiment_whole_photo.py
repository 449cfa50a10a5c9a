"""When a photo without detections is a garment: the figures, the drawn photos, the whole run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from labelled_photos import write_data
from ootd_training.commands import experiment as commands
from ootd_training.data.outfit_photos import OutfitPhoto
from ootd_training.evaluation.served_graph import ServedGraph, WholePhoto
from ootd_training.experiments.whole_photo import Seen
from ootd_training.experiments.whole_photo_report import best_bar, interval, measure, separation
from ootd_training.experiments.without_garments import DRAWN, beside, drawn

TOP, SHOES = 0, 4


def test_the_best_bar_parts_garments_from_the_rest():
    garments, others = np.array([0.2, 0.3, 0.9]), np.array([0.0, 0.05, 0.194])
    assert best_bar(garments, others) == 0.195
    assert separation(garments, others) == 1
    # One garment among the others: to lose it costs less than to keep them.
    assert best_bar(np.append(garments, 0.01), others) == 0.195
    assert math.isnan(best_bar(garments, np.array([])))


def test_equal_signals_separate_nothing():
    same = np.full(4, 0.5)
    assert separation(same, same) == 0.5
    assert math.isnan(separation(same, np.array([])))


def test_intervals_hold_the_share_and_are_wide_for_few():
    share, low, high = interval(1, 10)
    assert low < share == 0.1 < high
    assert interval(0, 30)[1] == 0
    assert interval(0, 300)[2] < interval(0, 30)[2]
    assert all(math.isnan(part) for part in interval(0, 0))


def test_drawn_photos_are_the_same_for_a_seed_and_differ_between_kinds():
    first, again, other = (list(drawn(seed, 2)) for seed in (1, 1, 2))
    assert [kind for kind, _ in first] == [kind for kind in DRAWN for _ in range(2)]
    for (_, one), (_, two) in zip(first, again, strict=True):
        assert one.dtype == np.uint8
        assert one.shape[2] == 3
        np.testing.assert_array_equal(one, two)
    assert any(one.shape != two.shape for (_, one), (_, two) in zip(first, other, strict=True))


def test_what_is_beside_people_touches_no_box():
    photo = np.zeros((100, 300, 3), np.uint8)
    photo[:, 100:190] = 255  # all boxes together
    boxes = np.float32([[100, 0, 150, 50], [120.5, 40, 190, 100]])
    record = OutfitPhoto(1, None, 300, 100, boxes, np.array([0, 1]), ())
    places = list(beside(photo, record))
    assert [place.shape for place in places] == [(100, 100, 3), (100, 110, 3)]
    assert not any(place.any() for place in places)
    nobody = OutfitPhoto(1, None, 300, 100, boxes[:0], np.array([]), ())
    assert list(beside(photo, nobody)) == []


def seen(kind, categories, score, area, tagged):
    probabilities = np.full(6, 0.05, np.float32)
    probabilities[tagged] = 0.75
    photo = WholePhoto(
        np.float32([score]),
        np.array([TOP]),
        np.float32([area]),
        score * area,
        probabilities,
        np.full(32, 1 / 32, np.float32),
    )
    return Seen(kind, bool(categories), frozenset(categories), photo)


def test_counts_follow_the_served_rule():
    graph = ServedGraph()
    photos = [
        seen("a", {TOP}, 0.9, 0.5, TOP),  # detected
        seen("a", {TOP}, 0.09, 1.0, TOP),  # the whole photo
        seen("a", {SHOES}, 0.09, 0.1, SHOES),  # nothing
        seen("b", (), 0.09, 0.1, TOP),
    ]
    figures = measure(graph, photos, photos)
    a, b = figures["val"]
    assert (a["photos"], a["nothing detected"], a["kept as a whole"]) == (3, 2, 1)
    assert (b["photos"], b["nothing detected"], b["kept as a whole"]) == (1, 1, 0)
    asked = {row["labelled"]: (row["asked"], row["kept"]) for row in figures["guided on val"]}
    # Five others of the first photo, five and five of the rest; tops of the second, shoes.
    assert asked == {False: (15, 0), True: (2, 1)}


def test_the_command_writes_page_and_figures(tmp_path, capsys):
    data = write_data(tmp_path / "data", 4)
    report = tmp_path / "reports"
    commands.run(["whole-photo", "--data", str(data), "--limit", "2", "--report", str(report)])
    figures = json.loads((report / "whole-photo.json").read_text())
    assert figures["least_coverage"] == ServedGraph().least_coverage
    assert sum(row["photos"] for row in figures["val"]) > 20
    page = (report / "whole-photo.md").read_text()
    assert "drawn: noise" in page
    assert page in capsys.readouterr().out


@pytest.mark.parametrize("name", ["whole-photo.json", "whole-photo.md"])
def test_the_committed_report_is_of_the_served_bar(name):
    reports = Path(commands.__file__).parents[2] / "reports"
    assert f"{ServedGraph().least_coverage:g}" in (reports / name).read_text()
