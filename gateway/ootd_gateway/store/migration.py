"""Brings the tables of a database up to this code's."""

from pathlib import Path

import alembic.command
import alembic.config
import sqlalchemy as sa
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from ootd_gateway.errors import StoreUnavailableError
from ootd_gateway.store.database_errors import unavailable
from ootd_gateway.store.engine import location_of

_MIGRATIONS = Path(__file__).parent / "migrations"


def migrate(engine: sa.Engine) -> None:
    """Bring the database's tables up to this code's, in one transaction.

    Two processes that open a new database at a time take turns, as `engine` takes the write lock
    before it looks which tables there are. Raises StoreUnavailableError where the database cannot
    be opened or was written by a newer gateway.
    """
    config = alembic.config.Config()
    config.set_main_option("script_location", str(_MIGRATIONS))
    try:
        with engine.begin() as connection:
            _refuse_newer(connection, ScriptDirectory.from_config(config))
            config.attributes["connection"] = connection  # taken up by migrations/env.py
            alembic.command.upgrade(config, "head")
    except sa.exc.SQLAlchemyError as error:
        raise unavailable(error) or error from error


def _refuse_newer(connection: sa.Connection, script: ScriptDirectory) -> None:
    known = {revision.revision for revision in script.walk_revisions()}
    unknown = sorted(set(MigrationContext.configure(connection).get_current_heads()) - known)
    if unknown:
        raise StoreUnavailableError(
            f"the database {location_of(connection.engine.url)} has the newer schema "
            f"{', '.join(unknown)}, this gateway knows up to {script.get_current_head()}: run a "
            "newer gateway, or use another database"
        )
