"""The networks that a detector can be."""

from __future__ import annotations

from pathlib import Path

from ootd_training.models.detector.network import CrossStageDetector, DetectorNetwork
from ootd_training.models.detector.settings import ARCHITECTURES, CROSS_STAGE, YOLOX_NANO
from ootd_training.models.detector.yolox import YoloxDetector
from ootd_training.network.public_weights import PRETRAINED, read_yolox
from ootd_training.network.starting_weights import Batches, load_folded


def make_detector(architecture: str) -> DetectorNetwork:
    """A network with random weights; ValueError if there is no such architecture."""
    if architecture == CROSS_STAGE:
        return CrossStageDetector()
    if architecture == YOLOX_NANO:
        return YoloxDetector()
    raise ValueError(
        f"there is no detector {architecture!r}; choose one of {', '.join(ARCHITECTURES)}"
    )


def start_detector(network: DetectorNetwork, data: Path, batches: Batches) -> None:
    """Give a network the public weights in a data folder; its last layers stay as they are.

    ValueError if there are none for its architecture, FileNotFoundError if they were not fetched.
    """
    if not isinstance(network, YoloxDetector):
        raise ValueError(  # noqa: TRY004 - a setting that somebody typed
            f"there are no public weights for this detector; choose --architecture {YOLOX_NANO}, "
            f"or leave --start {PRETRAINED} out"
        )
    path, convolutions = read_yolox(data)
    load_folded(network.features, convolutions, path, batches)
