"""What a writing transaction does: items, their change log and the counters."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from operator import attrgetter

import sqlalchemy as sa

from ootd_gateway.store.catalog import schema
from ootd_gateway.store.catalog.base import (
    DeletionResult,
    UpsertOutcome,
    UpsertResult,
    vector_fingerprint_mismatch,
)
from ootd_gateway.store.catalog.rows import item_of_draft, item_of_row, row_of_item
from ootd_gateway.store.change_log import LogEntry
from ootd_gateway.store.counters import Counters
from ootd_gateway.store.statements import execute_many
from ootd_gateway.store.tables import meta
from ootd_gateway.types import Item, ItemDraft

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


@dataclass(frozen=True, slots=True, eq=False)
class Upsert:
    """Items to add or replace, and the fingerprint of the models that made their vectors."""

    drafts: Sequence[ItemDraft]
    vector_fingerprint: str


@dataclass(frozen=True, slots=True)
class _Stored:
    """What an upsert must know of an item that is there already."""

    key: int
    source_digest: str
    sequence_number: int
    super_category: int


def upsert(connection: sa.Connection, requests: Sequence[Upsert]) -> list[Sequence[UpsertResult]]:
    """Add or replace the items of each request, in their order: a `Work` of `group_commit`.

    Raises VectorFingerprintMismatchError.
    """
    results: list[Sequence[UpsertResult]] = []
    for fingerprint, group in groupby(requests, key=attrgetter("vector_fingerprint")):
        alike = list(group)
        drafts = [draft for one in alike for draft in one.drafts]
        made = iter(upsert_items(connection, drafts, fingerprint))
        results += [[next(made) for _ in one.drafts] for one in alike]
    return results


def delete(connection: sa.Connection, requests: Sequence[Sequence[str]]) -> list[DeletionResult]:
    """Delete the items of each request's ids: a `Work` of `group_commit`."""
    return [delete_items(connection, item_ids) for item_ids in requests]


def upsert_items(
    connection: sa.Connection, drafts: Sequence[ItemDraft], vector_fingerprint: str
) -> list[UpsertResult]:
    """Add or replace items; results in the drafts' order. Raises VectorFingerprintMismatchError.

    Of several drafts with one id, the last is stored.
    """
    counters = Counters.lock(connection, schema.COUNTERS)
    _claim_vector_fingerprint(
        connection, vector_fingerprint, is_empty=counters.total(schema.ITEMS_COUNTERS) == 0
    )
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
    results = []
    for draft in drafts:
        before = stored.get(draft.item_id)
        current = written.get(draft.item_id) or same.get(draft.item_id)
        if current is not None and current.source_digest == draft.source_digest:
            results.append(UpsertResult(current, UpsertOutcome.UNCHANGED))
            continue
        earlier = written.get(draft.item_id)
        key = (
            before.key if before else earlier.key if earlier else counters.next(schema.ITEM_COUNTER)
        )
        number = schema.change_log.next_number(counters)
        item = item_of_draft(draft, key=key, sequence_number=number, now=now)
        written[draft.item_id] = item
        outcome = UpsertOutcome.REPLACED if before or earlier else UpsertOutcome.CREATED
        results.append(UpsertResult(item, outcome))
    _write_items(connection, list(written.values()), stored, counters)
    counters.write(connection)
    return results


def delete_items(connection: sa.Connection, item_ids: Sequence[str]) -> DeletionResult:
    """Delete items; tell the ids that there were, in their order, and the last change's number."""
    counters = Counters.lock(connection, schema.COUNTERS)
    stored = _stored(connection, item_ids)
    gone = [item_id for item_id in dict.fromkeys(item_ids) if item_id in stored]
    log: list[LogEntry] = []
    for item_id in gone:
        counters.add(schema.items_counter(stored[item_id].super_category), -1)
        number = schema.change_log.next_number(counters)
        log.append(LogEntry(number, stored[item_id].key))
    execute_many(connection, _delete_item, [{"old_key": stored[one].key} for one in gone])
    schema.change_log.write(
        connection, log, superseded=[stored[one].sequence_number for one in gone]
    )
    counters.write(connection)
    return DeletionResult(tuple(gone), log[-1].sequence_number if log else 0)


def _claim_vector_fingerprint(
    connection: sa.Connection, vector_fingerprint: str, *, is_empty: bool
) -> None:
    name = meta.c.name
    stored = connection.execute(
        sa.select(meta.c.value).where(name == schema.VECTOR_FINGERPRINT)
    ).scalar_one_or_none()
    if stored == vector_fingerprint:
        return
    if not is_empty and stored is not None:
        raise vector_fingerprint_mismatch(stored=stored, served=vector_fingerprint)
    connection.execute(sa.delete(meta).where(name == schema.VECTOR_FINGERPRINT))
    connection.execute(
        sa.insert(meta), {"name": schema.VECTOR_FINGERPRINT, "value": vector_fingerprint}
    )


def _write_items(
    connection: sa.Connection,
    written: Sequence[Item],
    stored: Mapping[str, _Stored],
    counters: Counters,
) -> None:
    inserted, updated = [], []
    for item in written:
        row = row_of_item(item)
        before = stored.get(item.item_id)
        if before is None:
            inserted.append(row)
        else:
            counters.add(schema.items_counter(before.super_category), -1)
            updated.append(
                {"old_key": item.key}
                | {
                    f"new_{name}": value
                    for name, value in row.items()
                    if name not in {"key", "item_id"}
                }
            )
        counters.add(schema.items_counter(item.garment.super_category), 1)
    execute_many(connection, _insert_item, inserted)
    execute_many(connection, _update_item, updated)
    schema.change_log.write(
        connection,
        [LogEntry(item.sequence_number, item.key) for item in written],
        superseded=[
            stored[item.item_id].sequence_number for item in written if item.item_id in stored
        ],
    )


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
