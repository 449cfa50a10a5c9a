"""All labelled garments of a split, over the sources: what is known of each, and where it is."""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from ootd_training.data.crops import WHOLE, Garment, Tiles, joined, load_tiles
from ootd_training.data.street_photos import read_street
from ootd_training.taxonomy import Taxonomy

# What a catalogue label without a sub-category can be. `Pants` stands for every kind of long
# trousers, so shorts and skirts are excluded; `Outwear` is kept apart from blazers in the source.
CATALOG_CANDIDATES: Mapping[str, tuple[str, ...]] = {
    "Pants": ("pants", "jeans", "leggings", "joggers"),
    "Outwear": ("coat", "jacket", "cardigan", "cape", "vest"),
    "Longsleeve": ("t-shirt", "sweater", "sweatshirt"),
    "Polo": ("t-shirt", "shirt"),
}
# Attribute values that a label or a sub-category implies; weak, as nobody looked at the photo.
VALUES_OF_LABEL: Mapping[str, Mapping[str, str]] = {
    "T-Shirt": {"sleeve_length": "short", "neckline": "collarless"},
    "Polo": {"sleeve_length": "short", "neckline": "collared"},
    "Longsleeve": {"sleeve_length": "long", "neckline": "collarless"},
    "Hoodie": {"sleeve_length": "long", "neckline": "hooded"},
    "Undershirt": {"sleeve_length": "sleeveless", "neckline": "collarless"},
    "Shirt": {"neckline": "collared"},
    "hoodie": {"neckline": "hooded"},
}
VALUES_OF_SUB: Mapping[str, Mapping[str, str]] = {
    "t-shirt": {"neckline": "collarless"},
    "shirt": {"neckline": "collared"},
    "blazer": {"neckline": "lapels"},
}
PLAIN_SHARE = 0.97
"""Share of a garment's pixels that count to its colour from which on it is called plain."""
PATTERNED_SHARE = 0.7
"""Share below which it is called patterned; between the two nothing is said."""


