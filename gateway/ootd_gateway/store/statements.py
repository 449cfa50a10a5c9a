"""Statements that are executed once for each of many rows."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa


def execute_many(
    connection: sa.Connection, statement: sa.Executable, rows: Sequence[dict[str, Any]]
) -> None:
    """Execute a statement for each row of parameters; not at all where there are none."""
    if rows:  # SQLAlchemy executes it once, without parameters, where the list is empty
        connection.execute(statement, list(rows))
