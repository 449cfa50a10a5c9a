"""Which boxes stay garments, and what they are: the cross-checks between detector and tagger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Integers = NDArray[np.int32]
Booleans = NDArray[np.bool_]

UNKNOWN_SUPER = -1
WHOLE_PHOTO = 1  # flag of a box that stands for a photo in which nothing was detected
_TINY = 1e-9


class Status(IntEnum):
    """What became of a box."""

    KEPT = 0
    TAGGER_DISAGREES = 1
    DRESS_EXPLAINS_IT = 2
    TOP_OR_BOTTOM_EXPLAINS_IT = 3
    NOT_OF_CATEGORY = 4
    NO_GARMENT = 5


@dataclass(frozen=True)
class Labels:
    """The taxonomy as arrays: sub_super i32[subs], the super-category of each sub-category;
    applies bool[subs, attributes], whether a value of a trained attribute group can belong to a
    sub-category; values of other groups have no column."""

    sub_super: Integers
    applies: Booleans
    top: int
    bottom: int
    dress: int

    @property
    def sub_count(self) -> int:
        """Number of sub-categories."""
        return len(self.sub_super)

    @property
    def attribute_count(self) -> int:
        """Number of attribute values, all trained groups together."""
        return int(self.applies.shape[1])

    @classmethod
    def from_taxonomy(cls, taxonomy: Mapping[str, Any]) -> Labels:
        """Read the content of taxonomy.json; raises ValueError if it names an unknown label."""
        names = [category["name"] for category in taxonomy["super_categories"]]
        subs = [
            (name, index)
            for index, category in enumerate(taxonomy["super_categories"])
            for name in category["sub_categories"]
        ]
        positions = {name: position for position, (name, _) in enumerate(subs)}
        columns: list[Booleans] = []
        for group in taxonomy["attribute_groups"]:
            column = np.full(len(subs), group["applies_to"] == "all")
            if group["applies_to"] != "all":
                unknown = sorted(set(group["applies_to"]) - set(positions))
                if unknown:
                    raise ValueError(f"group '{group['name']}' applies to unknown {unknown}")
                column[[positions[name] for name in group["applies_to"]]] = True
            if group["trained"]:
                columns += [column] * len(group["values"])
        return cls(
            np.array([index for _, index in subs], np.int32),
            np.array(columns, bool).reshape(len(columns), len(subs)).T,
            names.index("top"),
            names.index("bottom"),
            names.index("dress"),
        )


@dataclass(frozen=True)
class Findings:
    """What is known of the n boxes of one photo; shapes as in the repository's README. ``coverage``
    is a number of the whole photo, 0 to 1."""

    boxes: Floats
    scores: Floats
    supers: Integers
    flags: Integers
    coverage: float
    sub_probabilities: Floats
    attribute_probabilities: Floats


@dataclass(frozen=True)
class Rules:
    """disagreement_confidence: the tagger's probability, 0 to 1, from which on it overrules the
    detector. overlap_threshold: shared part of the smaller box from which on a dress and a top or
    bottom are the same garment. dress_preference: how many times better than a dress its tops and
    bottoms must explain the place to win; detectors see few dresses and are shy of them.
    same_place_iou: intersection over union from which on boxes of different super-categories are
    one garment. least_coverage: coverage from which on a photo in which nothing was detected is a
    garment as a whole."""

    disagreement_confidence: float
    overlap_threshold: float
    dress_preference: float
    same_place_iou: float
    least_coverage: float

    @classmethod
    def from_strings(cls, parameters: Mapping[str, str]) -> Rules:
        """Read Triton's string parameters; raises ValueError naming a missing or bad one."""
        try:
            return cls(**{field.name: float(parameters[field.name]) for field in fields(cls)})
        except KeyError as error:
            raise ValueError(f"config.pbtxt lacks the parameter {error}") from None


@dataclass(frozen=True)
class Garments:
    """Row i is box i: supers, subs and statuses i32[n, 1], sub_scores f32[n, 1], attributes
    f32[n, values]."""

    supers: Integers
    subs: Integers
    sub_scores: Floats
    attributes: Floats
    statuses: Integers


@dataclass(frozen=True)
class _Candidates:
    """The boxes of one photo while they are judged: boxes f32[n, 4]; supers i32[n]; support f32[n]:
    detector score times the tagger's probability of that super-category; statuses i32[n], which the
    rules change."""

    boxes: Floats
    supers: Integers
    support: Floats
    statuses: Integers

    def is_kept(self) -> Booleans:
        """bool[n]: which boxes are garments still."""
        kept: Booleans = self.statuses == Status.KEPT
        return kept

    def best_first(self) -> Integers:
        """The rows in the order of their support."""
        return np.argsort(-self.support, kind="stable").astype(np.int32)


