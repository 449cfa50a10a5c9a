"""Clothing Co-Parsing, laid out: `detect` with boxes and masks, `street` with tags alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from pycocotools import mask as run_length

from ootd_training.data.fetch.colours import garment_colour
from ootd_training.data.fetch.corrections import TEST, TRAIN, VAL, decisions
from ootd_training.data.fetch.garment_masks import Mask, tight_box
from ootd_training.data.fetch.mapping import kinds_of_tags
from ootd_training.data.fetch.matlab import read_label_map, read_label_names, read_tags
from ootd_training.data.fetch.outfit_rules import OutfitGarment, garments_of
from ootd_training.data.fetch.stored_photos import Journal, read_stored, store_photo, write_text
from ootd_training.taxonomy import SUPER_CATEGORIES

LONGEST = 640
DETECT_QUALITY = 86
STREET_QUALITY = 76

Advance = Callable[[int], None]


def numbers_of(folder: Path, kind: str) -> list[int]:
    """Numbers of the photos that have annotations of a kind ("pixel-level", "image-level") and are
    used, ascending."""
    left_out = decisions().left_out
    files = (folder / "annotations" / kind).glob("*.mat")
    return sorted(int(file.stem) for file in files if file.stem not in left_out)


def part_of(target: Path, split: str) -> Path:
    """The data folder that a split belongs to: the test split has one of its own."""
    return target / TEST if split == TEST else target


def lay_out_detect(source: Path, target: Path, journal: Journal, advance: Advance) -> None:
    """Write `detect` (COCO JSON, a file a split) from the photos with pixel labels.

    Photos that the journal holds are not worked on again. Annotation numbers run over all splits.
    """
    names = read_label_names(source)
    numbers = numbers_of(source, "pixel-level")
    for done, number in enumerate(numbers, 1):
        split = decisions().split_of_outfit(number)
        photo = part_of(target, split) / "detect" / "images" / f"{number:04d}.jpg"
        key = f"detect/{number}"
        if key not in journal.entries or not photo.exists():
            pixels = store_photo(
                source / "photos" / f"{number:04d}.jpg", photo, LONGEST, DETECT_QUALITY
            )
            found = garments_of(
                read_label_map(source, number), names, decisions().outfits.get(number, ())
            )
            entries = [annotation(garment, pixels) for garment in found]
            size = {"width": pixels.shape[1], "height": pixels.shape[0]}
            journal.add(key, {**size, "annotations": [e for e in entries if e]})
        advance(done)
    _write_detect(target, numbers, journal)


def annotation(garment: OutfitGarment, photo: NDArray[np.uint8]) -> dict[str, Any]:
    """A garment as a COCO annotation of the stored photo RGB u8[h, w, 3], without ids; empty if
    nothing of it is left at that size."""
    mask = scaled_mask(garment.mask, photo.shape[1], photo.shape[0])
    if not mask.any():
        return {}
    x0, y0, x1, y1 = tight_box(mask)
    encoded = run_length.encode(np.asfortranarray(mask.astype(np.uint8)))
    name, share = garment_colour(photo, mask)
    return {
        "category_id": SUPER_CATEGORIES.index(garment.kind.super) + 1,
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "area": int(mask.sum()),
        "iscrowd": 0,
        "segmentation": {"size": encoded["size"], "counts": encoded["counts"].decode()},
        "sub": garment.kind.sub,
        "color": name,
        "color_share": round(share, 3),
        "label": garment.label,
        "note": garment.note,
    }


def scaled_mask(mask: Mask, width: int, height: int) -> Mask:
    """A mask at another size; a pixel belongs to it when at least half of it does."""
    if mask.shape == (height, width):
        return mask
    levels = mask.astype(np.float32)
    return cv2.resize(levels, (width, height), interpolation=cv2.INTER_AREA) >= 0.5


def _write_detect(target: Path, numbers: list[int], journal: Journal) -> None:
    documents: dict[str, dict[str, Any]] = {
        split: {
            "info": {
                "description": f"Clothing Co-Parsing, item boxes, {split} split",
                "license": "Apache-2.0",
            },
            "categories": [
                {"id": index, "name": name, "supercategory": "fashion"}
                for index, name in enumerate(SUPER_CATEGORIES, 1)
            ],
            "images": [],
            "annotations": [],
        }
        for split in (TRAIN, VAL, TEST)
    }
    identity = 0
    for number in numbers:
        entry: Mapping[str, Any] = journal.entries[f"detect/{number}"]
        document = documents[decisions().split_of_outfit(number)]
        size = {"width": entry["width"], "height": entry["height"]}
        file = f"images/{number:04d}.jpg"
        document["images"].append({"id": number, "file_name": file, **size})
        for found in entry["annotations"]:
            identity += 1
            document["annotations"].append({"id": identity, "image_id": number, **found})
    for split, document in documents.items():
        write_text(part_of(target, split) / "detect" / f"{split}.json", json.dumps(document))


def lay_out_street(source: Path, target: Path, advance: Advance) -> None:
    """Write `street` (a JSON line a photo) from the photos that have tags alone."""
    names = read_label_names(source)
    numbers = numbers_of(source, "image-level")
    lines: dict[str, list[str]] = {TRAIN: [], VAL: [], TEST: []}
    for done, number in enumerate(numbers, 1):
        split = decisions().split_of_outfit(number)
        file = f"images/{number:04d}.jpg"
        photo = part_of(target, split) / "street" / file
        if not photo.exists():
            store_photo(source / "photos" / f"{number:04d}.jpg", photo, LONGEST, STREET_QUALITY)
        height, width = read_stored(photo).shape[:2]
        tags = read_tags(source, number, names)
        items = [kind._asdict() for kind in kinds_of_tags(tags)]
        row = {"id": number, "file_name": file, "width": width, "height": height}
        lines[split].append(json.dumps({**row, "tags": tags, "items": items}))
        advance(done)
    for split, texts in lines.items():
        path = part_of(target, split) / "street" / f"{split}.jsonl"
        write_text(path, "".join(text + "\n" for text in texts))
