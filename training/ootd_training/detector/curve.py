"""A picture of a training run's course."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure


def draw(history: Path, picture: Path) -> None:
    """Draw loss and val quality over minutes from a run's history file into a small PNG."""
    lines = [json.loads(line) for line in history.read_text().splitlines()]
    judged = [line for line in lines if "val" in line]
    figure = Figure(figsize=(6.4, 3.0), dpi=80)
    FigureCanvasAgg(figure)
    left = figure.add_subplot()
    left.plot([i["minutes"] for i in lines], [i["loss"]["total"] for i in lines], color="0.6")
    left.set_xlabel("minutes of training")
    left.set_ylabel("loss (grey)")
    right = left.twinx()
    minutes = [i["minutes"] for i in judged]
    right.plot(minutes, [i["val"]["map50"] for i in judged], "o-", label="mAP@0.5, outfits")
    right.plot(minutes, [i["val"]["catalog_right"] for i in judged], "s-", label="right, catalogue")
    right.set_ylim(0, 1)
    right.set_ylabel("val split")
    right.legend(loc="center right")
    figure.tight_layout()
    figure.savefig(picture)


def main() -> None:
    """Draw the curve of a run: `python -m ootd_training.detector.curve HISTORY PICTURE`."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("history", type=Path)
    parser.add_argument("picture", type=Path)
    options = parser.parse_args()
    draw(options.history, options.picture)


if __name__ == "__main__":
    main()
