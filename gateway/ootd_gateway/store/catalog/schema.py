"""The catalogue's tables and counters."""

import sqlalchemy as sa

from ootd_gateway.store.change_log import ChangeLog, change_log_table
from ootd_gateway.store.garment_columns import garment_checks, garment_columns
from ootd_gateway.store.tables import NUMBER, metadata
from ootd_gateway.types import SuperCategory

# Ids sort by code point everywhere, so that pages are the same on every database.
_ITEM_ID = sa.String(128).with_variant(sa.String(128, collation="C"), "postgresql")

items = sa.Table(
    "items",
    metadata,
    sa.Column("key", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("item_id", _ITEM_ID, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),  # JSON object
    sa.Column("payload", sa.LargeBinary, nullable=False),
    *garment_columns(),
    sa.Column("source_digest", sa.String(64), nullable=False),
    sa.Column("sequence_number", NUMBER, nullable=False),
    sa.Column("update_time", NUMBER, nullable=False),  # microseconds since 1970, UTC
    sa.UniqueConstraint("item_id"),
    sa.Index(None, "super_category", "item_id"),
    *garment_checks(),
)
"""What can be bought; `key` is an item's number in the index."""

changes = change_log_table("changes", metadata)
change_log = ChangeLog(changes, "change")
"""The change log: the last change of each item, and the deletion of each that is gone."""

ITEM_COUNTER = "item"
"""Counter of the keys given out."""

VECTOR_FINGERPRINT = "embedder_release"  # what databases that there are call it
"""Name in `meta` of the fingerprint of the models that made the items' vectors."""


def items_counter(super_category: int) -> str:
    """Name the counter of how many items of a super-category there are."""
    return f"items:{super_category}"


ITEMS_COUNTERS = tuple(items_counter(number) for number in SuperCategory)
COUNTERS = (change_log.counter, ITEM_COUNTER, *ITEMS_COUNTERS)
"""All counters of the catalogue: a transaction that writes locks them."""
