"""A small data folder in the layout of the labelled photos, drawn with plain shapes."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from pycocotools import mask as run_length

from ootd_training.data.fetch.clothing_dataset import COLUMNS

CATALOG = (
    ("top", "t-shirt", "T-Shirt", "red", (200, 20, 20)),
    ("bottom", "", "Pants", "blue", (30, 60, 200)),
    ("shoes", "", "Shoes", "black", (15, 15, 15)),
    ("outer", "blazer", "Blazer", "green", (20, 140, 40)),
)
SUPERS = ("top", "bottom", "outer", "dress", "shoes", "bag")
OUTFIT = (
    (1, "blouse", "white", (40, 20, 40, 40), (240, 240, 240)),
    (2, "jeans", "navy", (42, 62, 36, 60), (20, 20, 70)),
    (5, None, "black", (42, 124, 36, 12), (10, 10, 10)),
    (6, None, "brown", (84, 50, 20, 24), (110, 70, 30)),
)


def write_data(folder: Path, photos: int = 8) -> Path:
    """Write `catalog` and `detect`, train and val, of `photos` photos each; returns the folder."""
    for split in ("train", "val"):
        _write_catalog(folder, split, photos)
        _write_outfits(folder, split, photos)
    return folder


def _write_catalog(folder: Path, split: str, photos: int) -> None:
    (folder / "catalog" / "images").mkdir(parents=True, exist_ok=True)
    with (folder / "catalog" / f"{split}.csv").open("w", newline="") as file:
        rows = csv.DictWriter(file, COLUMNS)
        rows.writeheader()
        for i in range(photos):
            super_name, sub, label, color, rgb = CATALOG[i % len(CATALOG)]
            photo = Image.new("RGB", (90, 120), (225, 222, 218))
            ImageDraw.Draw(photo).rectangle((20 + i, 30, 70, 95), fill=rgb)
            name = f"images/{split}-{i}.jpg"
            photo.save(folder / "catalog" / name, quality=90)
            values = (name, super_name, sub, "label", label, "false", i, color, 0.9, 90, 120)
            rows.writerow(dict(zip(COLUMNS, values, strict=True)))


def _write_outfits(folder: Path, split: str, photos: int) -> None:
    (folder / "detect" / "images").mkdir(parents=True, exist_ok=True)
    images: list[dict[str, object]] = []
    boxes: list[dict[str, object]] = []
    for i in range(photos):
        rng = np.random.default_rng(i)
        photo = Image.fromarray(rng.integers(90, 190, (150, 120, 3), dtype=np.uint8))
        name = f"images/{split}-{i}.jpg"
        images.append({"id": i, "file_name": name, "width": 120, "height": 150})
        for category, sub, color, (x, y, w, h), rgb in OUTFIT:
            ImageDraw.Draw(photo).rectangle((x, y, x + w, y + h), fill=rgb)
            entry = {"id": len(boxes) + 1, "image_id": i, "category_id": category, "sub": sub}
            box = {"bbox": [x, y, w, h], "color": color, "color_share": 0.8}
            entry |= {"area": w * h, "iscrowd": 0}
            boxes.append({**entry, **box, "segmentation": _mask(x, y, w, h)})
        photo.save(folder / "detect" / name, quality=90)
    categories = [{"id": i + 1, "name": name} for i, name in enumerate(SUPERS)]
    document = {"images": images, "annotations": boxes, "categories": categories}
    (folder / "detect" / f"{split}.json").write_text(json.dumps(document))


def _mask(x: int, y: int, width: int, height: int) -> dict[str, object]:
    """A rectangle of an outfit photo as a COCO run-length."""
    inside = np.zeros((150, 120), np.uint8, order="F")
    inside[y : y + height, x : x + width] = 1
    encoded = run_length.encode(inside)
    return {"size": encoded["size"], "counts": encoded["counts"].decode()}


def write_street(folder: Path, photos: int = 8) -> Path:
    """Write `street`, train and val, of the outfits' photos with tags alone; returns the folder."""
    items = [{"super": SUPERS[category - 1], "sub": sub} for category, sub, *_ in OUTFIT]
    (folder / "street" / "images").mkdir(parents=True, exist_ok=True)
    for split in ("train", "val"):
        lines = []
        for i in range(photos):
            name = f"images/{split}-{i}.jpg"
            shutil.copy(folder / "detect" / name, folder / "street" / name)
            photo = {"file_name": name, "width": 120, "height": 150, "items": items}
            lines.append(json.dumps(photo) + "\n")
        (folder / "street" / f"{split}.jsonl").write_text("".join(lines))
    return folder


def write_drawn(folder: Path) -> Path:
    """Write two drawn photos of one item, in the layout of `ootd samples`; returns the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    garment = {"super_category": "bag", "sub_category": "backpack", "color": "green"}
    more = {"pattern": "solid", "sleeve_length": None, "item": "backpack-7", "title": "Backpack"}
    for i, box in enumerate(([0.25, 0.25, 0.75, 0.75], [0.1, 0.2, 0.6, 0.9])):
        photo = Image.new("RGB", (80, 100), (200, 200, 205))
        x0, y0, x1, y1 = box
        corners = (80 * x0, 100 * y0, 80 * x1, 100 * y1)
        ImageDraw.Draw(photo).rectangle(corners, fill=(20, 130, 50))
        photo.save(folder / f"{i}.jpg", quality=90)
        seen = [{**garment, **more, "box": box}]
        entries.append({"image": f"{i}.jpg", "width": 80, "height": 100, "garments": seen})
    (folder / "labels.json").write_text(json.dumps(entries))
    return folder
