"""Training of the embedder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from ootd_training.data.crop_views import pixels_of, prefetch
from ootd_training.data.garments import load_held_out_tiles, load_training_tiles
from ootd_training.models.base import Trainer
from ootd_training.models.embedder.batches import PairBatch, PairSampler
from ootd_training.models.embedder.loss import LabelHead, contrastive_loss, label_loss, soft_codes
from ootd_training.models.embedder.measure import Embed, measure_by_source
from ootd_training.models.embedder.network import Embedder
from ootd_training.models.embedder.settings import EmbedderSettings
from ootd_training.models.tagger.loss import Labels, encode_labels
from ootd_training.network.inference import answers_of
from ootd_training.network.public_weights import PRETRAINED, start_trunk
from ootd_training.network.run import Run
from ootd_training.network.starting_weights import (
    MEASURED_BATCHES,
    RELEASED,
    Batches,
    read_released,
    start_from,
)
from ootd_training.network.trunk import TAGGER_TRUNK
from ootd_training.taxonomy import Taxonomy, load_taxonomy


class EmbedderInTraining(nn.Module):
    """The embedder with the classifiers that are left behind after training."""

    def __init__(self, settings: EmbedderSettings, taxonomy: Taxonomy) -> None:
        super().__init__()
        self.embedder = Embedder(settings.trunk)
        self.labels = LabelHead(taxonomy, settings.label_scale)

    def forward(self, crops: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Embeddings [n, 128], and the classifiers' logits for them."""
        embeddings = self.embedder(crops)
        return embeddings, self.labels(embeddings)


def load_start(network: EmbedderInTraining, path: Path, batches: Batches) -> None:
    """Copy the weights of an embedder, or the trunk of a tagger: a checkpoint or a released file.

    The classifiers are no part of a release; they begin anew. The trunks must be of one size;
    otherwise ValueError.
    """
    embedder = network.embedder
    if path.suffix == RELEASED:
        mine = any("projection" in name for name in read_released(path))
        start_from(embedder if mine else embedder.trunk, path, batches)
        return
    average = torch.load(path, weights_only=True, map_location="cpu")["average"]
    if any(name.startswith("embedder.") for name in average):
        start_from(network, path, batches)
    else:
        start_from(embedder.trunk, path, batches, TAGGER_TRUNK)


def first_crops(sampler: PairSampler, settings: EmbedderSettings) -> list[Tensor]:
    """The crops of the first batches, [n, 3, s, s], at the size that the run ends with."""
    size = settings.size(1.0)
    batches = (
        sampler.make(size, np.random.default_rng([settings.run.seed, 0, step]))
        for step in range(MEASURED_BATCHES)
    )
    return [pixels_of(batch.crops, torch.device("cpu")) for batch in batches]


def torch_embed(embedder: Embedder) -> Embed:
    """The embedder as a function of uint8 crops, in inference mode."""
    answer = answers_of(embedder)
    return lambda crops: answer(crops)[0]


def batch_loss(
    network: EmbedderInTraining,
    batch: PairBatch,
    labels: Labels,
    settings: EmbedderSettings,
    device: torch.device,
) -> dict[str, Tensor]:
    """The weighted parts of the loss of one batch; `labels` are on the device."""
    embeddings, logits = network(pixels_of(batch.crops, device))
    alike = torch.from_numpy(batch.alike).to(device)
    own_labels = labels.take(torch.from_numpy(np.tile(batch.indices, 2)).to(device))
    true_colors = torch.from_numpy(np.tile(batch.true_colors, 2)).to(device)
    colors, weights = own_labels.values["color"], own_labels.color_weights * true_colors
    codes = soft_codes(embeddings)
    return {
        "pairs": contrastive_loss(embeddings, alike, settings.temperature),
        "codes": settings.code_gain * contrastive_loss(codes, alike, settings.temperature),
        "labels": settings.label_gain * label_loss(logits, own_labels.candidates, colors, weights),
    }


def train_epoch(
    run: Run[EmbedderInTraining], sampler: PairSampler, labels: Labels
) -> dict[str, Any]:
    """One epoch of batches of pairs; the mean of each part of the loss, and the size of the crops.

    What is drawn depends on the seed and the epoch's number alone.
    """
    settings = sampler.settings
    size, epoch = settings.size(run.progress), run.epoch

    def make(step: int) -> PairBatch:
        return sampler.make(size, np.random.default_rng([settings.run.seed, epoch, step]))

    def loss(batch: PairBatch) -> dict[str, Tensor]:
        return batch_loss(run.network, batch, labels, settings, run.device)

    means = run.train_epoch(prefetch(make, settings.steps), settings.steps, loss)
    return {"size": size, **means}


class EmbedderTrainer(Trainer[EmbedderInTraining]):
    """One training of an embedder."""

    def __init__(self, settings: EmbedderSettings, cache: Path | None) -> None:
        self.settings = settings
        taxonomy = load_taxonomy()
        self.network = EmbedderInTraining(settings, taxonomy)
        self.tiles = load_training_tiles(settings.photos, taxonomy, cache)
        self.held_out = load_held_out_tiles(settings.photos, taxonomy, cache)
        self.sampler = PairSampler(self.tiles, settings, taxonomy)
        self.labels = encode_labels(self.tiles.garments, taxonomy)
        if settings.run.start:
            self._start(settings)

    def _start(self, settings: EmbedderSettings) -> None:
        def batches() -> list[Tensor]:
            return first_crops(self.sampler, settings)

        if settings.run.start == PRETRAINED:
            start_trunk(self.network.embedder.trunk, Path(settings.photos.data), batches)
        else:
            load_start(self.network, Path(settings.run.start), batches)

    def train_epoch(self, run: Run[EmbedderInTraining]) -> dict[str, Any]:
        """One epoch of drawn pairs."""
        return train_epoch(run, self.sampler, self.labels.to(run.device))

    def evaluate(self, run: Run[EmbedderInTraining]) -> dict[str, dict[str, Any]]:
        """Search among the held-out garments, by source."""
        assert self.held_out is not None, "a run that is judged holds a fold out"
        embed = torch_embed(run.average.embedder)
        return measure_by_source(embed, self.held_out, self.settings.size(run.progress))
