"""The checkpoints of a runs folder, and the ONNX file that each becomes."""

from __future__ import annotations

import logging
import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from numpy.typing import NDArray

from ootd_training.console.errors import CommandError
from ootd_training.data.crops import load_tiles
from ootd_training.data.garments import (
    read_drawn_garments,
    read_garments,
    read_street_garments,
)
from ootd_training.data.outfit_photos import read_outfits
from ootd_training.data.sampling import log_prior_shift
from ootd_training.models.detector.export import differences, load_network, write
from ootd_training.models.detector.measure import torch_detector
from ootd_training.models.embedder.export import export_embedder, load_embedder
from ootd_training.models.sequencer.export import compare, export_sequencer, load_sequencer
from ootd_training.models.tagger.export import export_tagger, load_tagger
from ootd_training.models.tagger.network import ServedTagger
from ootd_training.network.run import CHECKPOINT
from ootd_training.served.crop_graph import build as build_crop
from ootd_training.served.crop_model import CROP_SIZE, largest_difference
from ootd_training.taxonomy import Taxonomy

DRAWN = "drawn"
STREET = "street.json"
"""Names in a runs folder: drawn photos, boxes of street photos."""
COMPARED_PHOTOS = 20
COMPARED_GARMENTS = 32
"""Photos, and garments of each source, on which ONNX Runtime is compared with PyTorch."""

Differences = Mapping[str, float | None]
"""Largest difference between the file and PyTorch, of each output; of `SEQUENCE` the share (0 to 1)
of garments whose sequences differ. None where there was nothing to compare."""


@dataclass(frozen=True)
class Checkpoint:
    """The end of a training run; paths in its settings are those of this machine."""

    model: str
    path: Path
    state: Mapping[str, Any]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """Real photos, of the val split, on which a file and PyTorch must agree."""

    photos: list[Path]
    crops: NDArray[np.uint8]
    supers: NDArray[np.int32]
    """Guides for a sequencer, [n, 1]: every other garment's super-category, -1 for none."""


def comparison(data: Path, taxonomy: Taxonomy) -> Comparison:
    """Outfit photos, and garments of all sources as the service cuts them."""
    photos = [record.path for record in read_outfits(data, "val")[:COMPARED_PHOTOS]]
    tiles = load_tiles(read_garments(data, "val", taxonomy, COMPARED_GARMENTS), None)
    crops = [tiles.served(index, CROP_SIZE) for index in range(len(tiles))]
    guides = [garment.super_index if i % 2 else -1 for i, garment in enumerate(tiles.garments)]
    return Comparison(photos, np.stack(crops), np.array(guides, np.int32)[:, None])


def load_checkpoint(runs: Path, model: str, data: Path) -> Checkpoint:
    """The checkpoint of a model in a runs folder; `data` replaces the folder that it was made with.

    Drawn photos and street boxes that are no longer where the run had them are looked for in the
    runs folder. CommandError if there is no readable checkpoint, or they are nowhere.
    """
    path = runs / model / CHECKPOINT
    if not path.is_file():
        raise CommandError(
            f"there is no checkpoint {path}; train the model (ootd-train {model} --output "
            f"{path.parent}), or name with --models those to export"
        )
    try:
        state = torch.load(path, weights_only=True, map_location="cpu")
        settings = {**state["settings"], "data": str(data)}
    except (pickle.UnpicklingError, RuntimeError, KeyError, EOFError) as error:
        raise CommandError(
            f"{path} can't be read as a checkpoint ({type(error).__name__}); train the model "
            "again with --restart"
        ) from error
    for name, moved in (("drawn", runs / DRAWN), ("street", runs / STREET)):
        known = settings.get(name)
        if known and not Path(known).exists():
            if not moved.exists():
                raise CommandError(
                    f"{path} was trained with {known}, which is gone; put it back or at {moved}"
                )
            settings[name] = str(moved)
    return Checkpoint(model, path, state, settings)


