"""Training of the detector on outfit, catalogue, drawn and, later in a run, street photos."""

from __future__ import annotations

import dataclasses
import itertools
import json
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from torch import Tensor

from ootd_training.data.catalog_photos import read_catalog
from ootd_training.data.drawn_photos import read_drawn
from ootd_training.data.label_counts import box_counts
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.models.base import Trainer
from ootd_training.models.detector.architectures import make_detector, start_detector
from ootd_training.models.detector.batches import Batch, Pools, epoch_batches
from ootd_training.models.detector.loss import detection_loss
from ootd_training.models.detector.measure import average_precision, recognition, torch_detector
from ootd_training.models.detector.network import DetectorNetwork
from ootd_training.models.detector.samples import Sample, load_catalog, load_drawn, load_outfit
from ootd_training.models.detector.settings import DetectorSettings, Stage
from ootd_training.models.detector.street_labels import STREET_LABELS, label_street, load_street
from ootd_training.network.public_weights import PRETRAINED
from ootd_training.network.run import Run
from ootd_training.network.starting_weights import MEASURED_BATCHES, start_from
from ootd_training.whole_files import write_whole

CACHE_SIDE = 400
"""Longest side in pixels of the photos that are kept in memory."""


def load_pools(settings: DetectorSettings) -> Pools:
    """Decode the training photos that have labels once."""
    photos = settings.photos
    data, limit = Path(photos.data), photos.limit or None
    outfits = read_outfits(data, "train", photos.learnt)[:limit]
    catalog = read_catalog(data, "train", photos.learnt)[:limit]
    main = [load_outfit(record, CACHE_SIDE) for record in outfits]
    extra = [load_catalog(record, CACHE_SIDE) for record in catalog]
    if photos.drawn:
        extra += [load_drawn(record, CACHE_SIDE) for record in read_drawn(Path(photos.drawn))]
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
            run.counts = box_counts(self.settings.photos, run.output / STREET_LABELS)
        if joins or stage != self._stage:
            self._stage, self._pools = stage, self._everything.resized(stage)
        return self._pools

    def first_images(self) -> list[Tensor]:
        """A few batches of photos, f32[b, 3, h, w] in 0..1, at the size that the run ends with."""
        settings, stage = self.settings, self.settings.stages[-1]
        random = np.random.default_rng(settings.run.seed)
        pools = self._everything.resized(stage)
        batches = epoch_batches(pools, stage, settings.batch, random)
        return [batch.images for batch in itertools.islice(batches, MEASURED_BATCHES)]

    def _label_street(self, run: Run[DetectorNetwork]) -> list[Sample]:
        """Street photos that tags confirm, labelled once a run; the labels stay in its folder."""
        data, file = Path(self.settings.photos.data), run.output / STREET_LABELS
        if not (data / "street" / "train.jsonl").exists():
            return []
        if not file.exists():
            detector = torch_detector(*self._teacher(run))
            found = label_street(detector, data, fold=self.settings.photos.learnt)
            with write_whole(file) as path:
                path.write_text(json.dumps(found))
        return load_street(data, file, CACHE_SIDE)

    def _teacher(self, run: Run[DetectorNetwork]) -> tuple[DetectorNetwork, int]:
        """The network that labels, and the side of the pictures that it learnt from, in px."""
        if run.epoch == 0:
            return run.average, self.settings.stages[-1].height
        stage = self.settings.stage((run.epoch - 1) / self.settings.run.epochs)
        return run.average, max(stage.height, stage.width)


class DetectorTrainer(Trainer[DetectorNetwork]):
    """One training of a detector."""

    def __init__(self, settings: DetectorSettings) -> None:
        cv2.setNumThreads(1)
        self.settings = settings
        self.network = make_detector(settings.architecture)
        self.photos = TrainingPhotos(settings)
        if settings.run.start:
            self._start(settings)

    def _start(self, settings: DetectorSettings) -> None:
        batches = self.photos.first_images
        if settings.run.start == PRETRAINED:
            start_detector(self.network, Path(settings.photos.data), batches)
        else:
            start = Path(settings.run.start)
            start_from(self.network, start, batches, fresh=("segmentation.",))

    def begin(self, run: Run[DetectorNetwork], resumed: bool) -> None:
        """Forget the street labels of an earlier run, unless that goes on."""
        if not resumed:
            (run.output / STREET_LABELS).unlink(missing_ok=True)

    def train_epoch(self, run: Run[DetectorNetwork]) -> dict[str, Any]:
        """One pass over the photos."""
        settings, stage = self.settings, self.settings.stage(run.progress)
        pools = self.photos.pools(run)
        # One generator an epoch, so that a resumed run draws what an unbroken one would have drawn.
        random = np.random.default_rng((settings.run.seed, run.epoch))
        batches = epoch_batches(pools, stage, settings.batch, random)
        count = max(1, pools.epoch_size() // settings.batch)

        def loss(batch: Batch) -> dict[str, Tensor]:
            batch = batch.to(run.device)
            return detection_loss(run.network(batch.images), batch, settings)

        return {"size": [stage.height, stage.width], **run.train_epoch(batches, count, loss)}

    def evaluate(self, run: Run[DetectorNetwork]) -> dict[str, Any]:
        """Quality on the held-out fold, of every fourth catalogue photo, at the size in force."""
        photos, stage = self.settings.photos, self.settings.stage(run.progress)
        data, limit = Path(photos.data), photos.limit or None
        outfits = read_outfits(data, "train", photos.held_out)[:limit]
        catalog = read_catalog(data, "train", photos.held_out)[::4][:limit]
        side = max(stage.height, stage.width)
        detector = torch_detector(run.average, side)
        precision = average_precision(detector, outfits, data, "train")
        known = recognition(detector, catalog)
        return {
            "side": side,
            "map50": round(precision.mean[0.5], 4),
            "map70": round(precision.mean[0.7], 4),
            "by_class": {n: round(value, 3) for n, value in precision.by_class[0.5].items()},
            "catalog_right": round(known.right, 4),
            "catalog_missed": round(known.missed, 4),
        }
