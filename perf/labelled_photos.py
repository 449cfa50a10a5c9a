"""Reads the labelled photos that the measurements ask the service about.

Colour and audience are labels of the photos. Sleeve length, neckline and pattern are weak: nobody
labelled them, they follow from the source's own label or sub-category, and from the share of the
pixels that have the leading colour. A label also says which sub-categories a garment can be, and so
which attribute groups it cannot have.
"""

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

from ootd import SuperCategory
from ootd.types import SUPER_CATEGORIES

_RULES: Mapping[str, Any] = json.loads(
    (Path(__file__).resolve().parents[1] / "model_repository" / "label_rules.json").read_text()
)
"""What labels imply; training takes the same file for its word."""


@dataclass(frozen=True, slots=True)
class LabelledBox:
    """A garment with its label; `box` is normalised x0, y0, x1, y1.

    `attributes` holds a value of each attribute group that the label tells; `candidates` are the
    sub-categories that it allows, none standing for all of the super-category.
    """

    super_category: SuperCategory
    sub_category: str
    candidates: tuple[str, ...]
    attributes: Mapping[str, str]
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
    """A photo of one garment; `sub_category` is "" where the label does not tell.

    `candidates` and `attributes` are as those of a `LabelledBox`.
    """

    path: Path
    super_category: SuperCategory
    sub_category: str
    candidates: tuple[str, ...]
    attributes: Mapping[str, str]


Label: TypeAlias = LabelledBox | CatalogPhoto


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
    sub_category = annotation["sub"] or ""
    color, share = annotation["color"] or "", annotation["color_share"] or 0.0
    return LabelledBox(
        super_category=SUPER_CATEGORIES[annotation["category_id"] - 1],
        sub_category=sub_category,
        candidates=(sub_category,) if sub_category else (),
        attributes=_implied(sub_category, annotation["label"]) | _of_color(color, share),
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
                candidates=_candidates(row["sub"], row["label"]),
                attributes={
                    **_implied(row["sub"], row["label"]),
                    **_of_color(row["color"], float(row["color_share"] or 0.0)),
                    **_of_audience(row["kids"]),
                },
            )
            for row in csv.DictReader(file)
        ]


def _candidates(sub_category: str, label: str) -> tuple[str, ...]:
    return (sub_category,) if sub_category else tuple(_RULES["candidates_of_label"].get(label, ()))


def _implied(sub_category: str, label: str) -> dict[str, str]:
    of_sub_category = _RULES["values_of_sub_category"].get(sub_category, {})
    return {**of_sub_category, **_RULES["values_of_label"].get(label, {})}


def _of_color(color: str, share: float) -> dict[str, str]:
    if not color:
        return {}
    if color == "multicolor" or share < _RULES["patterned_share"]:
        return {"color": color, "pattern": "patterned"}
    return (
        {"color": color, "pattern": "plain"} if share >= _RULES["plain_share"] else {"color": color}
    )


def _of_audience(kids: str) -> dict[str, str]:
    audience = _RULES["audience_of_kids"].get(kids)
    return {"audience": audience} if audience else {}
