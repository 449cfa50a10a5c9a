"""Quality of a detector on labelled photos: average precision, and catalogue recognition."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval
from torch.nn import functional

from ootd_training.data.catalog_photos import CatalogPhoto
from ootd_training.data.outfit_photos import OutfitPhoto, annotation_file
from ootd_training.models.detector.boxes import cell_centres, decode
from ootd_training.models.detector.network import DetectorNetwork
from ootd_training.models.detector.samples import letterbox, read_photo
from ootd_training.models.detector.suppression import suppress
from ootd_training.taxonomy import SUPER_CATEGORIES

OVERLAPS = (0.5, 0.6, 0.7, 0.8, 0.9)

Found = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
Detector = Callable[[NDArray[np.uint8]], Found]
"""From a letterboxed photo u8[320, 320, 3] to boxes f32[k, 4] in its pixels, scores, classes."""


Row = dict[str, Any]
"""A detection as COCO has it: `image_id`, `category_id` (from 1), `bbox` and `score`."""
RECALLS = np.linspace(0, 1, 101)
"""The shares of garments found at which COCO reads precision off."""


@dataclass(frozen=True)
class Precision:
    """Average precision (0 to 1) per overlap threshold: of all classes, and of each class; and the
    precision of each class at `RECALLS` for the lowest threshold. NaN without labelled garments."""

    mean: dict[float, float]
    by_class: dict[float, dict[str, float]]
    curves: dict[str, NDArray[np.float64]]


@dataclass(frozen=True)
class Recognition:
    """Shares (0 to 1) of catalogue photos whose best detection has the right super-category,
    over all photos and by class, and of photos where nothing reached the score threshold."""

    right: float
    by_class: dict[str, float]
    missed: float


def detections(detector: Detector, photos: list[OutfitPhoto]) -> list[Row]:
    """COCO result rows of a detector over outfit photos."""
    rows: list[Row] = []
    for photo in photos:
        square, scale = letterbox(read_photo(photo.path))
        boxes, scores, classes = detector(square)
        limit = np.array([photo.width, photo.height] * 2)
        corners = (boxes / scale).clip(0, limit)
        for box, score, index in zip(corners, scores, classes, strict=True):
            rows.append(
                {
                    "image_id": photo.identity,
                    "category_id": int(index) + 1,
                    "bbox": [float(v) for v in (*box[:2], *(box[2:] - box[:2]))],
                    "score": float(score),
                }
            )
    return rows


def guided(rows: list[Row], photos: list[OutfitPhoto]) -> list[Row]:
    """The rows whose class the photo is labelled with: all that guides naming its categories leave.

    A guide rejects the detections of other classes (11st, guided ROI detection).
    """
    named = {photo.identity: {int(index) + 1 for index in photo.classes} for photo in photos}
    return [row for row in rows if row["category_id"] in named[row["image_id"]]]


def _matched(
    rows: list[Row], photos: list[OutfitPhoto], data: Path, split: str, overlaps: Sequence[float]
) -> COCOeval:
    """COCO's judge of at least one row, with each photo's detections matched to its garments."""
    with contextlib.redirect_stdout(io.StringIO()):
        truth = COCO(str(annotation_file(data, split)))
        judge = COCOeval(truth, truth.loadRes(rows), "bbox")
        judge.params.iouThrs = np.array(overlaps)
        judge.params.recThrs = RECALLS
        judge.params.imgIds = [photo.identity for photo in photos]
        # Garments of any size, and all detections, up to COCO's limit.
        judge.params.areaRng, judge.params.areaRngLbl = judge.params.areaRng[:1], ["all"]
        judge.params.maxDets = judge.params.maxDets[-1:]
        judge.evaluate()
    return judge


def drawn_precisions(
    rows: list[Row],
    photos: list[OutfitPhoto],
    data: Path,
    split: str,
    draws: Iterable[NDArray[np.int64]],
) -> list[float]:
    """Mean average precision at an IoU of 0.5 for each draw of photos, by their indices, which may
    repeat; a draw has as many as there are photos."""
    if not rows:
        return [0.0 for _ in draws]
    judge = _matched(rows, photos, data, split, OVERLAPS[:1])
    # Of each class, photo after photo, in the order of their ids.
    found = np.array(judge.evalImgs, dtype=object).reshape(len(SUPER_CATEGORIES), len(photos))
    means = []
    for drawn in draws:
        judge.evalImgs = found[:, drawn].reshape(-1).tolist()
        with contextlib.redirect_stdout(io.StringIO()):
            judge.accumulate()
        table = judge.eval["precision"][0, :, :, 0, 0]
        means.append(float(np.nanmean(np.where(table > -1, table, np.nan).mean(0))))
    return means


def judge_rows(rows: list[Row], photos: list[OutfitPhoto], data: Path, split: str) -> Precision:
    """Average precision by COCO's rules (101 recall points, at most 100 detections a photo)."""
    if not rows:
        nothing = dict.fromkeys(SUPER_CATEGORIES, 0.0)
        curves = {name: np.zeros(len(RECALLS)) for name in SUPER_CATEGORIES}
        return Precision(dict.fromkeys(OVERLAPS, 0.0), dict.fromkeys(OVERLAPS, nothing), curves)
    judge = _matched(rows, photos, data, split, OVERLAPS)
    with contextlib.redirect_stdout(io.StringIO()):
        judge.accumulate()
    # precision: overlap, recall, class, area range, most detections; -1 without garments
    table = judge.eval["precision"][:, :, :, 0, -1]
    table = np.where(table > -1, table, np.nan)
    by_class, mean = {}, {}
    for index, limit in enumerate(OVERLAPS):
        values = [float(table[index, :, column].mean()) for column in range(len(SUPER_CATEGORIES))]
        by_class[limit] = dict(zip(SUPER_CATEGORIES, values, strict=True))
        mean[limit] = float(np.nanmean(values))
    curves = {name: table[0, :, column] for column, name in enumerate(SUPER_CATEGORIES)}
    return Precision(mean, by_class, curves)


