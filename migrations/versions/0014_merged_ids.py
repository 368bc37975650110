"""The ids that were merged into an entity are found by it: a decision asks for a few at a time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

NAME, SOME = "ix_entity_merged_into", sa.text("merged_into IS NOT NULL")


def upgrade() -> None:
    """Index the redirects; few entities have one."""
    op.create_index(NAME, "entity", ["merged_into"], sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    """Without."""
    op.drop_index(NAME, "entity")
