"""Dispatch of the console commands, and how they end where they can't do their work."""

from __future__ import annotations

import errno
import shutil
import sys

import pytest

from labelled_photos import write_data
from ootd_training.commands import by_model, one_model
from ootd_training.commands import export as export_command
from ootd_training.console import options
from ootd_training.console.errors import TRACEBACK, CommandError, run_command
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.models.names import MODEL_NAMES
from ootd_training.models.registry import MODELS


class Stand:
    """Takes a model's place, in training or in evaluation, and records its options."""

    def __init__(self, model, seen):
        self.model, self.seen = model, seen

    def add_options(self, parser):
        """Add options that the real ones have too."""
        for name in ("--data", "--model", "--report", "--cache"):
            parser.add_argument(name)
        if self.model == "sequencer":
            parser.add_argument("--checkpoint")
        parser.add_argument("--limit", type=int)
        parser.add_argument("--fold", type=int)

    def main(self, options):
        self.seen.append((self.model, options))


@pytest.fixture
def calls(monkeypatch):
    """Replace what evaluates every model by what records its options."""
    seen = []
    stands = {model: Stand(model, seen) for model in MODEL_NAMES}
    monkeypatch.setattr(one_model, "EVALUATORS", stands)
    return seen


@pytest.fixture
def data(tmp_path):
    return str(write_data(tmp_path / "data", 1))


def ending(monkeypatch, capsys, entry, *arguments):
    """The exit code and the error of a console command."""
    monkeypatch.setattr(sys, "argv", ["command", *arguments])
    with pytest.raises(SystemExit) as stopped:
        entry()
    return stopped.value.code, capsys.readouterr().err


def test_one_model_gets_its_own_options(calls, data):
    by_model.run("evaluate", ["tagger", "--data", data, "--limit", "3"])
    ((model, options),) = calls
    assert (model, options.data, options.limit) == ("tagger", data, 3)


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_options_become_settings_by_their_names(model):
    arguments = [
        "--data",
        "photos",
        "--output",
        "run",
        "--seed",
        "5",
        "--limit",
        "7",
        "--drawn",
        "d",
    ]
    chosen = MODELS[model]
    settings = chosen.settings(one_model.train_parser(chosen).parse_args(arguments))
    assert (settings.run.output, settings.run.seed, settings.run.device) == ("run", 5, "auto")
    assert settings.photos == PhotoSources("photos", "d", limit=7)
    assert settings.changed(
        data="", output="", seed=chosen.defaults.run.seed, limit=0, drawn=""
    ) == (chosen.defaults), "what no option names is as by default"


@pytest.fixture
def repository(tmp_path):
    """A model repository without a tagger."""
    for model in ("detector", "sequencer", "embedder"):
        path = tmp_path / "models" / model / "1" / "model.onnx"
        path.parent.mkdir(parents=True)
        path.touch()
    (tmp_path / "models" / "taxonomy.json").write_text("{}")
    return tmp_path / "models"


def test_all_models_that_are_there_are_measured_in_turn(calls, data, repository, capsys):
    by_model.run("evaluate", ["all", "--data", data, "--repository", str(repository)])
    assert [model for model, _ in calls] == ["detector", "sequencer", "embedder"]
    assert calls[2][1].model == str(repository / "embedder" / "1" / "model.onnx")
    assert calls[1][1].checkpoint is None
    assert "tagger is left out" in capsys.readouterr().out


def test_all_models_are_measured_on_one_fold(calls, data, repository):
    arguments = ["all", "--data", data, "--repository", str(repository)]
    by_model.run("evaluate", [*arguments, "--fold", "3"])
    assert [options.fold for _, options in calls] == [3, 3, 3]


def test_a_runs_folder_gives_the_sequencer_its_checkpoint(calls, data, repository, tmp_path):
    arguments = ["all", "--data", data, "--repository", str(repository)]
    arguments += ["--runs", str(tmp_path), "--cache", "crops"]
    with pytest.raises(CommandError, match=r"no checkpoint .*sequencer/last\.pt"):
        by_model.run("evaluate", arguments)
    assert calls == [], "nothing is measured before that is known"
    checkpoint = tmp_path / "sequencer" / "last.pt"
    checkpoint.parent.mkdir()
    checkpoint.touch()
    by_model.run("evaluate", arguments)
    assert calls[1][1].checkpoint == str(checkpoint)
    assert all(options.cache == "crops" for _, options in calls)


