"""Quality of the served embedder on the val split, from its ONNX file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.embedder.export import MODEL
from ootd_training.embedder.measure import Embed, measure_by_source
from ootd_training.export.crop_model import (
    CROP_SIZE,
    milliseconds_per_crop,
    open_session,
    run_crops,
)
from ootd_training.taxonomy import load_taxonomy

ROWS = (
    ("same_item", "top1", "same garment is the best hit"),
    ("same_item", "top5", "same garment among the best 5"),
    ("same_item_other_background", "top1", "the same, before another background: best hit"),
    ("same_item_other_background", "top5", "the same, before another background: best 5"),
    ("same_sub", "top5", "5 nearest others: same sub-category"),
    ("same_sub", "chance", "by chance"),
    ("same_color", "top5", "5 nearest others: same colour"),
    ("same_color", "chance", "by chance"),
)


def onnx_embed(model: Path) -> Embed:
    """The ONNX embedder as a function of uint8 crops, on one thread."""
    session = open_session(model)

    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return run_crops(session, crops)[0]

    return embed


def table(measures: dict[str, dict[str, Any]]) -> str:
    """The measures as a Markdown table."""
    sources = list(measures)
    lines = ["| | " + " | ".join(sources) + " |", "|---|" + "---:|" * len(sources)]
    lines.append("| garments | " + " | ".join(str(measures[s]["garments"]) for s in sources) + " |")
    for group, name, text in ROWS:
        cells = [f"{100 * measures[s][group][name]:.1f} %" for s in sources]
        lines.append(f"| {text} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate embedder`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled photos")
    parser.add_argument("--model", type=Path, default=MODEL, help="ONNX file")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")
    parser.add_argument("--json", action="store_true", help="JSON instead of a table")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate embedder`."""
    garments = read_garments(options.data, "val", load_taxonomy(), options.limit)
    tiles = load_tiles(garments, options.cache)
    measures = measure_by_source(onnx_embed(options.model), tiles, CROP_SIZE)
    speed = milliseconds_per_crop(options.model)
    size = options.model.stat().st_size / 1e6
    if options.json:
        print(json.dumps({**measures, "milliseconds_per_crop": speed, "megabytes": size}))
        return
    print(table(measures))
    print(f"\n{speed:.1f} ms a crop on one thread (batches of 5), {size:.1f} MB")
