"""A session says by a MAC that the hub made it; those of before have none, and end."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """One column; whoever is signed in signs in again."""
    op.add_column("staff_session", sa.Column("mac", sa.LargeBinary(), nullable=True))
    op.execute(sa.delete(sa.table("staff_session")))


def downgrade() -> None:
    """Without it."""
    op.drop_column("staff_session", "mac")
