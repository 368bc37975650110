"""Agreements can be amended: what they said before is kept."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLE = "former_agreement"
TEXTS = ("client_id", "agreement", "amended_by", "approved_by")
MOMENTS = ("valid_from", "valid_to", "since", "until")
LISTS = ("programmes", "purposes", "regions")


def upgrade() -> None:
    """Make the table; nothing in it is ever changed."""
    op.create_table(
        TABLE,
        *(sa.Column(name, sa.String(), nullable=False) for name in TEXTS),
        sa.Column("version", sa.Integer(), nullable=False),
        *(sa.Column(name, UtcDateTime(), nullable=False) for name in MOMENTS),
        *(sa.Column(name, sa.JSON(), nullable=False) for name in LISTS),
        sa.Column("fields", sa.JSON(), nullable=True),
        sa.Column("limits", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("client_id", "version"),
    )
    dialect_of(op.get_bind()).append_only(op.get_bind(), TABLE)


def downgrade() -> None:
    """Without."""
    op.drop_table(TABLE)
