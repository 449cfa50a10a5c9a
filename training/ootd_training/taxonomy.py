"""The taxonomy that the models' outputs follow: `model_repository/taxonomy.json`."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2] / "model_repository"
"""The model repository of the checkout that this package lies in."""
SUPER_CATEGORIES = ("top", "bottom", "outer", "dress", "shoes", "bag")
"""The super-categories in the order of their indices, which models' classes and labels have."""


@dataclass(frozen=True)
class AttributeGroup:
    """A categorical group of attribute values; `start` is its first column in the output.

    `subs` are the indices of the sub-categories that it applies to.
    """

    name: str
    values: tuple[str, ...]
    start: int
    subs: tuple[int, ...]

    @property
    def columns(self) -> slice:
        """The group's columns among all attribute values."""
        return slice(self.start, self.start + len(self.values))


@dataclass(frozen=True)
class Taxonomy:
    """Super-categories, sub-categories and attribute groups, in the order of their indices."""

    supers: tuple[str, ...]
    subs: tuple[str, ...]
    super_of_sub: tuple[int, ...]
    groups: tuple[AttributeGroup, ...]

    @cached_property
    def attribute_count(self) -> int:
        """Number of attribute values over all groups."""
        return sum(len(group.values) for group in self.groups)

    def subs_of(self, super_index: int) -> tuple[int, ...]:
        """Indices of the sub-categories of a super-category."""
        return tuple(i for i, parent in enumerate(self.super_of_sub) if parent == super_index)

    def sub(self, super_name: str, sub_name: str) -> int:
        """Index of a sub-category; ValueError if that super-category has none of this name."""
        for index in self.subs_of(self.supers.index(super_name)):
            if self.subs[index] == sub_name:
                return index
        raise ValueError(f"the taxonomy has no sub-category {sub_name!r} of {super_name!r}")

    def group(self, name: str) -> AttributeGroup:
        """The attribute group of this name; ValueError if there is none."""
        for group in self.groups:
            if group.name == name:
                return group
        raise ValueError(f"the taxonomy has no attribute group {name!r}")


def load_taxonomy(path: Path = REPOSITORY / "taxonomy.json") -> Taxonomy:
    """Read the taxonomy with its trained groups alone, as only these have columns in outputs.

    ValueError names a trained group that is not categorical.
    """
    data = json.loads(path.read_text())
    subs: list[str] = []
    parents: list[int] = []
    for index, entry in enumerate(data["super_categories"]):
        subs += entry["sub_categories"]
        parents += [index] * len(entry["sub_categories"])
    groups: list[AttributeGroup] = []
    start = 0
    for entry in data["attribute_groups"]:
        if not entry["trained"]:
            continue
        if entry["kind"] != "categorical":
            raise ValueError(f"{path}: attribute group {entry['name']!r} is not categorical")
        applies = entry["applies_to"]
        applicable = tuple(i for i, sub in enumerate(subs) if applies == "all" or sub in applies)
        groups.append(AttributeGroup(entry["name"], tuple(entry["values"]), start, applicable))
        start += len(entry["values"])
    names = tuple(entry["name"] for entry in data["super_categories"])
    return Taxonomy(names, tuple(subs), tuple(parents), tuple(groups))
