"""The sequencer's report: 11st's Table 2, and how the models in it were trained."""

from __future__ import annotations

from pathlib import Path

import torch

from ootd_training.evaluation.evaluated_photos import EvaluatedPhotos
from ootd_training.evaluation.intervals import Interval
from ootd_training.evaluation.sequencer import Speed, Start, build_page, read_start


def figures(precision, nll):
    shares = {"precision": precision, "recall": 0.5, "of": 10}
    top = {name: {"right": 0.25} for name in ("sub", "sub_in_super", "super")}
    found = {"tokens": shares, "attributes": shares, "emitted_sub": shares, "top1": top}
    likelihood = nll and {"unguided": nll, "guided": nll / 2}
    return {"measures": {g: {"all": found} for g in ("unguided", "guided")}, "nll": likelihood}


RESULTS = {
    "served": {"val": figures(0.7, None)},
    "resception": {"train": figures(0.9, 0.4), "val": figures(0.6, 0.8)},
}
BEGUN_ALIKE = {
    "resception": Start("random weights", 8, 8),
    "efficientnet": Start("random weights", 8, 8),
}


SHARES = [f"{kind}, {share}" for kind in ("tokens", "attributes")
          for share in ("precision", "recall")]  # fmt: skip
INTERVALS = {guide: dict.fromkeys(SHARES, Interval(0.4, 0.8)) for guide in ("unguided", "guided")}


def page_of(starts):
    return build_page(RESULTS, starts, INTERVALS, Speed(1.0, 2.0), EvaluatedPhotos(Path()))


def test_the_interval_stands_below_the_served_file():
    pair = "0.400 to 0.800 / 0.400 to 0.800"
    assert f"| served, interval | {pair} | {pair} |" in str(page_of({}))


def test_table_two_has_measures_as_columns_and_the_paper_beside():
    page = str(page_of({}))
    assert "|  | train: precision | train: recall | train: NLL | val: precision |" in page
    assert "| served, guided | – | – | – | 0.700 | 0.500 | – |" in page
    assert "| resception, guided | 0.900 | 0.500 | 0.200 | 0.600 | 0.500 | 0.400 |" in page
    assert "| *11st, ResCeption* | 0.866 | 0.867 | 0.298 | 0.842 | 0.841 | 0.363 |" in page
    assert "epochs" not in page


def test_unequal_runs_are_no_comparison_of_encoders():
    unequal = {**BEGUN_ALIKE, "efficientnet": Start("a trained tagger's trunk", 6, 6)}
    page = str(page_of(unequal))
    assert "| resception | random weights | 8 of 8 |" in page
    assert "| efficientnet | a trained tagger's trunk | 6 of 6 |" in page
    assert "do not tell which encoder" in page


def test_equal_runs_need_no_reservation():
    page = str(page_of(BEGUN_ALIKE))
    assert "| efficientnet | random weights | 8 of 8 |" in page
    assert "do not tell which encoder" not in page


def test_the_start_is_read_from_the_checkpoint(tmp_path):
    for start in ("", "runs/tagger/last.pt"):
        torch.save({"settings": {"start": start, "epochs": 40}, "epoch": 7}, tmp_path / "last.pt")
        found = read_start(tmp_path / "last.pt")
        assert found == Start("a trained tagger's trunk" if start else "random weights", 7, 40)
