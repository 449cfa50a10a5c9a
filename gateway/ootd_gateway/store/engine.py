"""Connections to the database, and the settings of SQLite."""

import sqlite3
import time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

_SWITCH_PAUSE_S = 0.02


def parse_url(text: str) -> URL:
    """Read a database URL such as "sqlite:///ootd.db"; an SQLite one must name a file.

    Raises ValueError.
    """
    try:
        url = make_url(text)
    except sa.exc.ArgumentError as error:
        raise ValueError(f'not a database URL such as "sqlite:///ootd.db": {text!r}') from error
    if url.get_backend_name() == "sqlite" and url.database in {None, "", ":memory:"}:
        raise ValueError(f'an SQLite URL must name a file, as in "sqlite:///ootd.db": {text!r}')
    return url


def location_of(url: URL) -> str:
    """Name a database in messages: without its password."""
    return url.render_as_string(hide_password=True)


def open_engine(url: URL, *, writes: bool, connections: int, busy_timeout_s: float) -> sa.Engine:
    """Return an engine of at most `connections` connections.

    A writing SQLite connection takes the write lock as its transaction begins, so that what it
    reads stays true until it commits; a reading one cannot write.
    """
    engine = sa.create_engine(url, pool_size=connections, max_overflow=0, pool_timeout=30.0)
    if engine.dialect.name == "sqlite":
        _set_up_sqlite(engine, writes=writes, busy_timeout_s=busy_timeout_s)
    return engine


def _set_up_sqlite(engine: sa.Engine, *, writes: bool, busy_timeout_s: float) -> None:
    def on_connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # transactions begin below, not where the driver likes
        cursor = connection.cursor()
        cursor.execute(f"PRAGMA busy_timeout = {round(busy_timeout_s * 1000)}")
        if writes:
            _use_write_ahead_log(cursor, busy_timeout_s)
            cursor.execute("PRAGMA synchronous = FULL")  # a commit is on the disk
            cursor.execute("PRAGMA foreign_keys = ON")
        else:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def on_begin(connection: sa.Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def _use_write_ahead_log(cursor: sqlite3.Cursor, busy_timeout_s: float) -> None:
    """Switch the file to WAL, in turn with other processes that open it new at the same time.

    SQLite's own busy timeout does not cover this switch. Raises sqlite3.OperationalError.
    """
    deadline = time.monotonic() + busy_timeout_s
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            primary_code = error.sqlite_errorcode & 0xFF
            if primary_code != sqlite3.SQLITE_BUSY or time.monotonic() >= deadline:
                raise
            time.sleep(_SWITCH_PAUSE_S)
        else:
            return
