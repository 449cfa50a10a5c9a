"""Training of the tagger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ootd_training.data.crop_views import pixels_of
from ootd_training.data.crops import Tiles
from ootd_training.data.garments import load_held_out_tiles, load_training_tiles
from ootd_training.data.mixing import mixed
from ootd_training.data.sampling import log_prior_shift
from ootd_training.models.base import Trainer
from ootd_training.models.tagger.batches import LabelledBatch, first_crops, labelled_batches
from ootd_training.models.tagger.loss import TaggerLoss, encode_labels
from ootd_training.models.tagger.measure import Predict, measure_by_source
from ootd_training.models.tagger.network import ServedTagger, Tagger
from ootd_training.models.tagger.settings import TaggerSettings
from ootd_training.network.inference import answers_of
from ootd_training.network.public_weights import PRETRAINED, start_trunk
from ootd_training.network.run import Run
from ootd_training.network.starting_weights import start_from
from ootd_training.taxonomy import Taxonomy, load_taxonomy

MIXING = 0x313
"""Sets the random numbers of mixed crops apart from those of a step's views."""


def served_tagger(
    tagger: Tagger, tiles: Tiles, settings: TaggerSettings, taxonomy: Taxonomy
) -> ServedTagger:
    """The tagger with the shift that undoes the balanced drawing of its training garments."""
    shift = log_prior_shift(tiles.garments, settings.balance, len(taxonomy.supers))
    return ServedTagger(tagger, taxonomy, shift.tolist()).eval()


def torch_predict(served: ServedTagger) -> Predict:
    """The tagger as a function of uint8 crops, in inference mode."""
    answer = answers_of(served)

    def predict(crops: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        subs, attributes = answer(crops)
        return subs, attributes

    return predict


def train_epoch(
    run: Run[Tagger], settings: TaggerSettings, tiles: Tiles, taxonomy: Taxonomy
) -> dict[str, Any]:
    """One epoch of drawn garments; the mean of each part of the loss, and the size of the crops."""
    loss = TaggerLoss(settings, taxonomy)
    labels = encode_labels(tiles.garments, taxonomy).to(run.device)
    size = settings.size(run.progress)
    batches, steps = labelled_batches(tiles, settings, run.epoch, size)
    mixing = np.random.default_rng([settings.run.seed, run.epoch, MIXING])

    def batch_loss(batch: LabelledBatch) -> dict[str, Tensor]:
        chosen, crops, true_colors = batch
        pixels = pixels_of(crops, run.device)
        own_labels = labels.take(torch.from_numpy(chosen).to(run.device))
        colors = torch.from_numpy(true_colors).to(run.device)
        mix = mixed(pixels, settings.mixing, mixing)
        if mix is None:
            return loss(run.network(pixels), own_labels, colors)
        outputs = run.network(mix.crops)
        colors = colors & mix.true_colors
        own = loss(outputs, own_labels, colors)
        other = loss(outputs, own_labels.take(mix.others), colors[mix.others])
        return {name: torch.lerp(own[name], other[name], mix.other_share) for name in own}

    return {"size": size, **run.train_epoch(batches, steps, batch_loss)}


def summary(measures: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The shares of right answers alone, without the counts."""
    return {
        source: {name: value["right"] for name, value in measure.items() if "right" in value}
        for source, measure in measures.items()
    }


class TaggerTrainer(Trainer[Tagger]):
    """One training of a tagger."""

    def __init__(self, settings: TaggerSettings, cache: Path | None) -> None:
        self.settings = settings
        self.taxonomy = load_taxonomy()
        self.network = Tagger(settings.trunk, self.taxonomy, settings.dropout)
        self.tiles = load_training_tiles(settings.photos, self.taxonomy, cache)
        self.held_out = load_held_out_tiles(settings.photos, self.taxonomy, cache)
        if settings.run.start:
            self._start(settings)

    def _start(self, settings: TaggerSettings) -> None:
        def batches() -> list[Tensor]:
            return first_crops(self.tiles, settings)

        if settings.run.start == PRETRAINED:
            start_trunk(self.network.trunk, Path(settings.photos.data), batches)
        else:
            start_from(self.network, Path(settings.run.start), batches)

    def train_epoch(self, run: Run[Tagger]) -> dict[str, Any]:
        """One epoch of drawn garments."""
        return train_epoch(run, self.settings, self.tiles, self.taxonomy)

    def evaluate(self, run: Run[Tagger]) -> dict[str, dict[str, float]]:
        """Shares of right answers, by source."""
        assert self.held_out is not None, "a run that is judged holds a fold out"
        served = served_tagger(run.average, self.tiles, self.settings, self.taxonomy)
        predict = torch_predict(served.to(run.device))
        size = self.settings.size(run.progress)
        return summary(measure_by_source(predict, self.held_out, self.taxonomy, size))
