"""Items, their change log, counters and facts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ITEM_ID = sa.String(128).with_variant(sa.String(128, collation="C"), "postgresql")
_NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables, with every counter at 0."""
    _create_items()
    op.create_table(
        "changes",
        sa.Column("sequence_number", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("sequence_number", name="pk_changes"),
    )
    counters = op.create_table(
        "counters",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_counters"),
    )
    names = ["change", "item", *(f"items:{number}" for number in range(6))]
    op.bulk_insert(counters, [{"name": name, "value": 0} for name in names])
    op.create_table(
        "meta",
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_meta"),
    )


def _create_items() -> None:
    op.create_table(
        "items",
        sa.Column("key", _NUMBER, autoincrement=False, nullable=False),
        sa.Column("item_id", _ITEM_ID, nullable=False),
        sa.Column("title", sa.Text, nullable=False),
        sa.Column("attributes", sa.Text, nullable=False),
        sa.Column("payload", sa.LargeBinary, nullable=False),
        sa.Column("super_category", sa.SmallInteger, nullable=False),
        sa.Column("sub_category", sa.String(64), nullable=False),
        sa.Column("sub_category_score", sa.Float, nullable=False),
        sa.Column("score", sa.Float, nullable=False),
        sa.Column("box", sa.Text),
        sa.Column("box_origin", sa.SmallInteger),
        sa.Column("garment_attributes", sa.Text, nullable=False),
        sa.Column("embedding", sa.LargeBinary, nullable=False),
        sa.Column("color_histogram", sa.LargeBinary),
        sa.Column("source_digest", sa.String(64), nullable=False),
        sa.Column("sequence_number", _NUMBER, nullable=False),
        sa.Column("update_time", _NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_items"),
        sa.UniqueConstraint("item_id", name="uq_items_item_id"),
        sa.CheckConstraint("super_category BETWEEN 0 AND 5", name=op.f("ck_items_super_category")),
        sa.CheckConstraint("length(embedding) = 512", name=op.f("ck_items_embedding")),
        sa.CheckConstraint("length(color_histogram) = 224", name=op.f("ck_items_color_histogram")),
    )
    op.create_index("ix_items_super_category_item_id", "items", ["super_category", "item_id"])


def downgrade() -> None:
    """Drop everything."""
    for name in ("meta", "counters", "changes", "items"):
        op.drop_table(name)
