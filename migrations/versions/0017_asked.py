"""Looks are written where the last ones were, not all over the database.

The NIKs asked about today are rows at the end of a list, no longer a set on disk: a day's count begins anew. Events lie
in the order of their numbers, where the database can do so, and need no index beside them.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from mdm.hub.dialect import Number, dialect_of

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Lists instead of the set; events by number."""
    op.drop_table("budget_nik")
    op.create_table(
        "budget_asked",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("first", sa.Integer(), nullable=False),
        sa.Column("tokens", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", "principal", "first"),
        **dialect_of(op.get_bind()).clustered,
    )
    _count_anew()
    _events_by(Number())


def downgrade() -> None:
    """The set again; events beside an index."""
    op.drop_table("budget_asked")
    op.create_table(
        "budget_nik",
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("day", "principal", "token"),
        **dialect_of(op.get_bind()).clustered,
    )
    _count_anew()
    _events_by(sa.BigInteger())


def _count_anew() -> None:
    op.execute("UPDATE budget SET niks = 0")


def _events_by(number: sa.types.TypeEngine[Any]) -> None:
    """Lay the events down anew, with this type of number, where it says how they lie."""
    dialect = dialect_of(op.get_bind())
    if not dialect.embedded:
        return
    op.rename_table("audit_event", "audit_event_before")
    op.create_table(
        "audit_event",
        sa.Column("seq", number, nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.execute(
        "INSERT INTO audit_event (seq, event, leaf_hash) "
        "SELECT seq, event, leaf_hash FROM audit_event_before ORDER BY seq"
    )
    op.drop_table("audit_event_before")
    dialect.append_only(op.get_bind(), "audit_event")
