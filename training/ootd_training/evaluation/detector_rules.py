"""What the service's rules do to the detector's answers: precision and recall with each of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch
from numpy.typing import NDArray

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
    by_photo: NDArray[np.int64] = field(
        default_factory=lambda: np.empty((0, 3), np.int64), compare=False, repr=False
    )
    """The same three of each photo, [photos, 3]."""

    @classmethod
    def of(cls, by_photo: NDArray[np.int64]) -> Outcome:
        """The sums over photos [photos, 3]."""
        given, right, labelled = by_photo.sum(0).tolist()
        return cls(given, right, labelled, by_photo)

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
    counts = {name: {t: np.zeros((len(photos), 3), np.int64) for t in thresholds} for name in RULES}
    for index, photo in enumerate(photos):
        candidates = graph.candidates(read_photo(photo.path), min(thresholds))
        for name, switches in RULES.items():
            for threshold in thresholds:
                kept = graph.garments(candidates, threshold, switches)
                found = (len(kept.boxes), matched(kept, photo), len(photo.boxes))
                counts[name][threshold][index] = found
    return {
        name: {threshold: Outcome.of(by_photo) for threshold, by_photo in found.items()}
        for name, found in counts.items()
    }


def recall_at(found: Mapping[float, Outcome], precision: float) -> tuple[float, float] | None:
    """The best recall of thresholds with at least this precision, and its threshold."""
    usable = [(o.recall, threshold) for threshold, o in found.items() if o.precision >= precision]
    return max(usable) if usable else None
