"""How good the embeddings are for search: is the same garment found, do neighbours look alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ootd_training.data.crop_views import ViewSettings, view
from ootd_training.data.crops import Garment, Tiles
from ootd_training.models.embedder.codes import average_precisions, codes_of, hamming

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

OTHER_BACKGROUND = replace(QUERY_VIEWS, background=1.0)
"""The same with another background, where the garment's mask is known."""

QUERIES = {"same_item": QUERY_VIEWS, "same_item_other_background": OTHER_BACKGROUND}
DEPTHS = (1, 5, 10, 20)
"""How many hits are looked at for a share of queries whose own garment is found."""


def query_crops(tiles: Tiles, size: int, settings: ViewSettings, seed: int) -> NDArray[np.uint8]:
    """A changed crop of each garment, uint8 [n, size, size, 3]; the same for the same seed."""
    rng = np.random.default_rng(seed)
    return np.stack([view(tiles, i, size, settings, rng)[0] for i in range(len(tiles))])


@dataclass(frozen=True)
class Views:
    """Embeddings [n, 128] of garments as the service indexes them, and of changed crops of the same
    garments, by the names of `QUERIES`."""

    garments: tuple[Garment, ...]
    indexed: NDArray[np.float32]
    queries: dict[str, NDArray[np.float32]]

    def subset(self, members: NDArray[np.int64]) -> Views:
        """The views of these garments."""
        return Views(
            tuple(self.garments[i] for i in members),
            self.indexed[members],
            {name: embeddings[members] for name, embeddings in self.queries.items()},
        )

    def by_super(self) -> Iterator[Views]:
        """The garments of each super-category that has several: a search looks at one alone."""
        supers = np.array([garment.super_index for garment in self.garments])
        for index in sorted(set(supers.tolist())):
            members = np.flatnonzero(supers == index)
            if len(members) > 1:
                yield self.subset(members)


def embed_views(embed: Embed, tiles: Tiles, size: int, seed: int = 5) -> Views:
    """Embed the indexed crop and the queries of each garment, all `size` px wide and high."""
    indexed = embed(np.stack([tiles.served(i, size) for i in range(len(tiles))]))
    queries = {
        name: embed(query_crops(tiles, size, settings, seed)) for name, settings in QUERIES.items()
    }
    return Views(tiles.garments, indexed, queries)


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


def _labels(garments: Sequence[Garment]) -> dict[str, NDArray[np.int64]]:
    return {
        "same_sub": np.array([garment.sub for garment in garments]),
        "same_color": np.array([garment.color for garment in garments]),
    }


def item_ranks(views: Views) -> tuple[tuple[Garment, ...], dict[str, NDArray[np.int64]]]:
    """The garments that are searched, and how many others are hit before each, by kind of query.

    A garment that is alone in its super-category is not searched.
    """
    parts = list(views.by_super())
    garments = tuple(garment for part in parts for garment in part.garments)
    ranks = {
        name: np.concatenate(
            [np.zeros(0, np.int64), *(_ranks(part.queries[name], part.indexed) for part in parts)]
        )
        for name in views.queries
    }
    return garments, ranks


def measure_views(views: Views) -> dict[str, Any]:
    """Means over the garments, each searched among the garments of its super-category alone.

    `same_item`: share of changed crops whose own garment is among the best 1, 5, 10 and 20 hits
    (`top1` ...; None if none is searched). `same_sub`, `same_color`: share of the five nearest
    *other* garments with the same label, where both are labelled, beside the share that a random
    choice would have.
    """
    agreements: dict[str, list[tuple[float, float, int]]] = {}
    for part in views.by_super():
        nearest = neighbours(part.indexed, min(5, len(part.garments) - 1))
        for name, values in _labels(part.garments).items():
            if (found := _agreement(nearest, values)) is not None:
                agreements.setdefault(name, []).append(found)
    result: dict[str, Any] = {"garments": len(views.garments)}
    for name, rank in item_ranks(views)[1].items():
        result[name] = {
            f"top{n}": round(float((rank < n).mean()), 4) if len(rank) else None for n in DEPTHS
        }
    for name, found_parts in agreements.items():
        weights = np.array([count for _, _, count in found_parts], float)
        shares = np.array([(share, chance) for share, chance, _ in found_parts])
        mean = (shares * weights[:, None]).sum(0) / weights.sum()
        result[name] = {"top5": round(float(mean[0]), 4), "chance": round(float(mean[1]), 4)}
    return result


def parts_by_source(views: Views) -> dict[str, Views]:
    """All garments, and those of the catalogue and of the outfit photos alone."""
    sources = np.array([garment.source for garment in views.garments])
    parts = {"all": views}
    for source in ("catalog", "outfit"):
        members = np.flatnonzero(sources == source)
        if len(members) > 1:
            parts[source] = views.subset(members)
    return parts


def measure_by_source(embed: Embed, tiles: Tiles, size: int) -> dict[str, dict[str, Any]]:
    """Measures among the catalogue photos, among the outfit boxes, and among both together."""
    parts = parts_by_source(embed_views(embed, tiles, size))
    return {source: measure_views(views) for source, views in parts.items()}


def retrieval(views: Views) -> dict[str, dict[str, Any]]:
    """Mean average precision of a search by cosine and of one by codes, for each kind of query.

    Each query is searched among the garments of its super-category. `QUERIES` have one right hit,
    the garment itself; `same_label` are the indexed garments, whose right hits are the others with
    the same known sub-category and the same known colour. `loss` is what the codes cost, `queries`
    counts those that have a right hit.
    """
    found: dict[str, list[tuple[NDArray[np.float64], NDArray[np.float64]]]] = {}
    for part in views.by_super():
        own = np.eye(len(part.garments), dtype=np.bool_)
        subs, colors = _labels(part.garments).values()
        same = (subs[:, None] == subs) & (colors[:, None] == colors) & ~own
        same &= ((subs >= 0) & (colors >= 0))[:, None]
        for name, queries in part.queries.items():
            found.setdefault(name, []).append(_precisions(queries, part.indexed, own))
        others = _precisions(part.indexed, part.indexed, same, left_out=own)
        found.setdefault("same_label", []).append(others)
    result = {}
    for name, pairs in found.items():
        exact, coded = (np.concatenate(values) for values in zip(*pairs, strict=True))
        known = ~np.isnan(exact)
        if known.any():
            means = float(exact[known].mean()), float(coded[known].mean())
            numbers = {"cosine": means[0], "codes": means[1], "loss": means[0] - means[1]}
            result[name] = {n: round(v, 4) for n, v in numbers.items()}
            result[name]["queries"] = int(known.sum())
    return result


def _precisions(
    queries: NDArray[np.float32],
    gallery: NDArray[np.float32],
    relevant: NDArray[np.bool_],
    left_out: NDArray[np.bool_] | None = None,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Average precision of each query by cosine and by codes; pairs `left_out` are ranked last."""
    cosine = queries @ gallery.T
    likeness = -hamming(codes_of(queries), codes_of(gallery)).astype(np.float32)
    if left_out is not None:
        cosine, likeness = (np.where(left_out, -np.inf, s) for s in (cosine, likeness))
    return average_precisions(cosine, relevant), average_precisions(likeness, relevant)
