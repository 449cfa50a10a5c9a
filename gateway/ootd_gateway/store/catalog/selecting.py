"""Which columns of items a query reads: large ones that nobody asked for stay on the disk."""

from functools import cache
from typing import Any

import sqlalchemy as sa

from ootd_gateway.store.catalog import schema
from ootd_gateway.types import ItemParts

_items = schema.items.c


@cache
def by_id(parts: ItemParts) -> sa.Select[Any]:
    """Select the item of an id, bound to "id"."""
    return _select(parts).where(_items.item_id == sa.bindparam("id"))


@cache
def by_keys(parts: ItemParts) -> sa.Select[Any]:
    """Select the items of the index keys bound to "keys"."""
    return _select(parts).where(_items.key.in_(sa.bindparam("keys", expanding=True)))


@cache
def page(parts: ItemParts, *, of_category: bool) -> sa.Select[Any]:
    """Select the first "count" items after the id "after", of all or of "category" alone."""
    query = (
        _select(parts)
        .where(_items.item_id > sa.bindparam("after"))
        .order_by(_items.item_id)
        .limit(sa.bindparam("count"))
    )
    if of_category:
        query = query.where(_items.super_category == sa.bindparam("category"))
    return query


def _select(parts: ItemParts) -> sa.Select[Any]:
    """Select whole rows, in the table's order, with stand-ins for what is left out."""
    left_out: dict[str, sa.ColumnElement[Any]] = {}
    if not parts.payload:
        left_out["payload"] = sa.literal_column("x''")
    if not parts.vectors:
        left_out["embedding"] = sa.literal_column("x''")
        left_out["color_histogram"] = sa.null()
    if not parts.attributes:
        left_out["attributes"] = sa.literal_column("'{}'")
    return sa.select(*(left_out.get(column.name, column) for column in schema.items.columns))
