"""The tagger as one of the trained models."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TypeVar

from ootd_training.data.garments import training_garments
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.data.sampling import log_prior_shift
from ootd_training.models.base import Checkpoint, Compare, CropModel
from ootd_training.models.tagger.export import export_tagger, load_tagger
from ootd_training.models.tagger.network import ServedTagger
from ootd_training.models.tagger.settings import LARGE_STAGES, QUICK_STAGES, TaggerSettings
from ootd_training.models.tagger.train import TaggerTrainer
from ootd_training.network.run_options import add_crop_options, chosen, chosen_trunk
from ootd_training.served.crop_model import largest_difference
from ootd_training.taxonomy import Taxonomy

Settings = TypeVar("Settings", bound=TaggerSettings)


class TaggerModel(CropModel):
    """Train the tagger, from random weights unless a checkpoint to start from is named."""

    name = "tagger"
    defaults = TaggerSettings()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of crops, batches and sizes."""
        add_crop_options(parser, self.defaults.trunk)
        add_batch_options(parser, self.defaults)
        parser.add_argument(
            "--mixing", type=float, default=self.defaults.mixing,
            help="share of batches whose crops show two garments (default %(default)s)",
        )  # fmt: skip
        parser.add_argument(
            "--large", action="store_true", help="large crops from the first epoch on; with --start"
        )

    def settings(self, options: argparse.Namespace) -> TaggerSettings:
        """The settings that the options name."""
        settings = chosen(options, self.defaults).changed(trunk=chosen_trunk(options))
        if options.large:
            settings = settings.changed(stages=LARGE_STAGES)
        if options.quick:
            settings = quick_settings(settings)
        return settings

    def trainer(self, settings: TaggerSettings, cache: Path | None) -> TaggerTrainer:
        """Network and garments."""
        return TaggerTrainer(settings, cache)

    def export(self, checkpoint: Checkpoint, path: Path, taxonomy: Taxonomy) -> Compare:
        """Write the file; probabilities are compared on crops."""
        settings = checkpoint.settings
        garments = training_garments(PhotoSources.of(settings), taxonomy)
        shift = log_prior_shift(garments, settings["balance"], len(taxonomy.supers))
        tagger = load_tagger(checkpoint.path, taxonomy)
        served = ServedTagger(tagger, taxonomy, shift.tolist()).eval()
        size = int(settings["stages"][-1]["size"])
        export_tagger(served, size, path)
        return lambda examples: largest_difference(served, size, path, examples.crops)


def quick_settings(settings: Settings) -> Settings:
    """The same for a minute on a slice, which the sequencer has too."""
    limit = settings.photos.limit or 100
    return settings.changed(epochs=3, batch=16, limit=limit, stages=QUICK_STAGES)


def add_batch_options(parser: argparse.ArgumentParser, defaults: TaggerSettings) -> None:
    """Add what a batch holds, which the sequencer has too."""
    parser.add_argument("--batch", type=int, default=defaults.batch, help="crops a step")
    parser.add_argument(
        "--balance", type=float, default=defaults.balance, help="0: labels alike often, 1: as found"
    )


TAGGER = TaggerModel()
