"""Connections to the database: settings of SQLite, migrations, and which errors mean "away"."""

import sqlite3
import time
from pathlib import Path
from typing import Any

import alembic.config
import sqlalchemy as sa
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url

from ootd_gateway.errors import StoreLockedError, StoreUnavailableError

MIGRATIONS = Path(__file__).parent / "migrations"
_SWITCH_PAUSE_S = 0.02

_OUR_FAULT = (
    sa.exc.IntegrityError,
    sa.exc.DataError,
    sa.exc.ProgrammingError,
    sa.exc.NotSupportedError,
)

_LOCKED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_TOLD = {
    sqlite3.SQLITE_NOTADB: "the database's file is no SQLite database, or corrupt: restore it from "
    "a copy, or use another file",
    sqlite3.SQLITE_CORRUPT: "the database is corrupt: restore it from a copy, or use another file",
    sqlite3.SQLITE_CANTOPEN: "the database's file cannot be opened: it must be a file, not a "
    "folder, that the server may read and write, in a folder where it may make files",
    sqlite3.SQLITE_READONLY: "the database cannot be written: let the server write the file and "
    "its folder",
    sqlite3.SQLITE_FULL: "the database cannot be written, its disk is full: free space; what is "
    "stored can still be read",
    sqlite3.SQLITE_ERROR: "the database holds other tables than this server's: use another file",
}
"""What is told of SQLite's primary error codes, where trying again helps little."""


def unavailable(error: BaseException) -> StoreUnavailableError | None:
    """Return what to raise where an error means that the database is away, locked, full or corrupt.

    The message names no path: callers see it. None means that the error is a fault of the
    statement or of its values.
    """
    is_away = isinstance(error, (sa.exc.DBAPIError, sa.exc.TimeoutError)) and not isinstance(
        error, _OUR_FAULT
    )
    if not is_away:
        return None
    cause = getattr(error, "orig", None) or error
    code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
    if code in _LOCKED:
        return StoreLockedError("the database is locked by another process; try again later")
    # Where it is, is for the log alone.
    return StoreUnavailableError(_TOLD.get(code, "the database cannot be used; try again later"))


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


def migrate(engine: sa.Engine) -> None:
    """Bring the database's tables up to this code's, in one transaction.

    Two processes that open a new database at a time take turns. Raises StoreUnavailableError where
    the database cannot be opened or was written by a newer gateway.
    """
    config = alembic.config.Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    known = {revision.revision for revision in script.walk_revisions()}
    location = location_of(engine.url)

    def upgrade(revision: Any, _: Any) -> Any:
        unknown = sorted(set(revision) - known)
        if unknown:
            raise StoreUnavailableError(
                f"the database {location} has the newer schema {', '.join(unknown)}, this gateway "
                f"knows up to {script.get_current_head()}: run a newer gateway, or use another "
                "database"
            )
        return script._upgrade_revs("head", revision)  # what alembic.command.upgrade calls

    try:
        with engine.begin() as connection, EnvironmentContext(config, script) as environment:
            environment.configure(connection=connection, fn=upgrade)
            environment.run_migrations()
    except sa.exc.SQLAlchemyError as error:
        raise unavailable(error) or error from error
