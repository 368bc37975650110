"""The region of a sealed profile, and row-level security as a second wall."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.dialect import dialect_of

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The column, unknown for what is sealed already; the wall, where the database can build one."""
    op.add_column("sealed_profile", sa.Column("region", sa.String(), nullable=True))
    dialect_of(op.get_bind()).build_wall(op.get_bind())


def downgrade() -> None:
    """Take both away."""
    dialect_of(op.get_bind()).take_wall_down(op.get_bind())
    with op.batch_alter_table("sealed_profile") as table:
        table.drop_column("region")
