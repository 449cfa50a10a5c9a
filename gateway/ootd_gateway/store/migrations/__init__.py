"""Alembic revisions, applied when a database is opened. A new one is a new file in `versions`."""
