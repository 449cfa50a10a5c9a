"""The detector as one of the trained models."""

from __future__ import annotations

import argparse
from pathlib import Path

from ootd_training.data.label_counts import Counts, box_counts
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.models.base import Checkpoint, Compare, Comparison, Differences
from ootd_training.models.detector.export import differences, load_network, write
from ootd_training.models.detector.measure import torch_detector
from ootd_training.models.detector.settings import (
    ARCHITECTURES,
    LARGE_STAGES,
    QUICK_STAGES,
    DetectorSettings,
)
from ootd_training.models.detector.street_labels import STREET_LABELS
from ootd_training.models.detector.train import DetectorTrainer
from ootd_training.network.run_options import chosen
from ootd_training.taxonomy import Taxonomy


class DetectorModel:
    """Train the detector, from random weights unless a checkpoint to start from is named."""

    name = "detector"
    defaults = DetectorSettings()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the batch, the share of catalogue photos, and the sizes of the photos."""
        parser.add_argument(
            "--architecture", choices=ARCHITECTURES, default=self.defaults.architecture,
            help="network that finds garments",
        )  # fmt: skip
        parser.add_argument("--batch", type=int, default=self.defaults.batch, help="photos a step")
        parser.add_argument(
            "--catalog-share", type=float, default=self.defaults.catalog_share,
            help="catalogue photos per outfit photo in an epoch",
        )  # fmt: skip
        parser.add_argument(
            "--large", action="store_true",
            help="large photos from the first epoch on; with --start",
        )  # fmt: skip

    def settings(self, options: argparse.Namespace) -> DetectorSettings:
        """The settings that the options name."""
        settings = chosen(options, self.defaults)
        if options.large:
            settings = settings.changed(stages=LARGE_STAGES, street_from=0.0)
        if options.quick:
            settings = settings.changed(epochs=3, limit=options.limit or 48, stages=QUICK_STAGES)
        return settings

    def trainer(self, settings: DetectorSettings, _cache: Path | None) -> DetectorTrainer:
        """Network and photos; nothing is cached, as whole photos are decoded."""
        return DetectorTrainer(settings)

    def counts(self, photos: PhotoSources, folder: Path) -> Counts:
        """Boxes, with those that the run found in street photos and left in its folder."""
        return box_counts(photos, folder / STREET_LABELS)

    def export(self, checkpoint: Checkpoint, path: Path, _taxonomy: Taxonomy) -> Compare:
        """Write the file; scores and boxes are compared on outfit photos."""
        network, side = load_network(checkpoint.path)
        write(network, path, side)

        def compare(examples: Comparison) -> Differences:
            scores, boxes = differences(torch_detector(network, side), path, examples.photos)
            return {"DETECTION_SCORES": scores, "DETECTION_BOXES": boxes}

        return compare


DETECTOR = DetectorModel()
