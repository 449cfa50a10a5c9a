"""The console commands `ootd-train` and `ootd-evaluate`: one subcommand a model, and `all`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from ootd_training.console.errors import run_command
from ootd_training.models.names import MODEL_NAMES


def run(task: str, arguments: Sequence[str]) -> None:
    """Train or evaluate (`task`) the model that the first argument names, or all of them.

    CommandError where that can't be done.
    """
    parser = argparse.ArgumentParser(
        prog=f"ootd-{task}",
        description=f"{task.capitalize()} one of the models, or all of them in turn.",
        epilog="Options of a model: name it, then --help.",
    )
    parser.add_argument("model", choices=(*MODEL_NAMES, "all"))
    name = parser.parse_args(arguments[:1]).model
    # They bring PyTorch along, which takes seconds; help and wrong names need not wait for it.
    from ootd_training.commands import evaluate_all, one_model, train_all  # noqa: PLC0415

    if name == "all":
        whole = {"train": train_all.train_all, "evaluate": evaluate_all.evaluate_all}
        whole[task](arguments[1:])
    elif task == "train":
        one_model.train_one(name, arguments[1:])
    else:
        one_model.evaluate_one(name, arguments[1:])


def train() -> None:
    """Entry point of `ootd-train`."""
    run_command("ootd-train", lambda: run("train", sys.argv[1:]))


def evaluate() -> None:
    """Entry point of `ootd-evaluate`."""
    run_command("ootd-evaluate", lambda: run("evaluate", sys.argv[1:]))
