"""`ootd-train all`: every model from the labelled photos to a release, in steps that resume.

Each step leaves a mark in the runs folder when it is done, and training steps a checkpoint after
each epoch; the same command given again goes on from there.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ootd_training.commands.evaluate_all import evaluate_all
from ootd_training.commands.one_model import train_one
from ootd_training.commands.steps import State, Step, forget, locked, run_steps, write_json
from ootd_training.console.errors import CommandError
from ootd_training.console.options import add_repository_option, check_space, checked_repository
from ootd_training.data.data_folder import checked_data
from ootd_training.data.folds import FOLDS, NO_FOLD
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.evaluation.run_report import run_report
from ootd_training.models.detector.export import load_network
from ootd_training.models.detector.measure import torch_detector
from ootd_training.models.detector.street_labels import label_street
from ootd_training.models.names import MODEL_NAMES
from ootd_training.models.sequencer.settings import EFFICIENTNET, SequencerSettings
from ootd_training.network.history import HISTORY, Report
from ootd_training.network.run import CHECKPOINT
from ootd_training.release import build
from ootd_training.release.checkpoints import DRAWN, STREET, load_checkpoint
from ootd_training.release.manifest import read
from ootd_training.taxonomy import REPOSITORY

CROPS, REPORTS = "crops", "reports"
"""Names in a runs folder: decoded crops, reports."""
DRAWN_PHOTOS = (200, 320)
QUICK_DRAWN_PHOTOS = (16, 32)
"""Outfits and single garments to draw."""
GIGABYTES, QUICK_GIGABYTES = 5.0, 1.0
"""Disk space for checkpoints, decoded crops and drawn photos."""
QUICK_LIMIT = 48
"""Street photos to label, and garments or photos a source to measure, of a quick run."""


@dataclass(frozen=True)
class Options:
    """What a run of all steps depends on; `seed` None leaves each model its own default."""

    data: Path
    runs: Path
    repository: Path
    seed: int | None
    threads: int
    device: str
    quick: bool
    fold: int = NO_FOLD
    """The fold of train that all models are trained without; -1: none."""

    @property
    def trial(self) -> bool:
        """Whether what is built stays in the runs folder."""
        return self.quick or self.fold != NO_FOLD


Train = Callable[[str, Sequence[str], Report], None]
"""Trains a model with the arguments of its subcommand, and reports each epoch."""


class Steps:
    """The steps of one run, in their order."""

    def __init__(self, options: Options, train: Train = train_one) -> None:
        self.options = options
        self.train = train

    def all(self) -> list[Step]:
        """Every step."""
        runs = self.options.runs
        # A tagger's trunk is an EfficientNet, no start for another encoder.
        same_trunk = SequencerSettings.encoder == EFFICIENTNET
        return [
            Step("draw", lambda _: self.draw(), (runs / DRAWN / "labels.json",)),
            self._training("detector"),
            Step("street", lambda _: self.street(), (runs / STREET,)),
            self._training("tagger", crops=True),
            self._training("sequencer", crops=True, start=same_trunk),
            self._training("embedder", crops=True, start=True),
            Step("release", lambda _: self.release()),
            Step("reports", lambda _: self.reports()),
        ]

    def _training(self, model: str, *, crops: bool = False, start: bool = False) -> Step:
        folder = self.options.runs / model
        outputs = (folder / CHECKPOINT, folder / HISTORY)
        return Step(
            model, lambda report: self.train(model, self._arguments(model, crops, start), report),
            outputs,
        )  # fmt: skip

    def _arguments(self, model: str, crops: bool, start: bool) -> list[str]:
        """The arguments of a model's subcommand; street photos join where there are any."""
        options, runs = self.options, self.options.runs
        arguments = ["--data", str(options.data), "--output", str(runs / model)]
        arguments += ["--threads", str(options.threads), "--device", options.device]
        arguments += ["--drawn", str(runs / DRAWN)]
        arguments += [] if options.seed is None else ["--seed", str(options.seed)]
        arguments += ["--quick"] if options.quick else []
        arguments += ["--fold", str(options.fold)] if options.fold != NO_FOLD else []
        if crops:
            arguments += ["--cache", str(runs / CROPS)]
            arguments += ["--street", str(runs / STREET)] if self._has_street() else []
        if start:
            arguments += ["--start", str(runs / "tagger" / CHECKPOINT)]
        return arguments

    def _has_street(self) -> bool:
        return (self.options.data / "street" / "train.jsonl").exists()

    def draw(self) -> None:
        """Draw the photos that fill in what no labelled photo shows."""
        try:
            from ootd_training.data.draw import draw  # noqa: PLC0415 - needs ootd_samples
        except ImportError as error:
            raise CommandError(
                f"drawing photos needs the package ootd-samples ({error}); run: "
                "pip install ./clients/samples"
            ) from error

        outfits, garments = QUICK_DRAWN_PHOTOS if self.options.quick else DRAWN_PHOTOS
        # Another seed than the demo's, so that what the demo shows was not trained on.
        draw(self.options.runs / DRAWN, outfits, garments, 4711 + (self.options.seed or 0))

    def street(self) -> None:
        """Find the garments of the tagged street photos with the trained detector."""
        if not self._has_street():
            print("no street photos in the data: nothing to find")
            return
        runs, limit = self.options.runs, QUICK_LIMIT if self.options.quick else 0
        network, side = load_network(runs / "detector" / CHECKPOINT)
        detector = torch_detector(network, side)
        learnt = PhotoSources(fold=self.options.fold).learnt
        found = label_street(
            detector, self.options.data, complete=False, limit=limit, fold=learnt
        )  # fmt: skip
        write_json(runs / STREET, found)
        print(f"found {sum(len(entry['boxes']) for entry in found)} garments in the street photos")

    def release(self) -> None:
        """Export all models; into the repository unless the run is a trial."""
        options = self.options
        built = build.build(options.repository, options.runs, options.data, MODEL_NAMES)
        build.deliver(built, None if options.trial else options.repository)

    def reports(self) -> None:
        """Write a report of each run, of the release and of each released model."""
        options, runs = self.options, self.options.runs
        for model in MODEL_NAMES:
            settings = load_checkpoint(runs, model, options.data).settings
            page = run_report(model, runs / model, f"{model}-run", settings)
            print(f"wrote {page.write(runs / REPORTS)}")
        built = read(runs / build.BUILT)
        assert built is not None, "the step before has built it"
        print(f"wrote {build.report(built).write(runs / REPORTS)}")
        chosen = ["--data", str(options.data), "--repository", str(runs / build.BUILT)]
        chosen += ["--runs", str(runs), "--cache", str(runs / CROPS)]
        chosen += ["--fold", str(options.fold)] if options.fold != NO_FOLD else []
        chosen += ["--limit", str(QUICK_LIMIT if options.quick else 0)]
        evaluate_all([*chosen, "--report", str(runs / REPORTS)])


