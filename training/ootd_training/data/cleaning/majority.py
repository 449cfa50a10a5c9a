"""One sub-category an item: the one that most of its photos show."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

Item = TypeVar("Item", bound=Hashable)


@dataclass(frozen=True)
class Majority:
    """`name` of the most frequent sub-category, or None without one: `tied` then holds the
    sub-categories that share the lead, in alphabetical order, or nothing where no photo had one.
    `votes` of `photos` photos that have a sub-category are for each of the leaders."""

    name: str | None
    votes: int
    photos: int
    tied: tuple[str, ...] = ()


def majority(sub_categories: Sequence[str | None]) -> Majority:
    """The sub-category of most of an item's photos; None stands for a photo without one.

    A tie has no winner: which of two equal halves is wrong cannot be known, and false positives
    are what harms training. Source: iTOO, section 5.1 ("select images with the sub-category of the
    majority").
    """
    votes = Counter(name for name in sub_categories if name is not None)
    if not votes:
        return Majority(None, 0, 0)
    most = max(votes.values())
    leaders = tuple(sorted(name for name, count in votes.items() if count == most))
    if len(leaders) > 1:
        return Majority(None, most, votes.total(), leaders)
    return Majority(leaders[0], most, votes.total())


def photos_of_majority(
    items: Sequence[Item], sub_categories: Sequence[str | None]
) -> tuple[list[int], Mapping[Item, Majority]]:
    """Indices of the photos that show their item's majority sub-category, and each item's vote.

    `items[i]` is the item of photo `i`, `sub_categories[i]` what the classifier saw there. Items
    with a tie or no vote keep no photo. ValueError if the two differ in length.
    """
    by_item: dict[Item, list[str | None]] = {}
    for item, name in zip(items, sub_categories, strict=True):
        by_item.setdefault(item, []).append(name)
    decided = {item: majority(names) for item, names in by_item.items()}
    kept = [
        index
        for index, (item, name) in enumerate(zip(items, sub_categories, strict=True))
        if name is not None and decided[item].name == name
    ]
    return kept, decided
