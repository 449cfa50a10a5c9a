"""The checkpoints of a runs folder, and the ONNX file that each becomes."""

from __future__ import annotations

import logging
import pickle
import warnings
from pathlib import Path

import numpy as np
import onnx
import torch

from ootd_training.console.errors import CommandError
from ootd_training.data.crops import load_tiles
from ootd_training.data.garments import read_garments
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.models.base import Checkpoint, Comparison, Differences
from ootd_training.models.registry import MODELS
from ootd_training.network.run import CHECKPOINT
from ootd_training.served.crop_graph import build as build_crop
from ootd_training.served.crop_model import CROP_SIZE
from ootd_training.taxonomy import Taxonomy

DRAWN = "drawn"
STREET = "street.json"
"""Names in a runs folder: drawn photos, boxes of street photos."""
COMPARED_PHOTOS = 20
COMPARED_GARMENTS = 32
"""Photos, and garments of each source, on which ONNX Runtime is compared with PyTorch."""


def comparison(data: Path, taxonomy: Taxonomy) -> Comparison:
    """Outfit photos, and garments of all sources as the service cuts them."""
    photos = [record.path for record in read_outfits(data, "train")[:COMPARED_PHOTOS]]
    tiles = load_tiles(read_garments(data, "train", taxonomy, COMPARED_GARMENTS), None)
    crops = [tiles.served(index, CROP_SIZE) for index in range(len(tiles))]
    guides = [garment.super_index if i % 2 else -1 for i, garment in enumerate(tiles.garments)]
    return Comparison(photos, np.stack(crops), np.array(guides, np.int32)[:, None])


def read_checkpoint(model: str, path: Path) -> Checkpoint:
    """The checkpoint of a model; CommandError if there is none, or it can't be read."""
    if not path.is_file():
        raise CommandError(
            f"there is no checkpoint {path}; train the model (ootd-train {model} --output "
            f"{path.parent}), or name with --models those to export"
        )
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        return Checkpoint(model, path, state, state["settings"])
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError) as error:
        raise CommandError(
            f"{path} can't be read as a checkpoint ({type(error).__name__}); train the model "
            "again with --restart"
        ) from error


def load_checkpoint(runs: Path, model: str, data: Path) -> Checkpoint:
    """The checkpoint of a model in a runs folder; `data` replaces the folder that it was made with.

    Drawn photos and street boxes that are no longer where the run had them are looked for in the
    runs folder. CommandError if there is no readable checkpoint, or they are nowhere.
    """
    found = read_checkpoint(model, runs / model / CHECKPOINT)
    settings = {**found.settings, "data": str(data)}
    for name, moved in (("drawn", runs / DRAWN), ("street", runs / STREET)):
        known = settings.get(name)
        if known and not Path(known).exists():
            if not moved.exists():
                raise CommandError(
                    f"{found.path} was trained with {known}, which is gone; put it back or at "
                    f"{moved}"
                )
            settings[name] = str(moved)
    return Checkpoint(model, found.path, found.state, settings)


def export_crop(path: Path) -> None:
    """Write the crop model, which is computed and not trained."""
    onnx.save(build_crop(), path)


def export_checkpoint(
    checkpoint: Checkpoint, path: Path, taxonomy: Taxonomy, examples: Comparison | None = None
) -> Differences:
    """Write a checkpoint's file and compare it with PyTorch, if there is something to compare on.

    CommandError if the weights don't fit this version's networks or the taxonomy.
    """
    try:
        with warnings.catch_warnings():
            # What the exporter says of its own parts is nothing that a user can act on.
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            compare = MODELS[checkpoint.model].export(checkpoint, path, taxonomy)
            return {} if examples is None else compare(examples)
    except (RuntimeError, TypeError, KeyError) as error:
        if "state_dict" not in str(error) and isinstance(error, RuntimeError):
            raise
        raise CommandError(
            f"the weights of {checkpoint.path} don't fit: they are of another taxonomy or of "
            "another version of the network; train the model again with --restart"
        ) from error
