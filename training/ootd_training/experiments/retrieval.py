"""Top-k retrieval: is a photo of the item that a query shows among the k most similar ones."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

TOP = (1, 5, 10, 20)
"""The k of iTOO's Table 1."""


def best_ranks(
    similarity: NDArray[np.float32], queries: NDArray[np.int64], gallery: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The rank (0 is best) of the best gallery photo that shows the query's item, i64[n].

    `similarity` f32[n, m] is that of n queries to m gallery photos, `queries` i64[n] and `gallery`
    i64[m] are the items that they show. A photo as similar as the right one comes before it.
    ValueError if the gallery lacks a query's item.
    """
    same = queries[:, None] == gallery[None]
    if not same.any(1).all():
        lacking = int(queries[~same.any(1)][0])
        raise ValueError(f"no photo of the gallery shows item {lacking}, which a query shows")
    best = np.where(same, similarity, -np.inf).max(1)
    return np.asarray((~same & (similarity >= best[:, None])).sum(1))


def top_shares(ranks: NDArray[np.int64]) -> dict[str, float]:
    """The share of queries whose item is within the best k, for each k of `TOP`."""
    return {f"top{k}": round(float((ranks < k).mean()), 5) for k in TOP}
