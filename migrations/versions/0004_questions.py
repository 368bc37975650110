"""Open questions about entities, snapshots, jobs."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. A snapshot, once named, means the same for ever."""
    clustered = dialect_of(op.get_bind()).clustered
    op.create_table(
        "entity_question",
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("question", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("retired_seq", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("entity_id", "question", "other", "run_seq"),
        **clustered,
    )
    op.create_table(
        "run_period",
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("period", sa.String(), nullable=False),
        sa.Column("families", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "period"),
    )
    op.create_table(
        "snapshot",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("rules", sa.String(), nullable=False),
        sa.Column("on_date", sa.Date(), nullable=False),
        sa.Column("periods", sa.JSON(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "job",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked", sa.JSON(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("found", sa.Integer(), nullable=False),
        sa.Column("result_bytes", sa.BigInteger(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("problem", sa.String(), nullable=True),
        sa.Column("worker", sa.String(), nullable=True),
        sa.Column("alive_until", UtcDateTime(), nullable=True),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.Column("finished", UtcDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_job_owner", "job", ["owner"])
    op.create_index("ix_job_state", "job", ["state"])
    dialect_of(op.get_bind()).append_only(op.get_bind(), "snapshot")


def downgrade() -> None:
    """Drop everything."""
    for table in ("job", "snapshot", "run_period", "entity_question"):
        op.drop_table(table)
