"""The console commands `ootd-train` and `ootd-evaluate`: one subcommand a model, and `all`.

A model is a subpackage with a module `train` and a module `evaluate`, each with
`add_options(parser)` and `main(options)`; it is imported only when its subcommand is named.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from pathlib import Path

MODELS = ("detector", "tagger", "embedder")


def run(task: str, arguments: Sequence[str]) -> None:
    """Run `train` or `evaluate` of the model that the first argument names, or of all."""
    parser = argparse.ArgumentParser(
        prog=f"ootd-{task}",
        description=f"{task.capitalize()} one of the models, or all of them in turn.",
        epilog="Options of a model: name it, then --help.",
    )
    parser.add_argument("model", choices=(*MODELS, "all"))
    chosen = parser.parse_args(arguments[:1]).model
    if chosen == "all":
        run_all(task, arguments[1:])
        return
    module = importlib.import_module(f"ootd_training.{chosen}.{task}")
    options = argparse.ArgumentParser(prog=f"ootd-{task} {chosen}", description=module.__doc__)
    module.add_options(options)
    module.main(options.parse_args(arguments[1:]))


def run_all(task: str, arguments: Sequence[str]) -> None:
    """Run a task for every model with its defaults; training exports each unless it is quick."""
    parser = argparse.ArgumentParser(prog=f"ootd-{task} all")
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    if task == "train":
        parser.add_argument("--runs", default="training-runs", help="folder for checkpoints")
        parser.add_argument("--models", default="model_repository", help="folder to export to")
        parser.add_argument("--quick", action="store_true", help="a slice; exports nothing")
    options = parser.parse_args(arguments)
    for model in MODELS:
        print(f"{task} {model}", flush=True)
        run(task, [model, *options_of(task, model, options)])


def options_of(task: str, model: str, options: argparse.Namespace) -> list[str]:
    """The arguments of one model's subcommand as part of `all`."""
    chosen = ["--data", options.data]
    if task == "train":
        runs = Path(options.runs) / ("quick" if options.quick else "full")
        chosen += ["--output", str(runs / model)]
        chosen += (
            ["--quick"]
            if options.quick
            else ["--export", str(Path(options.models) / model / "1" / "model.onnx")]
        )
    return chosen


def train() -> None:
    """Entry point of `ootd-train`."""
    run("train", sys.argv[1:])


def evaluate() -> None:
    """Entry point of `ootd-evaluate`."""
    run("evaluate", sys.argv[1:])
