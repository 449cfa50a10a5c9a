"""The embedder as one of the trained models."""

from __future__ import annotations

import argparse
from pathlib import Path

from ootd_training.models.base import Checkpoint, Compare, CropModel
from ootd_training.models.embedder.export import export_embedder, load_embedder
from ootd_training.models.embedder.settings import QUICK_SIZES, EmbedderSettings
from ootd_training.models.embedder.train import EmbedderTrainer
from ootd_training.network.run_options import add_crop_options, chosen, chosen_trunk
from ootd_training.served.crop_model import largest_difference
from ootd_training.taxonomy import Taxonomy


class EmbedderModel(CropModel):
    """Train the embedder, from a tagger's trunk or from random weights."""

    name = "embedder"
    defaults = EmbedderSettings()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of crops and batches."""
        add_crop_options(parser, self.defaults.trunk)
        parser.add_argument(
            "--items", type=int, default=self.defaults.items, help="garments a step"
        )

    def settings(self, options: argparse.Namespace) -> EmbedderSettings:
        """The settings that the options name."""
        settings = chosen(options, self.defaults).changed(trunk=chosen_trunk(options))
        if options.quick:
            settings = settings.changed(
                epochs=3,
                items=min(12, options.items),
                steps=10,
                limit=options.limit or 100,
                sizes=QUICK_SIZES,
            )
        return settings

    def trainer(self, settings: EmbedderSettings, cache: Path | None) -> EmbedderTrainer:
        """Network and garments."""
        return EmbedderTrainer(settings, cache)

    def export(self, checkpoint: Checkpoint, path: Path, _taxonomy: Taxonomy) -> Compare:
        """Write the file; embeddings are compared on crops."""
        embedder = load_embedder(checkpoint.path)
        size = int(checkpoint.settings["sizes"][-1][1])
        export_embedder(embedder, size, path)
        return lambda examples: largest_difference(embedder, size, path, examples.crops)


EMBEDDER = EmbedderModel()
