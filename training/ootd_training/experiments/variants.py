"""Photos of garments in one or several colours, several photos of each: a small in-shop set."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ootd_samples import GarmentDesign, draw_garment
from ootd_samples.labels import ALL_SUB_CATEGORIES
from ootd_training.console.progress import Progress
from ootd_training.data.crop_views import ViewSettings, view
from ootd_training.data.crops import WHOLE, Garment, Tiles, cut, load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.experiments.recoloring import choose_colors, dyed, dyed_design, main_color
from ootd_training.taxonomy import Taxonomy
from ootd_training.whole_files import write_whole

DRAWN_SIZE = (96, 128)
WORKING_SIDE = 112
"""Photos of real garments are made from tiles of this many pixels, the size of their masks."""


@dataclass(frozen=True)
class VariantSettings:
    """What an in-shop set is made of.

    `real` garments with a known mask are taken from a split, spread evenly, and `drawn` designs are
    drawn. A garment comes in 1, 2, ... colours with the chances `color_chances`, and there are
    `photos` photos, `size` px wide and high, of it in each colour, taken as `views` says. All that
    is random follows from `seed`.
    """

    real: int
    drawn: int
    photos: int = 4
    size: int = 48
    seed: int = 20
    color_chances: tuple[float, ...] = (0.5, 0.3, 0.2)
    views: ViewSettings = field(
        default_factory=lambda: ViewSettings(
            recolor=0.0, whole=0.05, zoom=0.4, light=0.15, background=0.4, rotate=0.3
        )
    )


@dataclass(frozen=True)
class VariantPhotos:
    """Photos u8[n, s, s, 3] and, i64[n] each, what they show.

    `garments` number the garments, `variants` the garments in one colour (so a variant has one
    garment), `supers` are super-categories. `drawn` bool[n] marks drawn garments.
    """

    pixels: NDArray[np.uint8]
    garments: NDArray[np.int64]
    variants: NDArray[np.int64]
    supers: NDArray[np.int64]
    drawn: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.pixels)

    @property
    def several_colors(self) -> NDArray[np.bool_]:
        """Bool[n]: whether the photo's garment comes in more than one colour."""
        pairs = np.unique(np.stack([self.garments, self.variants]), axis=1)
        counts = np.bincount(pairs[0], minlength=int(self.garments.max()) + 1)
        return np.asarray(counts[self.garments] > 1)

    def counts(self) -> dict[str, int]:
        """How many garments, variants and photos there are."""
        return {
            "garments": len(np.unique(self.garments)),
            "variants": len(np.unique(self.variants)),
            "photos": len(self),
        }


def masked(tiles: Tiles) -> NDArray[np.int64]:
    """Indices of the tiles whose mask is known and shows enough of a garment to be dyed."""
    shares = (tiles.masks > 127).mean((1, 2))
    return np.flatnonzero((tiles.masks.min((1, 2)) < 128) & (shares > 0.08))


def _number_of_colors(settings: VariantSettings, rng: np.random.Generator) -> int:
    chances = np.array(settings.color_chances)
    return 1 + int(rng.choice(len(chances), p=chances / chances.sum()))


