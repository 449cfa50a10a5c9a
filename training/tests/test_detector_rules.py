"""The service's rules on photos, and what they do to precision and recall."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ootd_training.data.outfit_photos import OutfitPhoto
from ootd_training.evaluation.detector_rules import (
    RULES,
    Outcome,
    matched,
    measure_rules,
    recall_at,
)
from ootd_training.evaluation.served_graph import Candidates, Kept, ServedGraph, Switches
from ootd_training.models.detector.measure import guided

TOP, BOTTOM, OUTER, DRESS, SHOES = range(5)
FIRST_SUB = {TOP: 0, BOTTOM: 6, OUTER: 12, DRESS: 18, SHOES: 20}
WHOLE, UPPER, LOWER = (0.2, 0, 0.8, 1), (0.2, 0, 0.8, 0.5), (0.2, 0.5, 0.8, 1)


@pytest.fixture(scope="module")
def graph():
    """The shipped models: what they answer is not looked at, only that rules are applied."""
    return ServedGraph()


def tagged(*supers):
    rows = np.full((len(supers), 32), 0.001, np.float32)
    for row, index in zip(rows, supers, strict=True):
        row[FIRST_SUB[index]] = 0.969
    return rows


def candidates(*garments):
    """Garments as (box, score, detected, tagged); the whole photo is an outer garment."""
    boxes, scores, supers, tags = zip(*garments, strict=True)
    return Candidates(
        np.float32(boxes), np.float32(scores), np.array(supers), tagged(*tags), tagged(OUTER), 0.5
    )


def outfit(boxes, classes):
    pixels = np.float32(boxes) * np.float32([100, 200, 100, 200])
    masks = tuple({} for _ in classes)
    return OutfitPhoto(7, Path("a.jpg"), 100, 200, pixels, np.array(classes), masks)


def kept_supers(graph, found, least_score=0.2, **switches):
    rules = Switches(**{"cross_check": False, "exclusivity": False, **switches})
    return graph.garments(found, least_score, rules).supers.tolist()


def test_each_rule_can_be_switched_on_alone(graph):
    found = candidates(
        (WHOLE, 0.9, DRESS, DRESS), (UPPER, 0.5, TOP, TOP), (LOWER, 0.4, SHOES, BOTTOM)
    )
    assert kept_supers(graph, found) == [DRESS, TOP, SHOES]
    assert kept_supers(graph, found, exclusivity=True) == [DRESS, SHOES]
    assert kept_supers(graph, found, cross_check=True) == [DRESS, TOP]
    assert kept_supers(graph, found, cross_check=True, exclusivity=True) == [DRESS]


def test_a_photo_without_detections_is_one_garment(graph):
    found = candidates((UPPER, 0.5, TOP, TOP))
    garments = graph.garments(found, 0.6, RULES["with both, as served"])
    assert garments.supers.tolist() == [OUTER]
    assert garments.boxes.tolist() == [[0, 0, 1, 1]]
    bare = replace(found, coverage=0.0)
    assert not len(graph.garments(bare, 0.6, RULES["with both, as served"]).boxes)


def test_a_photo_passes_all_models(graph):
    photo = np.full((90, 60, 3), 200, np.uint8)
    photo[20:60, 15:45] = (30, 40, 120)
    found = graph.candidates(photo, 0.001)
    assert found.boxes.shape == (len(found.scores), 4)
    assert found.boxes.min(initial=0) >= 0
    assert found.boxes.max(initial=1) <= 1
    assert found.subs.shape == (len(found.scores), 32)
    np.testing.assert_allclose(found.whole.sum(), 1, rtol=1e-3)


def test_each_labelled_box_is_met_once_and_by_its_class():
    photo = outfit([UPPER, LOWER], [TOP, BOTTOM])
    boxes = np.float32([UPPER, UPPER, LOWER])
    kept = Kept(boxes, np.array([TOP, TOP, SHOES]), np.float32([0.9, 0.8, 0.7]))
    assert matched(kept, photo) == 1
    better = Kept(boxes, np.array([BOTTOM, TOP, BOTTOM]), np.float32([0.9, 0.8, 0.7]))
    assert matched(better, photo) == 2


def test_garments_are_counted_for_each_rule_and_threshold(monkeypatch):
    photo = outfit([WHOLE, LOWER], [DRESS, SHOES])
    found = candidates((WHOLE, 0.9, DRESS, DRESS), (UPPER, 0.5, TOP, TOP))
    graph = ServedGraph()
    monkeypatch.setattr(graph, "candidates", lambda _photo, _score: found)
    monkeypatch.setattr("ootd_training.evaluation.detector_rules.read_photo", lambda _path: None)
    outcomes = measure_rules(graph, [photo], (0.2, 0.7))
    assert outcomes["detector alone"] == {0.2: Outcome(2, 1, 2), 0.7: Outcome(1, 1, 2)}
    assert outcomes["with exclusivity"][0.2] == Outcome(1, 1, 2)
    assert outcomes["with exclusivity"][0.2].precision == 1
    assert outcomes["with exclusivity"][0.2].recall == 0.5


def test_the_best_recall_at_a_precision():
    found = {0.1: Outcome(10, 4, 5), 0.2: Outcome(4, 3, 5), 0.3: Outcome(2, 2, 5)}
    assert recall_at(found, 0.7) == (0.6, 0.2)
    assert recall_at(found, 1.1) is None


def test_a_guide_rejects_other_classes():
    photo = outfit([UPPER, LOWER], [TOP, BOTTOM])
    rows = [{"image_id": 7, "category_id": index + 1} for index in (TOP, DRESS, BOTTOM)]
    assert [row["category_id"] for row in guided(rows, [photo])] == [TOP + 1, BOTTOM + 1]
