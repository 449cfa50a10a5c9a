"""What no rule gives: the splits, and classes that were decided by looking at single photos."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TypeVar

from ootd_training.data.fetch.mapping import Kind

TRAIN, VAL, TEST = "train", "val", "test"
Member = TypeVar("Member", int, str)


@dataclass(frozen=True)
class OutfitCorrection:
    """A label of one photo that is plainly wrong: its pixels between `top` and `bottom` (shares of
    the photo's height) are a garment of `kind`."""

    label: str
    kind: Kind
    note: str | None
    top: float = 0.0
    bottom: float = 1.0


@dataclass(frozen=True)
class Decisions:
    """The tables of `decisions.json`.

    Photo numbers of Clothing Co-Parsing and sender ids of clothing-dataset by split: what is
    listed under neither train nor val is test. `outfits` are corrections by photo number,
    `subs` sub-categories by catalogue photo ("" for none), `left_out` photos that are not used.
    """

    outfit_splits: Mapping[int, str]
    sender_splits: Mapping[str, str]
    outfits: Mapping[int, Sequence[OutfitCorrection]]
    subs: Mapping[str, str]
    left_out: frozenset[str]

    def split_of_outfit(self, number: int) -> str:
        """Split of a photo of Clothing Co-Parsing."""
        return self.outfit_splits.get(number, TEST)

    def split_of_sender(self, sender: str) -> str:
        """Split of all photos of a sender of clothing-dataset."""
        return self.sender_splits.get(sender, TEST)


@cache
def decisions() -> Decisions:
    """The tables, read once."""
    data = json.loads((files(__package__) / "decisions.json").read_text())
    outfits: dict[int, list[OutfitCorrection]] = defaultdict(list)
    for entry in data["outfit_corrections"]:
        number, label, super_name, sub, note, top, bottom = entry
        correction = OutfitCorrection(label, Kind(super_name, sub), note, top, bottom)
        outfits[number].append(correction)
    return Decisions(
        outfit_splits=_by_member(data["outfit_splits"]),
        sender_splits=_by_member(data["sender_splits"]),
        outfits=dict(outfits),
        subs=data["catalog_subs"],
        left_out=frozenset(data["left_out"]),
    )


def _by_member(splits: Mapping[str, Sequence[Member]]) -> dict[Member, str]:
    return {member: split for split, members in splits.items() for member in members}
