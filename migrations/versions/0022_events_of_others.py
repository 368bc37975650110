"""What merged into an entity, or was split from it, is found by its id."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

NAME, SOME = "ix_entity_event_other", sa.text("other IS NOT NULL")


def upgrade() -> None:
    """An index of the few events that name another entity."""
    op.create_index(NAME, "entity_event", ["other"], sqlite_where=SOME, postgresql_where=SOME)


def downgrade() -> None:
    """Without it."""
    op.drop_index(NAME, "entity_event")