def read_catalog(data: Path, split: str, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of `catalog/{split}.csv`, one a photo, which is also the box."""
    garments = []
    with (data / "catalog" / f"{split}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            values = _implied(row["sub"], row["label"])
            values |= color_values(row["color"], row["color_share"])
            values["audience"] = {"true": "kids", "false": "adult"}.get(row["kids"], "")
            garments.append(
                Garment(
                    source="catalog",
                    photo=data / "catalog" / row["image"],
                    box=WHOLE,
                    super_index=taxonomy.supers.index(row["super"]),
                    candidates=_candidates(taxonomy, row["super"], row["sub"], row["label"]),
                    values=value_indices(taxonomy, values),
                    color_weight=float(row["color_share"] or 0.0),
                )
            )
    return garments


def read_outfits(data: Path, split: str, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of `detect/{split}.json`, one a labelled box."""
    labels = json.loads((data / "detect" / f"{split}.json").read_text())
    photos = {photo["id"]: photo for photo in labels["images"]}
    names = {category["id"]: category["name"] for category in labels["categories"]}
    garments = []
    for entry in labels["annotations"]:
        photo = photos[entry["image_id"]]
        x, y, width, height = entry["bbox"]
        super_name = names[entry["category_id"]]
        values = _implied(entry["sub"] or "", entry.get("label", ""))
        share = str(entry["color_share"] or 0.0)
        values |= color_values(entry["color"] or "", share)
        garments.append(
            Garment(
                source="outfit",
                photo=data / "detect" / photo["file_name"],
                box=(
                    x / photo["width"],
                    y / photo["height"],
                    (x + width) / photo["width"],
                    (y + height) / photo["height"],
                ),
                super_index=taxonomy.supers.index(super_name),
                candidates=_candidates(taxonomy, super_name, entry["sub"] or "", ""),
                values=value_indices(taxonomy, values),
                color_weight=float(share),
                mask=entry["segmentation"],
            )
        )
    return garments


def read_street_garments(data: Path, boxes: Path, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of tagged street photos, with the boxes that the detector found for them.

    The tags name the sub-categories that a photo shows, so a box can be any of those of its
    super-category; where they name just one, the garment's sub-category is known.
    FileNotFoundError if there is no file `boxes`.
    """
    tagged = {photo.name: photo for photo in read_street(data, "train")}
    garments = []
    for entry in json.loads(boxes.read_text()):
        photo = tagged[entry["photo"]]
        for *corners, index in entry["boxes"]:
            x0, x1 = (min(1.0, max(0.0, corners[i] / photo.width)) for i in (0, 2))
            y0, y1 = (min(1.0, max(0.0, corners[i] / photo.height)) for i in (1, 3))
            super_name = taxonomy.supers[int(index)]
            subs = photo.subs(super_name)
            candidates = tuple(taxonomy.sub(super_name, sub) for sub in subs if sub)
            garments.append(
                Garment(
                    source="street",
                    photo=photo.path,
                    box=(x0, y0, x1, y1),
                    super_index=int(index),
                    candidates=candidates
                    if candidates and None not in subs
                    else taxonomy.subs_of(int(index)),
                )
            )
    return garments


def read_drawn_garments(folder: Path, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of a folder of drawn photos (`ootd samples FOLDER`), one a visible garment.

    They show every sub-category, also those of which there is no labelled photo.
    FileNotFoundError if the folder has no `labels.json`; ValueError names a category that the
    taxonomy lacks.
    """
    garments = []
    for photo in json.loads((folder / "labels.json").read_text()):
        for entry in photo["garments"]:
            x0, y0, x1, y1 = entry["box"]
            sub = entry["sub_category"]
            values = _implied(sub, "")
            values["color"] = entry["color"]
            values["sleeve_length"] = entry["sleeve_length"] or ""
            values["pattern"] = "plain" if entry["pattern"] == "solid" else "patterned"
            garments.append(
                Garment(
                    source="drawn",
                    photo=folder / photo["image"],
                    box=(x0, y0, x1, y1),
                    super_index=taxonomy.supers.index(entry["super_category"]),
                    candidates=(taxonomy.sub(entry["super_category"], sub),),
                    values=value_indices(taxonomy, values),
                    color_weight=1.0,
                    item=entry["item"],
                )
            )
    return garments


def _candidates(taxonomy: Taxonomy, super_name: str, sub: str, label: str) -> tuple[int, ...]:
    if sub:
        return (taxonomy.sub(super_name, sub),)
    if label in CATALOG_CANDIDATES:
        return tuple(taxonomy.sub(super_name, name) for name in CATALOG_CANDIDATES[label])
    return taxonomy.subs_of(taxonomy.supers.index(super_name))


def _implied(sub: str, label: str) -> dict[str, str]:
    return {**VALUES_OF_SUB.get(sub, {}), **VALUES_OF_LABEL.get(label, {})}


def color_values(color: str, share: str) -> dict[str, str]:
    """What the name of the main colour, and the share that has it (0 to 1), tell of a garment."""
    if not color:
        return {}
    if color == "multicolor" or float(share or 0.0) < PATTERNED_SHARE:
        return {"color": color, "pattern": "patterned"}
    if float(share) >= PLAIN_SHARE:
        return {"color": color, "pattern": "plain"}
    return {"color": color}


def value_indices(taxonomy: Taxonomy, values: Mapping[str, str]) -> dict[str, int]:
    """The indices of named values, of the groups that the taxonomy has as trained ones."""
    groups = {group.name: group for group in taxonomy.groups}
    return {
        name: groups[name].values.index(value)
        for name, value in values.items()
        if value and name in groups
    }


def read_garments(data: Path, split: str, taxonomy: Taxonomy, limit: int = 0) -> list[Garment]:
    """Garments of the catalogue and of the outfits of a split.

    With `limit`, that many of each, spread evenly.
    """
    garments: list[Garment] = []
    for part in (read_catalog(data, split, taxonomy), read_outfits(data, split, taxonomy)):
        step = max(1, len(part) // limit) if limit else 1
        garments += part[::step][: limit or None]
    return garments


def load_training_tiles(
    data: Path,
    taxonomy: Taxonomy,
    limit: int = 0,
    *,
    drawn: str = "",
    street: str = "",
    cache: Path | None = None,
) -> Tiles:
    """Tiles of the train split, followed by those of the folder `drawn` and the file `street`.

    Each of the two may be empty for none.
    """
    tiles = load_tiles(read_garments(data, "train", taxonomy, limit), cache)
    if drawn:
        garments = read_drawn_garments(Path(drawn), taxonomy)
        tiles = joined(tiles, load_tiles(garments[: limit or None], cache))
    if street:
        garments = read_street_garments(data, Path(street), taxonomy)
        tiles = joined(tiles, load_tiles(garments[: limit or None], cache))
    return tiles


class CropRunSettings(Protocol):
    """What the settings of a model that looks at crops say about its data."""

    @property
    def data(self) -> str:
        """Folder of the labelled photos."""
        ...

    @property
    def limit(self) -> int:
        """This many garments of each source; 0 for all."""
        ...

    @property
    def drawn(self) -> str:
        """Folder of drawn photos, empty for none."""
        ...

    @property
    def street(self) -> str:
        """File of boxes of street photos, empty for none."""
        ...


def load_run_tiles(
    settings: CropRunSettings, taxonomy: Taxonomy, cache: Path | None
) -> tuple[Tiles, Tiles]:
    """The tiles that a run is trained on, and those of the val split that it is judged by."""
    data = Path(settings.data)
    tiles = load_training_tiles(
        data,
        taxonomy,
        settings.limit,
        drawn=settings.drawn,
        street=settings.street,
        cache=cache,
    )
    return tiles, load_tiles(read_garments(data, "val", taxonomy, settings.limit), cache)
