"""Reports name the files that they measured; the committed ones are of the release that is here."""

from __future__ import annotations

import json
import re

import pytest

from ootd_training.console.errors import CommandError
from ootd_training.evaluation.measured_files import add_measured, checked_digest
from ootd_training.evaluation.model_cards import REPORTS, quote
from ootd_training.models.names import MODEL_NAMES
from ootd_training.release import manifest
from ootd_training.release.build import REPORT, report
from ootd_training.report.page import Page
from ootd_training.served.rules import served_thresholds
from ootd_training.taxonomy import REPOSITORY

RELEASE = json.loads((REPOSITORY / manifest.FILE).read_text())
FILE = re.compile(r"^\| (\w+) \| ([0-9a-f]{64}) \|$", re.MULTILINE)
THRESHOLD = re.compile(r"^\| `(\w+)`, (\w+) \| ([\d.]+) \|$", re.MULTILINE)
REFRESH = "refresh the pages as training/reports/README.md says"
ALSO = {"detector": {"crop", "tagger"}, "tagger": set(), "sequencer": {"tagger"}, "embedder": set()}
"""What is measured along with each model."""


def measured_digests(page):
    """The digests that a written page states, by model."""
    return dict(FILE.findall(page))


def measured_thresholds(page):
    """The thresholds that a written page states."""
    return {(model, name): value for model, name, value in THRESHOLD.findall(page)}


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_committed_report_is_of_the_released_files(model):
    found = measured_digests((REPORTS / f"{model}.md").read_text())
    assert set(found) == {model} | ALSO[model], REFRESH
    assert found == {name: RELEASE["models"][name]["sha256"] for name in found}, REFRESH


def test_the_detectors_report_is_of_the_served_thresholds():
    found = measured_thresholds((REPORTS / "detector.md").read_text())
    assert found == served_thresholds(), REFRESH


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_committed_run_report_is_of_the_run_that_is_released(model):
    text = (REPORTS / f"{model}-run.md").read_text()
    training = RELEASE["models"][model]["training"]
    assert f"| seed | {training['seed']} |" in text, REFRESH
    assert f"| steps | {training['steps']:,} |" in text, REFRESH


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_card_quotes_the_report_as_it_is(model):
    card = (REPOSITORY / model / "README.md").read_text()
    page = (REPORTS / f"{model}.md").read_text()
    assert quote(card, page, f"../../training/reports/{model}.md") == card, REFRESH


def test_the_committed_page_of_the_release_is_of_this_release():
    assert (REPORTS / f"{REPORT}.md").read_text() == str(report(RELEASE)), REFRESH


def test_what_a_page_states_can_be_read_again():
    page = Page("tagger", "Tagger")
    digests = {"tagger": "0a" * 32, "crop": "1b" * 32}
    thresholds = {("select", "score_threshold"): "0.20", ("verify", "dress_preference"): "3.0"}
    add_measured(page, digests, thresholds)
    assert measured_digests(str(page)) == digests
    assert measured_thresholds(str(page)) == thresholds


def test_served_thresholds_are_numbers_alone():
    found = served_thresholds()
    assert ("select", "score_threshold") in found
    assert ("verify", "taxonomy") not in found
    assert all(float(value) >= 0 for value in found.values())


def test_a_digest_is_that_of_the_manifest():
    path = manifest.model_path(REPOSITORY, "crop")
    assert checked_digest("crop", path) == RELEASE["models"]["crop"]["sha256"]


@pytest.mark.parametrize("content", [None, b"no model", b""])
def test_a_file_that_is_no_model_is_one_sentence(content, tmp_path):
    path = tmp_path / "none.onnx"
    if content is not None:
        path.write_bytes(content)
    said = r"there is no tagger .*none\.onnx" if content is None else r"none\.onnx (can't|is no)"
    with pytest.raises(CommandError, match=said):
        checked_digest("tagger", path)


def test_another_model_is_told_from_the_one_that_is_asked_for():
    with pytest.raises(CommandError, match="is no tagger: it has no output SUB_PROBABILITIES"):
        checked_digest("tagger", manifest.model_path(REPOSITORY, "embedder"))


def test_the_release_page_tells_what_was_not_compared():
    trained = {"seed": 1, "epochs": 2, "steps": 3, "garments": {"catalog, train": 4}}
    compared = {"DETECTION_SCORES": None, "DETECTION_BOXES": 0.25}
    models = {
        "crop": {"bytes": 1, "fingerprint": "c", "training": None},
        "detector": {"bytes": 1, "training": trained | {"differences": compared}},
        "embedder": {"bytes": 1, "fingerprint": "e", "training": trained},
    }
    told = {"fingerprints": {"vector": "e-c", "graph": "g"}, "taxonomy": {"version": 2}}
    text = str(report({"id": "a", "models": models, **told}))
    assert "(embedder and crop model) e-c, of all models and rules g." in text
    assert "| detector: DETECTION_SCORES | nothing compared: the network detects nothing" in text
    assert "| detector: DETECTION_BOXES | 0.25 | 1 |" in text
    assert "| embedder: all outputs | not recorded when it was exported | – |" in text
    assert "crop:" not in text
