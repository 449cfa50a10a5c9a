"""Training of the embedder, from a tagger's trunk or from random weights, on a time budget."""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ootd_training.data.crops import Tiles, load_tiles
from ootd_training.data.garments import load_training_tiles, read_garments
from ootd_training.data.views import prefetch
from ootd_training.embedder.batches import PairBatch, PairSampler
from ootd_training.embedder.export import export_embedder
from ootd_training.embedder.loss import LabelHead, contrastive_loss, label_loss
from ootd_training.embedder.measure import Embed, measure_by_source
from ootd_training.embedder.network import Embedder
from ootd_training.embedder.settings import QUICK_SIZES, EmbedderSettings
from ootd_training.run import Run
from ootd_training.tagger.loss import Labels, encode_labels
from ootd_training.taxonomy import Taxonomy, load_taxonomy
from ootd_training.trunk import TrunkSettings


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


def start_from_tagger(embedder: Embedder, checkpoint: Path) -> None:
    """Copy the averaged trunk of a tagger's checkpoint; it must be of the same size."""
    state = torch.load(checkpoint, weights_only=True)["average"]
    prefix = "trunk."
    trunk = {key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)}
    embedder.trunk.load_state_dict(trunk)


def torch_embed(embedder: Embedder, batch: int = 64) -> Embed:
    """The embedder as a function of uint8 crops, in inference mode."""
    embedder.eval()

    @torch.inference_mode()
    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        parts = []
        for start in range(0, len(crops), batch):
            pixels = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2)
            parts.append(embedder(pixels.float() / 255))
        return np.asarray(torch.cat(parts).numpy())

    return embed


def batch_loss(
    network: EmbedderInTraining, batch: PairBatch, labels: Labels, settings: EmbedderSettings
) -> dict[str, Tensor]:
    """The weighted parts of the loss of one batch."""
    pixels = torch.from_numpy(batch.crops).to(memory_format=torch.channels_last).float() / 255
    embeddings, logits = network(pixels)
    alike = torch.from_numpy(batch.alike)
    shown = labels.take(torch.from_numpy(np.tile(batch.indices, 2)))
    true_colors = torch.from_numpy(np.tile(batch.true_colors, 2))
    return {
        "pairs": contrastive_loss(embeddings, alike, settings.temperature),
        "labels": settings.label_gain
        * label_loss(logits, shown.candidates, shown.colors, shown.color_weights * true_colors),
    }


def train_epoch(run: Run[EmbedderInTraining], tiles: Tiles, taxonomy: Taxonomy) -> dict[str, float]:
    """One epoch of `settings.steps` batches; returns the mean of each part of the loss.

    What is drawn depends on the seed and the epoch's number alone.
    """
    settings = run.settings
    assert isinstance(settings, EmbedderSettings)
    sampler = PairSampler(tiles, settings, taxonomy)
    labels = encode_labels(tiles.garments, taxonomy)
    size = settings.size(run.progress)

    def make(step: int) -> PairBatch:
        return sampler.make(size, np.random.default_rng([settings.seed, run.epoch, step]))

    run.network.train()
    sums: dict[str, float] = {}
    begun, spent = time.monotonic(), run.seconds
    crops = done = 0
    for batch in prefetch(make, settings.steps):
        parts = batch_loss(run.network, batch, labels, settings)
        run.update(torch.stack(list(parts.values())).sum())
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        done += 1
        crops += len(batch.crops)
        run.seconds = spent + time.monotonic() - begun
        if run.progress >= 1:
            break
    run.epoch += 1
    speed = {"size": size, "crops_per_second": round(crops / (run.seconds - spent))}
    return {**speed, **{name: round(value / done, 3) for name, value in sums.items()}}


def train(
    settings: EmbedderSettings, cache: Path | None, resume: bool = False
) -> Run[EmbedderInTraining]:
    """Run until the time budget is spent; checkpoint and history are in the output folder."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taxonomy = load_taxonomy()
    network = EmbedderInTraining(settings, taxonomy)
    if settings.start:
        start_from_tagger(network.embedder, Path(settings.start))
    run = Run(network, settings)
    if resume:
        run.resume()
    data = Path(settings.data)
    tiles = load_training_tiles(data, taxonomy, settings.limit, settings.drawn, cache)
    held_out = load_tiles(read_garments(data, "val", taxonomy, settings.limit), cache)
    judged = run.seconds
    while run.progress < 1:
        line: dict[str, Any] = {"loss": train_epoch(run, tiles, taxonomy)}
        if run.progress >= 1 or run.seconds - judged >= 60 * settings.evaluate_minutes:
            size = settings.size(run.progress)
            line["val"] = measure_by_source(torch_embed(run.average.embedder), held_out, size)
            judged = run.seconds
        run.record(line)
        run.save()
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train embedder`."""
    defaults = EmbedderSettings(data="", output="")
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    parser.add_argument("--output", required=True, help="folder for checkpoint and history")
    parser.add_argument("--start", default="", help="a tagger's checkpoint to take the trunk from")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="time budget")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--items", type=int, default=defaults.items, help="garments a step")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--width", type=float, default=defaults.trunk.width)
    parser.add_argument("--depth", type=float, default=defaults.trunk.depth)
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")
    parser.add_argument("--drawn", default="", help="folder of drawn photos to add")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--quick", action="store_true", help="a minute on a slice, small crops")
    parser.add_argument("--export", type=Path, help="write the ONNX model here at the end")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train embedder`."""
    settings = EmbedderSettings(
        data=options.data,
        output=options.output,
        start=options.start,
        minutes=options.minutes,
        seed=options.seed,
        threads=options.threads,
        items=options.items,
        learning_rate=options.learning_rate,
        limit=options.limit,
        drawn=options.drawn,
        trunk=TrunkSettings(width=options.width, depth=options.depth),
    )
    if options.quick:
        settings = dataclasses.replace(
            settings,
            minutes=min(1.0, options.minutes),
            items=min(12, options.items),
            steps=10,
            limit=options.limit or 100,
            sizes=QUICK_SIZES,
        )
    run = train(settings, options.cache, options.resume)
    if options.export:
        export_embedder(run.average.embedder, settings.size(1.0), options.export)
