"""Times, figures and epochs as people read them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ootd_training.network.history import Epoch, flat


def duration(minutes: float) -> str:
    """Minutes as people say them."""
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def epoch_lines(head: str, epoch: Epoch) -> str:
    """An epoch, with the time that is left of its run, and a line for each group of figures."""
    left = duration(epoch.minutes_left)
    parts = (figures("loss", epoch.loss), figures("held out", epoch.held_out or {}))
    lines = [f"{head}: epoch {epoch.epoch} of {epoch.epochs}, {left} left"]
    return "\n".join([*lines, *(line for part in parts for line in part)])


def figures(name: str, values: Mapping[str, Any]) -> Iterator[str]:
    """A line for each group of figures; those that are None are left out."""
    groups: dict[str, list[str]] = {}
    for figure, value in flat(values):
        first, _, rest = figure.partition(", ")
        group = f"{name}, {first}" if rest else name
        if value is not None:
            text = f"{(rest or figure).replace(', ', ' ')} {_text(value)}"
            groups.setdefault(group, []).append(text)
    return (f"    {group}: {', '.join(parts)}" for group, parts in groups.items())


def _text(value: Any) -> str:
    if isinstance(value, list):
        return "x".join(map(str, value))
    return f"{value:.3g}" if isinstance(value, float) else str(value)
