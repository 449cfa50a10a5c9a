"""What the arms' networks are shown: windows of photos, or a frozen trunk's features of them."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate, normalize

from ootd_training.console.progress import Progress
from ootd_training.data.crop_views import pixels_of
from ootd_training.models.embedder.network import EMBEDDING_SIZE
from ootd_training.network.run import placed
from ootd_training.network.starting_weights import start_from
from ootd_training.network.trunk import TAGGER_TRUNK, TrunkSettings
from ootd_training.network.trunk_factory import make_trunk

TRUNK_SIZE = 80
"""Side in pixels of the crops that the tagger's trunk is trained with."""
HIDDEN = 256


class ArmInput(Protocol):
    """Photos as the input of a network."""

    def random(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """The photos of these rows, as training shows them."""
        ...

    def plain(self, rows: NDArray[np.int64]) -> Tensor:
        """The photos of these rows, as they are judged."""
        ...


class PixelWindows:
    """Windows of `size` px of photos u8[n, s, s, 3], as float32 [k, 3, size, size] in 0..1."""

    def __init__(self, photos: NDArray[np.uint8], size: int, device: torch.device) -> None:
        self.photos, self.size, self.device = photos, size, device

    def random(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Windows at random places, mirrored half of the time."""
        room = self.photos.shape[1] - self.size
        corners = rng.integers(0, room + 1, (len(rows), 2))
        mirrored = rng.random(len(rows)) < 0.5
        found = np.empty((len(rows), self.size, self.size, 3), np.uint8)
        for i, (row, (y, x), turn) in enumerate(zip(rows, corners, mirrored, strict=True)):
            part = self.photos[row, y : y + self.size, x : x + self.size]
            found[i] = part[:, ::-1] if turn else part
        return self._tensor(found)

    def plain(self, rows: NDArray[np.int64]) -> Tensor:
        """The windows in the middle."""
        start = (self.photos.shape[1] - self.size) // 2
        middle = slice(start, start + self.size)
        return self._tensor(self.photos[rows][:, middle, middle])

    def _tensor(self, crops: NDArray[np.uint8]) -> Tensor:
        return pixels_of(np.ascontiguousarray(crops.transpose(0, 3, 1, 2)), self.device)


class FeatureVectors:
    """The features f32[n, d] that a frozen trunk made of the photos; no randomness is left."""

    def __init__(self, features: NDArray[np.float32], device: torch.device) -> None:
        self.features = torch.from_numpy(features).to(device)

    def random(self, rows: NDArray[np.int64], rng: np.random.Generator) -> Tensor:  # noqa: ARG002
        """The same as `plain`."""
        return self.plain(rows)

    def plain(self, rows: NDArray[np.int64]) -> Tensor:
        """The features of these rows."""
        return self.features[torch.from_numpy(rows)]


class Head(nn.Module):
    """Two layers over features [n, d], giving embeddings [n, 128] of length 1."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.BatchNorm1d(features),
            nn.Linear(features, HIDDEN),
            nn.BatchNorm1d(HIDDEN),
            nn.SiLU(),
            nn.Linear(HIDDEN, EMBEDDING_SIZE),
        )

    def forward(self, features: Tensor) -> Tensor:
        """The embeddings of the features."""
        return normalize(self.layers(features), dim=1)


def trunk_features(
    checkpoint: Path, photos: NDArray[np.uint8], folder: Path, device: torch.device
) -> NDArray[np.float32]:
    """Features f32[n, d] of photos u8[n, s, s, 3] by the trunk of a tagger's checkpoint.

    They are kept in `folder`, by a digest of checkpoint and photos. OSError if the checkpoint
    cannot be read.
    """
    digest = hashlib.sha256(checkpoint.read_bytes())
    digest.update(photos.tobytes())
    path = folder / f"features-{digest.hexdigest()[:12]}.npy"
    if path.exists():
        return np.asarray(np.load(path))
    saved = torch.load(checkpoint, weights_only=True, map_location="cpu")["settings"]["trunk"]
    trunk = make_trunk(TrunkSettings(**saved))
    start_from(trunk, checkpoint, list, TAGGER_TRUNK)
    placed(trunk.eval(), device)
    parts, progress = [], Progress("features", len(photos))
    whole = PixelWindows(photos, photos.shape[1], device)
    with torch.inference_mode():
        for rows in np.array_split(np.arange(len(photos)), max(1, len(photos) // 64)):
            crops = interpolate(
                whole.plain(rows), (TRUNK_SIZE, TRUNK_SIZE), mode="bilinear", align_corners=False
            )
            parts.append(trunk(crops).cpu())
            progress(int(rows[-1]) + 1)
    features = torch.cat(parts).numpy()
    np.save(path, features)
    return np.asarray(features)
