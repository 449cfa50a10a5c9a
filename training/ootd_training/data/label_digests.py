"""Digests of label files, by which what was begun is known to go on with the same photos."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from ootd_training.data.photo_sources import PhotoSources

NEEDED_LABELS = ("catalog/train.csv", "catalog/val.csv", "detect/train.json", "detect/val.json")
"""Files without which a folder is none of the labelled photos."""
LABEL_FILES = (*NEEDED_LABELS, "street/train.jsonl", "street/val.jsonl")
"""Where a folder of labelled photos has its labels."""
DRAWN_LABELS = "labels.json"


def label_digest(data: Path) -> str:
    """Digest, 16 hex digits, of a data folder's labels of train and val, wherever it lies.

    A file that is not there counts as an empty one. The photos are not read.
    """
    return _digest(data / name for name in LABEL_FILES)


def source_digests(photos: PhotoSources) -> dict[str, str]:
    """Digests of the labels that a run learns from, by source; of an empty source it is empty."""
    return {
        "data": label_digest(Path(photos.data)) if photos.data else "",
        "drawn": _digest([Path(photos.drawn) / DRAWN_LABELS]) if photos.drawn else "",
        "street": _digest([Path(photos.street)]) if photos.street else "",
    }


def _digest(paths: Iterable[Path]) -> str:
    """One digest of several files: each by its own, so that no line can move between two."""
    whole = hashlib.sha256()
    for path in paths:
        content = path.read_bytes() if path.is_file() else b""
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()[:16]
