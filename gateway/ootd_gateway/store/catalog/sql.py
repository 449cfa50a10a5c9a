"""The catalogue's store in an SQL database, through SQLAlchemy Core."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ootd_gateway.store.catalog import schema, selecting, writing
from ootd_gateway.store.catalog.base import DeletionResult, ItemChange, UpsertResult
from ootd_gateway.store.catalog.rows import item_of_row
from ootd_gateway.store.counters import read_counter, read_total
from ootd_gateway.store.database import Database
from ootd_gateway.store.tables import meta
from ootd_gateway.types import ALL_PARTS, Item, ItemDraft, ItemPage, ItemParts, SuperCategory

_KEYS_A_QUERY = 1000

_select_changes = schema.change_log.select_after(schema.items)


class SqlCatalogStore:
    """A `CatalogStore` in a database, which whoever opened it closes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def upsert(
        self, drafts: Sequence[ItemDraft], *, vector_fingerprint: str
    ) -> Sequence[UpsertResult]:
        """See `CatalogStore.upsert`."""
        request = writing.Upsert(tuple(drafts), vector_fingerprint)
        return await self._database.write("upsert", writing.upsert, request)

    async def delete(self, item_ids: Sequence[str]) -> DeletionResult:
        """See `CatalogStore.delete`."""
        return await self._database.write("delete", writing.delete, tuple(item_ids))

    async def vector_fingerprint(self) -> str:
        """See `CatalogStore.vector_fingerprint`."""
        return await self._database.read("vector_fingerprint", _read_vector_fingerprint)

    async def get(self, item_id: str, *, parts: ItemParts = ALL_PARTS) -> Item | None:
        """See `CatalogStore.get`."""

        def read(connection: sa.Connection) -> Item | None:
            row = connection.execute(selecting.by_id(parts), {"id": item_id}).one_or_none()
            return None if row is None else item_of_row(row)

        return await self._database.read("get", read)

    async def get_by_keys(
        self, keys: Sequence[int], *, parts: ItemParts = ALL_PARTS
    ) -> Sequence[Item]:
        """See `CatalogStore.get_by_keys`."""
        if not keys:
            return []

        def read(connection: sa.Connection) -> list[Item]:
            found: list[sa.Row[Any]] = []
            for start in range(0, len(keys), _KEYS_A_QUERY):
                piece = list(keys[start : start + _KEYS_A_QUERY])
                found += connection.execute(selecting.by_keys(parts), {"keys": piece}).fetchall()
            return [item_of_row(row) for row in found]

        return await self._database.read("get_by_keys", read)

    async def list_page(
        self,
        *,
        page_size: int,
        after_item_id: str = "",
        super_category: SuperCategory | None = None,
        parts: ItemParts = ALL_PARTS,
        max_bytes: int | None = None,
    ) -> ItemPage:
        """See `CatalogStore.list_page`."""

        def read(connection: sa.Connection) -> ItemPage:
            parameters = {"after": after_item_id, "count": page_size + 1}
            statement = selecting.page(parts, of_category=super_category is not None)
            if super_category is not None:
                parameters |= {"category": int(super_category)}
            items, has_more = _first_items(
                connection.execute(statement, parameters), page_size, max_bytes
            )
            return ItemPage(
                items=items,
                next_page_token=items[-1].item_id if has_more else "",
                total_size=_count(connection, super_category),
            )

        return await self._database.read("list_page", read)

    async def changes_after(self, sequence_number: int, *, limit: int) -> Sequence[ItemChange]:
        """See `CatalogStore.changes_after`."""

        def read(connection: sa.Connection) -> list[ItemChange]:
            rows = connection.execute(_select_changes, {"after": sequence_number, "count": limit})
            return [
                ItemChange(number, key, None if values[0] is None else item_of_row(values))
                for number, key, *values in rows
            ]

        return await self._database.read("changes_after", read)

    async def last_sequence_number(self) -> int:
        """See `CatalogStore.last_sequence_number`."""
        return await self._database.read("last_sequence_number", schema.change_log.last_number)


def _first_items(
    rows: sa.CursorResult[Any], page_size: int, max_bytes: int | None
) -> tuple[tuple[Item, ...], bool]:
    """Return the items of the first rows, and whether there are more."""
    items: list[Item] = []
    size = 0
    for row in rows:
        if len(items) == page_size or (max_bytes is not None and size >= max_bytes):
            rows.close()
            return tuple(items), True
        items.append(item_of_row(row))
        size += sum(len(value) for value in row if isinstance(value, (str, bytes)))
    return tuple(items), False


def _count(connection: sa.Connection, super_category: SuperCategory | None) -> int:
    if super_category is None:
        return read_total(connection, schema.ITEMS_COUNTERS)
    return read_counter(connection, schema.items_counter(super_category))


def _read_vector_fingerprint(connection: sa.Connection) -> str:
    query = sa.select(meta.c.value).where(meta.c.name == schema.VECTOR_FINGERPRINT)
    stored = connection.execute(query).scalar_one_or_none()
    return stored if stored and _count(connection, None) else ""
