"""Binary codes of embeddings, and what a search loses by them.

A code has a bit for each number of the embedding, 1 where it is above 0 (11st, *Visual feature
extraction*); codes are compared by the number of bits in which they differ.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def codes_of(embeddings: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Embeddings [n, d] to codes [n, d / 8], eight bits a byte."""
    return np.packbits(embeddings > 0, axis=1)


def hamming(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Bits in which each of the codes [n, b] differs from each of [m, b]: [n, m]."""
    mine, theirs = (np.unpackbits(codes, axis=1).astype(np.float32) for codes in (first, second))
    differing = mine @ (1 - theirs).T + (1 - mine) @ theirs.T
    return np.rint(differing).astype(np.int64)


def average_precision(
    similarity: NDArray[np.floating | np.integer], relevant: NDArray[np.bool_]
) -> float:
    """Average precision of one ranked list [m], the best hit being the most similar; NaN if none
    is relevant.

    Hits that are equally similar come in any order; this is the mean over all of their orders
    (McSherry and Najork, *Computing information retrieval performance measures efficiently in the
    presence of tied scores*, ECIR 2008). Codes tie often, so any fixed order would be luck.
    """
    total = int(relevant.sum())
    if not total:
        return float("nan")
    _, groups = np.unique(-similarity, return_inverse=True)
    sizes = np.bincount(groups)
    hits = np.bincount(groups, relevant)
    before, hits_before = np.cumsum(sizes) - sizes, np.cumsum(hits) - hits
    # The rank within its group of equals, 0 for the first, of each hit of the list.
    group = np.repeat(np.arange(len(sizes)), sizes)
    rank = np.arange(len(similarity)) - before[group]
    share = hits / sizes
    others = np.divide(hits - 1, sizes - 1, out=np.zeros(len(sizes)), where=sizes > 1)
    found = hits_before[group] + 1 + rank * others[group]
    return float((share[group] * found / (np.arange(len(similarity)) + 1)).sum() / total)


def average_precisions(
    similarity: NDArray[np.floating | np.integer], relevant: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """The average precision of each query [n]; both arguments are [n, m], of queries to hits."""
    pairs = zip(similarity, relevant, strict=True)
    return np.array([average_precision(similar, wanted) for similar, wanted in pairs])
