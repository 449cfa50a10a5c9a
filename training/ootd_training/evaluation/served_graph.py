"""The served graph's steps on photos, without a server: its models and its own rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.models.detector.export import onnx_detector
from ootd_training.models.detector.measure import Detector
from ootd_training.models.detector.samples import letterbox
from ootd_training.served.onnx_sessions import open_session
from ootd_training.served.rules import (
    parameters,
    selection_rules,
    served_labels,
    verification_rules,
)
from ootd_training.taxonomy import REPOSITORY

WHOLE_PHOTO = np.array([[0, 0, 1, 1]], np.float32)


@dataclass(frozen=True)
class Candidates:
    """What detector and tagger say of one photo, best first: boxes f32[n, 4] normalised, scores
    f32[n], supers i64[n], the tagger's sub-categories f32[n, subs]; `whole` f32[1, subs] is what
    the tagger says of the whole photo, which is the garment where nothing is detected."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    supers: NDArray[np.int64]
    subs: NDArray[np.float32]
    whole: NDArray[np.float32]


@dataclass(frozen=True)
class Switches:
    """Which of the checks of the member `verify` are on."""

    cross_check: bool
    exclusivity: bool


@dataclass(frozen=True)
class Kept:
    """The garments of one photo: boxes f32[n, 4] normalised, supers i64[n], scores f32[n]."""

    boxes: NDArray[np.float32]
    supers: NDArray[np.int64]
    scores: NDArray[np.float32]


class ServedGraph:
    """Detector, select, crop, tagger and verify of a model repository, photo by photo.

    Photos are scaled for the detector with OpenCV, not with DALI, and not reduced to 1024 px
    before they are cropped; all else are the served files and thresholds.
    """

    def __init__(
        self,
        repository: Path = REPOSITORY,
        detector: Path | None = None,
        tagger: Path | None = None,
    ) -> None:
        self.detector: Detector = onnx_detector(detector or repository / "detector/1/model.onnx")
        self._tagger = open_session(tagger or repository / "tagger/1/model.onnx")
        self._crop = open_session(repository / "crop/1/model.onnx")
        self._select = selection_rules(repository)
        self._verify = verification_rules(repository)
        self._select_parameters = parameters(repository / "select/config.pbtxt")
        self._verify_parameters = parameters(repository / "verify/config.pbtxt")
        self._labels = served_labels(repository)

    @property
    def score_threshold(self) -> float:
        """The lowest detector score of a garment, 0 to 1, as it is served."""
        return float(self._select_parameters["score_threshold"])

    def candidates(self, photo: NDArray[np.uint8], least_score: float) -> Candidates:
        """All boxes of an RGB photo u8[h, w, 3] that `select` would pass on from this score on."""
        height, width = photo.shape[:2]
        square, scale = letterbox(photo)
        geometry = np.array(
            [height, width, height, width, round(height * scale), round(width * scale)], np.float32
        )
        found = self._select.Detections(*self.detector(square), geometry)
        limits = self._select.Limits.from_strings(
            self._select_parameters | {"score_threshold": str(least_score)}
        )
        # No guide, and no threshold of the caller's.
        guide = np.array([0, -1, 0, 0, 0, 0, -1], np.float32)
        chosen = self._select.select(found, guide, limits)
        detected = chosen.flags[:, 0] == self._select.Flag.DETECTED
        boxes = np.concatenate([chosen.boxes[detected], WHOLE_PHOTO])
        (crops,) = self._crop.run(["CROPS"], {"PHOTO": photo[None], "BOXES": boxes})
        (subs,) = self._tagger.run(["SUB_PROBABILITIES"], {"CROPS": crops})
        return Candidates(
            boxes[:-1],
            chosen.scores[detected, 0],
            chosen.supers[detected, 0].astype(np.int64),
            subs[:-1],
            subs[-1:],
        )

    def garments(self, candidates: Candidates, least_score: float, switches: Switches) -> Kept:
        """The garments that are left of the candidates from this score on; at least one."""
        count = int((candidates.scores >= least_score).sum())
        if count:
            boxes, scores = candidates.boxes[:count], candidates.scores[:count]
            supers, subs = candidates.supers[:count], candidates.subs[:count]
        else:
            boxes, subs = WHOLE_PHOTO, candidates.whole
            scores, supers = np.zeros(1, np.float32), np.array([-1])
        findings = self._verify.Findings(
            boxes,
            scores[:, None],
            supers[:, None].astype(np.int32),
            subs,
            np.zeros((len(boxes), self._labels.attribute_count), np.float32),
        )
        judged = self._verify.verify(findings, self._labels, self._rules(switches), guided=False)
        kept = judged.statuses[:, 0] == self._verify.Status.KEPT
        return Kept(boxes[kept], judged.supers[kept, 0].astype(np.int64), scores[kept])

    def _rules(self, switches: Switches) -> Any:
        """The served thresholds; a check that is off has one that nothing reaches."""
        never = "2.0"  # above any probability and any overlap
        off: Mapping[str, str] = {}
        if not switches.cross_check:
            off = {"disagreement_confidence": never, "same_place_iou": never}
        if not switches.exclusivity:
            off = {**off, "overlap_threshold": never}
        values = {**self._verify_parameters, **off}
        names = (
            "disagreement_confidence",
            "overlap_threshold",
            "dress_preference",
            "same_place_iou",
        )
        return self._verify.Rules(**{name: float(values[name]) for name in names})
