"""Reads the labelled photos that the measurements ask the service about."""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ootd import SuperCategory
from ootd.types import SUPER_CATEGORIES


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A garment with its label; `box` is normalised x0, y0, x1, y1."""

    super_category: SuperCategory
    sub_category: str
    color: str
    box: tuple[float, float, float, float]


@dataclass(frozen=True, slots=True)
class OutfitPhoto:
    """A street photo with all its garments; `identifier` is that of the COCO file."""

    identifier: int
    path: Path
    width: int
    height: int
    garments: tuple[LabelledBox, ...]


@dataclass(frozen=True, slots=True)
class CatalogPhoto:
    """A photo of one garment; `sub_category` is "" where the label does not tell."""

    path: Path
    super_category: SuperCategory
    sub_category: str
    color: str


def coco_file(data: Path, split: str) -> Path:
    """Return the COCO file of a split ("train" or "val")."""
    return data / "detect" / f"{split}.json"


def outfit_photos(data: Path, split: str) -> list[OutfitPhoto]:
    """Return the street photos of a split, in the order of the file."""
    content: Mapping[str, Sequence[Mapping[str, Any]]] = json.loads(
        coco_file(data, split).read_text()
    )
    labels: dict[int, list[Mapping[str, Any]]] = {}
    for annotation in content["annotations"]:
        labels.setdefault(annotation["image_id"], []).append(annotation)
    return [
        OutfitPhoto(
            identifier=image["id"],
            path=data / "detect" / image["file_name"],
            width=image["width"],
            height=image["height"],
            garments=tuple(_labelled_box(one, image) for one in labels.get(image["id"], [])),
        )
        for image in content["images"]
    ]


def _labelled_box(annotation: Mapping[str, Any], image: Mapping[str, Any]) -> LabelledBox:
    x, y, width, height = annotation["bbox"]
    return LabelledBox(
        super_category=SUPER_CATEGORIES[annotation["category_id"] - 1],
        sub_category=annotation["sub"] or "",
        color=annotation["color"] or "",
        box=(
            x / image["width"],
            y / image["height"],
            (x + width) / image["width"],
            (y + height) / image["height"],
        ),
    )


def catalog_photos(data: Path, split: str) -> list[CatalogPhoto]:
    """Return the catalogue photos of a split, in the order of the file."""
    with (data / "catalog" / f"{split}.csv").open(newline="") as file:
        return [
            CatalogPhoto(
                path=data / "catalog" / row["image"],
                super_category=SUPER_CATEGORIES[SUPER_CATEGORIES.index(row["super"])],
                sub_category=row["sub"],
                color=row["color"],
            )
            for row in csv.DictReader(file)
        ]
