"""Training of the sequencer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ootd_training.data.crop_views import pixels_of
from ootd_training.data.crops import Tiles
from ootd_training.data.garments import load_held_out_tiles, load_training_tiles
from ootd_training.data.sampling import log_prior_shift
from ootd_training.models.base import Trainer
from ootd_training.models.sequencer.likelihood import sequence_likelihood
from ootd_training.models.sequencer.loss import SequenceLoss
from ootd_training.models.sequencer.measure import measure_by_source, torch_answer
from ootd_training.models.sequencer.network import Sequencer, ServedSequencer
from ootd_training.models.sequencer.settings import SequencerSettings
from ootd_training.models.tagger.batches import LabelledBatch, first_crops, labelled_batches
from ootd_training.models.tagger.loss import encode_labels
from ootd_training.network.public_weights import PRETRAINED, start_trunk
from ootd_training.network.run import Run
from ootd_training.network.starting_weights import start_from
from ootd_training.network.trunk import TAGGER_TRUNK, Trunk
from ootd_training.taxonomy import Taxonomy, load_taxonomy


def make_sequencer(settings: SequencerSettings, tiles: Tiles, taxonomy: Taxonomy) -> Sequencer:
    """The network before training; ValueError if the encoder cannot start from a tagger."""
    shift = log_prior_shift(tiles.garments, settings.balance, len(taxonomy.supers))
    sequencer = Sequencer(settings, taxonomy, shift.tolist())
    if settings.run.start:
        if not isinstance(sequencer.encoder, Trunk):
            raise ValueError(
                "--start names a tagger, whose EfficientNet is no part of "
                f"{settings.encoder}; leave it out, or choose --encoder efficientnet"
            )

        def batches() -> list[Tensor]:
            return first_crops(tiles, settings)

        if settings.run.start == PRETRAINED:
            start_trunk(sequencer.encoder, Path(settings.photos.data), batches)
        else:
            start_from(sequencer.encoder, Path(settings.run.start), batches, TAGGER_TRUNK)
    return sequencer


def evaluate(network: Sequencer, held_out: Tiles, size: int) -> dict[str, Any]:
    """Precision, recall, right shares of held-out garments, unguided, guided; and likelihood."""
    answer = torch_answer(ServedSequencer(network))
    measures = measure_by_source(answer, held_out, network.vocabulary, size)
    result: dict[str, Any] = {"nll": sequence_likelihood(network, held_out, size)}
    for name, sources in measures.items():
        measure = sources["all"]
        result[name] = {key: measure[key] for key in ("tokens", "attributes")}
    result["top1"] = {
        source: {key: measure["top1"][key]["right"] for key in ("super", "sub", "sub_in_super")}
        for source, measure in measures["unguided"].items()
    }
    return result


class SequencerTrainer(Trainer[Sequencer]):
    """One training of a sequencer."""

    def __init__(self, settings: SequencerSettings, cache: Path | None) -> None:
        self.settings = settings
        taxonomy = load_taxonomy()
        self.tiles = load_training_tiles(settings.photos, taxonomy, cache)
        self.held_out = load_held_out_tiles(settings.photos, taxonomy, cache)
        self.network = make_sequencer(settings, self.tiles, taxonomy)

    def train_epoch(self, run: Run[Sequencer]) -> dict[str, Any]:
        """One epoch of drawn garments."""
        settings, vocabulary = self.settings, self.network.vocabulary
        loss = SequenceLoss(settings, vocabulary)
        labels = encode_labels(self.tiles.garments, vocabulary.taxonomy).to(run.device)
        size = settings.size(run.progress)
        batches, steps = labelled_batches(self.tiles, settings, run.epoch, size)

        def batch_loss(batch: LabelledBatch) -> dict[str, Tensor]:
            indices, crops, true_colors = batch
            own_labels = labels.take(torch.from_numpy(indices).to(run.device))
            pixels = pixels_of(crops, run.device)
            return loss(
                run.network, pixels, own_labels, torch.from_numpy(true_colors).to(run.device)
            )

        return {"size": size, **run.train_epoch(batches, steps, batch_loss)}

    def evaluate(self, run: Run[Sequencer]) -> dict[str, Any]:
        """Figures at the size in force."""
        assert self.held_out is not None, "a run that is judged holds a fold out"
        return evaluate(run.average, self.held_out, self.settings.size(run.progress))
