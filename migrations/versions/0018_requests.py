"""A request that waits keeps what it asks and whom it is about; an account, when somebody last came in with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Three columns; nothing is known of the time before."""
    op.add_column("approval", sa.Column("content", sa.JSON(), nullable=True))
    op.add_column("approval", sa.Column("about", sa.String(), nullable=True))
    op.create_index("ix_approval_about", "approval", ["about"])
    op.add_column("staff", sa.Column("entered", UtcDateTime(), nullable=True))


def downgrade() -> None:
    """Without them."""
    op.drop_column("staff", "entered")
    op.drop_index("ix_approval_about", "approval")
    op.drop_column("approval", "about")
    op.drop_column("approval", "content")
