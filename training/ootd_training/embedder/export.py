"""Export of a trained embedder into the model repository."""

from __future__ import annotations

from pathlib import Path

from ootd_training.embedder.network import Embedder
from ootd_training.export.crop_model import export_crop_model
from ootd_training.taxonomy import REPOSITORY

MODEL = REPOSITORY / "embedder" / "1" / "model.onnx"
OUTPUTS = ("EMBEDDING",)


def export_embedder(embedder: Embedder, path: Path = MODEL) -> None:
    """Write the embedder as ONNX: `CROPS` to embeddings of length 1."""
    export_crop_model(embedder, OUTPUTS, path)
