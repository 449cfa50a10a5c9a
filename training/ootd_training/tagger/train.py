"""Training of the tagger from random weights, on a budget of wall-clock minutes."""

from __future__ import annotations

import argparse
import dataclasses
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from ootd_training.data.crops import Tiles, load_tiles
from ootd_training.data.garments import load_training_tiles, read_drawn_garments, read_garments
from ootd_training.data.sampling import balanced_weights, log_prior_shift
from ootd_training.data.views import prefetch, views
from ootd_training.run import Run
from ootd_training.tagger.export import export_tagger, load_tagger
from ootd_training.tagger.loss import TaggerLoss, encode_labels
from ootd_training.tagger.measure import Predict, measure_by_source
from ootd_training.tagger.network import ServedTagger, Tagger
from ootd_training.tagger.settings import QUICK_STAGES, TaggerSettings
from ootd_training.taxonomy import Taxonomy, load_taxonomy
from ootd_training.trunk import TrunkSettings


def served_tagger(
    taggers: Sequence[Tagger], settings: TaggerSettings, taxonomy: Taxonomy
) -> ServedTagger:
    """The taggers with the shift that undoes the balanced drawing of their training garments."""
    garments = read_garments(Path(settings.data), "train", taxonomy, settings.limit)
    if settings.drawn:
        garments += read_drawn_garments(Path(settings.drawn), taxonomy)
    shift = log_prior_shift(garments, settings.balance, len(taxonomy.supers))
    return ServedTagger(taggers, taxonomy, shift.tolist()).eval()


def torch_predict(served: ServedTagger, batch: int = 64) -> Predict:
    """The tagger as a function of uint8 crops, in inference mode."""
    served.eval()

    @torch.inference_mode()
    def predict(
        crops: NDArray[np.uint8],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        parts = []
        for start in range(0, len(crops), batch):
            pixels = torch.from_numpy(crops[start : start + batch]).permute(0, 3, 1, 2)
            parts.append(served(pixels.float() / 255))
        subs, attributes = zip(*parts, strict=True)
        return torch.cat(subs).numpy(), torch.cat(attributes).numpy()

    return predict


def train_epoch(run: Run[Tagger], tiles: Tiles, taxonomy: Taxonomy) -> dict[str, float]:
    """One epoch of drawn garments; returns the mean of each part of the loss.

    What is drawn depends on the seed and the epoch's number alone, so a resumed run goes on as
    the unbroken one would have.
    """
    settings = run.settings
    assert isinstance(settings, TaggerSettings)
    loss = TaggerLoss(settings, taxonomy)
    labels = encode_labels(tiles.garments, taxonomy)
    rng = np.random.default_rng([settings.seed, run.epoch])
    drawn = rng.choice(len(tiles), len(tiles), p=balanced_weights(tiles.garments, settings.balance))
    steps = max(1, len(drawn) // settings.batch)
    size = settings.size(run.progress)

    def make(step: int) -> tuple[NDArray[np.int64], NDArray[np.uint8], NDArray[np.bool_]]:
        chosen = drawn[step * settings.batch : (step + 1) * settings.batch]
        order = np.random.default_rng([settings.seed, run.epoch, step])
        return (chosen, *views(tiles, chosen, size, settings.views, order))

    run.network.train()
    sums: dict[str, float] = {}
    begun, spent = time.monotonic(), run.seconds
    done = 0
    for chosen, crops, true_colors in prefetch(make, steps):
        pixels = torch.from_numpy(crops).to(memory_format=torch.channels_last).float() / 255
        outputs = run.network(pixels)
        parts = loss(outputs, labels.take(torch.from_numpy(chosen)), torch.from_numpy(true_colors))
        run.update(torch.stack(list(parts.values())).sum())
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        done += 1
        run.seconds = spent + time.monotonic() - begun
        if run.progress >= 1:
            break
    run.epoch += 1
    means = {name: round(value / done, 3) for name, value in sums.items()}
    speed = round(done * settings.batch / (run.seconds - spent))
    return {"size": size, "crops_per_second": speed, **means}


def summary(measures: dict[str, dict[str, Any]]) -> dict[str, dict[str, float]]:
    """The shares of right answers alone, without the counts."""
    return {
        source: {name: value["right"] for name, value in measure.items() if "right" in value}
        for source, measure in measures.items()
    }


def train(settings: TaggerSettings, cache: Path | None, resume: bool = False) -> Run[Tagger]:
    """Run until the time budget is spent; checkpoint and history are in the output folder."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    taxonomy = load_taxonomy()
    tagger = Tagger(settings.trunk, taxonomy, settings.dropout)
    if settings.start:
        tagger.load_state_dict(torch.load(settings.start, weights_only=True)["average"])
    run = Run(tagger, settings)
    if resume:
        run.resume()
    data = Path(settings.data)
    tiles = load_training_tiles(data, taxonomy, settings.limit, settings.drawn, cache)
    held_out = load_tiles(read_garments(data, "val", taxonomy, settings.limit), cache)
    judged = run.seconds
    while run.progress < 1:
        line: dict[str, Any] = {"loss": train_epoch(run, tiles, taxonomy)}
        if run.progress >= 1 or run.seconds - judged >= 60 * settings.evaluate_minutes:
            predict = torch_predict(served_tagger([run.average], settings, taxonomy))
            size = settings.size(run.progress)
            measures = measure_by_source(predict, held_out, taxonomy, size)
            line["val"] = summary(measures)
            judged = run.seconds
        run.record(line)
        run.save()
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train tagger`."""
    defaults = TaggerSettings(data="", output="")
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    parser.add_argument("--output", required=True, help="folder for checkpoint and history")
    parser.add_argument("--start", default="", help="a checkpoint whose weights to start from")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="time budget")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--batch", type=int, default=defaults.batch, help="crops a step")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument("--width", type=float, default=defaults.trunk.width)
    parser.add_argument("--depth", type=float, default=defaults.trunk.depth)
    parser.add_argument(
        "--balance", type=float, default=defaults.balance, help="0: labels alike often, 1: as found"
    )
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")
    parser.add_argument("--drawn", default="", help="folder of drawn photos to add")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--quick", action="store_true", help="a minute on a slice, small crops")
    parser.add_argument(
        "--snapshot", type=Path, action="append", default=[],
        help="an earlier checkpoint to export together with the trained one",
    )  # fmt: skip
    parser.add_argument("--export", type=Path, help="write the ONNX model here at the end")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train tagger`."""
    settings = TaggerSettings(
        data=options.data,
        output=options.output,
        start=options.start,
        balance=options.balance,
        minutes=options.minutes,
        seed=options.seed,
        threads=options.threads,
        batch=options.batch,
        learning_rate=options.learning_rate,
        limit=options.limit,
        drawn=options.drawn,
        trunk=TrunkSettings(width=options.width, depth=options.depth),
    )
    if options.quick:
        settings = dataclasses.replace(
            settings,
            minutes=min(1.0, options.minutes),
            batch=16,
            limit=options.limit or 100,
            stages=QUICK_STAGES,
        )
    run = train(settings, options.cache, options.resume)
    if options.export:
        taxonomy = load_taxonomy()
        snapshots = [load_tagger(path, taxonomy) for path in options.snapshot]
        served = served_tagger([*snapshots, run.average], settings, taxonomy)
        export_tagger(served, settings.size(1.0), options.export)
