"""What the service's rules do to the detector's answers: precision and recall with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch

from ootd_training.data.outfit_photos import OutfitPhoto
from ootd_training.evaluation.served_graph import Kept, ServedGraph, Switches
from ootd_training.models.detector.boxes import overlap
from ootd_training.models.detector.samples import read_photo

LEAST_OVERLAP = 0.5
THRESHOLDS = tuple(round(0.04 + 0.02 * step, 2) for step in range(39))
"""Detector scores, 0.04 to 0.80, from which on a box can become a garment."""

RULES: Mapping[str, Switches] = {
    "detector alone": Switches(cross_check=False, exclusivity=False),
    "with exclusivity": Switches(cross_check=False, exclusivity=True),
    "with cross-check": Switches(cross_check=True, exclusivity=False),
    "with both, as served": Switches(cross_check=True, exclusivity=True),
}


@dataclass(frozen=True)
class Outcome:
    """Garments given, of them rightly, and labelled garments; over all photos."""

    given: int
    right: int
    labelled: int

    @property
    def precision(self) -> float:
        """Share of the given garments that are labelled ones, 0 to 1."""
        return self.right / max(1, self.given)

    @property
    def recall(self) -> float:
        """Share of the labelled garments that are given, 0 to 1."""
        return self.right / max(1, self.labelled)


Outcomes = Mapping[str, Mapping[float, Outcome]]
"""Of each set of rules, for each score threshold."""


def matched(kept: Kept, photo: OutfitPhoto) -> int:
    """How many garments meet a labelled box of their class with an IoU of 0.5, each box once."""
    if not len(photo.boxes):
        return 0
    size = np.array([photo.width, photo.height] * 2, np.float32)
    boxes, labelled = torch.from_numpy(kept.boxes * size), torch.from_numpy(photo.boxes)
    ratios = overlap(boxes[:, None], labelled[None]).numpy()
    ratios[kept.supers[:, None] != photo.classes[None]] = 0.0
    right = 0
    for index in np.argsort(-kept.scores, kind="stable"):
        best = int(ratios[index].argmax())
        if ratios[index, best] >= LEAST_OVERLAP:
            ratios[:, best] = 0.0
            right += 1
    return right


def measure_rules(
    graph: ServedGraph, photos: Sequence[OutfitPhoto], thresholds: Sequence[float] = THRESHOLDS
) -> Outcomes:
    """Precision and recall over labelled photos for each set of rules and each score threshold."""
    counts = {name: {t: [0, 0] for t in thresholds} for name in RULES}
    labelled = sum(len(photo.boxes) for photo in photos)
    for photo in photos:
        candidates = graph.candidates(read_photo(photo.path), min(thresholds))
        for name, switches in RULES.items():
            for threshold in thresholds:
                kept = graph.garments(candidates, threshold, switches)
                counts[name][threshold][0] += len(kept.boxes)
                counts[name][threshold][1] += matched(kept, photo)
    return {
        name: {t: Outcome(given, right, labelled) for t, (given, right) in found.items()}
        for name, found in counts.items()
    }


def recall_at(found: Mapping[float, Outcome], precision: float) -> tuple[float, float] | None:
    """The best recall of thresholds with at least this precision, and its threshold."""
    usable = [(o.recall, threshold) for threshold, o in found.items() if o.precision >= precision]
    return max(usable) if usable else None
