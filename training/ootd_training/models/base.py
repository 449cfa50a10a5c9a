"""What every trained model has: options, settings, a training, an export."""

from __future__ import annotations

import argparse
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray
from torch import nn

from ootd_training.data.label_counts import Counts, garment_counts
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.network.run import Run
from ootd_training.network.run_settings import TrainingSettings
from ootd_training.taxonomy import Taxonomy, load_taxonomy

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
    """Real photos on which a file and PyTorch must agree."""

    photos: list[Path]
    crops: NDArray[np.uint8]
    """Garments as the service cuts them, [n, 160, 160, 3]."""
    supers: NDArray[np.int32]
    """Guides for a sequencer, [n, 1]: every other garment's super-category, -1 for none."""


Compare = Callable[[Comparison], Differences]
"""Compares a file that was written with the network in PyTorch."""

Network = TypeVar("Network", bound=nn.Module)
Settings = TypeVar("Settings", bound=TrainingSettings)


class Trainer(ABC, Generic[Network]):
    """One training of a model: its network, and the photos that it learns from."""

    network: Network
    """Before training: random weights, or those that the settings start from."""

    def begin(self, run: Run[Network], resumed: bool) -> None:
        """Make ready for the run, which may go on from a checkpoint."""

    @abstractmethod
    def train_epoch(self, run: Run[Network]) -> Mapping[str, Any]:
        """Train an epoch; the mean of each part of the loss, and settings in force."""

    @abstractmethod
    def evaluate(self, run: Run[Network]) -> Mapping[str, Any]:
        """Figures of the averaged network on the held-out fold; called if there is one."""


class Model(Protocol[Settings, Network]):
    """A trained model; its docstring describes `ootd-train NAME`."""

    name: str
    defaults: Settings

    def add_options(self, parser: argparse.ArgumentParser) -> None:
        """Add the options that it has beside those of every run."""
        ...

    def settings(self, options: argparse.Namespace) -> Settings:
        """The settings that the options name."""
        ...

    def trainer(self, settings: Settings, cache: Path | None, /) -> Trainer[Network]:
        """Network and photos; decoded crops are kept in the folder `cache`.

        ValueError or OSError if photos or the weights to start from can't be read or don't fit.
        """
        ...

    def counts(self, photos: PhotoSources, folder: Path, /) -> Counts:
        """What a run, with its results in `folder`, learns from and is judged on."""
        ...

    def export(self, checkpoint: Checkpoint, path: Path, taxonomy: Taxonomy, /) -> Compare:
        """Write the averaged network as the ONNX file that Triton serves."""
        ...


class CropModel:
    """What the models that look at crops have in common."""

    def counts(self, photos: PhotoSources, _folder: Path) -> Counts:
        """Garments of each label that a run learns from and is judged on."""
        return garment_counts(photos, load_taxonomy())


AnyModel = Model[Any, Any]
