"""The weight of colour beside appearance in a search, by searches among the val garments.

A hit's score is (1 - weight) x cosine of the embeddings + weight x histogram intersection (11st,
section 3.5, which does not state its weight).
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ootd_training.console.progress import Progress
from ootd_training.experiments import fusion_weight_report
from ootd_training.experiments.histogram import SERVED, Layout, histograms, hsv, intersections
from ootd_training.experiments.search_photos import SearchPhotos, search_photos
from ootd_training.experiments.searching import Scores, scores, similarities
from ootd_training.models.embedder.export import MODEL, onnx_embed
from ootd_training.report.page import Page
from ootd_training.taxonomy import load_taxonomy

WEIGHTS = (0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.8, 1.0)
LAYOUTS = (SERVED, Layout(12, 2, 2), Layout(12, 3, 3), Layout(24, 2, 3), Layout(24, 3, 3))
"""The served histogram, the one served before it, and longer ones."""


def cosines(queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.float32]:
    """The cosine of each of n queries and m of the gallery, f32[n, m]; all are of length 1."""
    return np.asarray(queries @ gallery.T)


def sweeps(model: Path, photos: SearchPhotos) -> dict[Layout, dict[float, Scores]]:
    """The garments' scores by layout of the histogram and by weight."""
    print("embedding the crops", flush=True)
    seen = similarities(onnx_embed(model), cosines, photos)
    found: dict[Layout, dict[float, Scores]] = {}
    progress = Progress("histogram layouts", len(LAYOUTS))
    for layout in LAYOUTS:

        def color(crops: NDArray[np.uint8], layout: Layout = layout) -> NDArray[np.float32]:
            return histograms(hsv(crops), layout)

        colored = similarities(color, intersections, photos)
        found[layout] = {
            weight: scores(
                {key: (1 - weight) * seen[key] + weight * colored[key] for key in seen}, photos
            )
            for weight in WEIGHTS
        }
        progress(len(found))
    return found


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-experiment fusion-weight`."""
    parser.add_argument("--model", type=Path, default=MODEL, help="ONNX file of the embedder")
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")


def main(options: argparse.Namespace) -> Page:
    """Run `ootd-experiment fusion-weight`; its report."""
    photos = search_photos(options.data, load_taxonomy(), options.limit, options.cache)
    return fusion_weight_report.page(sweeps(options.model, photos), photos)
