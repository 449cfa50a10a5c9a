"""Mean, spread and confidence interval of paired runs."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

# Student's t, two-sided 95 %, for 1 to 19 degrees of freedom.
T_95 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093),
)
MOST_PAIRS = len(T_95) + 1


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

    ValueError for sequences of different length, for none, or for over 20 pairs. The interval of
    a single pair is not a number.
    """
    if len(first) != len(second) or not 0 < len(first) <= MOST_PAIRS:
        raise ValueError(f"1 to {MOST_PAIRS} pairs are needed, not {len(first)} and {len(second)}")
    gains = [after - before for before, after in zip(first, second, strict=True)]
    mean, spread = statistics.fmean(gains), deviation(gains)
    half = math.nan if len(gains) < 2 else T_95[len(gains) - 2] * spread / math.sqrt(len(gains))
    return Difference(mean, spread, mean - half, mean + half)
