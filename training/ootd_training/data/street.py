"""Street photos that carry tags alone: which garments are worn, not where."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from ootd_training.data.labels import SUPER_CATEGORIES


@dataclass(frozen=True)
class StreetPhoto:
    """A photo and the super-category indices that its tags name."""

    name: str
    path: Path
    categories: frozenset[int]


def read_street(data: Path, split: str) -> list[StreetPhoto]:
    """All street photos of one split ("train" or "val"), in the file's order."""
    photos = []
    for line in (data / "street" / f"{split}.jsonl").read_text().splitlines():
        row = json.loads(line)
        photos.append(
            StreetPhoto(
                name=row["file_name"],
                path=data / "street" / row["file_name"],
                categories=frozenset(
                    SUPER_CATEGORIES.index(item["super"]) for item in row["items"]
                ),
            )
        )
    return photos
