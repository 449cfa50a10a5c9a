"""The sequencer as one of the trained models."""

from __future__ import annotations

import argparse
from pathlib import Path

from ootd_training.models.base import Checkpoint, Compare, Comparison, CropModel, Differences
from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.sequencer.export import compare, export_sequencer, load_sequencer
from ootd_training.models.sequencer.settings import ENCODERS, SequencerSettings
from ootd_training.models.sequencer.train import SequencerTrainer
from ootd_training.models.tagger.model import add_batch_options, quick_settings
from ootd_training.network.run_options import add_crop_options, chosen, chosen_trunk
from ootd_training.taxonomy import Taxonomy


class SequencerModel(CropModel):
    """Train the sequencer, from a tagger's trunk or from random weights."""

    name = "sequencer"
    defaults = SequencerSettings()

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options of crops, batches, encoder and decoder."""
        defaults = self.defaults
        add_crop_options(parser, defaults.trunk)
        add_batch_options(parser, defaults)
        parser.add_argument(
            "--encoder", choices=ENCODERS, default=defaults.encoder,
            help="network that sees the crop",
        )  # fmt: skip
        parser.add_argument(
            "--resception-width", type=float, default=defaults.resception.width,
            help="of ResCeption, as a share of Inception-v3's",
        )  # fmt: skip
        parser.add_argument("--hidden", type=int, default=defaults.hidden, help="width of the LSTM")

    def settings(self, options: argparse.Namespace) -> SequencerSettings:
        """The settings that the options name."""
        settings = chosen(options, self.defaults).changed(
            trunk=chosen_trunk(options),
            resception=ResCeptionSettings(width=options.resception_width),
        )
        return quick_settings(settings) if options.quick else settings

    def trainer(self, settings: SequencerSettings, cache: Path | None) -> SequencerTrainer:
        """Network and garments."""
        return SequencerTrainer(settings, cache)

    def export(self, checkpoint: Checkpoint, path: Path, taxonomy: Taxonomy) -> Compare:
        """Write the file; probabilities and sequences are compared, guided and not."""
        sequencer, settings = load_sequencer(checkpoint.path, taxonomy)
        size = settings.size(1.0)
        export_sequencer(sequencer, size, path)

        def compare_with(examples: Comparison) -> Differences:
            found = compare(sequencer, size, path, examples.crops, examples.supers)
            return {
                "SUB_PROBABILITIES": found["subs"],
                "ATTRIBUTE_PROBABILITIES": found["attributes"],
                "SEQUENCE": 1.0 - found["same"],
            }

        return compare_with


SEQUENCER = SequencerModel()
