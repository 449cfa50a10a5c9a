"""Training of the sequencer, from a tagger's trunk or from random weights."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ootd_training.data.crop_views import pixels_of
from ootd_training.data.crops import Tiles
from ootd_training.data.garments import load_run_tiles
from ootd_training.data.sampling import log_prior_shift
from ootd_training.evaluation.run_report import run_counts, write_run_report
from ootd_training.models.sequencer.encoder import ResCeptionSettings
from ootd_training.models.sequencer.export import export_sequencer
from ootd_training.models.sequencer.likelihood import sequence_likelihood
from ootd_training.models.sequencer.loss import SequenceLoss
from ootd_training.models.sequencer.measure import measure_by_source, torch_answer
from ootd_training.models.sequencer.network import Sequencer, ServedSequencer
from ootd_training.models.sequencer.settings import ENCODERS, SequencerSettings
from ootd_training.models.tagger.batches import LabelledBatch, first_crops, labelled_batches
from ootd_training.models.tagger.loss import encode_labels
from ootd_training.models.tagger.settings import QUICK_STAGES
from ootd_training.network.run import Run
from ootd_training.network.run_options import add_crop_options, add_run_options, chosen
from ootd_training.network.starting_weights import start_from
from ootd_training.network.trunk import TAGGER_TRUNK, Trunk, TrunkSettings
from ootd_training.taxonomy import Taxonomy, load_taxonomy


def make_sequencer(settings: SequencerSettings, tiles: Tiles, taxonomy: Taxonomy) -> Sequencer:
    """The network before training; ValueError if the encoder cannot start from a tagger."""
    shift = log_prior_shift(tiles.garments, settings.balance, len(taxonomy.supers))
    sequencer = Sequencer(settings, taxonomy, shift.tolist())
    if settings.start:
        if not isinstance(sequencer.encoder, Trunk):
            raise ValueError(
                "--start names a tagger, whose EfficientNet is no part of "
                f"{settings.encoder}; leave it out, or choose --encoder efficientnet"
            )
        start_from(
            sequencer.encoder,
            Path(settings.start),
            lambda: first_crops(tiles, settings),
            TAGGER_TRUNK,
        )
    return sequencer


def train_epoch(run: Run[Sequencer], tiles: Tiles) -> dict[str, float]:
    """One epoch of drawn garments; returns the mean of each part of the loss."""
    settings, vocabulary = run.settings, run.network.vocabulary
    assert isinstance(settings, SequencerSettings)
    loss = SequenceLoss(settings, vocabulary)
    labels = encode_labels(tiles.garments, vocabulary.taxonomy).to(run.device)
    size = settings.size(run.progress)
    batches, steps = labelled_batches(tiles, settings, run.epoch, size)

    def batch_loss(batch: LabelledBatch) -> dict[str, Tensor]:
        indices, crops, true_colors = batch
        shown = labels.take(torch.from_numpy(indices).to(run.device))
        pixels = pixels_of(crops, run.device)
        return loss(run.network, pixels, shown, torch.from_numpy(true_colors).to(run.device))

    return {"size": size, **run.train_epoch(batches, steps, batch_loss)}


def evaluate(network: Sequencer, held_out: Tiles, size: int) -> dict[str, Any]:
    """Precision, recall and right shares of val, unguided and guided, and the likelihood."""
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


def train(settings: SequencerSettings, cache: Path | None, restart: bool = False) -> Run[Sequencer]:
    """Run to the last epoch; checkpoint and history are in the output folder.

    Goes on from the checkpoint that is there, unless it is to `restart`.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taxonomy = load_taxonomy()
    tiles, held_out = load_run_tiles(settings, taxonomy, cache)
    run = Run(make_sequencer(settings, tiles, taxonomy), settings)
    run.counts = run_counts("sequencer", run.output, dataclasses.asdict(settings))
    if not restart:
        run.resume()

    def judge() -> dict[str, Any]:
        return evaluate(run.average, held_out, settings.size(run.progress))

    run.go(lambda: train_epoch(run, tiles), judge, settings.evaluate_every)
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train sequencer`."""
    defaults = SequencerSettings(data="", output="")
    add_run_options(parser, defaults)
    add_crop_options(parser, defaults)
    parser.add_argument(
        "--encoder", choices=ENCODERS, default=defaults.encoder, help="network that sees the crop"
    )
    parser.add_argument(
        "--resception-width", type=float, default=defaults.resception.width,
        help="of ResCeption, as a share of Inception-v3's",
    )  # fmt: skip
    parser.add_argument("--hidden", type=int, default=defaults.hidden, help="width of the LSTM")
    parser.add_argument("--batch", type=int, default=defaults.batch, help="crops a step")
    parser.add_argument(
        "--balance", type=float, default=defaults.balance, help="0: labels alike often, 1: as found"
    )


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train sequencer`."""
    settings = SequencerSettings(
        **chosen(options),
        start=options.start,
        street=options.street,
        balance=options.balance,
        batch=options.batch,
        encoder=options.encoder,
        hidden=options.hidden,
        trunk=TrunkSettings(width=options.width, depth=options.depth),
        resception=ResCeptionSettings(width=options.resception_width),
    )
    if options.quick:
        settings = dataclasses.replace(
            settings, epochs=3, batch=16, limit=options.limit or 100, stages=QUICK_STAGES
        )
    run = train(settings, options.cache, options.restart)
    write_run_report("sequencer", settings)
    if options.export:
        export_sequencer(run.average.cpu(), settings.size(1.0), options.export)
