"""Labels for street photos are taken only where detections explain the tags."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from ootd_training.data.street_photos import StreetPhoto
from ootd_training.models.detector.settings import UNLABELLED
from ootd_training.models.detector.street_labels import label_street, labels, load_street
from ootd_training.taxonomy import SUPER_CATEGORIES

FOUND = (
    np.array([[10, 20, 50, 60], [10, 60, 50, 120], [12, 20, 50, 60], [0, 0, 9, 9]], np.float32),
    np.array([0.9, 0.8, 0.6, 0.1], np.float32),
    np.array([0, 1, 2, 5], np.int64),
)


def photo(*categories: int) -> StreetPhoto:
    items = tuple((SUPER_CATEGORIES[index], None) for index in categories)
    return StreetPhoto("images/1.png", Path("images/1.png"), 100, 200, items)


def test_confident_detections_of_tagged_categories_become_boxes_of_the_file():
    rows = labels(photo(0, 1), FOUND, 0.5)
    assert rows == [[20, 40, 100, 120, 0], [20, 120, 100, 240, 1]]


@pytest.mark.parametrize("categories", [(0, 4), (0, 5), ()])
def test_photo_with_an_unexplained_tag_or_without_tags_is_left_out(categories):
    assert labels(photo(*categories), FOUND, 1.0) is None


def test_what_was_found_surely_is_enough_where_labels_may_be_incomplete():
    rows = labels(photo(0, 4), FOUND, 1.0, complete=False)
    assert rows == [[10, 20, 50, 60, 0]]
    assert labels(photo(5), FOUND, 1.0, complete=False) is None


@pytest.mark.parametrize(("limit", "looked_at"), [(0, 3), (2, 2)])
def test_a_limit_keeps_the_first_photos(tmp_path, limit, looked_at):
    (tmp_path / "street/images").mkdir(parents=True)
    lines = []
    for number in range(3):
        row = {"file_name": f"images/{number}.png", "width": 100, "height": 200}
        lines.append(json.dumps({**row, "items": [{"super": "top", "sub": None}]}))
        cv2.imwrite(str(tmp_path / "street" / row["file_name"]), np.zeros((200, 100, 3), np.uint8))
    (tmp_path / "street/train.jsonl").write_text("\n".join(lines))
    found = label_street(lambda square: FOUND, tmp_path, limit=limit)
    assert [entry["photo"] for entry in found] == [f"images/{n}.png" for n in range(looked_at)]


def test_labels_are_read_back_with_unlabelled_pixels(tmp_path):
    (tmp_path / "street/images").mkdir(parents=True)
    cv2.imwrite(str(tmp_path / "street/images/1.png"), np.zeros((200, 100, 3), np.uint8))
    file = tmp_path / "labels.json"
    file.write_text(json.dumps([{"photo": "images/1.png", "boxes": [[10, 20, 50, 60, 3]]}]))
    (sample,) = load_street(tmp_path, file, 100)
    assert sample.boxes.tolist() == [[5, 10, 25, 30]]
    assert sample.classes.tolist() == [3]
    assert (sample.labels == UNLABELLED).all()
