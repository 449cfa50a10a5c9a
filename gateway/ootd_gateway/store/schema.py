"""The database's tables.

Vectors are float32, little-endian, as the embedder gave them: this is the truth, and an index may
round as it likes. Numbers of changes and of items come from the table `counters`, whose rows are
locked until the writing transaction ends, so they are committed in order and never used twice.
"""

import sqlalchemy as sa

metadata = sa.MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
    }
)

# Ids sort by code point everywhere, so that pages are the same on every database.
_ITEM_ID = sa.String(128).with_variant(sa.String(128, collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")

items = sa.Table(
    "items",
    metadata,
    sa.Column("key", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("item_id", _ITEM_ID, nullable=False),
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("attributes", sa.Text, nullable=False),  # JSON object
    sa.Column("payload", sa.LargeBinary, nullable=False),
    sa.Column("super_category", sa.SmallInteger, nullable=False),
    sa.Column("sub_category", sa.String(64), nullable=False),
    sa.Column("sub_category_score", sa.Float, nullable=False),
    sa.Column("score", sa.Float, nullable=False),
    sa.Column("box", sa.Text),  # JSON [x0, y0, x1, y1]
    sa.Column("box_origin", sa.SmallInteger),
    sa.Column("garment_attributes", sa.Text, nullable=False),  # JSON [[group, value, score], ...]
    sa.Column("embedding", sa.LargeBinary, nullable=False),  # float32[128]
    sa.Column("color_histogram", sa.LargeBinary),  # float32[56]
    sa.Column("source_digest", sa.String(64), nullable=False),
    sa.Column("sequence_number", _NUMBER, nullable=False),
    sa.Column("update_time", _NUMBER, nullable=False),  # microseconds since 1970, UTC
    sa.UniqueConstraint("item_id"),
    sa.Index(None, "super_category", "item_id"),
    sa.CheckConstraint("super_category BETWEEN 0 AND 5", name="super_category"),
    sa.CheckConstraint("length(embedding) = 512", name="embedding"),
    sa.CheckConstraint("length(color_histogram) = 224", name="color_histogram"),
)
"""What can be bought; `key` is an item's number in the index."""

changes = sa.Table(
    "changes",
    metadata,
    sa.Column("sequence_number", _NUMBER, primary_key=True, autoincrement=False),
    sa.Column("key", _NUMBER, nullable=False),
)
"""The change log: the last change of each item, and the deletion of each that is gone."""

counters = sa.Table(
    "counters",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", _NUMBER, nullable=False),
)
"""The last numbers given out (`change`, `item`); how many items there are (`items:0` to `5`)."""

meta = sa.Table(
    "meta",
    metadata,
    sa.Column("name", sa.String(64), primary_key=True),
    sa.Column("value", sa.Text, nullable=False),
)
"""Facts about the whole database: the vector fingerprint, of the models that made its embeddings
and colour histograms."""

CHANGE_COUNTER = "change"
ITEM_COUNTER = "item"
VECTOR_FINGERPRINT = "embedder_release"  # the name in databases that there are


def items_counter(super_category: int) -> str:
    """Name the counter of how many items of a super-category there are."""
    return f"items:{super_category}"
