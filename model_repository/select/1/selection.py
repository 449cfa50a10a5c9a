"""Which boxes of a photo are looked at: thresholds, the caller's guide, never none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Booleans = NDArray[np.bool_]

SUPER_CATEGORIES = 6
UNKNOWN_SUPER = -1  # the tagger decides
_SMALLEST_SIDE = 1.0  # px of the letterbox; a thinner box holds no garment


class Guide(IntEnum):
    """What the caller knows already."""

    NOTHING = 0
    CATEGORY = 1
    RECTANGLE = 2


class Flag(IntEnum):
    """Where a box comes from."""

    DETECTED = 0
    WHOLE_PHOTO = 1
    RECTANGLE = 2


class GuideError(ValueError):
    """The guide is not a guide; the message says which part is wrong."""


@dataclass(frozen=True)
class Limits:
    """Scores are the detector's, 0 to 1. contained_share: part of the smaller of two boxes of one
    class from which on they are one garment. max_garments: most garments of one photo;
    max_detections: the same where the caller asks for weaker ones than these thresholds let
    through."""

    score_threshold: float
    guided_score_threshold: float
    max_garments: int
    max_detections: int
    contained_share: float

    @classmethod
    def from_strings(cls, parameters: Mapping[str, str]) -> Limits:
        """Read Triton's string parameters; raises ValueError naming a missing or bad one."""
        try:
            return cls(
                float(parameters["score_threshold"]),
                float(parameters["guided_score_threshold"]),
                int(parameters["max_garments"]),
                int(parameters["max_detections"]),
                float(parameters["contained_share"]),
            )
        except KeyError as error:
            raise ValueError(f"config.pbtxt lacks the parameter {error}") from None


@dataclass(frozen=True)
class Detections:
    """The detector's answer for one photo: boxes f32[m, 4] are x0, y0, x1, y1 in px of the
    letterbox, scores f32[m], classes i32[m]; geometry f32[6] as in the repository's README."""

    boxes: Floats
    scores: Floats
    classes: Integers
    geometry: Floats


@dataclass(frozen=True)
class Selection:
    """n >= 1 boxes, best first: boxes f32[n, 4] normalised; scores f32, supers, flags and
    guide_supers (what the caller knows for sure, or -1) i32, all [n, 1]; coverage f32[1, 1] as in
    the repository's README."""

    boxes: Floats
    scores: Floats
    supers: Integers
    flags: Integers
    guide_supers: Integers
    coverage: Floats


def select(detections: Detections, guide: Floats, limits: Limits) -> Selection:
    """Choose the garments of one photo; guide f32[7] as in the repository's README.

    Raises GuideError where the guide is none.
    """
    kind, category, rectangle, asked = _read_guide(guide)
    boxes, usable = _normalise(detections)
    # Rows without a detection have score 0.
    usable &= detections.scores > 0
    coverage = _coverage(boxes[usable], detections.scores[usable])
    if kind is Guide.RECTANGLE:
        return _single(rectangle, category, Flag.RECTANGLE, coverage)
    # Where the caller vouches for the class, weaker evidence for it is enough.
    guided = kind is Guide.CATEGORY
    usual = limits.guided_score_threshold if guided else limits.score_threshold
    scores, classes = detections.scores, detections.classes
    usable &= scores >= (usual if asked is None else asked)
    if guided:
        usable &= classes == category
    candidates = np.flatnonzero(usable)
    if len(candidates) == 0:
        # Every photo of an outfit has an item: let the tagger look at the whole of it. `verify`
        # decides whether it is one.
        whole = np.array([0, 0, 1, 1], np.float32)
        return _single(whole, category, Flag.WHOLE_PHOTO, coverage)
    best = candidates[np.argsort(-scores[candidates], kind="stable")]
    # Who asks for weaker detections than usual wants all that there are.
    wants_all = asked is not None and asked < usual
    if not guided and not wants_all:
        best = best[_whole_garments(boxes[best], classes[best], limits.contained_share)]
    best = best[: limits.max_detections if wants_all else limits.max_garments]
    return Selection(
        boxes[best],
        scores[best].astype(np.float32)[:, None],
        classes[best].astype(np.int32)[:, None],
        np.full((len(best), 1), Flag.DETECTED, np.int32),
        np.full((len(best), 1), category, np.int32),
        coverage,
    )


