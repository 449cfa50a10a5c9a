"""Which samples of several sources an epoch shows: some sources less often, some more often."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray


def counts_by_share(shares: Mapping[str, float], size: int) -> dict[str, int]:
    """How many of `size` samples each source gives; they sum to `size` exactly.

    Shares are relative weights. What rounding down leaves over goes to the largest remainders,
    then to names in alphabetical order. ValueError for a negative share, or if all are 0.
    """
    total = sum(shares.values())
    if any(share < 0 for share in shares.values()) or total <= 0:
        raise ValueError(f"shares must be 0 or more, and one of them above 0: {dict(shares)}")
    exact = {name: size * share / total for name, share in shares.items()}
    counts = {name: int(value) for name, value in exact.items()}
    order = sorted(exact, key=lambda name: (counts[name] - exact[name], name))
    for name in order[: size - sum(counts.values())]:
        counts[name] += 1
    return counts


def epoch_indices(
    sources: Sequence[str], shares: Mapping[str, float], *, seed: int, epoch: int, size: int = 0
) -> NDArray[np.int64]:
    """Indices of the samples of one epoch, i64[size], in random order.

    `sources[i]` is the source of sample `i`; `size` 0 means as many as there are samples. Each
    source is an endless row of its own shuffled samples, and each epoch takes the next ones: a
    source with more than its share is under-sampled without showing any sample again before all
    were shown, one with less is over-sampled evenly (counts differ by at most two in an epoch).
    The outcome depends on the arguments alone, so a run that is resumed at an epoch sees what it
    would have seen. Source: iTOO, section 5.3 (under/over-sampling of the sources, a new pool
    every epoch). ValueError if a source with a share has no samples.
    """
    members = defaultdict(list)
    for index, source in enumerate(sources):
        members[source].append(index)
    counts = counts_by_share(shares, size or len(sources))
    drawn: list[NDArray[np.int64]] = []
    for name, count in sorted(counts.items()):
        if not count:
            continue
        if name not in members:
            raise ValueError(f"source {name!r} has a share and no samples; there are: {[*members]}")
        drawn.append(_stretch(np.array(members[name]), name, seed, epoch * count, count))
    return _random(seed, "order", epoch).permutation(np.concatenate(drawn))


def _stretch(
    pool: NDArray[np.int64], name: str, seed: int, start: int, count: int
) -> NDArray[np.int64]:
    """`count` entries from position `start` of the endless row of shuffled copies of a pool."""
    first, last = start // len(pool), (start + count - 1) // len(pool)
    rows = [_random(seed, name, turn).permutation(pool) for turn in range(first, last + 1)]
    offset = start - first * len(pool)
    return np.concatenate(rows)[offset : offset + count]


def _random(seed: int, name: str, turn: int) -> np.random.Generator:
    # Python's own hash of a text differs from run to run.
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng([seed, key, turn])
