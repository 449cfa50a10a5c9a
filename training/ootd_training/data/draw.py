"""Draw small labelled photos for training with `ootd_samples`.

`python -m ootd_training.data.draw FOLDER` writes what `data.drawn_photos` reads; the photos are no
larger than training needs, so that thousands are drawn in minutes.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import ootd_samples
from ootd_samples.labels import ALL_SUB_CATEGORIES
from ootd_training.data.label_digests import DRAWN_LABELS
from ootd_training.whole_files import write_whole

OUTFIT_SIZE = (213, 320)
GARMENT_SIZE = (180, 240)


def draw(folder: Path, outfits: int, garments: int, seed: int) -> None:
    """Write `outfits` photos of people and `garments` of single pieces, and `labels.json`.

    Sub-categories come in turn, so each is drawn about equally often.
    """
    folder.mkdir(parents=True, exist_ok=True)
    entries = []
    for index in range(outfits + garments):
        number = seed * 1_000_003 + index
        if index < outfits:
            photo = ootd_samples.draw_outfit(number, size=OUTFIT_SIZE)
        else:
            sub = ALL_SUB_CATEGORIES[index % len(ALL_SUB_CATEGORIES)]
            photo = ootd_samples.draw_garment(number, sub_category=sub, size=GARMENT_SIZE)
        name = f"{index:05d}.jpg"
        (folder / name).write_bytes(photo.jpeg())
        entries.append(
            {
                "image": name,
                "width": photo.image.width,
                "height": photo.image.height,
                "garments": [asdict(garment) for garment in photo.garments],
            }
        )
    with write_whole(folder / DRAWN_LABELS) as path:
        path.write_text(json.dumps(entries))


def main() -> None:
    """Draw a folder of labelled photos."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--outfits", type=int, default=200)
    parser.add_argument("--garments", type=int, default=320)
    parser.add_argument("--seed", type=int, default=4711, help="another than the demo's")
    options = parser.parse_args()
    draw(options.folder, options.outfits, options.garments, options.seed)


if __name__ == "__main__":
    main()
