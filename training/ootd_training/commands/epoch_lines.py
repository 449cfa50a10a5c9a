"""How a run of all steps tells its progress."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping
from typing import Any, TextIO

from ootd_training.evaluation.run_report import flat


def duration(minutes: float) -> str:
    """Minutes as people say them."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def figures(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """Figures as people read them, a line for each group; those that are None are left out."""
    groups: dict[str, list[str]] = {}
    for figure, value in flat(values):
        first, _, rest = figure.partition(", ")
        group = f"{name}, {first}" if rest else name
        if value is not None:
            shown = f"{(rest or figure).replace(', ', ' ')} {_shown(value)}"
            groups.setdefault(group, []).append(shown)
    return (f"    {group}: {', '.join(parts)}" for group, parts in groups.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return "x".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)


class EpochLines(io.TextIOBase):
    """Standard output of a step: the JSON line of an epoch becomes lines for people.

    `head` begins it, `rest` are the minutes that later steps are expected to take. Other lines
    pass as they are. The JSON lines stay in each run's history file.
    """

    def __init__(self, head: str, rest: float, stream: TextIO | None = None) -> None:
        self._head = head
        self._rest = rest
        self._stream = stream or sys.stdout
        self._begun = ""

    def write(self, text: str) -> int:
        """Take text; what ends with a line break is shown."""
        *lines, self._begun = (self._begun + text).split("\n")
        for line in lines:
            print(self._shown(line), file=self._stream, flush=True)
        return len(text)

    def flush(self) -> None:
        """Nothing is held back but a line that has not ended."""
        self._stream.flush()

    def _shown(self, line: str) -> str:
        epoch = self._epoch(line)
        if epoch is None:
            return line
        left = epoch["minutes_left"]
        shown = f"{self._head}: epoch {epoch['epoch']} of {epoch['epochs']}, {duration(left)} left"
        if self._rest:
            shown += f", about {duration(left + self._rest)} in all"
        parts = (figures(name, epoch[name]) for name in ("loss", "val") if name in epoch)
        return "\n".join([shown, *(line for lines in parts for line in lines)])

    @staticmethod
    def _epoch(line: str) -> dict[str, Any] | None:
        if not line.startswith("{"):
            return None
        try:
            known = json.loads(line)
        except json.JSONDecodeError:
            return None
        wanted = {"epoch", "epochs", "minutes_left"}
        return known if isinstance(known, dict) and wanted <= known.keys() else None
