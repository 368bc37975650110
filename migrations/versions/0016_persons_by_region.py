"""The persons of a kecamatan are found without reading everybody: a search by name opens those."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

NAME, SOME = "ix_sealed_profile_person_region", sa.text("kind = 'person'")


def upgrade() -> None:
    """Index where persons live."""
    op.create_index(
        NAME, "sealed_profile", ["region", "entity_id"], sqlite_where=SOME, postgresql_where=SOME
    )


def downgrade() -> None:
    """Without."""
    op.drop_index(NAME, "sealed_profile")
