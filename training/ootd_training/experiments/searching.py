"""How well a similarity finds the garments of `SearchPhotos`, within their super-categories."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from ootd_training.experiments.retrieval import best_ranks
from ootd_training.experiments.search_photos import VIEWS, SearchPhotos

Compare = Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]]
"""Descriptions [n, d] of queries and [m, d] of a gallery to similarities f32[n, m]."""
Similarities = dict[tuple[int, str], NDArray[np.float32]]
"""By super-category and measure."""
Scores = dict[str, NDArray[np.float64]]
"""By measure: a share (0 to 1) a garment, not a number where it does not apply."""

RECOLORED = "another colour"
SAME_COLOR = "5 nearest: colour"
SAME_SUB = "5 nearest: sub-category"
NEIGHBOURS = 5


def similarities(
    describe: Callable[[NDArray[np.uint8]], NDArray[np.float32]],
    compare: Compare,
    photos: SearchPhotos,
) -> Similarities:
    """The similarities that each measure needs; `describe` takes crops u8[n, 160, 160, 3].

    A garment in another colour is searched among all garments and all that were dyed.
    """
    served, dyed = describe(photos.served), describe(photos.dyed)
    dyed_queries = describe(photos.dyed_queries)
    queries = {name: describe(crops) for name, crops in photos.queries.items()}
    found: Similarities = {}
    for number in np.unique(photos.supers).tolist():
        members = np.flatnonzero(photos.supers == number)
        for name, described in queries.items():
            found[number, name] = compare(described[members], served[members])
        found[number, SAME_COLOR] = compare(served[members], served[members])
        rows = np.flatnonzero(photos.supers[photos.dyeable] == number)
        gallery = np.concatenate([dyed[rows], served[members]])
        if len(rows):
            found[number, RECOLORED] = compare(dyed_queries[rows], gallery)
    return found


def _agreement(nearest: NDArray[np.int64], labels: NDArray[np.int64]) -> NDArray[np.float64]:
    """The share of each row's labelled neighbours that have its own label."""
    known = labels[nearest] >= 0
    same = (labels[nearest] == labels[:, None]) & known
    counts = np.where(labels >= 0, known.sum(1), 0)
    return np.asarray(np.where(counts > 0, same.sum(1) / np.maximum(counts, 1), np.nan))


def scores(found: Similarities, photos: SearchPhotos) -> Scores:
    """How well each garment fares by each measure.

    For the views of `VIEWS` and for `RECOLORED`: whether the garment (in the query's colour) is the
    best hit. For `SAME_COLOR` and `SAME_SUB`: the share of the five nearest other garments that
    have its label.
    """
    names = (*VIEWS, RECOLORED, SAME_COLOR, SAME_SUB)
    result = {name: np.full(len(photos.supers), np.nan) for name in names}
    for (number, name), similarity in found.items():
        members = np.flatnonzero(photos.supers == number)
        if name == SAME_COLOR:
            others = similarity.copy()
            np.fill_diagonal(others, -np.inf)
            nearest = np.argsort(-others, axis=1, kind="stable")[
                :, : min(NEIGHBOURS, len(others) - 1)
            ]
            result[SAME_COLOR][members] = _agreement(nearest, photos.colors[members])
            result[SAME_SUB][members] = _agreement(nearest, photos.subs[members])
            continue
        if name == RECOLORED:
            members = photos.dyeable[photos.supers[photos.dyeable] == number]
        queries, gallery = (np.arange(size) for size in similarity.shape)
        result[name][members] = best_ranks(similarity, queries, gallery) == 0
    return result


def means(garment_scores: Mapping[str, NDArray[np.float64]]) -> dict[str, float]:
    """The mean of each measure, in percent."""
    return {name: 100 * float(np.nanmean(values)) for name, values in garment_scores.items()}


def overall(garment_scores: Scores, measures: tuple[str, ...]) -> float:
    """The mean of these measures, in percent."""
    found = means(garment_scores)
    return sum(found[name] for name in measures) / len(measures)


def gain_interval(
    before: Scores, after: Scores, measures: tuple[str, ...], samples: int = 1000
) -> tuple[float, float]:
    """95 % interval of the gain of `overall`, in points, over garments drawn again."""
    differences = np.stack([after[name] - before[name] for name in measures], 1)
    known = ~np.isnan(differences)
    differences = np.nan_to_num(differences)
    rng = np.random.default_rng(0)
    gains = []
    for _ in range(samples):
        rows = rng.integers(0, len(differences), len(differences))
        counts = known[rows].sum(0).clip(1)
        gains.append(100 * (differences[rows].sum(0) / counts).mean())
    low, high = np.quantile(gains, (0.025, 0.975))
    return float(low), float(high)
