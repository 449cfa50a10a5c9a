"""Reading what `ootd samples` writes."""

from __future__ import annotations

import json

from ootd_training.data.drawn_photos import read_drawn


def test_boxes_become_pixels_and_categories_indices(tmp_path):
    garments = [{"super_category": "dress", "box": [0.1, 0.2, 0.5, 0.9]}]
    entry = {"image": "outfits/0000.jpg", "width": 200, "height": 100, "garments": garments}
    (tmp_path / "labels.json").write_text(json.dumps([entry]))
    (photo,) = read_drawn(tmp_path)
    assert photo.path == tmp_path / "outfits/0000.jpg"
    assert [round(float(v), 3) for v in photo.boxes[0]] == [20, 20, 100, 90]
    assert photo.classes.tolist() == [3]
