"""Export of a trained tagger into the model repository."""

from __future__ import annotations

from pathlib import Path

import torch

from ootd_training.models.tagger.network import ServedTagger, Tagger
from ootd_training.network.trunk import TrunkSettings
from ootd_training.served.crop_model import export_crop_model
from ootd_training.taxonomy import REPOSITORY, Taxonomy

MODEL = REPOSITORY / "tagger" / "1" / "model.onnx"
OUTPUTS = ("SUB_PROBABILITIES", "ATTRIBUTE_PROBABILITIES")


def load_tagger(checkpoint: Path, taxonomy: Taxonomy) -> Tagger:
    """The averaged weights of a training run's checkpoint."""
    state = torch.load(checkpoint, weights_only=True)
    tagger = Tagger(TrunkSettings(**state["settings"]["trunk"]), taxonomy)
    tagger.load_state_dict(state["average"])
    return tagger.eval()


def export_tagger(tagger: ServedTagger, size: int, path: Path = MODEL) -> None:
    """Write the tagger, which works at `size` px, as ONNX: `CROPS` to probabilities."""
    export_crop_model(tagger, size, OUTPUTS, path)
