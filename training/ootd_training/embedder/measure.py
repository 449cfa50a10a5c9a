"""How good the embeddings are for search: is the same garment found, do neighbours look alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crops import Tiles
from ootd_training.data.views import ViewSettings, view

Embed = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""Crops uint8 [n, s, s, 3] to embeddings [n, 128] of length 1."""

QUERY_VIEWS = ViewSettings(
    whole=0.0,
    zoom=0.3,
    zoom_share=0.6,
    rotate=0.3,
    blur=0.2,
    recolor=0.0,
    erase=0.2,
    background=0.0,
)
"""How a query's crop differs from the indexed crop of the same garment."""

OTHER_BACKGROUND = ViewSettings(
    whole=0.0,
    zoom=0.3,
    zoom_share=0.6,
    rotate=0.3,
    blur=0.2,
    recolor=0.0,
    erase=0.2,
    background=1.0,
)
"""The same with another background, where the garment's mask is known."""


def query_crops(tiles: Tiles, size: int, settings: ViewSettings, seed: int) -> NDArray[np.uint8]:
    """A changed crop of each garment, uint8 [n, size, size, 3]; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return np.stack([view(tiles, i, size, settings, rng)[0] for i in range(len(tiles))])


def _ranks(queries: NDArray[np.float32], gallery: NDArray[np.float32]) -> NDArray[np.int64]:
    similarity = queries @ gallery.T
    own = np.diag(similarity)
    return np.asarray((similarity > own[:, None]).sum(1))


def neighbours(embeddings: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """The `count` nearest others of each row, best first, [n, count]."""
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(-similarity, axis=1)[:, :count]


def _agreement(
    nearest: NDArray[np.int64], labels: NDArray[np.int64]
) -> tuple[float, float, int] | None:
    """Share of labelled neighbours with the query's label, the share by chance, and how many."""
    known = labels >= 0
    pairs = known[:, None] & known[nearest]
    if not pairs.any():
        return None
    same = labels[:, None] == labels[nearest]
    values = labels[known]
    chance = np.array([(values == value).sum() - 1 for value in values]) / max(1, len(values) - 1)
    return float(same[pairs].mean()), float(chance.mean()), int(pairs.sum())


def measure_embedder(embed: Embed, tiles: Tiles, size: int, seed: int = 5) -> dict[str, Any]:
    """Means over the garments, each searched among the garments of its super-category alone.

    `same_item`: share of changed crops whose own garment is the best (`top1`) or among the five
    best hits. `same_sub`, `same_color`: share of the five nearest *other* garments with the same
    label, where both are labelled, beside the share that a random choice would have.
    """
    served = embed(np.stack([tiles.served(i, size) for i in range(len(tiles))]))
    queries = {
        "same_item": embed(query_crops(tiles, size, QUERY_VIEWS, seed)),
        "same_item_other_background": embed(query_crops(tiles, size, OTHER_BACKGROUND, seed)),
    }
    supers = np.array([g.super_index for g in tiles.garments])
    labels = {
        "same_sub": np.array([g.sub for g in tiles.garments]),
        "same_color": np.array([g.color for g in tiles.garments]),
    }
    ranks: dict[str, list[NDArray[np.int64]]] = {name: [] for name in queries}
    agreements: dict[str, list[tuple[float, float, int]]] = {name: [] for name in labels}
    for super_index in sorted(set(supers.tolist())):
        members = np.flatnonzero(supers == super_index)
        if len(members) < 2:
            continue
        for name, embeddings in queries.items():
            ranks[name].append(_ranks(embeddings[members], served[members]))
        nearest = neighbours(served[members], min(5, len(members) - 1))
        for name, values in labels.items():
            if (found := _agreement(nearest, values[members])) is not None:
                agreements[name].append(found)
    result: dict[str, Any] = {"garments": len(tiles)}
    for name, parts in ranks.items():
        rank = np.concatenate(parts)
        result[name] = {
            "top1": round(float((rank == 0).mean()), 4),
            "top5": round(float((rank < 5).mean()), 4),
        }
    for name, found_parts in agreements.items():
        weights = np.array([count for _, _, count in found_parts], float)
        shares = np.array([(share, chance) for share, chance, _ in found_parts])
        mean = (shares * weights[:, None]).sum(0) / weights.sum()
        result[name] = {"top5": round(float(mean[0]), 4), "chance": round(float(mean[1]), 4)}
    return result


def measure_by_source(embed: Embed, tiles: Tiles, size: int) -> dict[str, dict[str, Any]]:
    """Measures among the catalogue photos, among the outfit boxes, and among both together."""
    results = {"all": measure_embedder(embed, tiles, size)}
    for source in ("catalog", "outfit"):
        part = [i for i, g in enumerate(tiles.garments) if g.source == source]
        if len(part) > 1:
            results[source] = measure_embedder(embed, tiles.subset(part), size)
    return results
