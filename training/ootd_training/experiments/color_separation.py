"""Colour separation in the form of iTOO's Table 1: colours of a garment as one item, or as several.

Two arms are trained alike but for what counts as one item in training (section 5.2), with several
seeds. Both are judged on garments that neither has seen, where a hit must have the query's colour.
A run that is stopped goes on where it was; finished arms are kept as JSON files.
"""

from __future__ import annotations

import argparse
import dataclasses
from functools import partial
from pathlib import Path
from typing import Any

import torch

from ootd_training.experiments import color_separation_report
from ootd_training.experiments.arm_inputs import trunk_features
from ootd_training.experiments.separation_arms import (
    ARMS,
    EPOCHS,
    ArmSettings,
    Photos,
    finished_arm,
    train_arm,
)
from ootd_training.experiments.variants import VariantSettings, load_photos
from ootd_training.network.run import choose_device
from ootd_training.report.page import Page
from ootd_training.taxonomy import load_taxonomy

TRAIN = VariantSettings(real=700, drawn=48)
VAL = VariantSettings(real=300, drawn=64)
FROZEN_EPOCHS = 6


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-experiment color-separation`."""
    parser.add_argument(
        "--output", type=Path, default=Path("training-runs/color-separation"), help="folder of arms"
    )
    parser.add_argument("--seeds", type=int, default=5, help="pairs of arms")
    parser.add_argument(
        "--epochs",
        type=int,
        help=f"length of an arm ({EPOCHS}, or {FROZEN_EPOCHS} over a frozen trunk)",
    )
    parser.add_argument("--threads", type=int, default=1, help="CPU threads")
    parser.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda if there is one")
    parser.add_argument(
        "--frozen-trunk",
        type=Path,
        help="a tagger's checkpoint: train two layers over its trunk, not a network of its own",
    )
    parser.add_argument("--quick", action="store_true", help="a minute on a slice")


def _photos(
    options: argparse.Namespace, split: str, settings: VariantSettings, device: torch.device
) -> Photos:
    photos = load_photos(
        options.output,
        options.data,
        split,
        taxonomy=load_taxonomy(),
        settings=settings,
        cache=options.cache,
    )
    if options.frozen_trunk is None:
        return Photos(photos)
    return Photos(
        photos, trunk_features(options.frozen_trunk, photos.pixels, options.output, device)
    )


def run_arms(options: argparse.Namespace) -> tuple[list[dict[str, Any]], dict[str, dict[str, int]]]:
    """Train or take from their files all arms, seed by seed; and the counts of the two sets.

    ValueError for less than one seed.
    """
    if options.seeds < 1:
        raise ValueError(f"--seeds must be 1 or more, got {options.seeds}")
    device = choose_device(options.device)
    torch.set_num_threads(options.threads)
    made = {"train": TRAIN, "val": VAL}
    usual = EPOCHS if options.frozen_trunk is None else FROZEN_EPOCHS
    settings: dict[str, Any] = {"epochs": options.epochs or usual, "device": options.device}
    if options.quick:
        made = {split: dataclasses.replace(s, real=30, drawn=3) for split, s in made.items()}
        settings |= {"epochs": 2, "steps": 4, "items": 12}
    sets = {split: _photos(options, split, one, device) for split, one in made.items()}
    settings["shown"] = "-".join(part.digest() for part in sets.values())
    results = []
    for number in range(options.seeds * len(ARMS)):
        seed, arm = number // len(ARMS) + 1, ARMS[number % len(ARMS)]
        folder = options.output / f"{arm}-{seed}"
        one_arm = ArmSettings(arm=arm, frozen_trunk=options.frozen_trunk is not None).changed(
            output=str(folder), seed=seed, evaluate_every=settings["epochs"], **settings
        )
        print(f"arm {number + 1} of {options.seeds * len(ARMS)}: {arm}, seed {seed}", flush=True)
        result = finished_arm(one_arm, partial(train_arm, one_arm, *sets.values()))
        print(f"  top-1 {100 * result['all']['top1']:.1f} %", flush=True)
        results.append(result)
    return results, {split: part.photos.counts() for split, part in sets.items()}


def main(options: argparse.Namespace) -> Page:
    """Run `ootd-experiment color-separation`; its report."""
    return color_separation_report.page(*run_arms(options))
