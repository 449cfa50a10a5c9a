"""Dispatch of the console commands."""

from __future__ import annotations

import sys
from types import ModuleType

import pytest

from ootd_training import commands


@pytest.fixture
def calls(monkeypatch):
    """Replace every model's `train` by one that records the options it was given."""
    seen = []
    for model in commands.MODELS:
        module = ModuleType(f"ootd_training.{model}.train", "Train it.")

        def add_options(parser):
            for name in ("--data", "--output", "--export"):
                parser.add_argument(name)
            parser.add_argument("--quick", action="store_true")

        def main(options, model=model):
            seen.append((model, options))

        module.add_options, module.main = add_options, main
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return seen


def test_one_model_gets_its_own_options(calls):
    commands.run("train", ["tagger", "--data", "photos", "--quick"])
    ((model, options),) = calls
    assert (model, options.data, options.quick) == ("tagger", "photos", True)


def test_all_models_are_trained_in_turn_and_exported(calls):
    commands.run("train", ["all", "--data", "photos"])
    assert [model for model, _ in calls] == list(commands.MODELS)
    assert calls[0][1].export.replace("\\", "/") == "model_repository/detector/1/model.onnx"
    assert len({options.output for _, options in calls}) == len(commands.MODELS)


def test_quick_runs_export_nothing(calls):
    commands.run("train", ["all", "--data", "photos", "--quick"])
    assert all(options.export is None and options.quick for _, options in calls)


def test_unknown_model_is_refused(capsys):
    with pytest.raises(SystemExit):
        commands.run("train", ["ranker"])
    assert "invalid choice: 'ranker'" in capsys.readouterr().err
