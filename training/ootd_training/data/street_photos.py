"""Street photos that carry tags alone: which garments are worn, not where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ootd_training.data.folds import Fold
from ootd_training.taxonomy import SUPER_CATEGORIES


@dataclass(frozen=True)
class StreetPhoto:
    """A photo, `width` x `height` px, and the garments that its tags name.

    `items` are pairs of super-category and sub-category, None where a tag does not say which.
    """

    name: str
    path: Path
    width: int
    height: int
    items: tuple[tuple[str, str | None], ...]

    @property
    def categories(self) -> frozenset[int]:
        """Indices of the super-categories that the tags name."""
        return frozenset(SUPER_CATEGORIES.index(name) for name, _ in self.items)

    def subs(self, super_name: str) -> tuple[str | None, ...]:
        """The sub-categories that the tags name for a super-category."""
        return tuple(sub for name, sub in self.items if name == super_name)


def read_street(data: Path, split: str, fold: Fold | None = None) -> list[StreetPhoto]:
    """Street photos of one split ("train" or "val"), in the file's order.

    Of train, those of `fold` alone if one is given.
    """
    photos = []
    for line in (data / "street" / f"{split}.jsonl").read_text().splitlines():
        row = json.loads(line)
        photos.append(
            StreetPhoto(
                name=row["file_name"],
                path=data / "street" / row["file_name"],
                width=row["width"],
                height=row["height"],
                items=tuple((item["super"], item["sub"]) for item in row["items"]),
            )
        )
    if fold is not None:
        photos = fold.select(data, photos, lambda photo: photo.path)
    return photos
