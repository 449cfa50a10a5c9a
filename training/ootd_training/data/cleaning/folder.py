"""A folder of shop photos, split and freed of duplicates, with a report of what became of each."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

from ootd_training.console.errors import CommandError
from ootd_training.data.cleaning.duplicates import (
    BITS,
    COLOUR_DISTANCE,
    DISTANCE,
    Fingerprint,
    bits_apart,
    duplicates,
    fingerprint,
)
from ootd_training.data.cleaning.majority import majority
from ootd_training.data.cleaning.splitting import Region, split_page

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})
REPORT = "report.csv"
JPEG_QUALITY = 95


class CleaningError(CommandError):
    """The folder cannot be cleaned; the text says why and what to do."""


@dataclass(frozen=True)
class ReportRow:
    """What became of one picture: `action` is kept, split (a part of a page, kept) or dropped.

    `file` and `output` are relative to the two folders; x0 to y1 are the part's pixels in the
    file, empty for whole photos; `same_as` is the output that stands for a dropped duplicate.
    """

    file: str
    action: str
    reason: str
    output: str = ""
    x0: int | None = None
    y0: int | None = None
    x1: int | None = None
    y1: int | None = None
    same_as: str = ""


@dataclass(frozen=True)
class _Picture:
    path: Path
    output: str
    region: Region | None
    print: Fingerprint


ProgressOf = Callable[[str, int], Callable[[int], None]]
"""From a task's name and its number of steps to a function that is told the steps done."""


def clean_folder(
    folder: Path,
    output: Path,
    progress: ProgressOf,
    *,
    distance: int = DISTANCE,
    colour_distance: float = COLOUR_DISTANCE,
    sub_category: Callable[[Image.Image], str] | None = None,
) -> Counter[str]:
    """Write the single pictures of `folder`, each once, and `report.csv` into `output`.

    Pages are split first and duplicates dropped after, so a picture that several pages show is
    kept once (the order of iTOO, section 5.1). Whole photos are copied byte for byte, parts of
    pages are stored as JPEG. `output` appears when all is done. Returns the number of rows by
    action. CleaningError if there are no photos, or `output` is not empty or lies in `folder`.

    With `sub_category`, which names what a picture shows, the pictures of each subfolder are taken
    for those of one item, and those that don't show its majority are dropped as well.
    """
    files = _photos(folder, output)
    rows, pictures = _read(files, folder, progress("reading", len(files)))
    owners = duplicates(
        [p.print for p in pictures],
        [p.output for p in pictures],
        distance,
        colour_distance,
        progress("comparing", len(pictures)),
    )
    kept = [picture for index, picture in enumerate(pictures) if owners[index] == index]
    others = {}
    if sub_category is not None:
        others = _others_than_the_majority(kept, sub_category, progress("naming", len(kept)))
    unfinished = output.with_name(f"{output.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    advance = progress("writing", len(pictures))
    rows += _write_kept(pictures, owners.tolist(), others, (folder, unfinished), advance)
    _write_report(rows, unfinished)
    if output.exists():
        output.rmdir()
    unfinished.rename(output)
    return Counter(row.action for row in rows)


def _photos(folder: Path, output: Path) -> list[Path]:
    if not folder.is_dir():
        raise CleaningError(f"{folder}: no such folder; name the folder that holds the photos")
    if output.resolve().is_relative_to(folder.resolve()):
        raise CleaningError(f"{output}: lies in the folder to clean; choose one outside of it")
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise CleaningError(f"{output}: is not an empty folder; choose a new one or empty it")
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES and p.is_file())
    if not files:
        known = ", ".join(sorted(SUFFIXES))
        raise CleaningError(f"{folder}: holds no photos ({known})")
    return files


def open_photo(path: Path) -> Image.Image:
    """An image file as RGB, turned upright; OSError or ValueError if it cannot be decoded."""
    with Image.open(path) as image:
        upright = ImageOps.exif_transpose(image)
        if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
            # Cut-out garments are saved without a background; shops show them on white.
            layer = upright.convert("RGBA")
            page = Image.new("RGBA", layer.size, "white")
            return Image.alpha_composite(page, layer).convert("RGB")
        return upright.convert("RGB")


