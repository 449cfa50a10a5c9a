"""All labelled garments of a split, over the sources."""

from __future__ import annotations

from pathlib import Path

from ootd_training.data.crops import Garment, read_catalog, read_outfits
from ootd_training.taxonomy import Taxonomy


def read_garments(data: Path, split: str, taxonomy: Taxonomy, limit: int = 0) -> list[Garment]:
    """Catalogue and outfit garments of a split; with `limit`, that many of each, spread evenly."""
    garments: list[Garment] = []
    for part in (read_catalog(data, split, taxonomy), read_outfits(data, split, taxonomy)):
        step = max(1, len(part) // limit) if limit else 1
        garments += part[::step][: limit or None]
    return garments
