"""Training of the tagger, from random weights unless a checkpoint to start from is named."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ootd_training.data.crop_views import pixels_of
from ootd_training.data.crops import Tiles
from ootd_training.data.garments import load_run_tiles
from ootd_training.data.mixing import mixed
from ootd_training.data.sampling import log_prior_shift
from ootd_training.evaluation.run_report import run_counts, write_run_report
from ootd_training.models.tagger.batches import LabelledBatch, first_crops, labelled_batches
from ootd_training.models.tagger.export import export_tagger
from ootd_training.models.tagger.loss import TaggerLoss, encode_labels
from ootd_training.models.tagger.measure import Predict, measure_by_source
from ootd_training.models.tagger.network import ServedTagger, Tagger
from ootd_training.models.tagger.settings import (
    DEFAULT_STAGES,
    LARGE_STAGES,
    QUICK_STAGES,
    TaggerSettings,
)
from ootd_training.network.run import Run
from ootd_training.network.run_options import add_crop_options, add_run_options, chosen
from ootd_training.network.starting_weights import start_from
from ootd_training.network.trunk import TrunkSettings
from ootd_training.taxonomy import Taxonomy, load_taxonomy

MIXING = 0x313
"""Sets the random numbers of mixed crops apart from those of a step's views."""


def served_tagger(
    tagger: Tagger, tiles: Tiles, settings: TaggerSettings, taxonomy: Taxonomy
) -> ServedTagger:
    """The tagger with the shift that undoes the balanced drawing of its training garments."""
    shift = log_prior_shift(tiles.garments, settings.balance, len(taxonomy.supers))
    return ServedTagger(tagger, taxonomy, shift.tolist()).eval()


def torch_predict(served: ServedTagger, batch: int = 64) -> Predict:
    """The tagger as a function of uint8 crops, in inference mode."""
    served.eval()
    device = next(served.parameters()).device

    @torch.inference_mode()
    def predict(
        crops: NDArray[np.uint8],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        parts = []
        for start in range(0, len(crops), batch):
            pixels = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2)
            parts.append(served(pixels.to(device).float() / 255))
        subs, attributes = zip(*parts, strict=True)
        return torch.cat(subs).cpu().numpy(), torch.cat(attributes).cpu().numpy()

    return predict


def train_epoch(run: Run[Tagger], tiles: Tiles, taxonomy: Taxonomy) -> dict[str, float]:
    """One epoch of drawn garments; returns the mean of each part of the loss."""
    settings = run.settings
    assert isinstance(settings, TaggerSettings)
    loss = TaggerLoss(settings, taxonomy)
    labels = encode_labels(tiles.garments, taxonomy).to(run.device)
    size = settings.size(run.progress)
    batches, steps = labelled_batches(tiles, settings, run.epoch, size)
    mixing = np.random.default_rng([settings.seed, run.epoch, MIXING])

    def batch_loss(batch: LabelledBatch) -> dict[str, Tensor]:
        chosen, crops, true_colors = batch
        pixels = pixels_of(crops, run.device)
        shown = labels.take(torch.from_numpy(chosen).to(run.device))
        colors = torch.from_numpy(true_colors).to(run.device)
        mix = mixed(pixels, settings.mixing, mixing)
        if mix is None:
            return loss(run.network(pixels), shown, colors)
        outputs = run.network(mix.crops)
        colors = colors & mix.true_colors
        own = loss(outputs, shown, colors)
        other = loss(outputs, shown.take(mix.others), colors[mix.others])
        return {name: torch.lerp(own[name], other[name], mix.other_share) for name in own}

    return {"size": size, **run.train_epoch(batches, steps, batch_loss)}


def summary(measures: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The shares of right answers alone, without the counts."""
    return {
        source: {name: value["right"] for name, value in measure.items() if "right" in value}
        for source, measure in measures.items()
    }


def train(settings: TaggerSettings, cache: Path | None, restart: bool = False) -> Run[Tagger]:
    """Run to the last epoch; checkpoint and history are in the output folder.

    Goes on from the checkpoint that is there, unless it is to `restart`.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taxonomy = load_taxonomy()
    tagger = Tagger(settings.trunk, taxonomy, settings.dropout)
    tiles, held_out = load_run_tiles(settings, taxonomy, cache)
    if settings.start:
        start_from(tagger, Path(settings.start), lambda: first_crops(tiles, settings))
    run = Run(tagger, settings)
    run.counts = run_counts("tagger", run.output, dataclasses.asdict(settings))
    if not restart:
        run.resume()

    def evaluate() -> dict[str, dict[str, float]]:
        served = served_tagger(run.average, tiles, settings, taxonomy).to(run.device)
        size = settings.size(run.progress)
        return summary(measure_by_source(torch_predict(served), held_out, taxonomy, size))

    run.go(lambda: train_epoch(run, tiles, taxonomy), evaluate, settings.evaluate_every)
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train tagger`."""
    defaults = TaggerSettings(data="", output="")
    add_run_options(parser, defaults)
    add_crop_options(parser, defaults)
    parser.add_argument("--batch", type=int, default=defaults.batch, help="crops a step")
    parser.add_argument(
        "--balance", type=float, default=defaults.balance, help="0: labels alike often, 1: as found"
    )
    parser.add_argument(
        "--mixing", type=float, default=defaults.mixing,
        help="share of batches whose crops show two garments (default %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--large", action="store_true", help="large crops from the first epoch on; with --start"
    )


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train tagger`."""
    settings = TaggerSettings(
        **chosen(options),
        start=options.start,
        street=options.street,
        balance=options.balance,
        batch=options.batch,
        mixing=options.mixing,
        stages=LARGE_STAGES if options.large else DEFAULT_STAGES,
        trunk=TrunkSettings(width=options.width, depth=options.depth),
    )
    if options.quick:
        settings = dataclasses.replace(
            settings, epochs=3, batch=16, limit=options.limit or 100, stages=QUICK_STAGES
        )
    run = train(settings, options.cache, options.restart)
    write_run_report("tagger", settings)
    if options.export:
        taxonomy = load_taxonomy()
        tiles, _ = load_run_tiles(settings, taxonomy, options.cache)
        served = served_tagger(run.average.cpu(), tiles, settings, taxonomy)
        export_tagger(served, settings.size(1.0), options.export)
