"""All labelled garments of a split, over the sources."""

from __future__ import annotations

import json
from pathlib import Path

from ootd_training.data.crops import (
    Garment,
    Tiles,
    joined,
    load_tiles,
    read_catalog,
    read_outfits,
)
from ootd_training.taxonomy import Taxonomy


def read_drawn_garments(folder: Path, taxonomy: Taxonomy) -> list[Garment]:
    """Garments of a folder of drawn photos (`ootd samples FOLDER`), one a visible garment.

    They show every sub-category, also those of which there is no labelled photo.
    FileNotFoundError if the folder has no `labels.json`; ValueError names a category that the
    taxonomy lacks.
    """
    garments = []
    colors = taxonomy.group("color").values
    sleeves = taxonomy.group("sleeve_length").values
    for photo in json.loads((folder / "labels.json").read_text()):
        for entry in photo["garments"]:
            x0, y0, x1, y1 = entry["box"]
            sleeve = entry["sleeve_length"]
            garments.append(
                Garment(
                    source="drawn",
                    photo=folder / photo["image"],
                    box=(x0, y0, x1, y1),
                    super_index=taxonomy.supers.index(entry["super_category"]),
                    candidates=(taxonomy.sub(entry["super_category"], entry["sub_category"]),),
                    color=colors.index(entry["color"]),
                    color_weight=1.0,
                    sleeve=sleeves.index(sleeve) if sleeve else -1,
                    item=entry["item"],
                )
            )
    return garments


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
    data: Path, taxonomy: Taxonomy, limit: int, drawn: str, cache: Path | None
) -> Tiles:
    """Tiles of the train split, followed by those of the folder `drawn` unless it is empty."""
    tiles = load_tiles(read_garments(data, "train", taxonomy, limit), cache)
    if not drawn:
        return tiles
    garments = read_drawn_garments(Path(drawn), taxonomy)
    return joined(tiles, load_tiles(garments[: limit or None], cache))
