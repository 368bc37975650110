"""A password that an administrator handed over holds for a time; earlier ones for that time from now."""

from __future__ import annotations

from datetime import timedelta

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime, now

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

LIFE = timedelta(hours=72)


def upgrade() -> None:
    """One column, with a moment where a password is still to be changed."""
    op.add_column("staff", sa.Column("one_time_until", UtcDateTime(), nullable=True))
    staff = sa.table(
        "staff", sa.column("must_change", sa.Boolean()), sa.column("one_time_until", UtcDateTime())
    )
    op.execute(
        staff.update().where(staff.c.must_change.is_(True)).values(one_time_until=now() + LIFE)
    )


def downgrade() -> None:
    """Without it."""
    op.drop_column("staff", "one_time_until")
