"""Counters of the database: numbers that are given out in order, and how many records there are.

Their rows are locked until the writing transaction ends, so numbers are committed in order and
never used twice. Each subject locks its own rows alone.
"""

from collections.abc import Iterable, Mapping, Sequence

import sqlalchemy as sa

from ootd_gateway.store.statements import execute_many
from ootd_gateway.store.tables import counters

# In order, so that two transactions that lock the same rows never wait for each other.
_lock = (
    sa.select(counters)
    .where(counters.c.name.in_(sa.bindparam("names", expanding=True)))
    .order_by(counters.c.name)
    .with_for_update()
)
_update = (
    sa.update(counters)
    .where(counters.c.name == sa.bindparam("counter"))
    .values(value=sa.bindparam("new_value"))
)
_read = sa.select(counters.c.value).where(counters.c.name == sa.bindparam("counter"))
_read_total = sa.select(sa.func.sum(counters.c.value)).where(
    counters.c.name.in_(sa.bindparam("names", expanding=True))
)


class Counters:
    """The values of some counters, read and locked by `lock`; `write` writes those that changed.

    Every method raises KeyError for a counter that was not locked.
    """

    def __init__(self, values: Mapping[str, int]) -> None:
        self._read = values
        self._values = dict(values)

    @classmethod
    def lock(cls, connection: sa.Connection, names: Sequence[str]) -> "Counters":
        """Read counters and lock them until the transaction ends."""
        rows = connection.execute(_lock, {"names": names})
        return cls({name: value for name, value in rows})  # noqa: C416 - rows are no pairs to mypy

    def next(self, name: str) -> int:
        """Count on by 1; return the new value, a number that nobody had."""
        self._values[name] += 1
        return self._values[name]

    def add(self, name: str, change: int) -> None:
        """Add to a counter."""
        self._values[name] += change

    def total(self, names: Iterable[str]) -> int:
        """Return the sum of some counters."""
        return sum(self._values[name] for name in names)

    def write(self, connection: sa.Connection) -> None:
        """Write the counters that changed."""
        changed = [
            {"counter": name, "new_value": value}
            for name, value in self._values.items()
            if value != self._read[name]
        ]
        execute_many(connection, _update, changed)


def read_counter(connection: sa.Connection, name: str) -> int:
    """Return a counter's committed value."""
    return int(connection.execute(_read, {"counter": name}).scalar_one())


def read_total(connection: sa.Connection, names: Sequence[str]) -> int:
    """Return the sum of the committed values of some counters."""
    return int(connection.execute(_read_total, {"names": names}).scalar_one())
