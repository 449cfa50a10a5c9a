"""Items to rows of the table `items`, and back."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from ootd_gateway.types import (
    Attribute,
    Box,
    BoxOrigin,
    FloatVector,
    Garment,
    Item,
    ItemDraft,
    SuperCategory,
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_STORED_FLOATS = np.dtype("<f4")


def item_of_draft(draft: ItemDraft, *, key: int, sequence_number: int, now: datetime) -> Item:
    """Return the item that a draft becomes."""
    return Item(
        key=key,
        item_id=draft.item_id,
        title=draft.title,
        attributes=dict(draft.attributes),
        payload=draft.payload,
        garment=draft.garment,
        source_digest=draft.source_digest,
        sequence_number=sequence_number,
        update_time=now,
    )


def row_of_item(item: Item) -> dict[str, Any]:
    """Return an item's row, by column."""
    garment = item.garment
    box = garment.box
    return {
        "key": item.key,
        "item_id": item.item_id,
        "title": item.title,
        "attributes": _to_json(dict(item.attributes)),
        "payload": item.payload,
        "super_category": int(garment.super_category),
        "sub_category": garment.sub_category,
        "sub_category_score": float(garment.sub_category_score),
        "score": float(garment.score),
        "box": None if box is None else _to_json([box.x0, box.y0, box.x1, box.y1]),
        "box_origin": None if garment.box_origin is None else int(garment.box_origin),
        "garment_attributes": _to_json(
            [[one.group, one.value, float(one.score)] for one in garment.attributes]
        ),
        "embedding": _to_bytes(garment.embedding),
        "color_histogram": (
            None if garment.color_histogram is None else _to_bytes(garment.color_histogram)
        ),
        "source_digest": item.source_digest,
        "sequence_number": item.sequence_number,
        "update_time": (item.update_time - _EPOCH) // _MICROSECOND,
    }


def item_of_row(row: Sequence[Any]) -> Item:
    """Return the item of a row that has all columns, in the table's order."""
    (
        key,
        item_id,
        title,
        attributes,
        payload,
        super_category,
        sub_category,
        sub_category_score,
        score,
        box,
        box_origin,
        garment_attributes,
        embedding,
        color_histogram,
        source_digest,
        sequence_number,
        update_time,
    ) = row
    garment = Garment(
        super_category=SuperCategory(super_category),
        embedding=_to_floats(embedding),
        color_histogram=None if color_histogram is None else _to_floats(color_histogram),
        box=None if box is None else Box(*json.loads(box)),
        box_origin=None if box_origin is None else BoxOrigin(box_origin),
        score=score,
        sub_category=sub_category,
        sub_category_score=sub_category_score,
        attributes=tuple(Attribute(*one) for one in json.loads(garment_attributes)),
    )
    return Item(
        key=key,
        item_id=item_id,
        title=title,
        attributes=json.loads(attributes),
        payload=bytes(payload),
        garment=garment,
        source_digest=source_digest,
        sequence_number=sequence_number,
        update_time=_EPOCH + update_time * _MICROSECOND,
    )


def _to_json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _to_bytes(vector: FloatVector) -> bytes:
    return np.ascontiguousarray(vector, dtype=_STORED_FLOATS).tobytes()


def _to_floats(data: bytes) -> FloatVector:
    return np.frombuffer(data, dtype=_STORED_FLOATS)  # read-only, as the bytes are
