"""Photo files on this machine."""

import os
from collections.abc import Iterator
from pathlib import Path

import typer

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
"""Names of files that are taken for photos, in any case."""


def photo_files(folder: Path) -> Iterator[Path]:
    """Yield the photos below a folder in the order of their names; hidden ones are left out."""
    with os.scandir(folder) as entries:
        ordered = sorted(entries, key=lambda entry: entry.name)
    for entry in ordered:
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from photo_files(Path(entry.path))
        elif os.path.splitext(entry.name)[1].lower() in PHOTO_SUFFIXES:  # noqa: PTH122 - fast
            yield Path(entry.path)


def expand(photos: list[Path]) -> list[Path]:
    """Return the photos, each folder replaced by the photos below it.

    Raises typer.BadParameter for a folder without photos.
    """
    found: list[Path] = []
    for photo in photos:
        if not photo.is_dir():
            found.append(photo)
            continue
        below = list(photo_files(photo))
        if not below:
            raise typer.BadParameter(f"no photos in {photo}", param_hint="PHOTO")
        found.extend(below)
    return found
