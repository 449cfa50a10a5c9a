"""All trained models, by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ootd_training.data.label_counts import Counts
from ootd_training.data.photo_sources import PhotoSources
from ootd_training.models.base import AnyModel
from ootd_training.models.detector.model import DETECTOR
from ootd_training.models.embedder.model import EMBEDDER
from ootd_training.models.sequencer.model import SEQUENCER
from ootd_training.models.tagger.model import TAGGER

MODELS: Mapping[str, AnyModel] = {
    model.name: model for model in (DETECTOR, TAGGER, SEQUENCER, EMBEDDER)
}


def known_counts(
    model: str, folder: Path, state: Mapping[str, Any], settings: Mapping[str, Any]
) -> Counts:
    """What a checkpoint's `state` says that its run was trained and judged on.

    Where it says nothing, the photos that these `settings` name are counted; `folder` is the run's.
    """
    counts: Counts | None = state.get("counts")
    return counts or MODELS[model].counts(PhotoSources.of(settings), folder)
