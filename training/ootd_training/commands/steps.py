"""Steps that are done one after the other, each once: what is done, and what comes next.

Each step leaves a mark in the runs folder when it is done; the same steps run again go on from
there.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ootd_training.commands.epoch_lines import duration, epoch_lines
from ootd_training.console.errors import CommandError
from ootd_training.data.label_digests import label_digest
from ootd_training.network.history import HISTORY, Epoch, Report, read_history
from ootd_training.whole_files import write_whole

STATE = "steps.json"
LOCK = "lock"


@dataclass(frozen=True)
class Step:
    """A step: what it does, and the files that restarting removes.

    An `action` that trains reports each epoch.
    """

    name: str
    action: Callable[[Report], None]
    outputs: tuple[Path, ...] = ()


class State:
    """Which steps of a runs folder are done, and how many minutes each took.

    CommandError if they were done with another seed (None: each model's own) or other labels than
    the folder `data` has.
    """

    def __init__(self, runs: Path, data: Path, seed: int | None) -> None:
        self.path = runs / STATE
        # A quick run has a folder of its own, so seed and labels alone tell two runs apart.
        self.seed = seed
        self.labels = label_digest(data)
        self.done: dict[str, float] = {}
        if self.path.exists():
            known = json.loads(self.path.read_text())
            if known["seed"] != seed:
                raise CommandError(
                    f"{runs} holds a run with {_seed(known['seed'])}, not {_seed(seed)}; choose "
                    "another --runs, the same seed, or --restart"
                )
            if known.get("labels", self.labels) != self.labels:
                raise CommandError(
                    f"{runs} holds a run with other labels than {data} has; choose another --runs, "
                    "the --data of that run, or --restart"
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


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all."""
    with write_whole(path) as partial:
        partial.write_text(json.dumps(content))


def forget(runs: Path, data: Path, seed: int | None, steps: Sequence[Step], first: str) -> None:
    """Remove the marks and results of the step `first` and of all after it.

    CommandError, and all is left, if earlier steps were done with another seed or other labels.
    """
    names = [step.name for step in steps]
    index = names.index(first)
    path = runs / STATE
    if index and path.exists():
        State(runs, data, seed).keep(names[:index])
    else:
        path.unlink(missing_ok=True)
    for step in steps[index:]:
        for output in step.outputs:
            output.unlink(missing_ok=True)


@contextlib.contextmanager
def locked(runs: Path) -> Iterator[None]:
    """Hold the lock of a runs folder; CommandError if another process does."""
    with (runs / LOCK).open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise CommandError(
                f"another ootd-train all is at work in {runs}; wait for it, or choose another "
                "--runs"
            ) from error
        yield


def run_steps(state: State, steps: Sequence[Step]) -> None:
    """Do every step that is not done yet, and print each with its epochs."""
    for number, step in enumerate(steps, 1):
        head = f"[{number}/{len(steps)}] {step.name}"
        if step.name in state.done:
            print(f"{head}: done before, in {duration(state.done[step.name])}", flush=True)
            continue
        print(head, flush=True)

        def report(epoch: Epoch, head: str = head) -> None:
            print(epoch_lines(head, epoch), flush=True)

        began = time.monotonic()
        step.action(report)
        state.mark(step.name, max((time.monotonic() - began) / 60, _trained_minutes(step)))
        print(f"{head}: done in {duration(state.done[step.name])}", flush=True)


def _trained_minutes(step: Step) -> float:
    """Training time by the step's history, which counts what was done before it was stopped."""
    histories = [path for path in step.outputs if path.name == HISTORY and path.exists()]
    return max((read_history(path)[-1]["minutes"] for path in histories), default=0.0)
