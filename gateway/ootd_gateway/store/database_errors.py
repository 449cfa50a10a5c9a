"""Which errors of the database mean that it is away, and what is told of them."""

import sqlite3

import sqlalchemy as sa

from ootd_gateway.errors import StoreLockedError, StoreUnavailableError

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
