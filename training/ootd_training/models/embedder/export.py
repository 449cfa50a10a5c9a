"""Export of a trained embedder into the model repository."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ootd_training.models.embedder.measure import Embed
from ootd_training.models.embedder.network import Embedder
from ootd_training.network.trunk import TrunkSettings
from ootd_training.served.crop_model import export_crop_model, run_crops
from ootd_training.served.onnx_sessions import open_session
from ootd_training.taxonomy import REPOSITORY

MODEL = REPOSITORY / "embedder" / "1" / "model.onnx"
OUTPUTS = ("EMBEDDING",)


def load_embedder(checkpoint: Path) -> Embedder:
    """The averaged weights of a training run's checkpoint."""
    state = torch.load(checkpoint, weights_only=True)
    embedder = Embedder(TrunkSettings(**state["settings"]["trunk"]))
    prefix = "embedder."
    weights = {k[len(prefix) :]: v for k, v in state["average"].items() if k.startswith(prefix)}
    embedder.load_state_dict(weights)
    return embedder.eval()


def export_embedder(embedder: Embedder, size: int, path: Path = MODEL) -> None:
    """Write the embedder, which works at `size` px, as ONNX: `CROPS` to embeddings."""
    export_crop_model(embedder, size, OUTPUTS, path)


def onnx_embed(model: Path) -> Embed:
    """The ONNX embedder as a function of uint8 crops, on one thread."""
    session = open_session(model)

    def embed(crops: NDArray[np.uint8]) -> NDArray[np.float32]:
        return run_crops(session, crops)[0]

    return embed