def average_precision(
    detector: Detector, photos: list[OutfitPhoto], data: Path, split: str
) -> Precision:
    """Average precision of a detector over labelled photos, unguided."""
    return judge_rows(detections(detector, photos), photos, data, split)


def recognition(
    detector: Detector, photos: list[CatalogPhoto], threshold: float = 0.25
) -> Recognition:
    """How often the best detection of a catalogue photo has its super-category."""
    right: dict[str, list[bool]] = {name: [] for name in SUPER_CATEGORIES}
    missed = 0
    for photo in photos:
        square, _ = letterbox(read_photo(photo.path))
        _, scores, classes = detector(square)
        found = bool(len(scores)) and bool(scores[0] >= threshold)
        missed += not found
        name = SUPER_CATEGORIES[photo.category]
        right[name].append(found and int(classes[0]) == photo.category)
    return Recognition(
        right=float(np.mean([hit for hits in right.values() for hit in hits])),
        by_class={name: float(np.mean(hits)) for name, hits in right.items() if hits},
        missed=missed / max(1, len(photos)),
    )


def torch_detector(network: DetectorNetwork, side: int) -> Detector:
    """A detector around a torch network in evaluation mode that works at `side` pixels."""

    device = next(network.parameters()).device

    @torch.inference_mode()
    def detect(square: NDArray[np.uint8]) -> Found:
        images = torch.from_numpy(square).to(device).permute(2, 0, 1)[None].float() / 255
        scale = square.shape[0] / side
        if scale != 1:
            images = functional.interpolate(images, (side, side), mode="bilinear")
        logits, distances, _ = network(images.contiguous(memory_format=torch.channels_last))
        boxes = decode(distances.cpu(), *cell_centres(side, side)).clamp(0, side) * scale
        return suppress(boxes[0].numpy(), logits[0].sigmoid().cpu().numpy())

    return detect
