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

from ootd_training.console.errors import (
    CommandError,
    HelpWithDefaults,
    add_repository_option,
    check_space,
    checked_data,
    checked_repository,
    guarded,
)

MODELS = ("detector", "tagger", "sequencer", "embedder")
MODULES = {
    "train": "ootd_training.models.{}.train",
    "evaluate": "ootd_training.evaluation.{}",
}
GIGABYTES = 0.5
"""Room for the checkpoints of one run."""


def run(task: str, arguments: Sequence[str]) -> None:
    """Run `train` or `evaluate` of the model that the first argument names, or of all."""
    parser = argparse.ArgumentParser(
        prog=f"ootd-{task}",
        description=f"{task.capitalize()} one of the models, or all of them in turn.",
        epilog="Options of a model: name it, then --help.",
    )
    parser.add_argument("model", choices=(*MODELS, "all"))
    chosen = parser.parse_args(arguments[:1]).model
    if chosen != "all":
        run_model(task, chosen, arguments[1:])
    elif task == "train":
        from ootd_training.commands.train_all import train_all  # noqa: PLC0415 - brings PyTorch along

        train_all(arguments[1:])
    else:
        evaluate_all(arguments[1:])


def run_model(task: str, model: str, arguments: Sequence[str], *, shared: bool = False) -> None:
    """Run `train` or `evaluate` of one model.

    Arguments that all models `shared` get may be unknown to one of them. CommandError if the data
    folder is not one, or the disk is too full.
    """
    module = importlib.import_module(MODULES[task].format(model))
    parser = argparse.ArgumentParser(
        prog=f"ootd-{task} {model}", description=module.__doc__, formatter_class=HelpWithDefaults
    )
    module.add_options(parser)
    options = parser.parse_known_args(arguments)[0] if shared else parser.parse_args(arguments)
    checked_data(options.data)
    if task == "train":
        check_space(Path(options.output), GIGABYTES)
    module.main(options)


def evaluate_all(arguments: Sequence[str]) -> None:
    """Measure every model of a model repository.

    CommandError if data, repository or the sequencer's checkpoint are not where they should be.
    """
    options = _all_models_parser().parse_args(arguments)
    checked_data(options.data)
    checked_repository(options.repository)
    common = _common_arguments(options)
    for model in MODELS:
        path = options.repository / model / "1" / "model.onnx"
        if not path.exists():
            print(f"no {path}: {model} is left out", flush=True)
            continue
        print(f"evaluate {model}", flush=True)
        run_model("evaluate", model, [*common, "--model", str(path)], shared=True)


def _all_models_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="ootd-evaluate all",
        description="Measure every model of a model repository.",
        formatter_class=HelpWithDefaults,
    )
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    add_repository_option(parser)
    parser.add_argument(
        "--runs", type=Path,
        help="folder with the checkpoint sequencer/last.pt, which is measured beside its file: "
        "also on train, and with a likelihood",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=0,
        help="measure at most this many garments or photos of each source; 0: all",
    )  # fmt: skip
    parser.add_argument("--report", type=Path, help="folder to write the reports to")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    return parser


def _common_arguments(options: argparse.Namespace) -> list[str]:
    """What every model is measured with; each takes what it knows."""
    common = ["--data", options.data, "--limit", str(options.limit)]
    common += ["--repository", str(options.repository)]
    tagger = options.repository / "tagger" / "1" / "model.onnx"
    common += ["--tagger", str(tagger)] if tagger.exists() else []
    common += ["--report", str(options.report)] if options.report else []
    common += ["--cache", str(options.cache)] if options.cache else []
    if options.runs:
        from ootd_training.network.run import CHECKPOINT  # noqa: PLC0415 - brings PyTorch along

        checkpoint = options.runs / "sequencer" / CHECKPOINT
        if not checkpoint.is_file():
            raise CommandError(
                f"there is no checkpoint {checkpoint}; name the folder of a whole run with --runs, "
                "such as training-runs/full, or leave it out"
            )
        common += ["--checkpoint", str(checkpoint)]
    return common


def train() -> None:
    """Entry point of `ootd-train`."""
    guarded("ootd-train", lambda: run("train", sys.argv[1:]))


def evaluate() -> None:
    """Entry point of `ootd-evaluate`."""
    guarded("ootd-evaluate", lambda: run("evaluate", sys.argv[1:]))
