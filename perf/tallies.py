"""Counts right answers, and turns the counts into figures."""

from collections.abc import Collection, Mapping
from typing import TypeAlias

from ootd import Garment

Figures: TypeAlias = dict[str, dict[str, float]]
"""By name, the share of right answers (`value`, 0 to 1) and of how many (`count`)."""


class Tally:
    """Counts of right answers under a name."""

    def __init__(self) -> None:
        self._counts: dict[str, list[int]] = {}

    def add(self, name: str, right: bool) -> None:
        """Count one answer."""
        self._counts.setdefault(name, []).append(int(right))

    def figures(self) -> Figures:
        """Return the share of right answers under each name."""
        return {name: _share(sum(right), len(right)) for name, right in self._counts.items()}


class AttributeTally:
    """Precision and recall of attribute values (11st, Table 2), where a garment's label has one.

    Precision is the share of right values among the answered ones, recall that among the labelled
    ones; "all groups" is over all values together (micro). A group that is not answered, since it
    does not apply to the sub-category that the garment was given, costs recall alone.
    """

    def __init__(self, groups: Collection[str]) -> None:
        """Count values of these groups alone: those that are trained."""
        self._groups = groups
        self._right: dict[tuple[str, str], int] = {}
        self._answered: dict[tuple[str, str], int] = {}
        self._labelled: dict[tuple[str, str], int] = {}

    def add(self, where: str, label: Mapping[str, str], garment: Garment) -> None:
        """Count the garment's values of the groups that the label tells."""
        for group in self._groups:
            if group not in label:
                continue
            found = garment.attribute(group)
            for name in (group, "all groups"):
                key = where, name
                self._labelled[key] = self._labelled.get(key, 0) + 1
                self._answered[key] = self._answered.get(key, 0) + (found is not None)
                self._right[key] = self._right.get(key, 0) + (found == label[group])

    def figures(self) -> Figures:
        """Return precision and recall of each group, and of all of them, at each place."""
        figures: Figures = {}
        for key in sorted(self._labelled, key=lambda one: (one[0], one[1] != "all groups", one[1])):
            where, group = key
            name = f"{where}: attributes, {group}"
            figures[f"{name}, precision"] = _share(self._right[key], self._answered[key])
            figures[f"{name}, recall"] = _share(self._right[key], self._labelled[key])
        return figures


def _share(right: int, count: int) -> dict[str, float]:
    return {"value": right / count if count else 0.0, "count": count}
