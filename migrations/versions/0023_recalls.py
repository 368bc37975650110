"""What the civil registry was told of a correction that was taken back since is taken back, too, once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.create_table(
        "correction_recall",
        sa.Column("record_key", sa.String(), primary_key=True),
        sa.Column("attribute", sa.String(), primary_key=True),
        sa.Column("correction", sa.String(), nullable=False),
        sa.Column("provider", sa.String(), nullable=False),
        sa.Column("returned", UtcDateTime(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
    )
    op.create_index("ix_correction_recall_correction", "correction_recall", ["correction"])


def downgrade() -> None:
    """Without it."""
    op.drop_table("correction_recall")
