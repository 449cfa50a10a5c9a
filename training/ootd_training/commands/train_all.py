"""`ootd-train all`: every model from the labelled photos to a release, in steps that resume.

Each step leaves a mark in the runs folder when it is done, and training steps a checkpoint after
each epoch; the same command given again goes on from there.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ootd_training.commands.epoch_lines import EpochLines, duration
from ootd_training.console.errors import (
    CommandError,
    add_repository_option,
    check_space,
    checked_data,
    checked_repository,
)
from ootd_training.data.label_digests import label_digest
from ootd_training.evaluation.run_report import read_history
from ootd_training.models.sequencer.settings import EFFICIENTNET, SequencerSettings
from ootd_training.network.run import CHECKPOINT, HISTORY
from ootd_training.taxonomy import REPOSITORY

STATE = "steps.json"
LOCK = "lock"
DRAWN, STREET, CROPS, REPORTS = "drawn", "street.json", "crops", "reports"
"""Names in a runs folder: drawn photos, boxes of street photos, decoded crops, reports."""
DRAWN_PHOTOS = (200, 320)
QUICK_DRAWN_PHOTOS = (16, 32)
"""Outfits and single garments to draw."""
GIGABYTES, QUICK_GIGABYTES = 5.0, 1.0
"""Room for checkpoints, decoded crops and drawn photos."""
QUICK_LIMIT = 48
"""Street photos to look at, and garments or photos a source to measure, of a quick run."""
MINUTES = {
    "draw": (3, 0.1),
    "detector": (100, 0.8),
    "street": (2, 0.1),
    "tagger": (105, 0.4),
    "sequencer": (60, 0.4),
    "embedder": (30, 0.4),
    "release": (3, 1.0),
    "reports": (20, 0.8),
}
"""What each step is expected to take on two cores: with default settings, and of a quick run.

