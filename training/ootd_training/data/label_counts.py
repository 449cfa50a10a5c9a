"""What a run was trained and judged on: labelled garments by source, split and label."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.crops import Garment
from ootd_training.data.drawn_photos import read_drawn
from ootd_training.data.garments import (
    read_drawn_garments,
    read_garments,
    read_street_garments,
)
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.taxonomy import Taxonomy

Counts = Mapping[str, Mapping[str, int]]
"""Garments of each label, of each source and split ("catalog, train"); all have all labels."""


def label_counts(garments: Iterable[Garment], taxonomy: Taxonomy) -> dict[str, int]:
    """Garments of each super-category, and below it of each sub-category, known or not."""
    found = Counter((garment.super_index, garment.sub) for garment in garments)
    counts: dict[str, int] = {}
    for index, name in enumerate(taxonomy.supers):
        subs = taxonomy.subs_of(index)
        counts[name] = sum(found[index, sub] for sub in (*subs, -1))
        counts |= {f"{name}: {taxonomy.subs[sub]}": found[index, sub] for sub in subs}
        counts[f"{name}: not known"] = found[index, -1]
    return counts


def _by_source(
    garments: Sequence[Garment], split: str, taxonomy: Taxonomy
) -> dict[str, dict[str, int]]:
    sources = dict.fromkeys(garment.source for garment in garments)
    return {
        f"{source}, {split}": label_counts((g for g in garments if g.source == source), taxonomy)
        for source in sources
    }


def garment_counts(
    data: Path, taxonomy: Taxonomy, limit: int = 0, drawn: str = "", street: str = ""
) -> Counts:
    """The garments of a run of a model that looks at crops; arguments as in its settings."""
    trained = read_garments(data, "train", taxonomy, limit)
    if drawn:
        trained += read_drawn_garments(Path(drawn), taxonomy)[: limit or None]
    if street:
        trained += read_street_garments(data, Path(street), taxonomy)[: limit or None]
    judged = read_garments(data, "val", taxonomy, limit)
    return _by_source(trained, "train", taxonomy) | _by_source(judged, "val", taxonomy)


def box_counts(
    data: Path, supers: Sequence[str], limit: int = 0, drawn: str = "", street: Path | None = None
) -> Counts:
    """The boxes of a run of the detector; `street` is the file of the labels that it found itself.

    Every fourth catalogue photo of the val split judges a run.
    """
    classes: dict[str, list[int]] = {}
    for split, step in (("train", 1), ("val", 4)):
        catalog = read_catalog(data, split)[::step][: limit or None]
        outfits = read_outfits(data, split)[: limit or None]
        classes[f"catalog, {split}"] = [photo.category for photo in catalog]
        classes[f"outfit, {split}"] = [int(c) for photo in outfits for c in photo.classes]
    if drawn:
        photos = read_drawn(Path(drawn))
        classes["drawn, train"] = [int(c) for photo in photos for c in photo.classes]
    if street is not None and street.exists():
        entries = json.loads(street.read_text())
        classes["street, train"] = [int(box[4]) for entry in entries for box in entry["boxes"]]
    return {
        column: {name: found.count(index) for index, name in enumerate(supers)}
        for column, found in classes.items()
    }
