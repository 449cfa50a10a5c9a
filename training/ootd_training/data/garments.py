"""All labelled garments of a split, over the sources: what is known of each, and where it is."""

from __future__ import annotations

import csv
import functools
import json
from collections.abc import Iterator, Mapping
from pathlib import Path

from ootd_training.data.crops import WHOLE, Garment, Tiles, joined, load_tiles
from ootd_training.data.folds import Fold
from ootd_training.data.label_rules import RULES
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.data.street_photos import read_street
from ootd_training.taxonomy import Taxonomy


def read_catalog(data: Path, split: str, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of `catalog/{split}.csv`, one a photo, which is also the box."""
    garments = []
    with (data / "catalog" / f"{split}.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            values = _implied(row["sub"], row["label"])
            values |= color_values(row["color"], row["color_share"])
            values["audience"] = RULES.audience_of_kids.get(row["kids"], "")
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


def read_street_garments(
    data: Path, boxes: Path, taxonomy: Taxonomy, fold: Fold | None = None
) -> list[Garment]:
    """Garments of tagged street photos, with the boxes that the detector found for them.

    The tags name the sub-categories that a photo shows, so a box can be any of those of its
    super-category; where they name just one, the garment's sub-category is known.
    FileNotFoundError if there is no file `boxes`.
    """
    tagged = {photo.name: photo for photo in read_street(data, "train", fold)}
    garments = []
    for entry in json.loads(boxes.read_text()):
        photo = tagged.get(entry["photo"])
        if photo is None:  # held out
            continue
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
    if label in RULES.candidates_of_label:
        return tuple(taxonomy.sub(super_name, name) for name in RULES.candidates_of_label[label])
    return taxonomy.subs_of(taxonomy.supers.index(super_name))


def _implied(sub: str, label: str) -> dict[str, str]:
    return {**RULES.values_of_sub_category.get(sub, {}), **RULES.values_of_label.get(label, {})}


def color_values(color: str, share: str) -> dict[str, str]:
    """What the name of the main colour, and the share that has it (0 to 1), tell of a garment."""
    if not color:
        return {}
    if color == "multicolor" or float(share or 0.0) < RULES.patterned_share:
        return {"color": color, "pattern": "patterned"}
    if float(share) >= RULES.plain_share:
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


def read_garments(
    data: Path, split: str, taxonomy: Taxonomy, limit: int = 0, fold: Fold | None = None
) -> list[Garment]:
    """Garments of the catalogue and of the outfits of a split; of train, those of `fold` if given.

    With `limit`, that many of each, spread evenly.
    """
    garments: list[Garment] = []
    for part in (read_catalog(data, split, taxonomy), read_outfits(data, split, taxonomy)):
        chosen = part if fold is None else fold.select(data, part, lambda garment: garment.photo)
        step = max(1, len(chosen) // limit) if limit else 1
        garments += chosen[::step][: limit or None]
    return garments


def training_garments(photos: PhotoSources, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of the train split, followed by those of the drawn and of the street photos."""
    return [garment for part in _training_parts(photos, taxonomy) for garment in part]


def _training_parts(photos: PhotoSources, taxonomy: Taxonomy) -> Iterator[list[Garment]]:
    data, limit = Path(photos.data), photos.limit
    yield read_garments(data, "train", taxonomy, limit, photos.learnt)
    if photos.drawn:
        yield read_drawn_garments(Path(photos.drawn), taxonomy)[: limit or None]
    if photos.street:
        found = read_street_garments(data, Path(photos.street), taxonomy, photos.learnt)
        yield found[: limit or None]


def load_training_tiles(photos: PhotoSources, taxonomy: Taxonomy, cache: Path | None) -> Tiles:
    """The tiles of the garments that a run is trained on."""
    parts = [load_tiles(part, cache) for part in _training_parts(photos, taxonomy)]
    return functools.reduce(joined, parts)


def load_held_out_tiles(
    photos: PhotoSources, taxonomy: Taxonomy, cache: Path | None
) -> Tiles | None:
    """The tiles of the part of train that a run is judged by; None if nothing is held out."""
    if not photos.judged:
        return None
    garments = read_garments(Path(photos.data), "train", taxonomy, photos.limit, photos.held_out)
    return load_tiles(garments, cache)