It only serves to tell how long the rest will take, corrected by the steps that are done.
"""


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


@dataclass(frozen=True)
class Step:
    """A step: `minutes` it is expected to take, and the files that restarting removes."""

    name: str
    minutes: float
    go: Callable[[], None]
    outputs: tuple[Path, ...] = ()


Train = Callable[[str, Sequence[str]], None]
"""Trains a model with the arguments of its subcommand."""


class Steps:
    """The steps of one run, in their order."""

    def __init__(self, options: Options, train: Train) -> None:
        self.options = options
        self.train = train

    def all(self) -> list[Step]:
        """Every step."""
        runs = self.options.runs
        # A tagger's trunk is an EfficientNet, no start for another encoder.
        same_trunk = SequencerSettings.encoder == EFFICIENTNET
        return [
            self._step("draw", self.draw, runs / DRAWN / "labels.json"),
            self._training("detector"),
            self._step("street", self.street, runs / STREET),
            self._training("tagger", crops=True),
            self._training("sequencer", crops=True, start=same_trunk),
            self._training("embedder", crops=True, start=True),
            self._step("release", self.release),
            self._step("reports", self.reports),
        ]

    def _step(self, name: str, action: Callable[[], None], *outputs: Path) -> Step:
        return Step(name, MINUTES[name][self.options.quick], action, outputs)

    def _training(self, model: str, *, crops: bool = False, start: bool = False) -> Step:
        folder = self.options.runs / model
        outputs = (folder / CHECKPOINT, folder / HISTORY)
        return self._step(model, lambda: self._train(model, crops, start), *outputs)

    def _train(self, model: str, crops: bool, start: bool) -> None:
        options, runs = self.options, self.options.runs
        arguments = ["--data", str(options.data), "--output", str(runs / model)]
        arguments += ["--threads", str(options.threads), "--device", options.device]
        arguments += ["--drawn", str(runs / DRAWN)]
        arguments += [] if options.seed is None else ["--seed", str(options.seed)]
        arguments += ["--quick"] if options.quick else []
        if crops:
            arguments += ["--cache", str(runs / CROPS)]
            arguments += ["--street", str(runs / STREET)] if self._has_street() else []
        if start:
            arguments += ["--start", str(runs / "tagger" / CHECKPOINT)]
        self.train(model, arguments)

    def _has_street(self) -> bool:
        return (self.options.data / "street" / "train.jsonl").exists()

    def draw(self) -> None:
        """Draw the photos that fill in what no labelled photo shows."""
        try:
            from ootd_training.data.draw import draw  # noqa: PLC0415 - needs the client's samples
        except ImportError as error:
            raise CommandError(
                f"drawing photos needs the client package ({error}); run: "
                "pip install './clients/python[samples]'"
            ) from error

        outfits, garments = QUICK_DRAWN_PHOTOS if self.options.quick else DRAWN_PHOTOS
        # Another seed than the demo's, so that what the demo shows was not trained on.
        draw(self.options.runs / DRAWN, outfits, garments, 4711 + (self.options.seed or 0))

    def street(self) -> None:
        """Find the garments of the tagged street photos with the trained detector."""
        from ootd_training.models.detector.export import load_network  # noqa: PLC0415
        from ootd_training.models.detector.measure import torch_detector  # noqa: PLC0415
        from ootd_training.models.detector.street_labels import label_street  # noqa: PLC0415

        if not self._has_street():
            print("no street photos in the data: nothing to find")
            return
        runs, limit = self.options.runs, QUICK_LIMIT if self.options.quick else 0
        network, side = load_network(runs / "detector" / CHECKPOINT)
        detector = torch_detector(network, side)
        found = label_street(detector, self.options.data, complete=False, limit=limit)
        write_json(runs / STREET, found)
        boxes = sum(len(entry["boxes"]) for entry in found)  # type: ignore[arg-type, misc]
        print(f"found {boxes} garments in the street photos")

    def release(self) -> None:
        """Export all models; into the repository unless the run is a quick one."""
        from ootd_training.release import build as release  # noqa: PLC0415

        options = self.options
        built = release.build(options.repository, options.runs, options.data, release.TRAINED)
        release.deliver(built, None if options.quick else options.repository)

    def reports(self) -> None:
        """Write a report of each run, of the release and of each released model."""
        from ootd_training.commands.one_model import evaluate_all  # noqa: PLC0415
        from ootd_training.evaluation.run_report import run_report  # noqa: PLC0415
        from ootd_training.release.build import BUILT, TRAINED, report  # noqa: PLC0415
        from ootd_training.release.checkpoints import load_checkpoint  # noqa: PLC0415
        from ootd_training.release.manifest import read  # noqa: PLC0415

        options, runs = self.options, self.options.runs
        for model in TRAINED:
            settings = load_checkpoint(runs, model, options.data).settings
            page = run_report(model, runs / model, f"{model}-run", settings)
            print(f"wrote {page.write(runs / REPORTS)}")
        built = read(runs / BUILT)
        assert built is not None, "the step before has built it"
        print(f"wrote {report(built).write(runs / REPORTS)}")
        chosen = ["--data", str(options.data), "--repository", str(runs / BUILT)]
        chosen += ["--runs", str(runs), "--cache", str(runs / CROPS)]
        chosen += ["--limit", str(QUICK_LIMIT if options.quick else 0)]
        evaluate_all([*chosen, "--report", str(runs / REPORTS)])


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file under a temporary name, then rename it."""
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


class State:
    """Which steps of a runs folder are done, and how many minutes each took.

    CommandError if they were done with another seed or other labels.
    """

    def __init__(self, options: Options) -> None:
        self.path = options.runs / STATE
        # A quick run has a folder of its own, so seed and labels alone tell two runs apart.
        self.seed = options.seed
        self.labels = label_digest(options.data)
        self.done: dict[str, float] = {}
        if self.path.exists():
            known = json.loads(self.path.read_text())
            if known["seed"] != self.seed:
                raise CommandError(
                    f"{options.runs} holds a run with {_seed(known['seed'])}, not "
                    f"{_seed(self.seed)}; choose another --runs, the same seed, or --restart"
                )
            if known.get("labels", self.labels) != self.labels:
                raise CommandError(
                    f"{options.runs} holds a run with other labels than {options.data} has; choose "
                    "another --runs, the --data of that run, or --restart"
                )
            self.done = dict(known["done"])

    def mark(self, step: str, minutes: float) -> None:
        """A step is done."""
        self.done[step] = round(minutes, 2)
        self._write()

    def keep(self, steps: Sequence[str]) -> None:
        """No step but these is done."""
        self.done = {name: took for name, took in self.done.items() if name in steps}
        self._write()

    def _write(self) -> None:
        write_json(self.path, {"seed": self.seed, "labels": self.labels, "done": self.done})


