"""How good the tagger's answers are, by source of the photos."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import Garment, Tiles
from ootd_training.served.rules import served_labels
from ootd_training.taxonomy import Taxonomy

Predict = Callable[[NDArray[np.uint8]], tuple[NDArray[np.float32], NDArray[np.float32]]]
"""Crops uint8 [n, s, s, 3] to probabilities of sub-categories [n, 32] and attribute values."""


def served_crops(tiles: Tiles, size: int, whole: bool = False) -> NDArray[np.uint8]:
    """Crops as the service cuts them, uint8 [n, size, size, 3]; `whole`: of the whole tile."""
    if whole:
        return np.stack([tiles.whole(i, size) for i in range(len(tiles))])
    return np.stack([tiles.served(i, size) for i in range(len(tiles))])


def super_probabilities(subs: NDArray[np.float32], taxonomy: Taxonomy) -> NDArray[np.float32]:
    """Super-categories' probabilities [n, 6]: sums over their sub-categories [n, 32]."""
    columns = [subs[:, taxonomy.subs_of(i)].sum(1) for i in range(len(taxonomy.supers))]
    return np.stack(columns, 1)


def _share(right: NDArray[np.bool_], known: NDArray[np.bool_]) -> dict[str, Any]:
    count = int(known.sum())
    return {"right": round(float(right[known].mean()), 4) if count else None, "of": count}


def measure_tagger(
    subs: NDArray[np.float32],
    attributes: NDArray[np.float32],
    garments: tuple[Garment, ...],
    taxonomy: Taxonomy,
) -> dict[str, Any]:
    """Shares of right answers, each with the number of labelled garments that it is a share of.

    `sub` is over all 32 sub-categories, `sub_in_super` among those of the true super-category.
    """
    supers = np.array([g.super_index for g in garments])
    true_subs = np.array([g.sub for g in garments])
    predicted = super_probabilities(subs, taxonomy).argmax(1)
    parents = np.array(taxonomy.super_of_sub)
    within = np.where(parents[None] == supers[:, None], subs, -1).argmax(1)
    everyone = np.ones(len(garments), np.bool_)
    result: dict[str, Any] = {"super": _share(predicted == supers, everyone)}
    result["super_by_class"] = {
        name: _share(predicted == supers, supers == index)
        for index, name in enumerate(taxonomy.supers)
        if (supers == index).any()
    }
    result["sub"] = _share(subs.argmax(1) == true_subs, true_subs >= 0)
    result["sub_in_super"] = _share(within == true_subs, true_subs >= 0)
    for group in taxonomy.groups:
        values = np.array([g.values.get(group.name, -1) for g in garments])
        best = attributes[:, group.columns].argmax(1)
        result[group.name] = _share(best == values, values >= 0)
    return result


@dataclass(frozen=True)
class Answers:
    """The tagger's probabilities of sub-categories [n, 32] and attribute values for n garments."""

    garments: tuple[Garment, ...]
    subs: NDArray[np.float32]
    attributes: NDArray[np.float32]

    def take(self, indices: NDArray[np.int64]) -> Answers:
        """The answers of these indices, which may repeat."""
        garments = tuple(self.garments[index] for index in indices)
        return Answers(garments, self.subs[indices], self.attributes[indices])


def answers_by_source(predict: Predict, tiles: Tiles, size: int) -> dict[str, Answers]:
    """Answers for catalogue photos (around the garment, and whole) and for outfit boxes."""
    answers = {}
    for name, source, whole in (
        ("catalog", "catalog", False),
        ("catalog_whole", "catalog", True),
        ("outfit", "outfit", False),
    ):
        part = tiles.subset([i for i, g in enumerate(tiles.garments) if g.source == source])
        if len(part):
            answers[name] = Answers(part.garments, *predict(served_crops(part, size, whole)))
    return answers


def measure_by_source(
    predict: Predict, tiles: Tiles, taxonomy: Taxonomy, size: int
) -> dict[str, dict[str, Any]]:
    """The measures of `measure_tagger` for each kind of crop."""
    return {
        name: measure_tagger(found.subs, found.attributes, found.garments, taxonomy)
        for name, found in answers_by_source(predict, tiles, size).items()
    }


def served_subs(subs: NDArray[np.float32], taxonomy: Taxonomy) -> NDArray[np.int64]:
    """The sub-categories [n] that the service gives: the best of the best super-category."""
    supers = super_probabilities(subs, taxonomy).argmax(1)
    members = np.array(taxonomy.super_of_sub)[None] == supers[:, None]
    return np.asarray(np.where(members, subs, -1).argmax(1))


