"""`ootd-train all --quick` from photos to reports, on a few drawn photos."""

from __future__ import annotations

import json
import shutil

import pytest

from labelled_photos import write_data, write_street
from ootd_training.commands import train_all
from ootd_training.commands.steps import LOCK, STATE
from ootd_training.console.errors import CommandError
from ootd_training.release import manifest
from ootd_training.release.build import BUILT, TRAINED
from ootd_training.taxonomy import REPOSITORY

STEPS = 8


def arguments(root, data):
    return [
        *("--data", str(data), "--runs", str(root / "runs"), "--quick"),
        *("--seed", "5", "--threads", "1", "--device", "cpu"),
    ]


def files(folder):
    """Every file of a folder with the time at which it was last written."""
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A folder with `data` and, of a whole quick run, `runs`; the repository's files before it."""
    root = tmp_path_factory.mktemp("whole")
    write_street(write_data(root / "data"))
    before = files(REPOSITORY)
    train_all.train_all(arguments(root, root / "data"))
    return root, before


@pytest.fixture
def runs(whole):
    return whole[0] / "runs" / "quick"


def test_a_release_of_all_models_is_built_beside_the_repository(whole, runs):
    known = json.loads((runs / BUILT / manifest.FILE).read_text())
    for model in (*TRAINED, "crop"):
        assert (runs / BUILT / model / "1" / "model.onnx").stat().st_size > 1000
        assert model in known["models"]
    assert all(model in (runs / "release.md").read_text() for model in TRAINED)
    assert files(REPOSITORY) == whole[1]


def test_every_run_and_every_model_has_its_report(runs):
    for model in TRAINED:
        assert "| seed | 5 |" in (runs / model / "report.md").read_text()
        report = (runs / train_all.REPORTS / f"{model}.md").read_text()
        assert report.startswith(f"# {model.capitalize()}: measured on the val split")
        known = json.loads((runs / BUILT / manifest.FILE).read_text())["models"][model]
        assert f"| {model} | {known['sha256']} |" in report
        run_report = (runs / train_all.REPORTS / f"{model}-run.md").read_text()
        assert f"| steps | {known['training']['steps']:,} |" in run_report
        assert "| device | CPU" in run_report
    assert "# Release" in (runs / train_all.REPORTS / "release.md").read_text()


@pytest.mark.parametrize("moved", [False, True])
def test_the_same_data_has_nothing_left_to_do_wherever_it_lies(
    whole, runs, moved, tmp_path, capsys
):
    root, _ = whole
    data = shutil.copytree(root / "data", tmp_path / "elsewhere") if moved else root / "data"
    before = files(runs)
    train_all.train_all(arguments(root, data))
    assert capsys.readouterr().out.count("done before") == STEPS
    # The lock is opened anew by each.
    lock = runs / LOCK
    assert {**files(runs), lock: 0} == {**before, lock: 0}


@pytest.mark.parametrize("again", [(), ("--from", "reports")])
def test_other_labels_are_refused_and_nothing_is_lost(whole, runs, again, tmp_path):
    root, _ = whole
    other = shutil.copytree(root / "data", tmp_path / "other")
    table = other / "catalog" / "train.csv"
    table.write_text(table.read_text().replace("red", "pink"))
    done = (runs / STATE).read_text()
    with pytest.raises(CommandError, match=r"other labels than .*other has; choose"):
        train_all.train_all([*arguments(root, other), *again])
    assert (runs / STATE).read_text() == done