def _export_detector(
    checkpoint: Checkpoint, path: Path, shown: Comparison, _: Taxonomy
) -> Differences:
    network, side = load_network(checkpoint.path)
    write(network, path, side)
    scores, boxes = differences(torch_detector(network, side), path, shown.photos)
    return {"DETECTION_SCORES": scores, "DETECTION_BOXES": boxes}


def super_shift(settings: Mapping[str, Any], taxonomy: Taxonomy) -> list[float]:
    """What undoes the balanced drawing of a tagger's training garments, for each super-category."""
    data, limit = Path(settings["data"]), settings["limit"]
    garments = read_garments(data, "train", taxonomy, limit)
    if settings["drawn"]:
        drawn = read_drawn_garments(Path(settings["drawn"]), taxonomy)
        garments += drawn[: limit or None]
    if settings["street"]:
        street = read_street_garments(data, Path(settings["street"]), taxonomy)
        garments += street[: limit or None]
    shift: list[float] = log_prior_shift(
        garments, settings["balance"], len(taxonomy.supers)
    ).tolist()
    return shift


def _export_tagger(
    checkpoint: Checkpoint, path: Path, shown: Comparison, taxonomy: Taxonomy
) -> Differences:
    settings = checkpoint.settings
    tagger = load_tagger(checkpoint.path, taxonomy)
    served = ServedTagger(tagger, taxonomy, super_shift(settings, taxonomy)).eval()
    size = int(settings["stages"][-1]["size"])
    export_tagger(served, size, path)
    return largest_difference(served, size, path, shown.crops)


def _export_embedder(
    checkpoint: Checkpoint, path: Path, shown: Comparison, _: Taxonomy
) -> Differences:
    embedder = load_embedder(checkpoint.path)
    size = int(checkpoint.settings["sizes"][-1][1])
    export_embedder(embedder, size, path)
    return largest_difference(embedder, size, path, shown.crops)


def _export_sequencer(
    checkpoint: Checkpoint, path: Path, shown: Comparison, taxonomy: Taxonomy
) -> Differences:
    sequencer, settings = load_sequencer(checkpoint.path, taxonomy)
    size = settings.size(1.0)
    export_sequencer(sequencer, size, path)
    found = compare(sequencer, size, path, shown.crops, shown.supers)
    return {
        "SUB_PROBABILITIES": found["subs"],
        "ATTRIBUTE_PROBABILITIES": found["attributes"],
        "SEQUENCE": 1.0 - found["same"],
    }


Exporter = Callable[[Checkpoint, Path, Comparison, Taxonomy], Differences]

EXPORTERS: Mapping[str, Exporter] = {
    "detector": _export_detector,
    "tagger": _export_tagger,
    "sequencer": _export_sequencer,
    "embedder": _export_embedder,
}
"""How the checkpoint of each trained model becomes its file."""


def export_crop(path: Path) -> None:
    """Write the crop model, which is computed and not trained."""
    onnx.save(build_crop(), path)


def export_checkpoint(
    checkpoint: Checkpoint, path: Path, shown: Comparison, taxonomy: Taxonomy
) -> Differences:
    """Write a checkpoint's file and compare it with PyTorch.

    CommandError if the weights don't fit this version's networks or the taxonomy.
    """
    try:
        with warnings.catch_warnings():
            # What the exporter says of its own parts is nothing that a user can act on.
            warnings.simplefilter("ignore")
            logging.getLogger("torch.onnx").setLevel(logging.ERROR)
            return EXPORTERS[checkpoint.model](checkpoint, path, shown, taxonomy)
    except (RuntimeError, TypeError, KeyError) as error:
        if "state_dict" not in str(error) and isinstance(error, RuntimeError):
            raise
        raise CommandError(
            f"the weights of {checkpoint.path} don't fit: they are of another taxonomy or of "
            "another version of the network; train the model again with --restart"
        ) from error