def _seed(seed: int | None) -> str:
    return "each model's own seed" if seed is None else f"seed {seed}"


def forget(options: Options, steps: Sequence[Step], first: str) -> None:
    """Remove the marks and results of the step `first` and of all after it.

    CommandError, and all is left, if earlier steps were done with another seed or other labels.
    """
    names = [step.name for step in steps]
    place = names.index(first)
    path = options.runs / STATE
    if place and path.exists():
        State(options).keep(names[:place])
    else:
        path.unlink(missing_ok=True)
    for step in steps[place:]:
        for output in step.outputs:
            output.unlink(missing_ok=True)


@contextlib.contextmanager
def alone(runs: Path) -> Iterator[None]:
    """Hold the runs folder; CommandError if another process does."""
    with (runs / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(
                f"another ootd-train all is at work in {runs}; wait for it, or choose another "
                "--runs"
            ) from error
        yield


def go(options: Options, steps: Sequence[Step]) -> None:
    """Do every step that is not done yet, and say where it stands."""
    state = State(options)
    count = len(steps)
    if len(state.done) < count:
        print("times to come are estimates, for two idle CPU cores; steps that are done mend them")
    for number, step in enumerate(steps, 1):
        head = f"[{number}/{count}] {step.name}"
        if step.name in state.done:
            print(f"{head}: done before, in {duration(state.done[step.name])}", flush=True)
            continue
        pace = _pace(steps, state)
        later = [other for other in steps[number:] if other.name not in state.done]
        rest = pace * sum(other.minutes for other in later)
        print(f"{head}, about {duration(pace * step.minutes + rest)} left in all", flush=True)
        began = time.monotonic()
        with contextlib.redirect_stdout(EpochLines(head, rest)):
            step.go()
        state.mark(step.name, max((time.monotonic() - began) / 60, _trained_minutes(step)))
        print(f"{head}: done in {duration(state.done[step.name])}", flush=True)


def _trained_minutes(step: Step) -> float:
    """Training time by the step's history, which counts what was done before it was stopped."""
    histories = [path for path in step.outputs if path.name == HISTORY and path.exists()]
    return max((read_history(path)[-1]["minutes"] for path in histories), default=0.0)


def _pace(steps: Sequence[Step], state: State) -> float:
    """Minutes here for a minute expected.

    Short steps, of less than a tenth of the whole, say nothing of the long ones.
    """
    least = sum(step.minutes for step in steps) / 10
    known = [step for step in steps if step.name in state.done and step.minutes >= least]
    if not known:
        return 1.0
    return sum(state.done[step.name] for step in known) / sum(step.minutes for step in known)


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
        help="all results go into its folder full, those of --quick into its folder quick "
        "(default %(default)s)",
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
    again = result.add_mutually_exclusive_group()
    again.add_argument("--restart", action="store_true", help="do everything anew")
    again.add_argument(
        "--from", dest="first", choices=names, help="do this step and all later anew"
    )
    return result


def train_all(arguments: Sequence[str]) -> None:
    """Run `ootd-train all`; CommandError where data, disk or an earlier run stand against it."""
    from ootd_training.commands.one_model import run_model  # noqa: PLC0415 - commands import this module

    def train(model: str, chosen: Sequence[str]) -> None:
        run_model("train", model, chosen)

    names = [step.name for step in Steps(_nowhere(), train).all()]
    given = parser(names).parse_args(arguments)
    runs = given.runs / ("quick" if given.quick else "full")
    options = Options(
        checked_data(given.data), runs, given.repository, given.seed, given.threads, given.device,
        given.quick,
    )  # fmt: skip
    check_taxonomy(given.repository)
    check_space(runs, QUICK_GIGABYTES if given.quick else GIGABYTES)
    runs.mkdir(parents=True, exist_ok=True)
    steps = Steps(options, train).all()
    with alone(runs):
        if given.restart or given.first:
            forget(options, steps, given.first or names[0])
        go(options, steps)
    print(f"all {len(steps)} steps are done; reports: {runs / REPORTS}")
    if not options.quick:
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


def _nowhere() -> Options:
    return Options(Path(), Path(), Path(), None, 1, "cpu", quick=True)
