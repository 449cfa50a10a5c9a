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

from ootd_training.console import CommandError, check_space, checked_data
from ootd_training.pipeline_progress import EpochLines, duration
from ootd_training.run import CHECKPOINT, HISTORY
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
    """A step: `minutes` it is expected to take on two cores, and the files that restarting removes.

    The expectation only serves to tell how long the rest will take, corrected by the steps that
    are done.
    """

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
        """Every step; those that train take their expected minutes from default settings."""
        runs = self.options.runs
        return [
            Step("draw", 5, self.draw, (runs / DRAWN / "labels.json",)),
            self._training("detector", 200),
            Step("street", 3, self.street, (runs / STREET,)),
            self._training("tagger", 130, crops=True),
            self._training("sequencer", 60, crops=True, start=True),
            self._training("embedder", 60, crops=True, start=True),
            Step("release", 5, self.release),
            Step("reports", 15, self.reports),
        ]

    def _training(
        self, model: str, minutes: float, *, crops: bool = False, start: bool = False
    ) -> Step:
        folder = self.options.runs / model
        outputs = (folder / CHECKPOINT, folder / HISTORY)
        return Step(model, minutes, lambda: self._train(model, crops, start), outputs)

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
        from ootd_training.detector.export import load_network  # noqa: PLC0415
        from ootd_training.detector.measure import torch_detector  # noqa: PLC0415
        from ootd_training.detector.street import label_street  # noqa: PLC0415

        if not self._has_street():
            print("no street photos in the data: nothing to find")
            return
        runs = self.options.runs
        network, side = load_network(runs / "detector" / CHECKPOINT)
        found = label_street(torch_detector(network, side), self.options.data, complete=False)
        write_json(runs / STREET, found)
        boxes = sum(len(entry["boxes"]) for entry in found)  # type: ignore[arg-type, misc]
        print(f"{len(found)} street photos, {boxes} boxes")

    def release(self) -> None:
        """Export all models; into the repository unless the run is a quick one."""
        from ootd_training.export import release  # noqa: PLC0415

        options = self.options
        built = release.build(options.repository, options.runs, options.data, release.TRAINED)
        release.deliver(built, None if options.quick else options.repository)

    def reports(self) -> None:
        """Write a report of each run and of each released model."""
        from ootd_training.commands import evaluate_all  # noqa: PLC0415
        from ootd_training.export.checkpoints import load_checkpoint  # noqa: PLC0415
        from ootd_training.export.release import BUILT, TRAINED  # noqa: PLC0415
        from ootd_training.report.run import run_counts, run_report  # noqa: PLC0415

        options, reports = self.options, self.options.runs / REPORTS
        for model in TRAINED:
            settings = load_checkpoint(options.runs, model, options.data).settings
            folder = options.runs / model
            page = run_report(model, folder, run_counts(model, folder, settings))
            print(f"wrote {page.write(folder)}")
        limit = str(QUICK_LIMIT if options.quick else 0)
        chosen = ["--data", str(options.data), "--repository", str(options.runs / BUILT)]
        evaluate_all([*chosen, "--limit", limit, "--report", str(reports)])


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file under a temporary name, then rename it."""
    temporary = path.with_suffix(".part")
    temporary.write_text(json.dumps(content))
    temporary.replace(path)


class State:
    """Which steps of a runs folder are done, and how many minutes each took."""

    def __init__(self, options: Options) -> None:
        self.path = options.runs / STATE
        # A quick run has a folder of its own, so the seed alone tells two runs apart.
        self.seed = options.seed
        self.done: dict[str, float] = {}
        if self.path.exists():
            known = json.loads(self.path.read_text())
            if known["seed"] != self.seed:
                raise CommandError(
                    f"{options.runs} holds a run with {_seed(known['seed'])}, not "
                    f"{_seed(self.seed)}; choose another --runs, the same seed, or --restart"
                )
            self.done = dict(known["done"])

    def mark(self, step: str, minutes: float) -> None:
        """A step is done."""
        self.done[step] = round(minutes, 2)
        write_json(self.path, {"seed": self.seed, "done": self.done})


def _seed(seed: int | None) -> str:
    return "each model's own seed" if seed is None else f"seed {seed}"


def forget(options: Options, steps: Sequence[Step], first: str) -> None:
    """Remove the marks and results of the step `first` and of all after it."""
    names = [step.name for step in steps]
    later = steps[names.index(first) :]
    path = options.runs / STATE
    if path.exists():
        known = json.loads(path.read_text())
        kept = {name: took for name, took in known["done"].items() if name in names[: -len(later)]}
        if kept:
            write_json(path, {"seed": known["seed"], "done": kept})
        else:
            path.unlink()
    for step in later:
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
    for number, step in enumerate(steps, 1):
        head = f"[{number}/{count}] {step.name}"
        if step.name in state.done:
            print(f"{head}: done before, in {duration(state.done[step.name])}", flush=True)
            continue
        pace = _pace(steps, state, options.quick)
        later = [other for other in steps[number:] if other.name not in state.done]
        rest = pace * sum(other.minutes for other in later)
        about = f", about {duration(pace * step.minutes + rest)} left in all" if pace else ""
        print(f"{head}{about}", flush=True)
        began = time.monotonic()
        with contextlib.redirect_stdout(EpochLines(head, rest)):
            step.go()
        state.mark(step.name, (time.monotonic() - began) / 60)
        print(f"{head}: done in {duration(state.done[step.name])}", flush=True)


def _pace(steps: Sequence[Step], state: State, quick: bool) -> float:
    """Minutes here for a minute expected; 0 where nothing can be said yet.

    Short steps say nothing of the long ones.
    """
    known = [step for step in steps if step.name in state.done and step.minutes >= 30]
    if not known:
        return 0.0 if quick else 1.0
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
        help="folder for checkpoints, quick ones in a folder of their own (default %(default)s)",
    )  # fmt: skip
    result.add_argument(
        "--repository", type=Path, default=REPOSITORY,
        help="model repository to release into (default: this checkout's)",
    )  # fmt: skip
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
    from ootd_training.commands import run_model  # noqa: PLC0415 - commands import this module

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


def check_taxonomy(repository: Path) -> None:
    """CommandError if a model repository has another taxonomy than the one that is trained for."""
    path, trained = repository / "taxonomy.json", REPOSITORY / "taxonomy.json"
    if not path.is_file():
        raise CommandError(
            f"{repository} is not a model repository: it lacks taxonomy.json; name it with "
            "--repository"
        )
    if json.loads(path.read_text()) != json.loads(trained.read_text()):
        raise CommandError(
            f"{path} is not the taxonomy that models are trained for, {trained}; make them alike"
        )


def _nowhere() -> Options:
    return Options(Path(), Path(), Path(), None, 1, "cpu", quick=True)
