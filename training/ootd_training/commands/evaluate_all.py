"""`ootd-evaluate all`: every model of a model repository."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from ootd_training.commands.one_model import evaluate_one
from ootd_training.console.errors import CommandError
from ootd_training.console.options import (
    HelpWithDefaults,
    add_repository_option,
    checked_repository,
)
from ootd_training.data.data_folder import checked_data
from ootd_training.data.folds import NO_FOLD
from ootd_training.evaluation.evaluated_photos import add_photo_options
from ootd_training.models.names import MODEL_NAMES
from ootd_training.network.run import CHECKPOINT


def evaluate_all(arguments: Sequence[str]) -> None:
    """Measure every model of a model repository.

    CommandError if data, repository or the sequencer's checkpoint are not where they should be.
    """
    options = parser().parse_args(arguments)
    checked_data(options.data)
    checked_repository(options.repository)
    common = _common_arguments(options)
    for model in MODEL_NAMES:
        path = options.repository / model / "1" / "model.onnx"
        if not path.exists():
            print(f"no {path}: {model} is left out", flush=True)
            continue
        print(f"evaluate {model}", flush=True)
        evaluate_one(model, [*common, "--model", str(path)], shared=True)


def parser() -> argparse.ArgumentParser:
    """The arguments of `ootd-evaluate all`."""
    result = argparse.ArgumentParser(
        prog="ootd-evaluate all",
        description="Measure every model of a model repository.",
        formatter_class=HelpWithDefaults,
    )
    add_photo_options(result)
    add_repository_option(result)
    result.add_argument(
        "--runs", type=Path,
        help="folder with the checkpoint sequencer/last.pt, which is measured beside its file: "
        "also on train, and with a likelihood",
    )  # fmt: skip
    result.add_argument("--report", type=Path, help="folder to write the reports to")
    result.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    return result


def _common_arguments(options: argparse.Namespace) -> list[str]:
    """What every model is measured with; each takes what it knows."""
    common = ["--data", str(options.data), "--limit", str(options.limit)]
    common += ["--fold", str(options.fold)] if options.fold != NO_FOLD else []
    common += ["--repository", str(options.repository)]
    tagger = options.repository / "tagger" / "1" / "model.onnx"
    common += ["--tagger", str(tagger)] if tagger.exists() else []
    common += ["--report", str(options.report)] if options.report else []
    common += ["--cache", str(options.cache)] if options.cache else []
    if options.runs:
        checkpoint = options.runs / "sequencer" / CHECKPOINT
        if not checkpoint.is_file():
            raise CommandError(
                f"there is no checkpoint {checkpoint}; name the folder of a whole run with --runs, "
                "such as training-runs/full, or leave it out"
            )
        common += ["--checkpoint", str(checkpoint)]
    return common
