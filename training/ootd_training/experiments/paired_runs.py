"""Mean, spread and confidence interval of paired runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from scipy import stats


@dataclass(frozen=True)
class Difference:
    """Mean of paired differences, their standard deviation, and the mean's 95 % interval."""

    mean: float
    deviation: float
    low: float
    high: float


def deviation(values: Sequence[float]) -> float:
    """The sample's standard deviation; not a number for fewer than two values."""
    return statistics.stdev(values) if len(values) > 1 else math.nan


def paired_difference(first: Sequence[float], second: Sequence[float]) -> Difference:
    """How much `second` is above `first`, pair by pair, with Student's t interval.

    ValueError for sequences of different length, or for none. The interval of a single pair is not
    a number.
    """
    if len(first) != len(second) or not first:
        raise ValueError(f"pairs are needed, not {len(first)} and {len(second)} values")
    gains = [after - before for before, after in zip(first, second, strict=True)]
    mean, spread = statistics.fmean(gains), deviation(gains)
    # Two-sided, so the part above is 2.5 %; of a single pair both factors are not a number.
    half = float(stats.t.ppf(0.975, len(gains) - 1)) * spread / math.sqrt(len(gains))
    return Difference(mean, spread, mean - half, mean + half)
