"""Quality of the exported detector on the labelled photos, and its speed."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from ootd_training.data.catalog import read_catalog
from ootd_training.data.detect import read_outfits
from ootd_training.data.labels import SUPER_CATEGORIES
from ootd_training.detector.export import onnx_detector, session
from ootd_training.detector.measure import OVERLAPS, average_precision, recognition
from ootd_training.detector.settings import INPUT_SIZE


def latency(model: Path, threads: int, repeats: int = 30) -> float:
    """Median milliseconds of one photo in ONNX Runtime."""
    runtime = session(model, threads)
    photo = np.random.default_rng(0).random((1, 3, INPUT_SIZE, INPUT_SIZE), np.float32)
    times = []
    for _ in range(repeats):
        started = time.perf_counter()
        runtime.run(None, {"LETTERBOX": photo})
        times.append(time.perf_counter() - started)
    return float(np.median(times) * 1e3)


def measure(model: Path, data: Path, split: str, limit: int = 0) -> dict[str, Any]:
    """Average precision on outfit photos and recognition on catalogue photos of a split."""
    outfits, catalog = read_outfits(data, split), read_catalog(data, split)
    if limit:
        outfits, catalog = outfits[:limit], catalog[:limit]
    detector = onnx_detector(model)
    precision = average_precision(detector, outfits, data, split)
    known = recognition(detector, catalog)
    return {
        "split": split,
        "outfit_photos": len(outfits),
        "catalog_photos": len(catalog),
        "mean": precision.mean,
        "by_class": precision.by_class,
        "catalog_right": known.right,
        "catalog_by_class": known.by_class,
        "catalog_missed": known.missed,
    }


def as_text(result: dict[str, Any]) -> str:
    """The result as Markdown."""
    photos = (
        f"{result['outfit_photos']} outfit photos and {result['catalog_photos']} catalogue photos "
        f"of the {result['split']} split."
    )
    meaning = (
        "A catalogue photo is right when its best detection scores at least 0.25 and has the "
        f"photo's super-category; nothing reached 0.25 in {100 * result['catalog_missed']:.1f} % "
        "of them."
    )
    head = [f"AP@{limit}" for limit in OVERLAPS]
    lines = [
        photos,
        "",
        "| class | " + " | ".join(head) + " | catalogue photos right |",
        "|---|" + "---:|" * (len(head) + 1),
    ]
    for name in SUPER_CATEGORIES:
        values = [f"{result['by_class'][limit][name]:.3f}" for limit in OVERLAPS]
        share = result["catalog_by_class"].get(name)
        values.append("-" if share is None else f"{100 * share:.1f} %")
        lines.append(f"| {name} | " + " | ".join(values) + " |")
    means = [f"{result['mean'][limit]:.3f}" for limit in OVERLAPS]
    lines.append("| **all** | " + " | ".join(means) + f" | {100 * result['catalog_right']:.1f} % |")
    lines += ["", meaning]
    return "\n".join(lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate detector`."""
    parser.add_argument("--data", required=True, help="folder of the labelled photos")
    parser.add_argument("--model", default="model_repository/detector/1/model.onnx")
    parser.add_argument("--split", default="val", choices=("train", "val"))
    parser.add_argument("--limit", type=int, default=0, help="use the first N photos only")
    parser.add_argument("--json", action="store_true", help="print JSON instead of Markdown")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate detector`."""
    cv2.setNumThreads(1)
    model = Path(options.model)
    result = measure(model, Path(options.data), options.split, options.limit)
    result["milliseconds_one_thread"] = latency(model, threads=1)
    if options.json:
        print(json.dumps(result))
        return
    print(as_text(result))
    print(
        f"\nOne photo takes {result['milliseconds_one_thread']:.1f} ms (median) in ONNX Runtime "
        f"on one CPU thread; the file has {model.stat().st_size / 1e6:.2f} MB."
    )