def _photographed(
    tiles: Tiles, settings: VariantSettings, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """One photo of the first of `tiles`."""
    return view(tiles, 0, settings.size, settings.views, rng)[0]


def _real_variants(
    tiles: Tiles, settings: VariantSettings, rng: np.random.Generator
) -> Iterator[list[NDArray[np.uint8]]]:
    """For each colour of the one garment in `tiles`, beginning with its own, its photos."""
    small = np.asarray(cut(Image.fromarray(tiles.pixels[0]), WHOLE, WORKING_SIDE))
    mask = tiles.masks[0]
    count = _number_of_colors(settings, rng)
    others = choose_colors(main_color(small, mask), count - 1, rng)
    for photo in (small, *(dyed(small, mask, color) for color in others)):
        variant = dataclasses.replace(tiles, pixels=photo[None])
        yield [_photographed(variant, settings, rng) for _ in range(settings.photos)]


def _drawn_variants(
    design: GarmentDesign, settings: VariantSettings, rng: np.random.Generator
) -> Iterator[list[NDArray[np.uint8]]]:
    """For each colour of a design, its photos; each is drawn anew on another surface."""
    others = choose_colors(design.palette[0], _number_of_colors(settings, rng) - 1, rng)
    for variant in (design, *(dyed_design(design, color) for color in others)):
        photos = []
        for _ in range(settings.photos):
            sample = draw_garment(int(rng.integers(1 << 40)), design=variant, size=DRAWN_SIZE)
            photos.append(
                _photographed(_tile_of(sample.image, sample.garments[0].box), settings, rng)
            )
        yield photos


def _tile_of(photo: Image.Image, box: tuple[float, float, float, float]) -> Tiles:
    side = max(photo.size)
    garment = Garment(source="drawn", photo=Path(), box=box, super_index=0, candidates=())
    return Tiles(
        (garment,),
        np.asarray(cut(photo, WHOLE, side))[None],
        np.full((1, side, side), 255, np.uint8),
        (box,),
    )


class _Collector:
    """Numbers garments and variants while their photos arrive."""

    def __init__(self) -> None:
        self.pixels: list[NDArray[np.uint8]] = []
        self.rows: list[tuple[int, int, int, bool]] = []
        self.garments = self.variants = 0

    def add(
        self, variants: Iterator[list[NDArray[np.uint8]]], super_index: int, drawn: bool
    ) -> None:
        for photos in variants:
            self.pixels += photos
            self.rows += [(self.garments, self.variants, super_index, drawn)] * len(photos)
            self.variants += 1
        self.garments += 1

    def photos(self) -> VariantPhotos:
        garments, variants, supers, drawn = np.array(self.rows, np.int64).T
        return VariantPhotos(np.stack(self.pixels), garments, variants, supers, drawn.astype(bool))


def make_photos(
    data: Path, split: str, taxonomy: Taxonomy, settings: VariantSettings, cache: Path | None
) -> VariantPhotos:
    """Photograph the garments of a split and drawn designs; the same for the same settings.

    `cache` is the folder of decoded crops (`load_tiles`). Designs of "val" are none of "train".
    """
    tiles = load_tiles(read_garments(data, split, taxonomy), cache)
    usable = masked(tiles)
    step = max(1.0, len(usable) / max(1, settings.real))
    chosen = usable[(np.arange(min(settings.real, len(usable))) * step).astype(int)]
    collector = _Collector()
    progress = Progress(f"garments of {split}", len(chosen) + settings.drawn)
    salt = {"train": 1, "val": 2}[split]
    for number, index in enumerate(chosen):
        rng = np.random.default_rng([settings.seed, salt, 0, number])
        one = tiles.subset([int(index)])
        collector.add(_real_variants(one, settings, rng), one.garments[0].super_index, False)
        progress(number + 1)
    for number in range(settings.drawn):
        rng = np.random.default_rng([settings.seed, salt, 1, number])
        sub = ALL_SUB_CATEGORIES[number % len(ALL_SUB_CATEGORIES)]
        design = GarmentDesign.random(settings.seed * 1_000_003 + 2 * number + salt, sub)
        super_index = taxonomy.supers.index(design.super_category)
        collector.add(_drawn_variants(design, settings, rng), super_index, True)
        progress(len(chosen) + number + 1)
    return collector.photos()


def load_photos(
    folder: Path,
    data: Path,
    split: str,
    *,
    taxonomy: Taxonomy,
    settings: VariantSettings,
    cache: Path | None,
) -> VariantPhotos:
    """The photos of `make_photos`, kept in `folder` from the first call on.

    A folder is for one folder of labelled photos.
    """
    digest = hashlib.sha256(f"{split} {settings}".encode()).hexdigest()[:12]
    path = folder / f"photos-{split}-{digest}.npz"
    if not path.exists():
        photos = make_photos(data, split, taxonomy, settings, cache)
        with write_whole(path) as partial:
            np.savez(partial, **dataclasses.asdict(photos))
    with np.load(path) as saved:
        return VariantPhotos(**{name: saved[name] for name in saved.files})
