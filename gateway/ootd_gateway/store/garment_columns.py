"""Garments as columns, for the tables of every subject that keeps some.

Vectors are float32, little-endian, as the embedder gave them: this is the truth, and an index may
round as it likes.
"""

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import sqlalchemy as sa

from ootd_gateway.types import Attribute, Box, BoxOrigin, FloatVector, Garment, SuperCategory

_STORED_FLOATS = np.dtype("<f4")


def garment_columns() -> list[sa.Column[Any]]:
    """Return new columns, in the order of `garment_of_values`."""
    return [
        sa.Column("super_category", sa.SmallInteger, nullable=False),
        sa.Column("sub_category", sa.String(64), nullable=False),
        sa.Column("sub_category_score", sa.Float, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("box", sa.Text),  # JSON [x0, y0, x1, y1]
        sa.Column("box_origin", sa.SmallInteger),
        sa.Column("garment_attributes", sa.Text, nullable=False),  # JSON [[group, value, score]]
        sa.Column("embedding", sa.LargeBinary, nullable=False),  # float32[128]
        sa.Column("color_histogram", sa.LargeBinary),  # float32[56]
    ]


def garment_checks() -> list[sa.CheckConstraint]:
    """Return new constraints of a table with these columns."""
    return [
        sa.CheckConstraint("super_category BETWEEN 0 AND 5", name="super_category"),
        sa.CheckConstraint("length(embedding) = 512", name="embedding"),
        sa.CheckConstraint("length(color_histogram) = 224", name="color_histogram"),
    ]


def values_of_garment(garment: Garment) -> dict[str, Any]:
    """Return a garment's values, by column."""
    box = garment.box
    return {
        "super_category": int(garment.super_category),
        "sub_category": garment.sub_category,
        "sub_category_score": float(garment.sub_category_score),
        "score": float(garment.score),
        "box": None if box is None else to_json([box.x0, box.y0, box.x1, box.y1]),
        "box_origin": None if garment.box_origin is None else int(garment.box_origin),
        "garment_attributes": to_json(
            [[one.group, one.value, float(one.score)] for one in garment.attributes]
        ),
        "embedding": _to_bytes(garment.embedding),
        "color_histogram": (
            None if garment.color_histogram is None else _to_bytes(garment.color_histogram)
        ),
    }


def garment_of_values(values: Sequence[Any]) -> Garment:
    """Return the garment of the values of all columns; b"" is an embedding that was not read."""
    (
        super_category,
        sub_category,
        sub_category_score,
        score,
        box,
        box_origin,
        attributes,
        embedding,
        color_histogram,
    ) = values
    return Garment(
        super_category=SuperCategory(super_category),
        embedding=_to_floats(embedding),
        color_histogram=None if color_histogram is None else _to_floats(color_histogram),
        box=None if box is None else Box(*json.loads(box)),
        box_origin=None if box_origin is None else BoxOrigin(box_origin),
        score=score,
        sub_category=sub_category,
        sub_category_score=sub_category_score,
        attributes=tuple(Attribute(*one) for one in json.loads(attributes)),
    )


def to_json(value: object) -> str:
    """Return a value as JSON, without spaces. Raises ValueError for NaN and infinities."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _to_bytes(vector: FloatVector) -> bytes:
    return np.ascontiguousarray(vector, dtype=_STORED_FLOATS).tobytes()


def _to_floats(data: bytes) -> FloatVector:
    return np.frombuffer(data, dtype=_STORED_FLOATS)  # read-only, as the bytes are
