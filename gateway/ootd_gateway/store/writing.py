"""What a writing transaction does: items, their change log and the counters, all or nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa

from ootd_gateway.store import schema
from ootd_gateway.store.base import (
    DeletionOutcome,
    UpsertOutcome,
    UpsertResult,
    vector_fingerprint_mismatch,
)
from ootd_gateway.store.rows import item_of_draft, item_of_row, row_of_item
from ootd_gateway.types import Item, ItemDraft, SuperCategory

_IDS_A_QUERY = 500

_items = schema.items.c
_insert_item = sa.insert(schema.items)
_update_item = (
    sa.update(schema.items)
    .where(_items.key == sa.bindparam("old_key"))
    .values(
        {
            name: sa.bindparam(f"new_{name}")
            for name in _items.keys()  # noqa: SIM118 - a column collection is no dict
            if name not in {"key", "item_id"}
        }
    )
)
_delete_item = sa.delete(schema.items).where(_items.key == sa.bindparam("old_key"))
_insert_change = sa.insert(schema.changes)
_delete_change = sa.delete(schema.changes).where(
    schema.changes.c.sequence_number == sa.bindparam("old_number")
)
_update_counter = (
    sa.update(schema.counters)
    .where(schema.counters.c.name == sa.bindparam("counter"))
    .values(value=sa.bindparam("new_value"))
)


@dataclass(frozen=True, slots=True)
class _Stored:
    """What an upsert must know of an item that is there already."""

    key: int
    source_digest: str
    sequence_number: int
    super_category: int


@dataclass(slots=True)
class _Counters:
    """The counters' values, read and locked at the start of a transaction, written at its end."""

    values: dict[str, int]
    read: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        self.read = dict(self.values)

    @classmethod
    def lock(cls, connection: sa.Connection) -> "_Counters":
        rows = connection.execute(sa.select(schema.counters).with_for_update())
        return cls({name: value for name, value in rows})  # noqa: C416 - rows are no pairs to mypy

    def next(self, name: str) -> int:
        self.values[name] += 1
        return self.values[name]

    def count(self, super_category: int, change: int) -> None:
        self.values[schema.items_counter(super_category)] += change

    def items(self) -> int:
        return sum(self.values[schema.items_counter(number)] for number in SuperCategory)

    def write(self, connection: sa.Connection) -> None:
        changed = [
            {"counter": name, "new_value": value}
            for name, value in self.values.items()
            if value != self.read[name]
        ]
        _execute_many(connection, _update_counter, changed)


def upsert_items(
    connection: sa.Connection, drafts: Sequence[ItemDraft], vector_fingerprint: str
) -> list[UpsertOutcome]:
    """Add or replace items; outcomes in the drafts' order. Raises VectorFingerprintMismatchError.

    Of several drafts with one id, the last is stored.
    """
    counters = _Counters.lock(connection)
    _claim_vector_fingerprint(connection, vector_fingerprint, is_empty=counters.items() == 0)
    stored = _stored(connection, [draft.item_id for draft in drafts])
    same = _items_by_id(
        connection,
        {
            draft.item_id
            for draft in drafts
            if draft.item_id in stored
            and stored[draft.item_id].source_digest == draft.source_digest
        },
    )
    now = datetime.now(UTC)
    written: dict[str, Item] = {}
    outcomes = []
    for draft in drafts:
        before = stored.get(draft.item_id)
        current = written.get(draft.item_id) or same.get(draft.item_id)
        if current is not None and current.source_digest == draft.source_digest:
            outcomes.append(UpsertOutcome(current, UpsertResult.UNCHANGED))
            continue
        earlier = written.get(draft.item_id)
        key = (
            before.key if before else earlier.key if earlier else counters.next(schema.ITEM_COUNTER)
        )
        number = counters.next(schema.CHANGE_COUNTER)
        item = item_of_draft(draft, key=key, sequence_number=number, now=now)
        written[draft.item_id] = item
        result = UpsertResult.REPLACED if before or earlier else UpsertResult.CREATED
        outcomes.append(UpsertOutcome(item, result))
    _write_items(connection, list(written.values()), stored, counters)
    counters.write(connection)
    return outcomes


