"""Augmentation keeps boxes on their garments; training learns, stops and resumes."""

from __future__ import annotations

import dataclasses
import json

import cv2
import numpy as np
import pytest
import torch
from killed_runs import kill_after_an_epoch
from pycocotools import mask as run_length
from torch.nn import functional

from ootd_training.models.detector.augment import augmented, place
from ootd_training.models.detector.batches import Pools, collate
from ootd_training.models.detector.loss import detection_loss
from ootd_training.models.detector.model import DETECTOR
from ootd_training.models.detector.network import CrossStageDetector
from ootd_training.models.detector.samples import Sample, letterbox
from ootd_training.models.detector.settings import QUICK_STAGES, DetectorSettings, Stage
from ootd_training.models.training import train

COLOURS = ((220, 40, 40), (40, 60, 220))


def drawn(random: np.random.Generator) -> Sample:
    """A figure of two plain rectangles: a red top over a blue bottom."""
    photo = np.full((160, 112, 3), 200, np.uint8)
    labels = np.zeros((160, 112), np.uint8)
    left, top = random.integers(10, 40), random.integers(10, 30)
    boxes = np.array([[left, top, left + 50, top + 50], [left + 5, top + 50, left + 45, top + 110]])
    for index, (x0, y0, x1, y1) in enumerate(boxes):
        photo[y0:y1, x0:x1] = COLOURS[index]
        labels[y0:y1, x0:x1] = index + 1
    return Sample(photo, boxes.astype(np.float32), np.array([0, 1]), labels)


@pytest.mark.parametrize("seed", range(8))
def test_placed_boxes_still_hold_their_garments(seed):
    random = np.random.default_rng(seed)
    result = place(drawn(random), (160, 128), Stage(1.0, 160, 128, 0.0, (0.7, 1.3)), random)
    assert len(result.boxes) > 0
    for box, index in zip(result.boxes, result.classes, strict=True):
        rows, columns = np.nonzero(result.labels == index + 1)
        tight = [columns.min(), rows.min(), columns.max() + 1, rows.max() + 1]
        np.testing.assert_allclose(box, tight, atol=1.6)


def test_mosaic_holds_garments_of_several_photos_inside_the_canvas():
    random = np.random.default_rng(0)
    pool = [drawn(random) for _ in range(4)]
    result = augmented(pool, Stage(1.0, 160, 128, 1.0, (0.9, 1.1)), random)
    assert result.photo.shape == (160, 128, 3)
    assert len(result.boxes) > 4
    assert (result.boxes >= 0).all()
    assert (result.boxes <= [128, 160, 128, 160]).all()


def test_letterbox_puts_the_photo_at_the_top_left():
    square, scale = letterbox(np.full((640, 400, 3), 7, np.uint8))
    assert scale == 0.5
    assert (square[:, :200] == 7).all()
    assert (square[:, 200:] == 114).all()


def test_loss_falls_on_one_batch():
    torch.manual_seed(0)
    torch.set_num_threads(1)
    random = np.random.default_rng(0)
    batch = collate([drawn(random) for _ in range(4)])
    batch = dataclasses.replace(
        batch,
        images=functional.pad(batch.images, (0, 16)),
        pixels=functional.pad(batch.pixels, (0, 2)),
    )
    network = CrossStageDetector()
    optimiser = torch.optim.AdamW(network.parameters(), lr=2e-3)
    settings = DetectorSettings()
    totals = []
    for _ in range(14):
        total = sum(detection_loss(network(batch.images), batch, settings).values())
        optimiser.zero_grad()
        total.backward()
        optimiser.step()
        totals.append(total.item())
    assert totals[-1] < 0.8 * totals[0]


@pytest.fixture
def small_data(tmp_path):
    """A data folder of drawn figures in the layout of the labelled photos."""
    random = np.random.default_rng(0)
    (tmp_path / "detect/images").mkdir(parents=True)
    (tmp_path / "catalog/images").mkdir(parents=True)
    for split in ("train", "val"):
        document = {"images": [], "annotations": [], "categories": []}
        document["categories"] = [{"id": index + 1, "name": str(index)} for index in range(6)]
        rows = ["image,super,sub,width,height"]
        for number in range(6):
            sample = drawn(random)
            name = f"images/{split}{number}.png"
            picture = cv2.cvtColor(sample.photo, cv2.COLOR_RGB2BGR)
            cv2.imwrite(str(tmp_path / "detect" / name), picture)
            cv2.imwrite(str(tmp_path / "catalog" / name), picture[:90])
            rows.append(f"{name},top,,112,90")
            document["images"].append(
                {"id": number, "file_name": name, "width": 112, "height": 160}
            )
            for box, index in zip(sample.boxes, sample.classes, strict=True):
                mask = run_length.encode(np.asfortranarray(sample.labels == index + 1))
                mask["counts"] = mask["counts"].decode()
                size = box[2:] - box[:2]
                document["annotations"].append(
                    {
                        "id": len(document["annotations"]) + 1,
                        "image_id": number,
                        "category_id": int(index) + 1,
                        "bbox": [float(v) for v in (*box[:2], *size)],
                        "area": float(size.prod()),
                        "iscrowd": 0,
                        "segmentation": mask,
                    }
                )
        (tmp_path / "detect" / f"{split}.json").write_text(json.dumps(document))
        (tmp_path / "catalog" / f"{split}.csv").write_text("\n".join(rows) + "\n")
    return tmp_path


def test_a_killed_run_goes_on_where_it_stopped(small_data, tmp_path):
    settings = DetectorSettings().changed(
        data=str(small_data), output=str(tmp_path / "whole"), epochs=3, batch=4,
        fold=0,
        stages=QUICK_STAGES,
    )  # fmt: skip
    whole = train(DETECTOR, settings)
    assert whole.progress == 1
    lines = [json.loads(line) for line in (tmp_path / "whole/history.jsonl").open()]
    assert [line["epoch"] for line in lines] == [1, 2, 3]
    assert 0 <= lines[-1]["held_out"]["map50"] <= 1
    broken = settings.changed(output=str(tmp_path / "broken"))
    kill_after_an_epoch(lambda: train(DETECTOR, broken))
    resumed = train(DETECTOR, broken)
    for mine, theirs in zip(resumed.average.parameters(), whole.average.parameters(), strict=True):
        assert torch.equal(mine, theirs)


def test_epoch_takes_all_labelled_photos_and_favours_rare_categories():
    random = np.random.default_rng(0)
    blank = drawn(random)
    extra = [
        dataclasses.replace(blank, classes=np.array([0 if number < 90 else 4]))
        for number in range(100)
    ]
    pools = Pools([blank] * 20, extra, 1.0)
    rare = 0
    for _ in range(20):
        _, order = pools.epoch(random)
        assert set(range(20)) <= set(order.tolist())
        assert len(order) == 40
        rare += int((order >= 110).sum())
    assert rare / 400 > 0.15
