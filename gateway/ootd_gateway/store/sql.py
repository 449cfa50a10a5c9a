"""The catalogue's store in an SQL database, through SQLAlchemy Core.

One thread writes (see `group_commit`), a few others read; SQLite's write-ahead log lets them work
side by side. SQLAlchemy's asyncio engine over aiosqlite hops to a thread and back for every
statement; a whole transaction in one hop was measured to read an item four times as fast (0.5 to 2
ms) and to write nearly twice as fast.
"""

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa
import structlog

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store import schema, selecting
from ootd_gateway.store.base import DeletionOutcome, ItemChange, UpsertOutcome
from ootd_gateway.store.database_file import DatabaseFile
from ootd_gateway.store.engine import migrate, open_engine, parse_url, unavailable
from ootd_gateway.store.group_commit import Deletion, GroupCommit, Upsert
from ootd_gateway.store.rows import item_of_row
from ootd_gateway.telemetry.metrics.database import DatabaseMetrics
from ootd_gateway.types import ALL_PARTS, Item, ItemDraft, ItemPage, ItemParts, SuperCategory

_KEYS_A_QUERY = 1000
_Result = TypeVar("_Result")
_log = structlog.get_logger(__name__)

_items = schema.items.c
_changes = schema.changes.c
_counters = schema.counters.c
_select_changes = (
    sa.select(_changes.sequence_number, _changes.key.label("changed_key"), schema.items)
    .select_from(schema.changes.outerjoin(schema.items, _items.key == _changes.key))
    .where(_changes.sequence_number > sa.bindparam("after"))
    .order_by(_changes.sequence_number)
    .limit(sa.bindparam("count"))
)


class SqlCatalogStore:
    """A `CatalogStore` in SQLite; open it with `open`."""

    def __init__(
        self,
        url: sa.URL,
        *,
        read_threads: int,
        busy_timeout_s: float,
        metrics: DatabaseMetrics | None = None,
    ) -> None:
        self._metrics = metrics
        self._writer = open_engine(url, writes=True, connections=1, busy_timeout_s=busy_timeout_s)
        try:
            migrate(self._writer)
        except BaseException:
            self._writer.dispose()
            raise
        self._file = DatabaseFile(url)
        self._reader = open_engine(
            url, writes=False, connections=read_threads, busy_timeout_s=busy_timeout_s
        )
        self._group_commit = GroupCommit(self._writer, self._file, metrics)
        self._threads = ThreadPoolExecutor(read_threads, thread_name_prefix="store-reader")
        self._closed = False

    @classmethod
    def open(
        cls,
        url: str,
        *,
        read_threads: int = 4,
        busy_timeout_s: float = 5.0,
        metrics: DatabaseMetrics | None = None,
    ) -> "SqlCatalogStore":
        """Open a database, such as "sqlite:///ootd.db"; create or migrate its tables. Blocks.

        `busy_timeout_s` is how long a write waits for another process's. Raises ValueError (no
        usable URL), StoreUnavailableError (cannot be opened, corrupt, written by a newer gateway).
        """
        parsed = parse_url(url)
        if parsed.get_backend_name() == "sqlite" and parsed.database is not None:
            folder = Path(parsed.database).absolute().parent
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(
                    f"the database's folder {folder} cannot be created: {error.strerror}"
                ) from error
        return cls(
            parsed, read_threads=read_threads, busy_timeout_s=busy_timeout_s, metrics=metrics
        )

    async def upsert(
        self, drafts: Sequence[ItemDraft], *, vector_fingerprint: str
    ) -> Sequence[UpsertOutcome]:
        """See `CatalogStore.upsert`."""
        write = Upsert(tuple(drafts), vector_fingerprint)
        with self._timed("upsert"):
            self._group_commit.submit(write)
            return await asyncio.wrap_future(write.done)

    async def delete(self, item_ids: Sequence[str]) -> DeletionOutcome:
        """See `CatalogStore.delete`."""
        write = Deletion(tuple(item_ids))
        with self._timed("delete"):
            self._group_commit.submit(write)
            return await asyncio.wrap_future(write.done)

    async def vector_fingerprint(self) -> str:
        """See `CatalogStore.vector_fingerprint`."""
        return await self._read("vector_fingerprint", _read_vector_fingerprint)

    async def get(self, item_id: str, *, parts: ItemParts = ALL_PARTS) -> Item | None:
        """See `CatalogStore.get`."""

        def read(connection: sa.Connection) -> Item | None:
            row = connection.execute(selecting.by_id(parts), {"id": item_id}).one_or_none()
            return None if row is None else item_of_row(row)

        return await self._read("get", read)

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

        return await self._read("get_by_keys", read)

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

        return await self._read("list_page", read)

    async def changes_after(self, sequence_number: int, *, limit: int) -> Sequence[ItemChange]:
        """See `CatalogStore.changes_after`."""

        def read(connection: sa.Connection) -> list[ItemChange]:
            rows = connection.execute(_select_changes, {"after": sequence_number, "count": limit})
            return [
                ItemChange(number, key, None if values[0] is None else item_of_row(values))
                for number, key, *values in rows
            ]

        return await self._read("changes_after", read)

    async def last_sequence_number(self) -> int:
        """See `CatalogStore.last_sequence_number`."""
        return await self._read(
            "last_sequence_number",
            lambda connection: _counter(connection, schema.CHANGE_COUNTER),
        )

    async def close(self) -> None:
        """See `CatalogStore.close`; may be called twice."""
        if not self._closed:
            self._closed = True
            await asyncio.to_thread(self._close)

    def _close(self) -> None:
        self._group_commit.close()
        self._threads.shutdown(wait=True)
        self._reader.dispose()
        self._writer.dispose()

    async def _read(self, operation: str, work: Callable[[sa.Connection], _Result]) -> _Result:
        if self._closed:
            raise StoreUnavailableError("the database is closed")

        def run() -> _Result:
            self._file.check()
            with self._reader.connect() as connection:
                return work(connection)

        try:
            with self._timed(operation):
                return await asyncio.get_running_loop().run_in_executor(self._threads, run)
        except sa.exc.SQLAlchemyError as error:
            away = unavailable(error)
            if away is None:
                raise
            _log.error("store_read_failed", error=str(error))
            raise away from error

    def _timed(self, operation: str) -> AbstractContextManager[object]:
        if self._metrics is None:
            return nullcontext()
        return self._metrics.timed(operation)


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


def _counter(connection: sa.Connection, name: str) -> int:
    query = sa.select(_counters.value).where(_counters.name == name)
    return int(connection.execute(query).scalar_one())


def _count(connection: sa.Connection, super_category: SuperCategory | None) -> int:
    categories = SuperCategory if super_category is None else (super_category,)
    names = [schema.items_counter(category) for category in categories]
    query = sa.select(sa.func.sum(_counters.value)).where(_counters.name.in_(names))
    return int(connection.execute(query).scalar_one())


def _read_vector_fingerprint(connection: sa.Connection) -> str:
    query = sa.select(schema.meta.c.value).where(schema.meta.c.name == schema.VECTOR_FINGERPRINT)
    stored = connection.execute(query).scalar_one_or_none()
    return stored if stored and _count(connection, None) else ""
