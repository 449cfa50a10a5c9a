"""Layouts of the colour histogram: which tells garments of val apart, and colours, the best.

Each layout's histogram intersection searches for garments of val photographed in other light and
crop, before another background, and dyed in another colour; and for garments of the same colour
name.
"""

from __future__ import annotations

import argparse
import dataclasses
import math

import numpy as np
from numpy.typing import NDArray

from ootd_training.console.progress import Progress
from ootd_training.experiments import color_bins_report
from ootd_training.experiments.color_bins_report import Result, best
from ootd_training.experiments.histogram import SERVED, Layout, histograms, hsv, intersections
from ootd_training.experiments.search_photos import SearchPhotos, search_photos
from ootd_training.experiments.searching import scores, similarities
from ootd_training.report.page import Page
from ootd_training.taxonomy import load_taxonomy

HUES = (6, 8, 12, 16, 24)
SPLITS = ((1, 1), (1, 2), (2, 1), (2, 2), (1, 3), (3, 1), (2, 3), (3, 2), (3, 3))
"""Numbers of bins of saturation and of value."""
SAME_LENGTH = (Layout(6, 2, 4), Layout(6, 4, 2), Layout(4, 3, 4), Layout(4, 4, 3))
"""Further layouts of the served one's length."""
SIGMAS = (0.12, 0.16, 0.2, 0.25, 0.3, 0.4, 0.6, math.inf)
THRESHOLDS = (0.06, 0.09, 0.12, 0.16, 0.2)
ACHROMATIC = (3, 4, 6, 8, 12)


def first_layouts() -> list[Layout]:
    """The served layout, and those that differ from it in bins or in the colourless pixels."""
    found = [SERVED, *SAME_LENGTH]
    found += [Layout(hues, *split) for hues in HUES for split in SPLITS]
    found += [dataclasses.replace(SERVED, achromatic_below=value) for value in THRESHOLDS]
    found += [dataclasses.replace(SERVED, achromatic=count) for count in ACHROMATIC]
    return list(dict.fromkeys(found))


def with_other_windows(results: list[Result]) -> list[Layout]:
    """The served layout and the best ones so far, of its length and of any, in every window."""
    chosen = [SERVED, best(results, SERVED.bins).layout, best(results).layout]
    seen = {result.layout for result in results}
    found = [dataclasses.replace(layout, sigma=sigma) for layout in chosen for sigma in SIGMAS]
    return [layout for layout in dict.fromkeys(found) if layout not in seen]


def measure(layouts: list[Layout], photos: SearchPhotos, task: str) -> list[Result]:
    """The garments' scores for each layout, in order."""
    kept = {
        id(crops): hsv(crops)
        for crops in (photos.served, photos.dyed, photos.dyed_queries, *photos.queries.values())
    }
    results = []
    progress = Progress(task, len(layouts))
    for layout in layouts:

        def describe(crops: NDArray[np.uint8], layout: Layout = layout) -> NDArray[np.float32]:
            return histograms(kept[id(crops)], layout)

        found = similarities(describe, intersections, photos)
        results.append(Result(layout, scores(found, photos)))
        progress(len(results))
    return results


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-experiment color-bins`."""
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")


def main(options: argparse.Namespace) -> Page:
    """Run `ootd-experiment color-bins`; its report."""
    photos = search_photos(options.data, load_taxonomy(), options.limit, options.cache)
    results = measure(first_layouts(), photos, "layouts")
    results += measure(with_other_windows(results), photos, "windows")
    return color_bins_report.page(results, photos)