@dataclass(frozen=True)
class Given:
    """Attribute values: given, of them right, and labelled."""

    given: int
    right: int
    labelled: int

    def measures(self) -> dict[str, Any]:
        """Precision and recall, 0 to 1, None where there is nothing to divide by; and counts."""
        return {
            "precision": round(self.right / self.given, 4) if self.given else None,
            "recall": round(self.right / self.labelled, 4) if self.labelled else None,
            "given": self.given,
            "labelled": self.labelled,
        }


def attribute_measures(answers: Answers, taxonomy: Taxonomy) -> dict[str, dict[str, Any]]:
    """Precision and recall of the values that the service gives, of each trained group, and of all
    (`micro`).

    A group's best value is given where the group applies to the sub-category that is given. It is
    wrong where the label says otherwise, or where the garment's own category cannot have the
    group; where the label says nothing, it does not count.
    """
    applies = served_labels().applies
    named = served_subs(answers.subs, taxonomy)
    counts = []
    for group in taxonomy.groups:
        column = applies[:, group.start]
        labels = np.array([g.values.get(group.name, -1) for g in answers.garments])
        possible = np.array([column[list(g.candidates)].any() for g in answers.garments])
        best = answers.attributes[:, group.columns].argmax(1)
        given = column[named] & ((labels >= 0) | ~possible)
        right = given & (best == labels)
        counts.append(Given(int(given.sum()), int(right.sum()), int((labels >= 0).sum())))
    result = {g.name: found.measures() for g, found in zip(taxonomy.groups, counts, strict=True)}
    sums = (
        sum(getattr(found, name) for found in counts) for name in ("given", "right", "labelled")
    )
    return {**result, "micro": Given(*sums).measures()}


@dataclass(frozen=True)
class Learnt:
    """What is learnt of an attribute group, beside what needs no looking at the photo.

    `of` labelled garments; `right`: share of them whose best value is the label, whatever their
    sub-category; `commonest`: the most frequent value of the same source's train photos, and
    `always` what its giving to every garment would get; `balanced`: the mean over the `values` that
    are labelled of the share of right answers, of which one answer to all gets 1 / `values`.
    """

    of: int
    right: float
    commonest: str
    always: float
    balanced: float
    values: int


def learnt_groups(
    answers: Answers, train: Sequence[Garment], taxonomy: Taxonomy
) -> dict[str, Learnt]:
    """Each trained group of which the answers' garments, and those of train, have a label."""
    found = {}
    for group in taxonomy.groups:
        labels = np.array([g.values.get(group.name, -1) for g in answers.garments])
        seen = [g.values[group.name] for g in train if group.name in g.values]
        known = labels >= 0
        if not (known.any() and seen):
            continue
        common = int(np.bincount(seen).argmax())
        right = answers.attributes[:, group.columns].argmax(1) == labels
        values = np.unique(labels[known])
        found[group.name] = Learnt(
            of=int(known.sum()),
            right=round(float(right[known].mean()), 4),
            commonest=group.values[common],
            always=round(float((labels[known] == common).mean()), 4),
            balanced=round(float(np.mean([right[labels == v].mean() for v in values])), 4),
            values=len(values),
        )
    return found


def confusion(
    labels: NDArray[np.int64], answers: NDArray[np.int64], count: int
) -> NDArray[np.int64]:
    """How often each known label (row) got each answer (column): [count, count]."""
    known = labels >= 0
    pairs = labels[known] * count + answers[known]
    return np.bincount(pairs, minlength=count * count).reshape(count, count)


@dataclass(frozen=True)
class Reliability:
    """Answers in bins of equal width by their probability: the mean probability of each filled bin,
    the share of right answers in it; and the expected calibration error over all bins (Guo et al.,
    *On Calibration of Modern Neural Networks*, 2017, Eq. 3)."""

    confidence: Sequence[float]
    right: Sequence[float]
    error: float


def reliability(
    probabilities: NDArray[np.float32], labels: NDArray[np.int64], bins: int = 10
) -> Reliability:
    """How far probabilities [n, classes] can be believed; labels of -1 are not known."""
    known = labels >= 0
    confidence = probabilities[known].max(1).astype(np.float64)
    right = (probabilities[known].argmax(1) == labels[known]).astype(np.float64)
    bin_of = np.minimum((confidence * bins).astype(np.int64), bins - 1)
    filled = np.unique(bin_of)
    means = [float(confidence[bin_of == index].mean()) for index in filled]
    shares = [float(right[bin_of == index].mean()) for index in filled]
    weights = [float((bin_of == index).mean()) for index in filled]
    gaps = (w * abs(m - s) for w, m, s in zip(weights, means, shares, strict=True))
    return Reliability(means, shares, sum(gaps))
