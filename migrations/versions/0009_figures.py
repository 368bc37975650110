"""Figures that runs keep for pages."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.dialect import dialect_of

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the table."""
    op.create_table(
        "run_figure",
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("figure", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("part", sa.String(), nullable=False),
        sa.Column("detail", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("low", sa.Float(), nullable=True),
        sa.Column("high", sa.Float(), nullable=True),
        sa.PrimaryKeyConstraint("run_seq", "figure", "kind", "part", "detail"),
        **dialect_of(op.get_bind()).clustered,
    )


def downgrade() -> None:
    """Drop it."""
    op.drop_table("run_figure")
