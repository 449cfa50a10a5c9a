"""When a photo in which nothing is detected is a garment as a whole, and when it shows none.

The papers keep at least one item a photo (iTOO, section 3.1). That holds where the whole photo is
plausibly a garment; this measures which signal of the graph tells so, and where to put the bar.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ootd_training.console.progress import Progress
from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.data.street_photos import read_street
from ootd_training.evaluation.served_graph import ServedGraph
from ootd_training.experiments import whole_photo_report
from ootd_training.experiments.whole_photo_report import Seen
from ootd_training.experiments.without_garments import LEAST_SIDE, Photo, beside, drawn
from ootd_training.models.detector.samples import read_photo
from ootd_training.report.page import Page

CATALOG, STREET, OUTFIT = "catalogue photo", "tagged street photo", "labelled street photo"
CUT, MIDDLE = "labelled garment, cut out", "middle of a catalogue photo"
BESIDE = "beside the people"
MIDDLE_MARGIN = 0.25
"""What is cut off at each side of a catalogue photo, as a share."""
DRAWN_SEEDS = {"train": 3, "val": 4}


def photos(data: Path, split: str, limit: int) -> Iterator[tuple[str, frozenset[int], Photo]]:
    """Kind, super-categories and pixels of photos with garments (some) and without (none)."""
    for single in read_catalog(data, split)[: limit or None]:
        pixels, category = read_photo(single.path), frozenset({single.category})
        yield CATALOG, category, pixels
        height, width = (int(side * MIDDLE_MARGIN) for side in pixels.shape[:2])
        yield MIDDLE, category, pixels[height:-height, width:-width]
    if (data / "street" / f"{split}.jsonl").exists():
        for tagged in read_street(data, split)[: limit or None]:
            yield STREET, tagged.categories, read_photo(tagged.path)
    for outfit in read_outfits(data, split)[: limit or None]:
        pixels = read_photo(outfit.path)
        yield OUTFIT, frozenset(outfit.classes.tolist()), pixels
        for box, category in zip(outfit.boxes.astype(int), outfit.classes, strict=True):
            if (box[2:] - box[:2]).min() >= LEAST_SIDE:
                cut = pixels[box[1] : box[3], box[0] : box[2]]
                yield CUT, frozenset({int(category)}), cut
        for place in beside(pixels, outfit):
            yield BESIDE, frozenset(), place
    for kind, pixels in drawn(DRAWN_SEEDS[split], limit or 40):
        yield f"drawn: {kind}", frozenset(), pixels


def look(graph: ServedGraph, data: Path, split: str, limit: int) -> list[Seen]:
    """What the graph makes of all photos of a split."""
    found: list[Seen] = []
    every = list(photos(data, split, limit))
    progress = Progress(f"photos of {split}", len(every))
    for kind, categories, pixels in every:
        garment = bool(categories)
        seen = graph.whole_photo(np.ascontiguousarray(pixels))
        found.append(Seen(kind, garment, categories, seen))
        progress(len(found))
    return found


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-experiment whole-photo`."""
    parser.add_argument("--limit", type=int, default=0, help="this many photos of each kind")


def main(options: argparse.Namespace) -> Page:
    """Run `ootd-experiment whole-photo`; its report. Figures go beside it as JSON."""
    graph = ServedGraph()
    train, val = (look(graph, options.data, split, options.limit) for split in ("train", "val"))
    figures = whole_photo_report.measure(graph, train, val)
    if options.report:
        options.report.mkdir(parents=True, exist_ok=True)
        path = options.report / "whole-photo.json"
        path.write_text(json.dumps(figures, indent=1) + "\n")
    return whole_photo_report.page(figures)
