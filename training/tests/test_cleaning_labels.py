"""Crops that agree with the metadata, and majority sub-categories."""

from __future__ import annotations

import numpy as np
import pytest

from ootd_training.data.cleaning.agreement import (
    DetectedRegion,
    agreeing_regions,
    cut_region,
    detected_regions,
)
from ootd_training.data.cleaning.majority import majority, photos_of_majority


def region(category, score, box=(10, 20, 30, 60)):
    return DetectedRegion(box, score, category)


def test_only_regions_of_the_named_category_are_kept_best_first():
    found = [region("top", 0.4), region("bag", 0.99), region("top", 0.8), region("top", 0.1)]
    assert [r.score for r in agreeing_regions(found, "top")] == [0.8, 0.4]
    assert agreeing_regions(found, "dress") == ()


def test_detections_are_in_pixels_of_the_photo_and_end_at_its_rim():
    def detector(square):
        assert square.shape == (320, 320, 3)
        boxes = np.array([[32, 64, 160, 320], [0, 0, 300, 100]], np.float32)
        return boxes, np.array([0.9, 0.5], np.float32), np.array([3, 5])

    photo = np.zeros((640, 480, 3), np.uint8)
    assert detected_regions(photo, detector) == [
        DetectedRegion((64, 128, 320, 640), pytest.approx(0.9), "dress"),
        DetectedRegion((0, 0, 480, 200), 0.5, "bag"),
    ]


def test_a_crop_has_its_margin_and_stops_at_the_rim():
    photo = np.arange(100 * 80 * 3, dtype=np.uint32).reshape(100, 80, 3).astype(np.uint8)
    crop = cut_region(photo, region("top", 1.0), margin=0.1)
    np.testing.assert_array_equal(crop, photo[16:64, 8:32])
    assert cut_region(photo, region("top", 1.0, (-5, -5, 90, 120))).shape == (100, 80, 3)
    with pytest.raises(ValueError, match="outside the photo of 80 x 100"):
        cut_region(photo, region("top", 1.0, (200, 10, 240, 40)))


def test_majority_and_its_ties():
    assert majority(["shirt", "blouse", "shirt", None]).name == "shirt"
    tie = majority(["shirt", "blouse", None])
    assert (tie.name, tie.tied, tie.votes, tie.photos) == (None, ("blouse", "shirt"), 1, 2)
    assert majority([None, None]).name is None
    assert majority([]).photos == 0


def test_photos_of_the_majority_are_kept_and_items_with_a_tie_keep_none():
    items = ["a", "b", "a", "a", "b", "c"]
    seen = ["coat", "skirt", "coat", "jacket", "shorts", None]
    kept, decided = photos_of_majority(items, seen)
    assert kept == [0, 2]
    assert decided["b"].tied == ("shorts", "skirt")
    assert decided["c"].photos == 0
    with pytest.raises(ValueError, match="shorter"):
        photos_of_majority(items, seen[:-1])