def cores() -> int:
    """CPU cores that this process may use."""
    return len(os.sched_getaffinity(0))


def parser(names: Sequence[str]) -> argparse.ArgumentParser:
    """The arguments of `ootd-train all`; `names` are those of the steps."""
    result = argparse.ArgumentParser(
        prog="ootd-train all",
        description="Train all models and release them: " + ", ".join(names) + ". The same "
        "command given again goes on where it was stopped.",
    )
    result.add_argument("--data", required=True, help="folder of the labelled photos")
    result.add_argument(
        "--runs", type=Path, default=Path("training-runs"),
        help="all results go into its folder full, those of --quick into quick, of --fold into "
        "fold-N (default %(default)s)",
    )  # fmt: skip
    add_repository_option(result)
    result.add_argument("--seed", type=int, help="of everything random (default: each model's own)")
    result.add_argument(
        "--threads", type=int, default=cores(), help="CPU threads (default %(default)s, the cores)"
    )
    result.add_argument("--device", default="auto", help="cpu, cuda, or auto: cuda if there is one")
    result.add_argument(
        "--quick", action="store_true", help="the same on a slice; releases into the runs folder"
    )
    result.add_argument(
        "--fold", type=int, choices=range(FOLDS), default=NO_FOLD, metavar=f"0..{FOLDS - 1}",
        help="train all models without this fifth of train and measure them on it, to choose "
        "settings by; releases into the runs folder, as fold-N (default: all of train)",
    )  # fmt: skip
    again = result.add_mutually_exclusive_group()
    again.add_argument("--restart", action="store_true", help="do everything anew")
    again.add_argument(
        "--from", dest="first", choices=names, help="do this step and all later anew"
    )
    return result


def train_all(arguments: Sequence[str]) -> None:
    """Run `ootd-train all`; CommandError where data, disk or an earlier run stand against it."""
    nothing = Options(Path(), Path(), Path(), None, 1, "cpu", quick=True)
    names = [step.name for step in Steps(nothing).all()]
    given = parser(names).parse_args(arguments)
    whole = "full" if given.fold == NO_FOLD else f"fold-{given.fold}"
    runs = given.runs / ("quick" if given.quick else whole)
    data, seed = checked_data(given.data), given.seed
    options = Options(
        data, runs, given.repository, seed, given.threads, given.device, given.quick, given.fold
    )  # fmt: skip
    check_taxonomy(given.repository)
    check_space(runs, QUICK_GIGABYTES if given.quick else GIGABYTES)
    runs.mkdir(parents=True, exist_ok=True)
    steps = Steps(options).all()
    with locked(runs):
        if given.restart or given.first:
            forget(runs, data, seed, steps, given.first or names[0])
        run_steps(State(runs, data, seed), steps)
    print(f"all {len(steps)} steps are done; reports: {runs / REPORTS}")
    if not options.trial:
        print(
            f"pages and model cards of this checkout: cp {runs / REPORTS}/* training/reports/, "
            "then python -m ootd_training.evaluation.model_cards"
        )


def check_taxonomy(repository: Path) -> None:
    """CommandError if a model repository has another taxonomy than the one that is trained for."""
    path = checked_repository(repository) / "taxonomy.json"
    trained = REPOSITORY / "taxonomy.json"
    if json.loads(path.read_text()) != json.loads(trained.read_text()):
        raise CommandError(
            f"{path} is not the taxonomy that models are trained for, {trained}; make them alike"
        )
