"""How good the emitted sequences are: precision and recall.

The measures of 11st, section 3.2 and Table 2: the set of emitted tokens against the set of
labelled ones. The tagger can be measured in the same way.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import Garment, Tiles
from ootd_training.models.sequencer.network import ServedSequencer
from ootd_training.models.sequencer.tokens import Vocabulary
from ootd_training.models.tagger.measure import (
    Predict,
    measure_tagger,
    served_crops,
    super_probabilities,
)
from ootd_training.network.inference import answers_of

Answers = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.int64]]
"""Probabilities of sub-categories [n, 32] and of attribute values; tokens [n, longest], or -1."""
Answer = Callable[[NDArray[np.uint8], NDArray[np.int32]], Answers]
"""Crops uint8 [n, s, s, 3] and guides int32 [n, 1] (a super-category, or -1) to answers."""

UNKNOWN, ABSENT = -1, -2
"""In place of a value: nothing is known of the group, and it is known not to apply."""


def torch_answer(served: ServedSequencer) -> Answer:
    """The sequencer as a function of uint8 crops and guides, in inference mode."""
    answers = answers_of(served)

    def answer(crops: NDArray[np.uint8], guides: NDArray[np.int32]) -> Answers:
        subs, attributes, tokens = answers(crops, guides)
        return subs, attributes, tokens.astype(np.int64)

    return answer


def tagger_answer(predict: Predict, vocabulary: Vocabulary) -> Answer:
    """The tagger's answers as sequences: its best sub-category, and each group's best value."""
    parents = np.array(vocabulary.taxonomy.super_of_sub)

    def answer(crops: NDArray[np.uint8], guides: NDArray[np.int32]) -> Answers:
        subs, attributes = predict(crops)
        free = super_probabilities(subs, vocabulary.taxonomy).argmax(1)
        supers = np.where(guides[:, 0] < 0, free, guides[:, 0])
        best = np.where(parents[None] == supers[:, None], subs, -1.0).argmax(1)
        sequences = np.full((len(crops), vocabulary.longest), -1)
        for row, sub, probabilities in zip(sequences, best, attributes, strict=True):
            groups = [g for g in vocabulary.taxonomy.groups if sub in g.subs]
            values = [g.start + int(probabilities[g.columns].argmax()) for g in groups]
            row[: len(values) + 2] = [sub, *(vocabulary.subs + v for v in values), vocabulary.end]
        return subs, attributes, sequences

    return answer


def labelled_values(garments: Sequence[Garment], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """The values' tokens int64 [n, groups]; `UNKNOWN` or `ABSENT` where there is none."""
    rows = []
    for garment in garments:
        row = []
        for group in vocabulary.taxonomy.groups:
            value = garment.values.get(group.name, UNKNOWN)
            applies = bool(set(garment.candidates) & set(group.subs))
            known = vocabulary.subs + group.start + value if value >= 0 else UNKNOWN
            row.append(known if applies else ABSENT)
        rows.append(row)
    return np.array(rows)


def emitted_values(sequences: NDArray[np.int64], vocabulary: Vocabulary) -> NDArray[np.int64]:
    """The emitted values' tokens int64 [n, groups]; `ABSENT` where a group was not reached."""
    values = np.full((len(sequences), vocabulary.end_group), ABSENT)
    for index, members in enumerate(vocabulary.members[:-1].numpy()):
        inside = np.isin(sequences, np.flatnonzero(members))
        found = inside.any(1)
        values[found, index] = sequences[found, inside[found].argmax(1)]
    return values


def _precision_recall(
    emitted: NDArray[np.int64], labelled: NDArray[np.int64]
) -> dict[str, float | int]:
    """Over all tokens; what is emitted where nothing is known is neither right nor wrong."""
    right = int(((emitted == labelled) & (labelled >= 0)).sum())
    told = int(((emitted >= 0) & (labelled != UNKNOWN)).sum())
    known = int((labelled >= 0).sum())
    return {
        "precision": round(right / max(1, told), 4),
        "recall": round(right / max(1, known), 4),
        "of": known,
    }


def measure_answers(
    answers: Answers, garments: tuple[Garment, ...], vocabulary: Vocabulary
) -> dict[str, Any]:
    """Micro precision and recall over all garments.

    `tokens` counts sub-categories and attribute values, `attributes` the latter alone; `top1`
    has the shares of right answers that the tagger is measured by.
    """
    subs, attributes, sequences = answers
    labelled = labelled_values(garments, vocabulary)
    emitted = emitted_values(sequences, vocabulary)
    true_subs = np.array([garment.sub for garment in garments])
    return {
        "tokens": _precision_recall(
            np.concatenate([sequences[:, :1], emitted], 1),
            np.concatenate([true_subs[:, None], labelled], 1),
        ),
        "attributes": _precision_recall(emitted, labelled),
        "emitted_sub": _precision_recall(sequences[:, :1], true_subs[:, None]),
        "top1": measure_tagger(subs, attributes, garments, vocabulary.taxonomy),
    }


def guides_of(garments: Sequence[Garment], guided: bool) -> NDArray[np.int32]:
    """The true super-categories as guides int32 [n, 1], or -1 where nothing guides."""
    return np.array([[g.super_index if guided else -1] for g in garments], np.int32)


def measure_by_source(
    answer: Answer, tiles: Tiles, vocabulary: Vocabulary, size: int
) -> dict[str, dict[str, Any]]:
    """Measures unguided and guided, of all photos and of each source, crops around the garment."""
    crops = served_crops(tiles, size)
    sources = np.array([garment.source for garment in tiles.garments])
    results: dict[str, dict[str, Any]] = {}
    for name, guided in (("unguided", False), ("guided", True)):
        answers = answer(crops, guides_of(tiles.garments, guided))
        results[name] = {"all": measure_answers(answers, tiles.garments, vocabulary)}
        for source in dict.fromkeys(sources.tolist()):
            chosen = np.flatnonzero(sources == source)
            part = (answers[0][chosen], answers[1][chosen], answers[2][chosen])
            garments = tuple(tiles.garments[i] for i in chosen)
            results[name][source] = measure_answers(part, garments, vocabulary)
    return results
