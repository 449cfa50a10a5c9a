"""Training of the detector, from random weights unless a checkpoint to start from is named."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import Tensor

from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.drawn_photos import read_drawn
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.evaluation.run_report import run_counts, write_run_report
from ootd_training.models.detector.batches import Batch, Pools, epoch_batches
from ootd_training.models.detector.export import write
from ootd_training.models.detector.loss import detection_loss
from ootd_training.models.detector.measure import average_precision, recognition, torch_detector
from ootd_training.models.detector.network import DetectorNetwork
from ootd_training.models.detector.samples import Sample, load_catalog, load_drawn, load_outfit
from ootd_training.models.detector.settings import (
    DEFAULT_STAGES,
    LARGE_STAGES,
    QUICK_STAGES,
    DetectorSettings,
    Stage,
)
from ootd_training.models.detector.street_labels import label_street, load_street
from ootd_training.network.run import Run
from ootd_training.network.run_options import add_run_options, chosen
from ootd_training.network.starting_weights import MEASURED_BATCHES, start_from

CACHE_SIDE = 400
STREET_LABELS = "street.json"


def load_pools(settings: DetectorSettings) -> Pools:
    """Decode the training photos that have labels once."""
    data = Path(settings.data)
    outfits = read_outfits(data, "train")
    catalog = read_catalog(data, "train")
    if settings.limit:
        outfits, catalog = outfits[: settings.limit], catalog[: settings.limit]
    main = [load_outfit(record, CACHE_SIDE) for record in outfits]
    extra = [load_catalog(record, CACHE_SIDE) for record in catalog]
    if settings.drawn:
        extra += [load_drawn(record, CACHE_SIDE) for record in read_drawn(Path(settings.drawn))]
    return Pools(main, extra, settings.catalog_share)


class TrainingPhotos:
    """The photos of a run: at each stage's size, and with the street photos once they join."""

    def __init__(self, settings: DetectorSettings) -> None:
        self.settings = settings
        self._everything = load_pools(settings)
        self._street = False
        self._stage: Stage | None = None
        self._pools = self._everything

    def pools(self, run: Run[DetectorNetwork]) -> Pools:
        """The photos of the epoch that comes next."""
        stage = self.settings.stage(run.progress)
        joins = run.progress >= self.settings.street_from and not self._street
        if joins:
            street = self._label_street(run)
            self._everything = dataclasses.replace(
                self._everything, main=self._everything.main + street
            )
            self._street = True
        if joins or not run.counts:
            run.counts = run_counts("detector", run.output, dataclasses.asdict(self.settings))
        if joins or stage != self._stage:
            self._stage, self._pools = stage, self._everything.resized(stage)
        return self._pools

    def first_images(self) -> list[Tensor]:
        """A few batches of photos, f32[b, 3, h, w] in 0..1, at the size that the run ends with."""
        settings, stage = self.settings, self.settings.stages[-1]
        random = np.random.default_rng(settings.seed)
        pools = self._everything.resized(stage)
        batches = epoch_batches(pools, stage, settings.batch, random)
        return [batch.images for batch in itertools.islice(batches, MEASURED_BATCHES)]

    def _label_street(self, run: Run[DetectorNetwork]) -> list[Sample]:
        """Street photos that tags confirm, labelled once a run; the labels stay in its folder."""
        data, file = Path(self.settings.data), run.output / STREET_LABELS
        if not (data / "street" / "train.jsonl").exists():
            return []
        if not file.exists():
            found = label_street(torch_detector(*self._teacher(run)), data)
            temporary = file.with_suffix(".part")
            temporary.write_text(json.dumps(found))
            temporary.replace(file)
        return load_street(data, file, CACHE_SIDE)

    def _teacher(self, run: Run[DetectorNetwork]) -> tuple[DetectorNetwork, int]:
        """The network that labels, and the side of the pictures that it learnt from, in px."""
        if run.epoch == 0:
            return run.average, self.settings.stages[-1].height
        stage = self.settings.stage((run.epoch - 1) / self.settings.epochs)
        return run.average, max(stage.height, stage.width)


def train_epoch(run: Run[DetectorNetwork], pools: Pools, stage: Stage) -> dict[str, float]:
    """One pass over the photos; mean parts of the loss."""
    settings = run.settings
    assert isinstance(settings, DetectorSettings)
    # One generator an epoch, so that a resumed run draws what an unbroken one would have drawn.
    random = np.random.default_rng((settings.seed, run.epoch))
    batches = epoch_batches(pools, stage, settings.batch, random)
    count = max(1, pools.epoch_size() // settings.batch)

    def loss(batch: Batch) -> dict[str, Tensor]:
        batch = batch.to(run.device)
        return detection_loss(run.network(batch.images), batch, settings)

    return run.train_epoch(batches, count, loss)


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


def train(settings: DetectorSettings, restart: bool = False) -> Run[DetectorNetwork]:
    """Run to the last epoch; checkpoint and history are in the output folder.

    Goes on from the checkpoint that is there, unless it is to `restart`.
    """
    torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    cv2.setNumThreads(1)
    network = DetectorNetwork()
    photos = TrainingPhotos(settings)
    if settings.start:
        start_from(network, Path(settings.start), photos.first_images, fresh=("segmentation.",))
    run = Run(network, settings)
    if restart or not run.resume():
        (run.output / STREET_LABELS).unlink(missing_ok=True)

    def epoch() -> dict[str, Any]:
        stage = settings.stage(run.progress)
        pools = photos.pools(run)
        return {"size": [stage.height, stage.width], **train_epoch(run, pools, stage)}

    def judge() -> dict[str, Any]:
        stage = settings.stage(run.progress)
        return evaluate(run.average, settings, max(stage.height, stage.width))

    run.go(epoch, judge, settings.evaluate_every)
    return run


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-train detector`."""
    defaults = DetectorSettings(data="", output="")
    add_run_options(parser, defaults)
    parser.add_argument(
        "--start", default="", help="a checkpoint or a released ONNX file to start from"
    )
    parser.add_argument("--batch", type=int, default=defaults.batch, help="photos a step")
    parser.add_argument(
        "--catalog-share", type=float, default=defaults.catalog_share,
        help="catalogue photos per outfit photo in an epoch",
    )  # fmt: skip
    parser.add_argument(
        "--large", action="store_true", help="large photos from the first epoch on; with --start"
    )


def main(options: argparse.Namespace) -> None:
    """Run `ootd-train detector`."""
    settings = DetectorSettings(
        **chosen(options),
        start=options.start,
        batch=options.batch,
        catalog_share=options.catalog_share,
        stages=LARGE_STAGES if options.large else DEFAULT_STAGES,
        street_from=0.0 if options.large else DetectorSettings.street_from,
    )
    if options.quick:
        settings = dataclasses.replace(
            settings, epochs=3, limit=options.limit or 48, stages=QUICK_STAGES
        )
    run = train(settings, options.restart)
    write_run_report("detector", settings)
    if options.export:
        write(run.average.cpu(), options.export, settings.stages[-1].height)