def _read(
    files: Sequence[Path], folder: Path, advance: Callable[[int], None]
) -> tuple[list[ReportRow], list[_Picture]]:
    rows: list[ReportRow] = []
    pictures: list[_Picture] = []
    taken = {str(path.relative_to(folder)) for path in files}
    for number, path in enumerate(files, 1):
        name = path.relative_to(folder)
        try:
            photo = open_photo(path)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
            rows.append(ReportRow(str(name), "dropped", f"unreadable: {error}"))
            continue
        finally:
            advance(number)
        regions = split_page(np.asarray(photo))
        for index, region in enumerate(regions, 1):
            part = _free_name(name, index, taken)
            pictures.append(_Picture(path, part, region, fingerprint(photo.crop(region))))
        if not regions:
            pictures.append(_Picture(path, str(name), None, fingerprint(photo)))
    return rows, pictures


def _free_name(name: Path, index: int, taken: set[str]) -> str:
    stem = f"{name.stem}-part{index:02d}"
    candidate = str(name.with_name(f"{stem}.jpg"))
    while candidate in taken:
        stem += "x"
        candidate = str(name.with_name(f"{stem}.jpg"))
    taken.add(candidate)
    return candidate


def _others_than_the_majority(
    pictures: Sequence[_Picture],
    sub_category: Callable[[Image.Image], str],
    advance: Callable[[int], None],
) -> dict[str, str]:
    """By output, why pictures are dropped; those that lie in no subfolder are of no item."""
    seen: dict[Path, dict[str, str]] = {}
    for number, picture in enumerate(pictures, 1):
        item = Path(picture.output).parent
        if item.name:
            seen.setdefault(item, {})[picture.output] = sub_category(_opened(picture))
        advance(number)
    reasons: dict[str, str] = {}
    for names in seen.values():
        most = majority(names.values())
        why = f"most of its item's show {most}" if most else "its item has no majority"
        reasons |= {output: f"shows {n}, {why}" for output, n in names.items() if n != most}
    return reasons


def _write_kept(
    pictures: Sequence[_Picture],
    owners: Sequence[int],
    others: Mapping[str, str],
    folders: tuple[Path, Path],
    advance: Callable[[int], None],
) -> Iterator[ReportRow]:
    """Write what is kept from the first folder into the second; what became of each picture."""
    for index, picture in enumerate(pictures):
        stands = pictures[owners[index]]
        row = _settled(picture, stands, folders[0], others.get(stands.output))
        if row.output:
            _write(picture, folders[1])
        yield row
        advance(index + 1)


def _settled(picture: _Picture, stands: _Picture, folder: Path, other: str | None) -> ReportRow:
    file = str(picture.path.relative_to(folder))
    x0, y0, x1, y1 = picture.region or (None, None, None, None)
    if stands is not picture:
        bits = int(bits_apart(picture.print.hash[None], stands.print.hash[None]).item())
        reason = f"duplicate: {bits} of {BITS} bits differ"
        if other is not None:
            return ReportRow(file, "dropped", f"{reason}; the other {other}", "", x0, y0, x1, y1)
        return ReportRow(file, "dropped", reason, "", x0, y0, x1, y1, stands.output)
    if other is not None:
        return ReportRow(file, "dropped", other, "", x0, y0, x1, y1)
    if picture.region is None:
        return ReportRow(file, "kept", "one photo", picture.output)
    return ReportRow(file, "split", "part of a page", picture.output, x0, y0, x1, y1)


def _opened(picture: _Picture) -> Image.Image:
    photo = open_photo(picture.path)
    return photo if picture.region is None else photo.crop(picture.region)


def _write(picture: _Picture, output: Path) -> None:
    target = output / picture.output
    target.parent.mkdir(parents=True, exist_ok=True)
    if picture.region is None:
        shutil.copyfile(picture.path, target)
    else:
        _opened(picture).save(target, quality=JPEG_QUALITY, subsampling=0)


def _write_report(rows: Sequence[ReportRow], output: Path) -> None:
    names = [field.name for field in fields(ReportRow)]
    with (output / REPORT).open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(names)
        ordered = sorted(rows, key=lambda row: (row.file, row.y0 or 0, row.x0 or 0))
        writer.writerows([getattr(row, name) for name in names] for row in ordered)
