"""Photos as they are stored: smaller, and saved so that a killed run leaves no half file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from ootd_training.data.fetch.fetch_error import FetchError
from ootd_training.whole_files import write_whole


def stored_size(width: int, height: int, longest: int) -> tuple[int, int]:
    """Width and height with the longest side at most `longest` pixels; never larger than given."""
    scale = min(1.0, longest / max(width, height))
    return max(1, round(width * scale)), max(1, round(height * scale))


def store_photo(source: Path, target: Path, longest: int, quality: int) -> NDArray[np.uint8]:
    """Save a photo as baseline JPEG of at most `longest` pixels a side; returns it as stored, RGB
    u8[h, w, 3]. FetchError if the source cannot be decoded."""
    try:
        with Image.open(source) as image:
            photo = ImageOps.exif_transpose(image).convert("RGB")
    except (OSError, SyntaxError) as error:
        text = f"{source}: not a readable photo ({error}); remove it, so that it is fetched anew"
        raise FetchError(text) from error
    size = stored_size(*photo.size, longest)
    if size != photo.size:
        photo = photo.resize(size, Image.Resampling.LANCZOS)
    with write_whole(target) as part:
        photo.save(part, "JPEG", quality=quality)
    return read_stored(target)


def read_stored(path: Path) -> NDArray[np.uint8]:
    """A stored photo, RGB u8[h, w, 3]."""
    with Image.open(path) as image:
        return np.asarray(image.convert("RGB"))


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all."""
    with write_whole(path) as part:
        part.write_text(text, encoding="utf-8")


class Journal:
    """What was worked out for each photo, one JSON line each, so that a rerun goes on.

    A last line that a killed run left half written is dropped.
    """

    def __init__(self, path: Path) -> None:
        self.entries: dict[str, Mapping[str, object]] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        whole = path.read_bytes().rpartition(b"\n")[0] if path.exists() else b""
        for line in whole.splitlines():
            key, entry = json.loads(line)
            self.entries[key] = entry
        path.write_bytes(whole + b"\n" if whole else b"")
        self._file = path.open("a", encoding="utf-8")

    def add(self, key: str, entry: Mapping[str, object]) -> None:
        """Keep an entry that can be written as JSON; it is on disk when this returns."""
        self.entries[key] = entry
        self._file.write(json.dumps([key, entry]) + "\n")
        self._file.flush()

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()
