"""Searches among garments: colour bins and the fusion weight, on a handful of photos."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("ootd_samples", reason="needs ootd-samples", exc_type=ImportError)

from labelled_photos import write_data
from ootd_training.commands import experiment as commands
from ootd_training.console.errors import CommandError
from ootd_training.experiments import color_bins, fusion_weight
from ootd_training.experiments.histogram import SERVED, Layout
from ootd_training.experiments.search_photos import VIEWS, SearchPhotos, search_photos
from ootd_training.experiments.searching import (
    RECOLORED,
    SAME_COLOR,
    SAME_SUB,
    gain_interval,
    means,
    overall,
    scores,
    similarities,
)
from ootd_training.taxonomy import load_taxonomy


def invented(garments: int = 6) -> SearchPhotos:
    """Photos of two pixels that are their garment's number, dyed ones 100 more."""
    numbers = np.arange(garments, dtype=np.uint8)
    crops = np.broadcast_to(numbers[:, None, None, None], (garments, 1, 1, 3))
    dyed = crops[:4] + 100
    labels = np.array([0, 0, 0, 1, 1, -1])
    queries = dict.fromkeys(VIEWS, crops)
    supers = np.zeros(garments, np.int64)
    return SearchPhotos(crops, queries, np.arange(4), dyed, dyed, supers, labels, labels)


def one_hot(crops: np.ndarray) -> np.ndarray:
    return np.eye(256, dtype=np.float32)[crops[:, 0, 0, 0]]


def cosine(queries: np.ndarray, gallery: np.ndarray) -> np.ndarray:
    return queries @ gallery.T


def test_a_sharp_eye_finds_everything_and_a_blind_one_nothing() -> None:
    photos = invented()
    sharp = scores(similarities(one_hot, cosine, photos), photos)
    assert all(means(sharp)[name] == 100 for name in (*VIEWS, RECOLORED))
    assert np.isnan(sharp[RECOLORED][4:]).all()

    def blind(crops: np.ndarray) -> np.ndarray:
        return np.ones((len(crops), 1), np.float32)

    nothing = scores(similarities(blind, cosine, photos), photos)
    assert all(means(nothing)[name] == 0 for name in (*VIEWS, RECOLORED))
    assert gain_interval(nothing, sharp, tuple(VIEWS)) == (100, 100)


def test_neighbours_count_by_label() -> None:
    photos = invented()
    found = scores(similarities(one_hot, cosine, photos), photos)
    # All five others are neighbours; one of them has no label.
    expected = [2 / 4, 2 / 4, 2 / 4, 1 / 4, 1 / 4, np.nan]
    np.testing.assert_allclose(found[SAME_COLOR], expected)
    np.testing.assert_allclose(found[SAME_SUB], expected)
    assert overall(found, (SAME_COLOR, RECOLORED)) == pytest.approx(70)


def test_search_photos_are_the_same_for_each_call(tmp_path: Path) -> None:
    data = write_data(tmp_path, 4)
    first, second = (search_photos(data, load_taxonomy(), 4, None) for _ in range(2))
    assert (first.dyed == second.dyed).all()
    assert all((first.queries[name] == second.queries[name]).all() for name in VIEWS)
    change = np.abs(first.dyed.astype(int) - first.served[first.dyeable]).mean((1, 2, 3))
    assert (change > 4).all(), "a dyed garment looks as before"


def test_color_bins_reports_the_served_layout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_data(tmp_path / "data", 4)
    monkeypatch.setattr(color_bins, "first_layouts", lambda: [SERVED, Layout(6, 1, 1)])
    monkeypatch.setattr(color_bins, "SIGMAS", (0.25, 0.4))
    commands.run(["color-bins", "--data", str(data), "--limit", "4", "--report", str(tmp_path)])
    text = (tmp_path / "color-bins.md").read_text()
    assert "| **8 + 24x2x1** (served) | 56 | 0.25 |" in text
    assert "| 8 + 6x1x1 | 14 | 0.25 |" in text
    assert "| 8 + 24x2x1 | 56 | 0.4 |" in text
    assert (tmp_path / "color-bins-mean.png").stat().st_size > 1000


def test_layouts_are_tried_once() -> None:
    layouts = color_bins.first_layouts()
    assert layouts[0] == SERVED
    assert len(set(layouts)) == len(layouts) > 40


def test_fusion_weight_reports_every_weight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = write_data(tmp_path / "data", 4)

    def random_embedder(model: Path):
        rng = np.random.default_rng(len(model.name))
        return lambda crops: rng.normal(size=(len(crops), 8)).astype(np.float32)

    monkeypatch.setattr(fusion_weight, "onnx_embed", random_embedder)
    commands.run(["fusion-weight", "--data", str(data), "--limit", "4", "--report", str(tmp_path)])
    text = (tmp_path / "fusion-weight.md").read_text()
    assert all(f"| {weight:g} |" in text for weight in fusion_weight.WEIGHTS if weight != 0.25)
    assert "| **0.25** (served) |" in text


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="nowhere"):
        commands.run(["color-bins", "--data", str(tmp_path / "nowhere")])