def delete_items(connection: sa.Connection, item_ids: Sequence[str]) -> DeletionOutcome:
    """Delete items; tell the ids that there were, in their order, and the last change's number."""
    counters = _Counters.lock(connection)
    stored = _stored(connection, item_ids)
    gone = [item_id for item_id in dict.fromkeys(item_ids) if item_id in stored]
    log: list[dict[str, int]] = []
    for item_id in gone:
        counters.count(stored[item_id].super_category, -1)
        number = counters.next(schema.CHANGE_COUNTER)
        log.append({"sequence_number": number, "key": stored[item_id].key})
    _execute_many(connection, _delete_item, [{"old_key": stored[one].key} for one in gone])
    _supersede(connection, [stored[one].sequence_number for one in gone])
    _execute_many(connection, _insert_change, log)
    counters.write(connection)
    return DeletionOutcome(tuple(gone), log[-1]["sequence_number"] if log else 0)


def _claim_vector_fingerprint(
    connection: sa.Connection, vector_fingerprint: str, *, is_empty: bool
) -> None:
    meta = schema.meta.c
    stored = connection.execute(
        sa.select(meta.value).where(meta.name == schema.VECTOR_FINGERPRINT)
    ).scalar_one_or_none()
    if stored == vector_fingerprint:
        return
    if not is_empty and stored is not None:
        raise vector_fingerprint_mismatch(stored=stored, served=vector_fingerprint)
    connection.execute(sa.delete(schema.meta).where(meta.name == schema.VECTOR_FINGERPRINT))
    connection.execute(
        sa.insert(schema.meta), {"name": schema.VECTOR_FINGERPRINT, "value": vector_fingerprint}
    )


def _write_items(
    connection: sa.Connection,
    written: Sequence[Item],
    stored: Mapping[str, _Stored],
    counters: _Counters,
) -> None:
    inserted, updated = [], []
    for item in written:
        row = row_of_item(item)
        before = stored.get(item.item_id)
        if before is None:
            inserted.append(row)
        else:
            counters.count(before.super_category, -1)
            updated.append(
                {"old_key": item.key}
                | {
                    f"new_{name}": value
                    for name, value in row.items()
                    if name not in {"key", "item_id"}
                }
            )
        counters.count(item.garment.super_category, 1)
    _execute_many(connection, _insert_item, inserted)
    _execute_many(connection, _update_item, updated)
    _supersede(
        connection,
        [stored[item.item_id].sequence_number for item in written if item.item_id in stored],
    )
    log = [{"sequence_number": item.sequence_number, "key": item.key} for item in written]
    _execute_many(connection, _insert_change, log)


def _supersede(connection: sa.Connection, numbers: Iterable[int]) -> None:
    """Drop entries of the change log that a later entry of the same item stands for."""
    _execute_many(connection, _delete_change, [{"old_number": number} for number in numbers])


def _stored(connection: sa.Connection, item_ids: Sequence[str]) -> dict[str, _Stored]:
    found = {}
    for ids in _in_pieces(list(dict.fromkeys(item_ids))):
        rows = connection.execute(
            sa.select(
                _items.item_id,
                _items.key,
                _items.source_digest,
                _items.sequence_number,
                _items.super_category,
            ).where(_items.item_id.in_(ids))
        )
        for item_id, *values in rows:
            found[item_id] = _Stored(*values)
    return found


def _items_by_id(connection: sa.Connection, item_ids: Iterable[str]) -> dict[str, Item]:
    found = {}
    for ids in _in_pieces(list(item_ids)):
        for row in connection.execute(sa.select(schema.items).where(_items.item_id.in_(ids))):
            item = item_of_row(row)
            found[item.item_id] = item
    return found


def _in_pieces(item_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(item_ids), _IDS_A_QUERY):
        yield item_ids[start : start + _IDS_A_QUERY]


def _execute_many(
    connection: sa.Connection, statement: sa.Executable, rows: Sequence[dict[str, Any]]
) -> None:
    if rows:
        connection.execute(statement, list(rows))
