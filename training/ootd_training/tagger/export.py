"""Export of a trained tagger into the model repository."""

from __future__ import annotations

from pathlib import Path

from ootd_training.export.crop_model import export_crop_model
from ootd_training.tagger.network import ServedTagger, Tagger
from ootd_training.taxonomy import REPOSITORY, Taxonomy

MODEL = REPOSITORY / "tagger" / "1" / "model.onnx"
OUTPUTS = ("SUB_PROBABILITIES", "ATTRIBUTE_PROBABILITIES")


def export_tagger(tagger: Tagger, taxonomy: Taxonomy, path: Path = MODEL) -> None:
    """Write the tagger as ONNX: `CROPS` to sub-category and attribute probabilities."""
    export_crop_model(ServedTagger(tagger, taxonomy), OUTPUTS, path)
