"""Trains or evaluates one model, with the arguments of its subcommand."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ootd_training.console.options import HelpWithDefaults, check_space
from ootd_training.data.data_folder import checked_data
from ootd_training.evaluation import detector, embedder, sequencer, tagger
from ootd_training.evaluation.run_report import write_run_report
from ootd_training.models.base import AnyModel
from ootd_training.models.registry import MODELS
from ootd_training.models.training import train
from ootd_training.network.history import Report, print_epoch
from ootd_training.network.run import CHECKPOINT
from ootd_training.network.run_options import add_run_options
from ootd_training.release.checkpoints import export_checkpoint, read_checkpoint
from ootd_training.taxonomy import load_taxonomy

EVALUATORS = {
    "detector": detector, "tagger": tagger, "sequencer": sequencer, "embedder": embedder,
}  # fmt: skip
"""What measures each model's file: a module with `add_options(parser)` and `main(options)`."""
GIGABYTES = 0.5
"""Disk space for the checkpoints of one run."""


def train_parser(model: AnyModel) -> argparse.ArgumentParser:
    """The arguments of `ootd-train MODEL`."""
    parser = argparse.ArgumentParser(
        prog=f"ootd-train {model.name}", description=model.__doc__, formatter_class=HelpWithDefaults
    )
    add_run_options(parser, model.defaults.run)
    model.add_options(parser)
    return parser


def train_one(name: str, arguments: Sequence[str], report: Report = print_epoch) -> None:
    """Train a model, write the report of the run, and export it where that is asked for.

    Each epoch is reported. CommandError if the data folder is not one, or the disk is too full.
    """
    model = MODELS[name]
    options = train_parser(model).parse_args(arguments)
    checked_data(options.data)
    check_space(Path(options.output), GIGABYTES)
    settings = model.settings(options)
    cache = getattr(options, "cache", None)
    run = train(model, settings, cache, restart=options.restart, report=report)
    write_run_report(name, settings)
    if options.export:
        checkpoint = read_checkpoint(name, run.output / CHECKPOINT)
        export_checkpoint(checkpoint, options.export, load_taxonomy())


def evaluate_one(name: str, arguments: Sequence[str], *, shared: bool = False) -> None:
    """Measure a model's file.

    Arguments that all models `shared` get may be unknown to one of them. CommandError if the data
    folder is not one.
    """
    evaluator = EVALUATORS[name]
    parser = argparse.ArgumentParser(
        prog=f"ootd-evaluate {name}",
        description=evaluator.__doc__,
        formatter_class=HelpWithDefaults,
    )
    evaluator.add_options(parser)
    options = parser.parse_known_args(arguments)[0] if shared else parser.parse_args(arguments)
    checked_data(options.data)
    evaluator.main(options)
