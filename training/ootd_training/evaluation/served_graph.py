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
NOTHING_ASKED = -1.0
"""In place of a caller's score threshold: he has none."""
ALL_DETECTIONS = 0.0
"""A caller's score threshold that lets all detections through."""


@dataclass(frozen=True)
class Candidates:
    """What detector and tagger say of one photo, best first: boxes f32[n, 4] normalised, scores
    f32[n], supers i64[n], the tagger's sub-categories f32[n, subs]; `whole` f32[1, subs] is what
    the tagger says of the whole photo, which is the garment where nothing is detected and
    `coverage`, 0 to 1, allows it."""

    boxes: NDArray[np.float32]
    scores: NDArray[np.float32]
    supers: NDArray[np.int64]
    subs: NDArray[np.float32]
    whole: NDArray[np.float32]
    coverage: float


@dataclass(frozen=True)
class WholePhoto:
    """What the models say of a photo: all detections, however weak, with scores f32[n], supers
    i64[n] and the shares of the photo that they cover f32[n]; `coverage` as the rules reckon it;
    the tagger's probabilities of the super-categories for the whole photo, f32[supers], and of the
    sub-categories, f32[subs]."""

    scores: NDArray[np.float32]
    supers: NDArray[np.int64]
    areas: NDArray[np.float32]
    coverage: float
    tagged: NDArray[np.float32]
    subs: NDArray[np.float32]


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

    @property
    def guided_score_threshold(self) -> float:
        """The same where the caller names the category."""
        return float(self._select_parameters["guided_score_threshold"])

    @property
    def least_coverage(self) -> float:
        """The coverage from which on a photo without detections is a garment as a whole."""
        return float(self._verify_parameters["least_coverage"])

    def whole_photo(self, photo: NDArray[np.uint8]) -> WholePhoto:
        """What the models say of an RGB photo u8[h, w, 3] as a whole."""
        chosen = self._selection(photo, self._select_parameters, ALL_DETECTIONS)
        (crops,) = self._crop.run(["CROPS"], {"PHOTO": photo[None], "BOXES": WHOLE_PHOTO})
        (subs,) = self._tagger.run(["SUB_PROBABILITIES"], {"CROPS": crops})
        detected = chosen.flags[:, 0] == self._select.Flag.DETECTED
        boxes = chosen.boxes[detected]
        return WholePhoto(
            chosen.scores[detected, 0],
            chosen.supers[detected, 0].astype(np.int64),
            (boxes[:, 2:] - boxes[:, :2]).prod(axis=1),
            float(chosen.coverage[0, 0]),
            self._verify.super_probabilities(subs, self._labels)[0],
            subs[0],
        )

    def candidates(self, photo: NDArray[np.uint8], least_score: float) -> Candidates:
        """All boxes of an RGB photo u8[h, w, 3] that `select` would pass on from this score on."""
        limits = self._select_parameters | {"score_threshold": str(least_score)}
        chosen = self._selection(photo, limits, NOTHING_ASKED)
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
            float(chosen.coverage[0, 0]),
        )

    def _selection(
        self, photo: NDArray[np.uint8], parameters: Mapping[str, str], threshold: float
    ) -> Any:
        """What `select` makes of a photo without a guide; `threshold` is the caller's."""
        height, width = photo.shape[:2]
        square, scale = letterbox(photo)
        geometry = np.array(
            [height, width, height, width, round(height * scale), round(width * scale)], np.float32
        )
        found = self._select.Detections(*self.detector(square), geometry)
        guide = np.array([0, -1, 0, 0, 0, 0, threshold], np.float32)
        return self._select.select(found, guide, self._select.Limits.from_strings(parameters))

    def garments(self, candidates: Candidates, least_score: float, switches: Switches) -> Kept:
        """The garments that are left of the candidates from this score on."""
        count = int((candidates.scores >= least_score).sum())
        if count:
            boxes, scores = candidates.boxes[:count], candidates.scores[:count]
            supers, subs = candidates.supers[:count], candidates.subs[:count]
        else:
            boxes, subs = WHOLE_PHOTO, candidates.whole
            scores, supers = np.zeros(1, np.float32), np.array([-1])
        flag = self._select.Flag.DETECTED if count else self._select.Flag.WHOLE_PHOTO
        findings = self._verify.Findings(
            boxes,
            scores[:, None],
            supers[:, None].astype(np.int32),
            np.full((len(boxes), 1), flag, np.int32),
            candidates.coverage,
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
        return self._verify.Rules.from_strings({**self._verify_parameters, **off})
