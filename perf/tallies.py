"""Counts right answers, and turns the counts into figures."""

from typing import TypeAlias

from labelled_photos import Label
from ootd import Garment
from ootd.types import Taxonomy

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
    """Precision and recall of attribute values (11st, section 3.2 and Table 2).

    Precision is the share of right values among the answered ones that the label can judge; recall
    is their share among the labelled ones; "all groups" is over all values together (micro). An
    answered value is wrong where the label has another one, and where the labelled category cannot
    have the group; where the label says nothing, it does not count. A group that is not answered,
    since it does not apply to the sub-category that the garment was given, costs recall alone.
    """

    def __init__(self, taxonomy: Taxonomy) -> None:
        """Count values of the taxonomy's trained groups."""
        self._members = {one.super_category: one.sub_categories for one in taxonomy.categories}
        self._groups = {
            one.name: frozenset(one.sub_categories)
            for one in taxonomy.attribute_groups
            if one.trained
        }
        self._right: dict[tuple[str, str], int] = {}
        self._answered: dict[tuple[str, str], int] = {}
        self._labelled: dict[tuple[str, str], int] = {}

    def add(self, where: str, label: Label, garment: Garment) -> None:
        """Count the garment's values of the groups that the label has, or rules out."""
        candidates = label.candidates or self._members[label.super_category]
        for group, subs in self._groups.items():
            labelled = label.attributes.get(group)
            possible = not subs or not subs.isdisjoint(candidates)
            if labelled is None and possible:
                continue
            found = garment.attribute(group)
            for name in (group, "all groups"):
                key = where, name
                self._labelled[key] = self._labelled.get(key, 0) + (labelled is not None)
                self._answered[key] = self._answered.get(key, 0) + (found is not None)
                right = found is not None and found == labelled
                self._right[key] = self._right.get(key, 0) + right

    def figures(self) -> Figures:
        """Return precision and recall of each group, and of all of them, at each place."""
        figures: Figures = {}
        for key in sorted(self._labelled, key=lambda one: (one[0], one[1] != "all groups", one[1])):
            where, group = key
            name = f"{where}: attributes, {group}"
            for measure, counts in (("precision", self._answered), ("recall", self._labelled)):
                if counts[key]:
                    figures[f"{name}, {measure}"] = _share(self._right[key], counts[key])
        return figures


def _share(right: int, count: int) -> dict[str, float]:
    return {"value": right / count, "count": count}
