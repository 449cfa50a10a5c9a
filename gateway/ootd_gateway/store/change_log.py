"""Change logs: which records of a subject changed, in the order of commit.

Of each record only the last change is kept, so a log never holds more entries than there were
records, and a reader that missed the earlier ones misses nothing. The entry of a record that was
deleted stays.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from ootd_gateway.store.counters import Counters, read_counter
from ootd_gateway.store.statements import execute_many
from ootd_gateway.store.tables import NUMBER


def change_log_table(name: str, metadata: sa.MetaData) -> sa.Table:
    """Declare the table of a change log; its records' table has their `key` as a column, too."""
    return sa.Table(
        name,
        metadata,
        sa.Column("sequence_number", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("key", NUMBER, nullable=False),
    )


@dataclass(frozen=True, slots=True)
class LogEntry:
    """The record of this key changed; numbers of one log rise and start at 1."""

    sequence_number: int
    key: int


class ChangeLog:
    """The change log of one subject: a table of `change_log_table`, and a counter of its own.

    Two subjects have two logs, and no transaction of one waits for the other's counter.
    """

    def __init__(self, table: sa.Table, counter: str) -> None:
        """`counter` names the row of `counters` that holds the last number given out; whoever
        writes the log locks it."""
        self._table = table
        self.counter = counter
        self._insert = sa.insert(table)
        self._delete = sa.delete(table).where(table.c.sequence_number == sa.bindparam("old_number"))

    def next_number(self, counters: Counters) -> int:
        """Give out the next sequence number; the log's counter must be among the locked ones."""
        return counters.next(self.counter)

    def write(
        self, connection: sa.Connection, entries: Sequence[LogEntry], *, superseded: Sequence[int]
    ) -> None:
        """Append entries, and drop those of the same records' changes before: `superseded`."""
        execute_many(connection, self._delete, [{"old_number": number} for number in superseded])
        rows = [{"sequence_number": one.sequence_number, "key": one.key} for one in entries]
        execute_many(connection, self._insert, rows)

    def last_number(self, connection: sa.Connection) -> int:
        """Return the newest committed change's number; 0 where there was none."""
        return read_counter(connection, self.counter)

    def select_after(self, records: sa.Table) -> sa.Select[Any]:
        """Select the first "count" entries after the number "after", oldest first.

        Rows are the sequence number, the key, and the columns of the record as it is now, all None
        where it is gone.
        """
        entries = self._table.c
        return (
            sa.select(entries.sequence_number, entries.key.label("changed_key"), records)
            .select_from(self._table.outerjoin(records, records.c.key == entries.key))
            .where(entries.sequence_number > sa.bindparam("after"))
            .order_by(entries.sequence_number)
            .limit(sa.bindparam("count"))
        )
