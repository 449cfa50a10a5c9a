"""Items to rows of the table `items`, and back."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ootd_gateway.store.garment_columns import garment_of_values, to_json, values_of_garment
from ootd_gateway.types import Item, ItemDraft

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


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
    return {
        "key": item.key,
        "item_id": item.item_id,
        "title": item.title,
        "attributes": to_json(dict(item.attributes)),
        "payload": item.payload,
        **values_of_garment(item.garment),
        "source_digest": item.source_digest,
        "sequence_number": item.sequence_number,
        "update_time": (item.update_time - _EPOCH) // _MICROSECOND,
    }


def item_of_row(row: Sequence[Any]) -> Item:
    """Return the item of a row that has all columns, in the table's order."""
    key, item_id, title, attributes, payload, *garment, digest, sequence_number, update_time = row
    return Item(
        key=key,
        item_id=item_id,
        title=title,
        attributes=json.loads(attributes),
        payload=bytes(payload),
        garment=garment_of_values(garment),
        source_digest=digest,
        sequence_number=sequence_number,
        update_time=_EPOCH + update_time * _MICROSECOND,
    )