def verify(findings: Findings, labels: Labels, rules: Rules, *, guided: bool) -> Garments:
    """Judge all boxes of one photo. At least one is kept of those that were detected or drawn.

    ``guided``: the caller named a category or drew a rectangle, so a super-category that is given
    is his word and stands, except for a photo in which nothing of it was detected.
    """
    evidence = super_probabilities(findings.sub_probabilities, labels)
    tagged = evidence.argmax(axis=1).astype(np.int32)
    given = findings.supers[:, 0]
    whole = findings.flags[:, 0] == WHOLE_PHOTO
    final = np.where(whole | (given == UNKNOWN_SUPER), tagged, given).astype(np.int32)
    statuses = np.full(len(final), Status.KEPT, np.int32)
    scores = findings.scores[:, 0]
    if not guided:
        confidence = evidence.max(axis=1)
        disagrees = (final != tagged) & (confidence >= rules.disagreement_confidence)
        statuses[disagrees] = Status.TAGGER_DISAGREES
        if disagrees.all():
            # Every photo has an item: keep the best-detected box, as what the surer model calls it.
            best = int(np.argmax(scores))
            statuses[best] = Status.KEPT
            if confidence[best] > scores[best]:
                final[best] = tagged[best]
    # What is not in the photo is not invented.
    statuses[whole & (given != UNKNOWN_SUPER) & (given != tagged)] = Status.NOT_OF_CATEGORY
    statuses[whole & (findings.coverage < rules.least_coverage)] = Status.NO_GARMENT
    support = scores * evidence[np.arange(len(final)), final]
    candidates = _Candidates(findings.boxes, final, support, statuses)
    _exclude_dresses(candidates, labels, rules)
    if not guided:
        _exclude_rivals(candidates, rules)
    subs, sub_scores = _best_subs(findings.sub_probabilities, final, labels)
    attributes = np.where(labels.applies[subs], findings.attribute_probabilities, 0)
    return Garments(
        final[:, None],
        subs[:, None],
        sub_scores[:, None],
        attributes.astype(np.float32),
        statuses[:, None],
    )


def super_probabilities(sub_probabilities: Floats, labels: Labels) -> Floats:
    """f32[n, subs] -> f32[n, supers]: each super-category has what its sub-categories have."""
    members = labels.sub_super[:, None] == np.arange(labels.sub_super.max() + 1)
    probabilities: Floats = sub_probabilities @ members.astype(np.float32)
    return probabilities


def _exclude_dresses(candidates: _Candidates, labels: Labels, rules: Rules) -> None:
    """A dress and a top or bottom in the same place exclude each other: the better one stays.

    Of those that overlap the dress, the best top and the best bottom count with the mean of their
    support. Changes the statuses.
    """
    boxes, supers = candidates.boxes, candidates.supers
    support, statuses = candidates.support, candidates.statuses
    dresses = [row for row in candidates.best_first() if supers[row] == labels.dress]
    for dress in dresses:
        rivals = np.flatnonzero(
            np.isin(supers, (labels.top, labels.bottom))
            & candidates.is_kept()
            & (overlap(boxes[dress], boxes) > rules.overlap_threshold)
        )
        if statuses[dress] != Status.KEPT or len(rivals) == 0:
            continue
        # The best top and the best bottom: weak ones beside them say nothing against them.
        parts = [
            support[rivals[supers[rivals] == part]].max() for part in np.unique(supers[rivals])
        ]
        if rules.dress_preference * support[dress] >= np.mean(parts):
            statuses[rivals] = Status.DRESS_EXPLAINS_IT
        else:
            statuses[dress] = Status.TOP_OR_BOTTOM_EXPLAINS_IT


def _exclude_rivals(candidates: _Candidates, rules: Rules) -> None:
    """One garment that the detector gives several super-categories keeps the one that detector and
    tagger together believe most. Changes the statuses."""
    boxes, supers, statuses = candidates.boxes, candidates.supers, candidates.statuses
    for best in candidates.best_first():
        if statuses[best] != Status.KEPT:
            continue
        rivals = (supers != supers[best]) & candidates.is_kept()
        rivals &= intersection_over_union(boxes[best], boxes) > rules.same_place_iou
        statuses[rivals] = Status.TAGGER_DISAGREES


def overlap(box: Floats, boxes: Floats) -> Floats:
    """Intersection over the smaller area, f32[n], of one box with each of boxes f32[n, 4]."""
    intersection, area, areas = _areas(box, boxes)
    shares: Floats = intersection / np.maximum(np.minimum(areas, area), _TINY)
    return shares


def intersection_over_union(box: Floats, boxes: Floats) -> Floats:
    """IoU, f32[n], of one box with each of boxes f32[n, 4]."""
    intersection, area, areas = _areas(box, boxes)
    shares: Floats = intersection / np.maximum(areas + area - intersection, _TINY)
    return shares


def _areas(box: Floats, boxes: Floats) -> tuple[Floats, np.float32, Floats]:
    """Intersections f32[n], area of the one box, areas f32[n] of the others."""
    low = np.maximum(box[:2], boxes[:, :2])
    high = np.minimum(box[2:], boxes[:, 2:])
    intersection = np.clip(high - low, 0, None).prod(axis=1)
    return intersection, (box[2:] - box[:2]).prod(), (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)


def _best_subs(
    sub_probabilities: Floats, final: Integers, labels: Labels
) -> tuple[Integers, Floats]:
    """The best sub-category of the final super-category and its probability within it."""
    members = labels.sub_super[None] == final[:, None]
    # -1: even where all its sub-categories have probability 0, the super-category stands.
    subs = np.where(members, sub_probabilities, -1).argmax(axis=1).astype(np.int32)
    best = sub_probabilities[np.arange(len(subs)), subs]
    total = np.where(members, sub_probabilities, 0).sum(axis=1)
    return subs, (best / np.maximum(total, _TINY)).astype(np.float32)
