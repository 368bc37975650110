"""What somebody had typed when their session ended is kept for a while, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One table."""
    op.create_table(
        "left_form",
        sa.Column("staff_id", sa.String(), primary_key=True),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("until", UtcDateTime(), nullable=False),
    )


def downgrade() -> None:
    """Without it."""
    op.drop_table("left_form")
