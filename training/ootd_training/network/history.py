"""The history of a run: a line an epoch."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

HISTORY = "history.jsonl"


@dataclass(frozen=True)
class Epoch:
    """What is known of a run after an epoch; `epoch` counts from 1."""

    epoch: int
    epochs: int
    """Length of the run."""
    step: int
    """Steps done since the run began."""
    minutes: float
    """Training time since the run began, without evaluations."""
    minutes_left: float
    rate: float
    """Learning rate after the epoch."""
    loss: Mapping[str, Any]
    """Mean of each part of the loss, and settings in force, such as the photos' size."""
    held_out: Mapping[str, Any] | None
    """Figures of the held-out fold of train, None where the epoch was not evaluated."""

    def line(self) -> str:
        """The epoch as a line of the history file, in JSON."""
        return json.dumps({name: part for name, part in asdict(self).items() if part is not None})


Report = Callable[[Epoch], None]
"""Is told of each epoch when it is done."""


def print_epoch(epoch: Epoch) -> None:
    """Print the line of the history."""
    print(epoch.line(), flush=True)


def read_history(path: Path) -> list[dict[str, Any]]:
    """The lines of a run's history, one an epoch.

    A run that was killed repeats the epoch that its checkpoint lacks, and one that was begun again
    starts over; what came before is left out. FileNotFoundError if there is no history yet.
    """
    lines: list[dict[str, Any]] = []
    for text in path.read_text().splitlines():
        line = json.loads(text)
        lines = [earlier for earlier in lines if earlier["epoch"] < line["epoch"]]
        lines.append(line)
    return lines


def flat(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """The leaves of nested mappings, with their names joined by commas."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{prefix}{name}, ")
        else:
            yield prefix + name, value
