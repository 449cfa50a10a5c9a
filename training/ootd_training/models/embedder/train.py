"""Training of the embedder, from a tagger's trunk or from random weights."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ootd_training.data.crop_views import pixels_of, prefetch
from ootd_training.data.garments import load_run_tiles
from ootd_training.evaluation.run_report import run_counts, write_run_report
from ootd_training.models.embedder.batches import PairBatch, PairSampler
from ootd_training.models.embedder.export import export_embedder
from ootd_training.models.embedder.loss import LabelHead, contrastive_loss, label_loss, soft_codes
from ootd_training.models.embedder.measure import Embed, measure_by_source
from ootd_training.models.embedder.network import Embedder
from ootd_training.models.embedder.settings import QUICK_SIZES, EmbedderSettings
from ootd_training.models.tagger.loss import Labels, encode_labels
from ootd_training.network.run import Run
from ootd_training.network.run_options import add_crop_options, add_run_options, chosen
from ootd_training.network.starting_weights import (
    MEASURED_BATCHES,
    RELEASED,
    Batches,
    read_released,
    start_from,
)
from ootd_training.network.trunk import TAGGER_TRUNK, TrunkSettings
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
        sampler.make(size, np.random.default_rng([settings.seed, 0, step]))
        for step in range(MEASURED_BATCHES)
    )
    return [pixels_of(batch.crops, torch.device("cpu")) for batch in batches]


def torch_embed(embedder: Embedder, batch: int = 64) -> Embed:
    """The embedder as a function of uint8 crops, in inference mode."""
    embedder.eval()
    device = next(embedder.parameters()).device

    @torch.inference_mode()
    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(crops), batch):
            pixels = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2)
            parts.append(embedder(pixels.to(device).float() / 255))
        return np.asarray(torch.cat(parts).cpu().numpy())

    return embed


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
    shown = labels.take(torch.from_numpy(np.tile(batch.indices, 2)).to(device))
    true_colors = torch.from_numpy(np.tile(batch.true_colors, 2)).to(device)
    colors, weights = shown.values["color"], shown.color_weights * true_colors
    codes = soft_codes(embeddings)
    return {
        "pairs": contrastive_loss(embeddings, alike, settings.temperature),
        "codes": settings.code_gain * contrastive_loss(codes, alike, settings.temperature),
        "labels": settings.label_gain * label_loss(logits, shown.candidates, colors, weights),
    }


def train_epoch(
    run: Run[EmbedderInTraining], sampler: PairSampler, labels: Labels
) -> dict[str, float]:
    """One epoch of `settings.steps` batches; returns the mean of each part of the loss.

    What is drawn depends on the seed and the epoch's number alone.
    """
    settings = run.settings
    assert isinstance(settings, EmbedderSettings)
    size, epoch = settings.size(run.progress), run.epoch

    def make(step: int) -> PairBatch:
        return sampler.make(size, np.random.default_rng([settings.seed, epoch, step]))

    def loss(batch: PairBatch) -> dict[str, Tensor]:
        return batch_loss(run.network, batch, labels, settings, run.device)

    means = run.train_epoch(prefetch(make, settings.steps), settings.steps, loss)
    return {"size": size, **means}


def train(
    settings: EmbedderSettings, cache: Path | None, restart: bool = False
) -> Run[EmbedderInTraining]:
    """Run to the last epoch; checkpoint and history are in the output folder.

    Goes on from the checkpoint that is there, unless it is to `restart`.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taxonomy = load_taxonomy()
    network = EmbedderInTraining(settings, taxonomy)
    tiles, held_out = load_run_tiles(settings, taxonomy, cache)
    sampler = PairSampler(tiles, settings, taxonomy)
    if settings.start:
        load_start(network, Path(settings.start), lambda: first_crops(sampler, settings))
    run = Run(network, settings)
    run.counts = run_counts("embedder", run.output, dataclasses.asdict(settings))
    if not restart:
        run.resume()
    labels = encode_labels(tiles.garments, taxonomy).to(run.device)

    def evaluate() -> dict[str, dict[str, Any]]:
        size = settings.size(run.progress)
        return measure_by_source(torch_embed(run.average.embedder), held_out, size)

    run.go(lambda: train_epoch(run, sampler, labels), evaluate, settings.evaluate_every)
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train embedder`."""
    defaults = EmbedderSettings(data="", output="")
    add_run_options(parser, defaults)
    add_crop_options(parser, defaults)
    parser.add_argument("--items", type=int, default=defaults.items, help="garments a step")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train embedder`."""
    settings = EmbedderSettings(
        **chosen(options),
        start=options.start,
        street=options.street,
        items=options.items,
        trunk=TrunkSettings(width=options.width, depth=options.depth),
    )
    if options.quick:
        settings = dataclasses.replace(
            settings,
            epochs=3,
            items=min(12, options.items),
            steps=10,
            limit=options.limit or 100,
            sizes=QUICK_SIZES,
        )
    run = train(settings, options.cache, options.restart)
    write_run_report("embedder", settings)
    if options.export:
        export_embedder(run.average.embedder.cpu(), settings.size(1.0), options.export)
