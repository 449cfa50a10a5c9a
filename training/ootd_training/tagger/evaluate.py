"""Quality of the served tagger on the val split, from its ONNX file."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.export.crop_model import (
    CROP_SIZE,
    milliseconds_per_crop,
    open_session,
    run_crops,
)
from ootd_training.tagger.export import MODEL
from ootd_training.tagger.measure import Predict, measure_by_source
from ootd_training.taxonomy import load_taxonomy

ROWS = ("super", "sub", "sub_in_super", "color", "sleeve_length", "audience")


def onnx_predict(model: Path) -> Predict:
    """The ONNX tagger as a function of uint8 crops, on one thread."""
    session = open_session(model)

    def predict(
        crops: NDArray[np.uint8],
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        subs, attributes = run_crops(session, crops)
        return subs, attributes

    return predict


def _cell(share: dict[str, Any]) -> str:
    return f"{100 * share['right']:.1f} % of {share['of']}" if share["of"] else "–"


def tables(measures: dict[str, dict[str, Any]]) -> str:
    """The measures as Markdown: one table of all questions, one of each super-category."""
    sources = list(measures)
    head = ["| | " + " | ".join(sources) + " |", "|---|" + "---:|" * len(sources)]
    rows = ((row, [_cell(measures[source][row]) for source in sources]) for row in ROWS)
    lines = head + [f"| {row} | {' | '.join(cells)} |" for row, cells in rows]
    names = list(dict.fromkeys(n for s in sources for n in measures[s]["super_by_class"]))
    lines += ["", *head]
    for name in names:
        cells = [measures[s]["super_by_class"].get(name, {"of": 0}) for s in sources]
        lines.append(f"| super, {name} | " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Options of `ootd-evaluate tagger`."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled photos")
    parser.add_argument("--model", type=Path, default=MODEL, help="ONNX file")
    parser.add_argument("--cache", type=Path, help="folder to keep decoded crops in")
    parser.add_argument("--limit", type=int, default=0, help="this many garments a source")
    parser.add_argument("--json", action="store_true", help="JSON instead of tables")


def main(options: argparse.Namespace) -> None:
    """Run `ootd-evaluate tagger`."""
    taxonomy = load_taxonomy()
    garments = read_garments(options.data, "val", taxonomy, options.limit)
    tiles = load_tiles(garments, options.cache)
    measures = measure_by_source(onnx_predict(options.model), tiles, taxonomy, CROP_SIZE)
    speed = milliseconds_per_crop(options.model)
    size = options.model.stat().st_size / 1e6
    if options.json:
        print(json.dumps({**measures, "milliseconds_per_crop": speed, "megabytes": size}))
        return
    print(tables(measures))
    print(f"\n{speed:.1f} ms a crop on one thread (batches of 5), {size:.1f} MB")
