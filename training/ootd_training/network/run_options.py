"""Options that the training of every model has, and the settings that they name."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from ootd_training.data.folds import FOLDS, NO_FOLD
from ootd_training.network.public_weights import PRETRAINED
from ootd_training.network.run_settings import RunSettings, TrainingSettings
from ootd_training.network.trunk import ARCHITECTURES, TrunkSettings

Settings = TypeVar("Settings", bound=TrainingSettings)


def add_run_options(parser: argparse.ArgumentParser, defaults: RunSettings) -> None:
    """Add the options; `defaults` are the model's."""
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    parser.add_argument("--output", required=True, help="folder for checkpoint and history")
    parser.add_argument(
        "--start", default="",
        help="what to start from: a checkpoint, a released ONNX file, or the word "
        f"{PRETRAINED} for public weights, which ootd-data weights brings",
    )  # fmt: skip
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="length of the run")
    parser.add_argument(
        "--seed", type=int, default=defaults.seed, help="what all random choices follow from"
    )
    parser.add_argument("--threads", type=int, default=defaults.threads, help="CPU threads")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda if there is one")
    parser.add_argument(
        "--learning-rate", type=float, default=defaults.learning_rate,
        help="highest rate of a step, after the warm-up",
    )  # fmt: skip
    parser.add_argument(
        "--evaluate-every", type=int, default=defaults.evaluate_every,
        help="epochs from one evaluation on the held-out fold to the next",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=0,
        help="learn from at most this many garments (detector: photos) of each source, and judge "
        "on as many; 0: all",
    )  # fmt: skip
    parser.add_argument(
        "--fold", type=int, choices=range(FOLDS), default=NO_FOLD, metavar=f"0..{FOLDS - 1}",
        help="hold this fifth of train out and judge the run on it, to choose settings by "
        "(default: learn from all of train, and judge nothing)",
    )  # fmt: skip
    parser.add_argument("--drawn", default="", help="folder of drawn photos to add (data.draw)")
    parser.add_argument("--restart", action="store_true", help="don't go on from a checkpoint")
    parser.add_argument("--quick", action="store_true", help="a minute on a slice, small pictures")
    parser.add_argument("--export", type=Path, help="write the ONNX model here at the end")


def add_crop_options(parser: argparse.ArgumentParser, trunk: TrunkSettings) -> None:
    """Add the options of the models that look at crops; `trunk` is the model's own."""
    parser.add_argument(
        "--street", default="",
        help="file with the boxes that a detector found in the street photos, whose garments join "
        "the training; ootd-train all leaves it as RUNS/street.json",
    )  # fmt: skip
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    parser.add_argument(
        "--trunk", choices=ARCHITECTURES, default=trunk.architecture,
        help="network that sees the crop; --width and --depth are of efficientnet-v2",
    )  # fmt: skip
    parser.add_argument(
        "--width", type=float, default=trunk.width,
        help="channels of the trunk, as a share of EfficientNetV2-B0's",
    )  # fmt: skip
    parser.add_argument("--depth", type=float, default=trunk.depth, help="blocks of it, likewise")


def chosen_trunk(options: argparse.Namespace) -> TrunkSettings:
    """The trunk that the options of crops name."""
    return TrunkSettings(
        width=options.width, depth=options.depth, architecture=options.trunk
    )  # fmt: skip


def chosen(options: argparse.Namespace, defaults: Settings) -> Settings:
    """The settings with every value that an option of the same name gives."""
    known = defaults.saved()
    return defaults.changed(**{n: value for n, value in vars(options).items() if n in known})
