"""Training of the detector from random weights, on a budget of wall-clock minutes."""

from __future__ import annotations

import argparse
import dataclasses
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch

from ootd_training.data.catalog import read_catalog
from ootd_training.data.detect import read_outfits
from ootd_training.data.drawn import read_drawn
from ootd_training.detector.batches import Pools, epoch_batches
from ootd_training.detector.export import write
from ootd_training.detector.loss import detection_loss
from ootd_training.detector.measure import average_precision, recognition, torch_detector
from ootd_training.detector.network import DetectorNetwork
from ootd_training.detector.photos import load_catalog, load_drawn, load_outfit
from ootd_training.detector.settings import QUICK_STAGES, DetectorSettings, Stage
from ootd_training.detector.street import load_street
from ootd_training.run import Run

CACHE_SIDE = 400


def load_pools(settings: DetectorSettings) -> Pools:
    """Decode the training photos once."""
    data = Path(settings.data)
    outfits = read_outfits(data, "train")
    catalog = read_catalog(data, "train")
    if settings.limit:
        outfits, catalog = outfits[: settings.limit], catalog[: settings.limit]
    main = [load_outfit(record, CACHE_SIDE) for record in outfits]
    if settings.street:
        main += load_street(data, Path(settings.street), CACHE_SIDE)
    extra = [load_catalog(record, CACHE_SIDE) for record in catalog]
    if settings.drawn:
        extra += [load_drawn(record, CACHE_SIDE) for record in read_drawn(Path(settings.drawn))]
    return Pools(main, extra, settings.catalog_share)


def train_epoch(run: Run[DetectorNetwork], pools: Pools, stage: Stage) -> dict[str, float]:
    """One pass over the photos; mean parts of the loss. Stops where the budget ends."""
    settings = run.settings
    assert isinstance(settings, DetectorSettings)
    run.network.train()
    sums: dict[str, float] = {}
    count = 0
    # One generator an epoch, so that a resumed run draws what an unbroken one would have drawn.
    random = np.random.default_rng((settings.seed, run.epoch))
    begun, spent = time.monotonic(), run.seconds
    for batch in epoch_batches(pools, stage, settings.batch, random):
        parts = detection_loss(run.network(batch.images), batch, settings)
        run.update(parts["total"])
        for name, value in parts.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        count += 1
        run.seconds = spent + time.monotonic() - begun
        if run.progress >= 1:
            break
    run.epoch += 1
    return {name: round(value / max(1, count), 3) for name, value in sums.items()}


def evaluate(network: DetectorNetwork, settings: DetectorSettings, side: int) -> dict[str, Any]:
    """Quality on the val split (every fourth catalogue photo) at this input size."""
    data = Path(settings.data)
    outfits, catalog = read_outfits(data, "val"), read_catalog(data, "val")[::4]
    if settings.limit:
        outfits, catalog = outfits[: settings.limit], catalog[: settings.limit]
    detector = torch_detector(network, side)
    precision = average_precision(detector, outfits, data, "val")
    known = recognition(detector, catalog)
    return {
        "side": side,
        "map50": round(precision.mean[0.5], 4),
        "map70": round(precision.mean[0.7], 4),
        "by_class": {name: round(value, 3) for name, value in precision.by_class[0.5].items()},
        "catalog_right": round(known.right, 4),
        "catalog_missed": round(known.missed, 4),
    }


def train(settings: DetectorSettings, resume: bool = False) -> Run[DetectorNetwork]:
    """Run until the time budget is spent; checkpoint and history are in the output folder."""
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    cv2.setNumThreads(1)
    run = Run(DetectorNetwork(), settings)
    if resume:
        run.resume()
    everything = load_pools(settings)
    stage: Stage | None = None
    pools = everything
    judged = run.seconds
    while run.progress < 1:
        if settings.stage(run.progress) != stage:
            stage = settings.stage(run.progress)
            pools = everything.resized(stage)
        losses = train_epoch(run, pools, stage)
        line: dict[str, Any] = {"stage": [stage.height, stage.width], "loss": losses}
        if run.seconds - judged >= 60 * settings.evaluate_minutes or run.progress >= 1:
            line["val"] = evaluate(run.average, settings, max(stage.height, stage.width))
            judged = run.seconds
        run.record(line)
        run.save()
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train detector`."""
    defaults = DetectorSettings(data="", output="")
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    parser.add_argument("--output", required=True, help="folder for checkpoints and history")
    parser.add_argument("--minutes", type=float, default=defaults.minutes, help="time budget")
    parser.add_argument("--seed", type=int, default=defaults.seed)
    parser.add_argument("--threads", type=int, default=defaults.threads)
    parser.add_argument("--batch", type=int, default=defaults.batch, help="photos a step")
    parser.add_argument("--learning-rate", type=float, default=defaults.learning_rate)
    parser.add_argument(
        "--catalog-share", type=float, default=defaults.catalog_share,
        help="catalogue photos per outfit photo in an epoch",
    )  # fmt: skip
    parser.add_argument(
        "--street", default="", help="labels of street photos, as written by detector.street"
    )
    parser.add_argument("--drawn", default="", help="folder that `ootd samples` wrote")
    parser.add_argument("--limit", type=int, default=0, help="use the first N photos only")
    parser.add_argument("--export", help="write the ONNX file here at the end")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--quick", action="store_true", help="a minute on a slice, small photos")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train detector`."""
    settings = DetectorSettings(
        data=options.data,
        output=options.output,
        minutes=options.minutes,
        seed=options.seed,
        threads=options.threads,
        batch=options.batch,
        learning_rate=options.learning_rate,
        catalog_share=options.catalog_share,
        street=options.street,
        drawn=options.drawn,
        limit=options.limit,
    )
    if options.quick:
        settings = dataclasses.replace(
            settings,
            minutes=min(1.0, options.minutes),
            limit=options.limit or 48,
            stages=QUICK_STAGES,
        )
    run = train(settings, options.resume)
    if options.export:
        write(run.average, Path(options.export), settings.stages[-1].height)
