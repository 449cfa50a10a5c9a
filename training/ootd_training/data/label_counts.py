"""What a run was trained and judged on: labelled garments by source, split and label."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.crops import Garment
from ootd_training.data.drawn_photos import read_drawn
from ootd_training.data.folds import Fold
from ootd_training.data.garments import read_garments, training_garments
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.taxonomy import SUPER_CATEGORIES, Taxonomy

HELD_OUT = "held out"
"""What the garments that judge a run are named by, beside "train"."""
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


def garment_counts(photos: PhotoSources, taxonomy: Taxonomy) -> Counts:
    """The garments of a run of a model that looks at crops."""
    counts = _by_source(training_garments(photos, taxonomy), "train", taxonomy)
    if photos.judged:
        data, limit, fold = Path(photos.data), photos.limit, photos.held_out
        judged = read_garments(data, "train", taxonomy, limit, fold)
        counts |= _by_source(judged, HELD_OUT, taxonomy)
    return counts


def box_counts(photos: PhotoSources, street: Path) -> Counts:
    """The boxes of a run of the detector; `street` is the file of the labels that it found itself.

    Every fourth catalogue photo that is held out judges a run.
    """
    data, limit = Path(photos.data), photos.limit
    classes: dict[str, list[int]] = {}
    parts: list[tuple[str, Fold | None, int]] = [("train", photos.learnt, 1)]
    parts += [(HELD_OUT, photos.held_out, 4)] if photos.judged else []
    for name, fold, step in parts:
        catalog = read_catalog(data, "train", fold)[::step][: limit or None]
        outfits = read_outfits(data, "train", fold)[: limit or None]
        classes[f"catalog, {name}"] = [photo.category for photo in catalog]
        classes[f"outfit, {name}"] = [int(c) for photo in outfits for c in photo.classes]
    if photos.drawn:
        drawn = read_drawn(Path(photos.drawn))
        classes["drawn, train"] = [int(c) for photo in drawn for c in photo.classes]
    if street.exists():
        entries = json.loads(street.read_text())
        classes["street, train"] = [int(box[4]) for entry in entries for box in entry["boxes"]]
    return {
        column: {name: found.count(index) for index, name in enumerate(SUPER_CATEGORIES)}
        for column, found in classes.items()
    }
