"""Tensors as the graph answers them, of a small taxonomy."""

import json
from collections.abc import Iterable
from typing import Any

import numpy as np

TAXONOMY_JSON = json.dumps(
    {
        "version": 3,
        "super_categories": [
            {"name": "top", "sub_categories": ["shirt", "blouse"]},
            {"name": "shoes", "sub_categories": ["boots"]},
        ],
        "attribute_groups": [
            {
                "name": "color",
                "kind": "categorical",
                "applies_to": "all",
                "trained": True,
                "values": ["black", "white", "red"],
            },
            {
                "name": "style",
                "kind": "categorical",
                "applies_to": "all",
                "trained": False,
                "values": ["casual", "formal"],
            },
            {
                "name": "pattern",
                "kind": "multi_label",
                "applies_to": ["shirt"],
                "trained": True,
                "values": ["striped", "dotted"],
            },
        ],
    }
)


def tensors(rows: int) -> dict[str, Any]:
    numbers = np.arange(rows, dtype=np.float32)[:, None]
    return {
        "GEOMETRY": np.array([[480, 640, 480, 640, 240, 320]], np.float32),
        "BOXES": np.tile(np.array([[0.1, 0.2, 0.3, 0.4]], np.float32), (rows, 1)),
        "SCORES": 0.5 + numbers / 10,
        "FLAGS": np.zeros((rows, 1), np.int32),
        "GARMENT_SUPER": np.zeros((rows, 1), np.int32),
        "GARMENT_SUB": np.zeros((rows, 1), np.int32),
        "GARMENT_SUB_SCORE": np.full((rows, 1), 0.9, np.float32),
        "GARMENT_ATTRIBUTES": np.tile(np.array([[0.2, 0.7, 0.1, 0.6, 0.5]], np.float32), (rows, 1)),
        "GARMENT_STATUS": np.zeros((rows, 1), np.int32),
        "EMBEDDING": np.eye(128, dtype=np.float32)[:rows],
        "COLOR_HISTOGRAM": np.full((rows, 56), 1 / 56, np.float32),
    }


def byte_tensor(texts: Iterable[bytes]) -> bytes:
    """Texts behind their lengths, as Triton sends them."""
    return b"".join(len(text).to_bytes(4, "little") + text for text in texts)
