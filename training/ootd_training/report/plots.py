"""The pictures of reports, each a figure of its own; nothing here opens a window."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

Line = tuple[Sequence[float], Sequence[float]]
"""The x and the y values of a line."""

DPI = 90
SHARE = (0.0, 1.02)
"""Limits of an axis of shares, with room for a line at 1."""
COLOURS = 10
"""Colours of matplotlib's default cycle; lines beyond them are dashed."""


@dataclass(frozen=True)
class Panel:
    """Lines over common axes. `marked` are single points, drawn in the colour of the line of the
    same name; `diagonal` draws the line x = y; `stairs` gives each value to the stretch that ends
    at its x; limits are None where the figures set them."""

    title: str
    x_label: str
    y_label: str
    lines: Mapping[str, Line]
    marked: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    x_limits: tuple[float, float] | None = None
    y_limits: tuple[float | None, float | None] | None = None
    diagonal: bool = False
    dots: bool = False
    stairs: bool = False


def panels(parts: Sequence[Panel], columns: int = 2) -> Figure:
    """Panels in rows of `columns`; lines of the same name have the same colour in all of them."""
    columns = min(columns, len(parts))
    rows = -(-len(parts) // columns)
    figure = Figure(figsize=(5.2 * columns, 3.1 * rows), dpi=DPI, layout="constrained")
    numbers = _numbers(parts)
    for index, panel in enumerate(parts):
        _draw(figure.add_subplot(rows, columns, index + 1), panel, numbers)
    return figure


def _numbers(parts: Sequence[Panel]) -> dict[str, int]:
    """A number for each name, its own among the lines of a panel and the same in all panels."""
    numbers: dict[str, int] = {}
    for name in dict.fromkeys(name for panel in parts for name in panel.lines):
        beside = {n for panel in parts if name in panel.lines for n in panel.lines}
        taken = {numbers[other] for other in beside if other in numbers}
        numbers[name] = next(number for number in itertools.count() if number not in taken)
    return numbers


def _draw(axes: Axes, panel: Panel, numbers: Mapping[str, int]) -> None:
    if panel.diagonal:
        axes.plot((0, 1), (0, 1), color="0.75", linewidth=1, linestyle="--")
    for label, (x, y) in panel.lines.items():
        number = numbers[label]
        color, style = f"C{number % COLOURS}", "-" if number < COLOURS else "--"
        axes.plot(
            x, y, style, color=color, label=label, linewidth=1.5,
            marker="." if panel.dots else None,
            drawstyle="steps-pre" if panel.stairs else "default",
        )  # fmt: skip
        if label in panel.marked:
            axes.plot(*panel.marked[label], "o", color=color, markersize=7)
    axes.set(title=panel.title, xlabel=panel.x_label, ylabel=panel.y_label)
    if all(isinstance(value, int) for x, _ in panel.lines.values() for value in x):
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, steps=(1, 2, 5, 10)))
    if panel.x_limits:
        axes.set_xlim(*panel.x_limits)
    if panel.y_limits:
        axes.set_ylim(*panel.y_limits)
    axes.grid(color="0.9")
    if len(panel.lines) > 1:
        axes.legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.0, 1.02), frameon=False)


@dataclass(frozen=True)
class Confusion:
    """How often true labels (rows) were given each answer (columns): counts [n, n]."""

    title: str
    names: Sequence[str]
    counts: NDArray[np.int64]

    def shares(self) -> NDArray[np.float64]:
        """Shares of each row, NaN where there is no example."""
        sums = self.counts.sum(axis=1, keepdims=True).astype(np.float64)
        unknown = np.full(self.counts.shape, np.nan)
        return np.asarray(np.divide(self.counts, sums, out=unknown, where=sums > 0))


def confusions(parts: Sequence[Confusion]) -> Figure:
    """Confusion matrices beside each other, as percentages of their rows."""
    side = max(3.4, 0.26 * max(len(part.names) for part in parts) + 1.2)
    figure = Figure(figsize=(side * 1.05 * len(parts), side), dpi=DPI, layout="constrained")
    for index, part in enumerate(parts):
        axes = figure.add_subplot(1, len(parts), index + 1)
        shares = part.shares()
        axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
        axes.set_title(part.title)
        ticks = range(len(part.names))
        labels = [f"{n} ({c})" for n, c in zip(part.names, part.counts.sum(1), strict=True)]
        axes.set_xticks(ticks, part.names, rotation=90, fontsize="small")
        axes.set_yticks(ticks, labels, fontsize="small")
        axes.set(xlabel="answer", ylabel="label (garments)")
        for row, column in zip(*np.nonzero(shares >= 0.005), strict=True):
            share = shares[row, column]
            axes.text(
                column, row, f"{100 * share:.0f}", ha="center", va="center", fontsize=7,
                color="white" if share > 0.6 else "black",
            )  # fmt: skip
    return figure


def bars(title: str, y_label: str, groups: Mapping[str, Mapping[str, float]]) -> Figure:
    """Bars of the same kinds beside each other, for each group; values in 0 to 1."""
    kinds = list(dict.fromkeys(kind for values in groups.values() for kind in values))
    figure = Figure(figsize=(1.8 + 1.5 * len(groups), 3.3), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    width = 0.8 / len(kinds)
    for number, kind in enumerate(kinds):
        heights = [values.get(kind, float("nan")) for values in groups.values()]
        centres = np.arange(len(groups)) + (number - (len(kinds) - 1) / 2) * width
        drawn = axes.bar(centres, heights, width * 0.95, label=kind)
        axes.bar_label(drawn, fmt="%.3f", fontsize="x-small")
    axes.set_xticks(range(len(groups)), [textwrap.fill(name, 18) for name in groups])
    axes.set(title=title, ylabel=y_label, ylim=(0, 1))
    axes.grid(axis="y", color="0.9")
    axes.set_axisbelow(True)
    axes.legend(fontsize="small", loc="upper right")
    return figure
