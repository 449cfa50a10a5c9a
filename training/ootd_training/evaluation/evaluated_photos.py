"""Which photos a report is of: those of val, or a fold of train that the measured run held out."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

from ootd_training.data.catalog_photos import CatalogPhoto, read_catalog
from ootd_training.data.crops import Garment, Tiles, load_tiles
from ootd_training.data.folds import FOLDS, NO_FOLD, Fold
from ootd_training.data.garments import read_garments
from ootd_training.data.outfit_photos import OutfitPhoto, read_outfits
from ootd_training.taxonomy import Taxonomy


@dataclass(frozen=True)
class EvaluatedPhotos:
    """The photos of val or, with a `fold`, those of train that it holds out."""

    data: Path
    limit: int = 0
    """At most this many garments (detector: photos) of each source; 0: all."""
    fold: Fold | None = None

    @classmethod
    def of(cls, options: argparse.Namespace) -> EvaluatedPhotos:
        """Those that the options of `add_photo_options` name."""
        fold = None if options.fold == NO_FOLD else Fold(options.fold, held_out=True)
        return cls(options.data, options.limit, fold)

    @property
    def split(self) -> str:
        """The split whose label files name them."""
        return "val" if self.fold is None else "train"

    @property
    def name(self) -> str:
        """What a table's head calls them."""
        return "val" if self.fold is None else f"fold {self.fold.number}"

    @property
    def title(self) -> str:
        """What a sentence calls them."""
        return "the val split" if self.fold is None else f"{self.name} of the train split"

    def garments(self, taxonomy: Taxonomy) -> list[Garment]:
        """Garments of catalogue and outfit photos."""
        return read_garments(self.data, self.split, taxonomy, self.limit, self.fold)

    def tiles(self, taxonomy: Taxonomy, cache: Path | None) -> Tiles:
        """Their tiles, kept in the folder `cache`."""
        return load_tiles(self.garments(taxonomy), cache)

    def outfits(self) -> list[OutfitPhoto]:
        """Outfit photos."""
        return read_outfits(self.data, self.split, self.fold)[: self.limit or None]

    def catalog(self) -> list[CatalogPhoto]:
        """Catalogue photos."""
        return read_catalog(self.data, self.split, self.fold)[: self.limit or None]


def add_photo_options(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which photos."""
    parser.add_argument("--data", type=Path, required=True, help="folder of the labelled photos")
    parser.add_argument(
        "--fold", type=int, choices=range(FOLDS), default=NO_FOLD, metavar=f"0..{FOLDS - 1}",
        help="measure on this fold of train, of a model that was trained without it (ootd-train "
        "--fold), to choose settings by (default: on val, which is for reports alone)",
    )  # fmt: skip
    parser.add_argument(
        "--limit", type=int, default=0,
        help="measure at most this many garments or photos of each source; 0: all",
    )  # fmt: skip
