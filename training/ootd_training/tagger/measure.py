"""How good the tagger's answers are, by source of the photos."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import Garment, Tiles
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


def measure_by_source(
    predict: Predict, tiles: Tiles, taxonomy: Taxonomy, size: int
) -> dict[str, dict[str, Any]]:
    """Measures for catalogue photos (around the garment, and whole) and for outfit boxes."""
    results = {}
    for name, source, whole in (
        ("catalog", "catalog", False),
        ("catalog_whole", "catalog", True),
        ("outfit", "outfit", False),
    ):
        part = tiles.subset([i for i, g in enumerate(tiles.garments) if g.source == source])
        if len(part):
            subs, attributes = predict(served_crops(part, size, whole))
            results[name] = measure_tagger(subs, attributes, part.garments, taxonomy)
    return results
