"""Exchanges with other registries: agreed callbacks, messages seen, exchanges and their references."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. All but the callbacks are forgotten when they expire."""
    clustered = dialect_of(op.get_bind()).clustered
    op.create_table(
        "agreed_callback",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("uri", sa.String(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "uri"),
    )
    op.create_table(
        "seen_message",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "token"),
        **clustered,
    )
    op.create_index("ix_seen_message_expires", "seen_message", ["expires"])
    op.create_table(
        "exchange",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("transaction_token", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", UtcDateTime(), nullable=True),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("expires", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for column in ("client_id", "transaction_token", "due", "expires"):
        op.create_index(f"ix_exchange_{column}", "exchange", [column])
    op.create_table(
        "exchange_reference",
        sa.Column("client_id", sa.String(), nullable=False),
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("exchange_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("client_id", "token", "exchange_id"),
        **clustered,
    )


def downgrade() -> None:
    """Drop the tables."""
    for table in ("exchange_reference", "exchange", "seen_message", "agreed_callback"):
        op.drop_table(table)
