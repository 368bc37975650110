"""Small runs: what a decision touched, published at once on top of the whole run before it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """What a run stands on and knows; which records lie with another entity since."""
    op.add_column("run", sa.Column("base", sa.String(), nullable=True))
    op.add_column("run", sa.Column("judged", sa.Integer(), nullable=True))
    op.create_table(
        "relinked",
        sa.Column("kind", sa.String(), primary_key=True),
        sa.Column("rid", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("run_seq", sa.Integer(), primary_key=True, autoincrement=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("since_run", sa.Integer(), nullable=False),
        sa.Column("record_key", sa.String(), nullable=True),
    )
    op.create_index("ix_relinked_entity_id", "relinked", ["entity_id"])


def downgrade() -> None:
    """Take them away."""
    op.drop_table("relinked")
    with op.batch_alter_table("run") as table:
        table.drop_column("judged")
        table.drop_column("base")
