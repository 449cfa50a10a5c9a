"""How far figures can be trusted: intervals by the bootstrap, drawn over photos.

Garments of one photo are not independent, so whole photos are drawn, with replacement, as many as
there are; an interval holds the figure in 95 of 100 draws (Efron & Tibshirani 1993, section 13.3).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ootd_training.report.page import percent

DRAWS = 400
LOWER, UPPER = 2.5, 97.5
"""Percentiles."""
EXPLAINED = (
    "Intervals: 95 % of the values that the figure has when as many photos are drawn from these, "
    "with replacement."
)


class Interval(NamedTuple):
    """From `low` to `high`; NaN where no draw had the figure."""

    low: float
    high: float

    def text(self, written: Callable[[float], str] = percent) -> str:
        """The interval as it is written in tables, each end as `written`; by default a share."""
        return f"{written(self.low)} to {written(self.high)}"


def draws(count: int, seed: int = 0) -> Iterator[NDArray[np.int64]]:
    """Indices of photos, `count` at a time of as many; the same for the same seed."""
    random = np.random.default_rng(seed)
    for _ in range(DRAWS):
        yield random.integers(0, count, count)


def interval(values: Sequence[float]) -> Interval:
    """The middle 95 % of values; those that are NaN don't count."""
    known = np.asarray(values)[~np.isnan(values)]
    if not len(known):
        return Interval(float("nan"), float("nan"))
    low, high = np.percentile(known, (LOWER, UPPER))
    return Interval(float(low), float(high))


def garment_intervals(
    photos: Sequence[Path], figures: Callable[[NDArray[np.int64]], Mapping[str, float | None]]
) -> dict[str, Interval]:
    """The interval of each figure of garments, whose photos are given.

    `figures` computes them all from the indices of some of the garments, which may repeat.
    """
    members: dict[Path, list[int]] = {}
    for index, photo in enumerate(photos):
        members.setdefault(photo, []).append(index)
    groups = [np.array(indices) for indices in members.values()]
    found: dict[str, list[float]] = {}
    for drawn in draws(len(groups)):
        chosen = np.concatenate([groups[index] for index in drawn])
        for name, value in figures(chosen).items():
            found.setdefault(name, []).append(float("nan") if value is None else value)
    return {name: interval(values) for name, values in found.items()}


def ratio_interval(right: NDArray[np.int64], counted: NDArray[np.int64]) -> Interval:
    """The interval of a share: of each photo, how many were `right` and how many `counted`."""
    shares = []
    for drawn in draws(len(right)):
        total = counted[drawn].sum()
        shares.append(float(right[drawn].sum() / total) if total else float("nan"))
    return interval(shares)
