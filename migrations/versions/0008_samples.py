"""Samples for examination: what was drawn, what was found, and the keys of the notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

_FACTS = ("sample", "sample_item", "sample_verdict")


def upgrade() -> None:
    """Make the tables; all but the keys are append-only."""
    op.create_table(
        "sample",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("seed", sa.String(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("strata", sa.JSON(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=True),
        sa.Column("log_size", sa.BigInteger(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "sample_item",
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("stratum", sa.String(), nullable=False),
        sa.Column("ref", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("sample_id", "n"),
    )
    op.create_table(
        "sample_verdict",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("sample_id", sa.String(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_sample_verdict_sample_id", "sample_verdict", ["sample_id"])
    op.create_table(
        "sample_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in _FACTS:
        dialect_of(op.get_bind()).append_only(op.get_bind(), table)


def downgrade() -> None:
    """Drop the tables."""
    for table in ("sample_key", *reversed(_FACTS)):
        op.drop_table(table)