def test_all_models_are_looked_for_in_a_model_repository_alone(calls, data, tmp_path):
    with pytest.raises(CommandError, match="is not a model repository"):
        by_model.run("evaluate", ["all", "--data", data, "--repository", str(tmp_path)])


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_help_explains_every_option_and_tells_its_default(model, capsys):
    with pytest.raises(SystemExit):
        by_model.run("train", [model, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    parser = one_model.train_parser(MODELS[model])
    assert [a.option_strings for a in parser._actions if not a.help] == []
    assert f"random choices follow from (default: {parser.get_default('seed')})" in text
    assert "0: all (default: 0)" in text
    assert "(default: None)" not in text
    assert "(default: )" not in text
    assert f"Train the {model}, from " in text


@pytest.mark.parametrize("model", MODEL_NAMES)
def test_a_model_that_is_not_there_is_one_sentence(model, monkeypatch, capsys, data, tmp_path):
    path = str(tmp_path / "none.onnx")
    arguments = (model, "--data", data, "--model", path)
    code, error = ending(monkeypatch, capsys, by_model.evaluate, *arguments)
    assert code == 2
    assert error.count("\n") == 1
    assert f"there is no {model} {path}" in error


def test_unknown_model_is_refused(capsys):
    with pytest.raises(SystemExit):
        by_model.run("train", ["ranker"])
    assert "invalid choice: 'ranker'" in capsys.readouterr().err


@pytest.mark.parametrize("entry", [by_model.train, by_model.evaluate])
def test_a_missing_data_folder_is_one_sentence(calls, monkeypatch, capsys, tmp_path, entry):
    nowhere = str(tmp_path / "nowhere")
    more = ("--output", "x") if entry is by_model.train else ()
    code, error = ending(monkeypatch, capsys, entry, "tagger", "--data", nowhere, *more)
    assert code == 2
    assert error.count("\n") == 1
    assert f"there is no folder {nowhere}" in error
    assert "--data" in error


def test_a_wrong_data_folder_is_named_with_what_it_lacks(calls, monkeypatch, capsys, tmp_path):
    arguments = ("all", "--data", str(tmp_path))
    code, error = ending(monkeypatch, capsys, by_model.train, *arguments)
    assert code == 2
    assert "lacks catalog/train.csv" in error


def test_a_full_disk_is_told_before_training(monkeypatch, capsys, data, tmp_path):
    usage = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr(options.shutil, "disk_usage", lambda _path: usage)
    arguments = ("tagger", "--data", data, "--output", str(tmp_path / "run"))
    code, error = ending(monkeypatch, capsys, by_model.train, *arguments)
    assert code == 2
    assert "needs about 0.5 GB and its disk has 0.0 GB free" in error
    assert not (tmp_path / "run").exists()


def failing(error):
    def action():
        raise error

    return action


def test_a_disk_that_fills_up_is_one_sentence(capsys):
    full = OSError(errno.ENOSPC, "No space left on device", "last.pt")
    with pytest.raises(SystemExit, match="2"):
        run_command("ootd-train", failing(full))
    assert "the disk is full while writing last.pt" in capsys.readouterr().err


def test_settings_of_another_run_are_one_sentence(capsys):
    with pytest.raises(SystemExit, match="2"):
        run_command("ootd-train", failing(ValueError("holds a run\nwith seed 7")))
    assert capsys.readouterr().err == "ootd-train: holds a run with seed 7\n"


def test_a_fault_of_the_program_keeps_its_traceback():
    with pytest.raises(KeyError):
        run_command("ootd-train", failing(KeyError("loss")))


def test_an_error_has_its_traceback_on_request(monkeypatch):
    monkeypatch.setenv(TRACEBACK, "1")
    with pytest.raises(ValueError, match="why"):
        run_command("ootd-train", failing(ValueError("why")))


def test_what_the_user_stops_says_how_to_go_on(capsys):
    with pytest.raises(SystemExit, match="130"):
        run_command("ootd-train", failing(KeyboardInterrupt()))
    assert "the same command goes on" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--repository", "nowhere", "--check"], "nowhere is not a model repository"),
        ([], "name the folder of the labelled photos with --data"),
        (["--models", "ranker"], "there is no trained model ranker"),
        (["--runs", "no-runs"], "there is no checkpoint no-runs/detector/last.pt"),
    ],
)
def test_what_an_export_lacks_is_one_sentence(monkeypatch, capsys, data, arguments, said):
    given = ["--data", data, *arguments] if arguments else []
    code, error = ending(monkeypatch, capsys, export_command.main, *given)
    assert code == 2
    assert error.count("\n") == 1
    assert said in error
