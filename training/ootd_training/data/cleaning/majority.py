"""One sub-category an item: the one that most of its photos show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable


def majority(names: Iterable[str]) -> str | None:
    """The most frequent name; None without any, and where several share the lead.

    Which of two equal halves is wrong cannot be known, and false positives are what harms training.
    Source: iTOO, section 5.1 ("select images with the sub-category of the majority").
    """
    ranked = Counter(names).most_common(2)
    if not ranked or (len(ranked) == 2 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