def _coverage(boxes: Floats, scores: Floats) -> Floats:
    """f32[1, 1]: the most that a detection, however weak, makes of the photo a garment; its score
    times the share of the photo that its box covers."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return np.array([[(scores * areas).max(initial=0)]], np.float32)


def _whole_garments(boxes: Floats, classes: Integers, contained_share: float) -> list[int]:
    """Which boxes, best first, are no part of a better one of their class, such as one shoe of a
    pair; the detector's NMS leaves these, as their intersection over union is small."""
    areas = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    whole: list[int] = []
    for number, box in enumerate(boxes):
        low, high = np.maximum(box[:2], boxes[whole, :2]), np.minimum(box[2:], boxes[whole, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=1)
        same = (classes[whole] == classes[number]) & (
            shared > contained_share * np.minimum(areas[whole], areas[number])
        )
        if not same.any():
            whole.append(number)
    return whole


def _read_guide(guide: Floats) -> tuple[Guide, int, Floats, float | None]:
    """Kind, super-category or -1, rectangle, and score threshold or None; raises GuideError."""
    if not np.isfinite(guide).all():
        raise GuideError("GUIDE holds a number that is not finite")
    if guide[0] not in tuple(Guide):
        raise GuideError(f"GUIDE[0] is the kind: 0, 1 or 2, not {guide[0]:g}")
    kind = Guide(int(guide[0]))
    category = int(guide[1])
    lowest = 0 if kind is Guide.CATEGORY else UNKNOWN_SUPER
    if category != guide[1] or not lowest <= category < SUPER_CATEGORIES:
        raise GuideError(f"GUIDE[1] is no super-category for this kind of guide: {guide[1]:g}")
    rectangle = np.asarray(guide[2:6], np.float32)
    if kind is Guide.RECTANGLE:
        x0, y0, x1, y1 = rectangle
        if not (0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1):
            raise GuideError(
                f"GUIDE[2:6] is x0, y0, x1, y1 with 0 <= x0 < x1 <= 1 and 0 <= y0 < y1 <= 1,"
                f" not {x0:g}, {y0:g}, {x1:g}, {y1:g}"
            )
    threshold = float(guide[6])
    if threshold > 1:
        raise GuideError(f"GUIDE[6] is a score threshold, at most 1, not {threshold:g}")
    if kind is Guide.NOTHING:
        category = UNKNOWN_SUPER
    return kind, category, rectangle, (None if threshold < 0 else threshold)


def _normalise(detections: Detections) -> tuple[Floats, Booleans]:
    """Boxes in 0..1 of the photo, and which of them have an area there: what lies in the padding
    is cut off."""
    inner_height, inner_width = detections.geometry[4:6]
    extent = np.array([inner_width, inner_height, inner_width, inner_height], np.float32)
    boxes = np.clip(detections.boxes / extent, 0, 1).astype(np.float32)
    sides = (boxes[:, 2:] - boxes[:, :2]) * extent[:2]
    # A NaN compares as false.
    return boxes, (sides >= _SMALLEST_SIDE).all(axis=1)


def _single(box: Floats, category: int, flag: Flag, coverage: Floats) -> Selection:
    # Nothing of the category was found, so a model that is asked what the photo shows is not told.
    certain = UNKNOWN_SUPER if flag is Flag.WHOLE_PHOTO else category
    return Selection(
        box[None],
        np.zeros((1, 1), np.float32),
        np.full((1, 1), category, np.int32),
        np.full((1, 1), flag, np.int32),
        np.full((1, 1), certain, np.int32),
        coverage,
    )
