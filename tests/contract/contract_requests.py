"""Requests that gateways take, and how one of their fields is changed."""

import copy
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import numpy as np
from PIL import Image

from photos import encoded, outfit_jpeg

TOP, BOTTOM, OUTER, DRESS, SHOES, BAG = range(1, 7)
"""Numbers of `ootd.v1.SuperCategory`."""

STORED_ID = "stored"
"""The id of the item that `base_request` reads and searches with."""

UPSERTS = ("UpsertItem", "UpsertItems")
SEARCHES = ("SearchByImage", "SearchByItem", "SearchByEmbedding")
PHOTO_METHODS = ("AnalyzeImage", "AnalyzeImages", "SearchByImage", *UPSERTS)
"""Methods that take a photo."""

VECTOR_PREFIXES = {
    "SearchByEmbedding": "",
    "UpsertItem": "embedding.",
    "UpsertItems": "embedding.",
}
"""Methods that take an embedding, and where in their requests it is."""


@cache
def photo() -> bytes:
    """A photo that shows garments."""
    return outfit_jpeg()


@cache
def photo_of_nothing() -> bytes:
    """A photo that shows no garment."""
    return encoded(Image.new("RGB", (400, 300), (128, 128, 128)), "PNG")


def vector(*values: float) -> list[float]:
    """128 values: those that are given, then zeros."""
    return [*values, *(0.0,) * (128 - len(values))]


def histogram(*values: float) -> list[float]:
    """56 values: those that are given, then zeros."""
    return [*values, *(0.0,) * (56 - len(values))]


def random_vector(seed: int) -> list[float]:
    """128 values in [-1, 1], some with many digits."""
    return [float(one) for one in np.random.default_rng(seed).uniform(-1, 1, 128)]


def embedding_source(
    values: Sequence[float] = (1.0,), category: int = BAG, **fields: Any
) -> dict[str, Any]:
    """The `ItemEmbedding` of an item."""
    return {
        "embedding": {"values": vector(*values)},
        "super_category": category,
        **fields,
    }


def base_request(method: str, *, with_photo: bool = False) -> dict[str, Any]:
    """The fields of a request that is taken; upserts come with an embedding unless `with_photo`.

    There must be the item STORED_ID where it is asked for.
    """
    if method in UPSERTS:
        source = {"photo": {"image": photo()}} if with_photo else {"embedding": embedding_source()}
        return {"item_id": "upserted", **source}
    bases: Mapping[str, dict[str, Any]] = {
        "AnalyzeImage": {"photo": {"image": photo()}},
        "AnalyzeImages": {"correlation_id": "c", "photo": {"image": photo()}},
        "GetTaxonomy": {},
        "GetItem": {"item_id": STORED_ID},
        "ListItems": {},
        "DeleteItems": {"item_ids": ["absent"]},
        "SearchByImage": {"photo": {"image": photo()}},
        "SearchByItem": {"item_id": STORED_ID},
        "SearchByEmbedding": embedding_source(),
        "GetServerInfo": {},
    }
    return copy.deepcopy(bases[method])


def changed(fields: dict[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of a request with others by their paths, such as "embedding.super_category"."""
    result = copy.deepcopy(fields)
    for path, value in changes.items():
        *parents, name = path.split(".")
        inner = result
        for parent in parents:
            inner = inner.setdefault(parent, {})
        inner[name] = value
    return result
