"""All steps in turn: skipped when done, resumed when killed, redone when asked for."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest

from labelled_photos import write_data
from ootd_training.commands import train_all
from ootd_training.commands.epoch_lines import duration, epoch_lines
from ootd_training.commands.steps import STATE, State, Step, forget, locked, run_steps
from ootd_training.commands.train_all import QUICK_DRAWN_PHOTOS, Options
from ootd_training.console.errors import CommandError
from ootd_training.models.sequencer.settings import ENCODERS, SequencerSettings
from ootd_training.network.history import HISTORY, Epoch
from ootd_training.taxonomy import REPOSITORY, load_taxonomy

EPOCH = Epoch(
    epoch=2,
    epochs=10,
    step=40,
    minutes=1.0,
    minutes_left=4.0,
    rate=0.001,
    loss={"size": [128, 96], "box": 1.53125},
    held_out={"side": 128, "outfit": {"top1": {"sub": 0.5}, "color": None, "super": 0.25}},
)


@pytest.fixture
def options(tmp_path):
    (tmp_path / "runs").mkdir()
    return Options(
        tmp_path / "data", tmp_path / "runs", tmp_path / "models", None, 1, "cpu", quick=False
    )


def run(options, steps):
    run_steps(State(options.runs, options.data, options.seed), steps)


def forget_from(options, steps, first):
    forget(options.runs, options.data, options.seed, steps, first)


class Worker:
    """Steps that record that they ran; one may fail."""

    def __init__(self, options, failing=""):
        self.ran = []
        self.failing = failing
        self.runs = options.runs

    def steps(self):
        return [
            Step(name, lambda report, name=name: self.work(name, report), (self.runs / name,))
            for name in ("draw", "detector", "tagger")
        ]

    def work(self, name, report):
        self.ran.append(name)
        (self.runs / name).touch()
        if name != "draw":
            report(EPOCH)
        if name == self.failing:
            raise KeyboardInterrupt


def test_a_stopped_run_goes_on_with_the_step_that_it_was_at(options, capsys):
    worker = Worker(options, failing="detector")
    with pytest.raises(KeyboardInterrupt):
        run(options, worker.steps())
    again = Worker(options)
    run(options, again.steps())
    assert (worker.ran, again.ran) == (["draw", "detector"], ["detector", "tagger"])
    shown = capsys.readouterr().out
    assert "[1/3] draw: done before" in shown
    assert "[3/3] tagger: done in" in shown


def test_finished_steps_are_skipped(options):
    run(options, Worker(options).steps())
    again = Worker(options)
    run(options, again.steps())
    assert again.ran == []


@pytest.mark.parametrize(("first", "ran"), [("draw", 3), ("detector", 2), ("tagger", 1)])
def test_a_step_and_all_later_ones_are_done_anew(options, first, ran):
    steps = Worker(options).steps()
    run(options, steps)
    forget_from(options, steps, first)
    kept = {step.name for step in steps if (options.runs / step.name).exists()}
    again = Worker(options)
    run(options, again.steps())
    assert len(again.ran) == ran
    assert kept == {step.name for step in steps} - set(again.ran)


def test_another_seed_needs_another_folder(options):
    run(options, Worker(options).steps())
    other = dataclasses.replace(options, seed=5)
    with pytest.raises(CommandError, match="holds a run with each model's own seed, not seed 5"):
        run(other, Worker(options).steps())


def test_other_labels_need_another_folder(options):
    """Neither do steps count as done, nor are any forgotten."""
    run(options, Worker(options).steps())
    steps = Worker(options).steps()
    write_data(options.data, 1)
    for action in (run, lambda *given: forget_from(*given, "tagger")):
        with pytest.raises(CommandError, match="holds a run with other labels than"):
            action(options, steps)
    assert all((options.runs / step.name).exists() for step in steps)
    forget_from(options, steps, "draw")
    again = Worker(options)
    run(options, again.steps())
    assert len(again.ran) == len(steps)


def test_a_folder_that_names_no_labels_is_gone_on_with(options):
    done = {"draw": 1.0, "detector": 60.0}
    (options.runs / STATE).write_text(json.dumps({"seed": None, "done": done}))
    worker = Worker(options)
    run(options, worker.steps())
    assert worker.ran == ["tagger"]
    assert json.loads((options.runs / STATE).read_text())["labels"]


def test_two_runs_cannot_share_a_folder(options):
    with (
        locked(options.runs),
        pytest.raises(CommandError, match="another ootd-train all is at work"),
        locked(options.runs),
    ):
        pass


def test_each_epoch_is_told_with_the_step_that_it_is_of(options, capsys):
    run(options, Worker(options).steps())
    shown = capsys.readouterr().out
    assert "[2/3] detector\n[2/3] detector: epoch 2 of 10, 4 min left\n" in shown
    assert "[3/3] tagger: epoch 2 of 10, 4 min left\n    loss: size 128x96, box 1.53\n" in shown


def test_a_step_that_was_stopped_counts_the_time_before(options):
    history = options.runs / HISTORY
    history.write_text('{"epoch": 1, "minutes": 5.0}\n{"epoch": 2, "minutes": 70.5}\n')
    run(options, [Step("detector", lambda _: None, (history,))])
    assert State(options.runs, options.data, None).done == {"detector": 70.5}


def recorded(trained):
    """A training that keeps its arguments by model."""
    return lambda model, arguments, _report: trained.__setitem__(model, arguments)


def nothing(_epoch):
    """Take no notice of an epoch."""


def given(arguments, name):
    return arguments[arguments.index(name) + 1]


def test_every_model_gets_what_the_steps_before_it_made(options):
    (options.data / "street").mkdir(parents=True)
    (options.data / "street" / "train.jsonl").touch()
    trained = {}
    steps = train_all.Steps(dataclasses.replace(options, seed=3, quick=True), recorded(trained))
    names = [step.name for step in steps.all()]
    for step in steps.all():
        if step.name in ("detector", "tagger", "sequencer", "embedder"):
            step.action(nothing)
    assert names.index("detector") < names.index("street") < names.index("tagger")
    assert names[-2:] == ["release", "reports"]
    assert len({given(arguments, "--output") for arguments in trained.values()}) == 4
    for model, arguments in trained.items():
        assert given(arguments, "--seed") == "3"
        assert given(arguments, "--drawn") == str(options.runs / "drawn")
        assert "--quick" in arguments
        assert ("--street" in arguments) == (model != "detector")
        assert ("--start" in arguments) == (model in ("sequencer", "embedder"))
    assert (
        given(trained["embedder"], "--start") == f"{given(trained['tagger'], '--output')}/last.pt"
    )


def test_a_fold_is_held_out_of_all_models_and_measured(options, monkeypatch):
    options = dataclasses.replace(options, fold=2)
    trained, measured, delivered = {}, [], []
    steps = train_all.Steps(options, recorded(trained))
    for step in steps.all():
        if step.name in ("detector", "tagger", "sequencer", "embedder"):
            step.action(nothing)
    assert {given(arguments, "--fold") for arguments in trained.values()} == {"2"}
    monkeypatch.setattr("ootd_training.commands.train_all.evaluate_all", measured.append)
    monkeypatch.setattr("ootd_training.commands.train_all.MODEL_NAMES", ())
    monkeypatch.setattr(train_all.build, "build", lambda *_: "built")
    monkeypatch.setattr(train_all.build, "deliver", lambda *what: delivered.append(what))
    steps.release()
    assert delivered == [("built", None)], "nothing is installed"
    (options.runs / "release").mkdir()
    shutil.copy(REPOSITORY / "release.json", options.runs / "release")
    steps.reports()
    assert given(measured[0], "--fold") == "2"


@pytest.mark.parametrize("encoder", ENCODERS)
def test_a_sequencer_starts_from_the_tagger_where_it_has_its_trunk(options, encoder, monkeypatch):
    monkeypatch.setattr(SequencerSettings, "encoder", encoder)
    trained = {}
    steps = train_all.Steps(options, recorded(trained)).all()
    next(step for step in steps if step.name == "sequencer").action(nothing)
    assert ("--start" in trained["sequencer"]) == (encoder == "efficientnet")


def test_reports_are_given_the_runs_and_the_tiles_that_they_were_trained_on(options, monkeypatch):
    calls = []
    monkeypatch.setattr("ootd_training.commands.train_all.evaluate_all", calls.append)
    monkeypatch.setattr("ootd_training.commands.train_all.MODEL_NAMES", ())
    (options.runs / "release").mkdir()
    shutil.copy(REPOSITORY / "release.json", options.runs / "release")
    train_all.Steps(options).reports()
    assert "# Release" in (options.runs / train_all.REPORTS / "release.md").read_text()
    (arguments,) = calls
    assert given(arguments, "--repository") == str(options.runs / "release")
    assert given(arguments, "--runs") == str(options.runs)
    assert given(arguments, "--cache") == str(options.runs / train_all.CROPS)
    assert given(arguments, "--limit") == "0"


def test_data_without_street_photos_is_enough(options):
    trained = {}
    steps = train_all.Steps(options, recorded(trained))
    steps.street()
    (tagger,) = (step for step in steps.all() if step.name == "tagger")
    tagger.action(nothing)
    assert "--street" not in trained["tagger"]


def test_drawn_photos_hold_every_sub_category():
    """They come in turn, and some are only known from drawn photos."""
    count = len(load_taxonomy().subs)
    assert all(garments >= count for _, garments in (train_all.DRAWN_PHOTOS, QUICK_DRAWN_PHOTOS))


def test_the_command_says_what_is_wrong_before_it_begins(tmp_path):
    data = write_data(tmp_path / "data", 1)
    arguments = ["--data", str(data), "--runs", str(tmp_path / "runs"), "--quick"]
    folder = tmp_path / "runs" / "quick"
    folder.mkdir(parents=True)
    (folder / STATE).write_text(json.dumps({"seed": 9, "done": {}}))
    with pytest.raises(CommandError, match="holds a run with seed 9"):
        train_all.train_all(arguments)


def test_a_repository_of_another_taxonomy_is_refused(tmp_path):
    with pytest.raises(CommandError, match="is not a model repository"):
        train_all.check_taxonomy(tmp_path)
    (tmp_path / "taxonomy.json").write_text("{}")
    with pytest.raises(CommandError, match="make them alike"):
        train_all.check_taxonomy(tmp_path)


def test_epochs_are_shown_with_the_time_that_is_left():
    assert epoch_lines("[3/8] tagger", EPOCH) == (
        "[3/8] tagger: epoch 2 of 10, 4 min left\n"
        "    loss: size 128x96, box 1.53\n"
        "    held out: side 128\n"
        "    held out, outfit: top1 sub 0.5, super 0.25"
    )
    assert "held out" not in epoch_lines("a", dataclasses.replace(EPOCH, held_out=None))


@pytest.mark.parametrize(
    ("minutes", "said"), [(0.5, "30 s"), (1.0, "1 min"), (99, "99 min"), (150, "2.5 h")]
)
def test_durations_are_said_as_people_do(minutes, said):
    assert duration(minutes) == said
