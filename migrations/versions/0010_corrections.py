"""Corrections: proposals, their keys, targets, steps and evidence; what runs found; what was returned."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

TABLES = ("return", "turn", "place", "evidence", "step", "target", "key")


def upgrade() -> None:
    """Make the tables; steps may only grow."""
    op.create_table(
        "correction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.String(), nullable=False)
            for name in ("kind", "state", "region", "proposer")
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("proposed", UtcDateTime(), nullable=False),
        sa.Column("due", UtcDateTime(), nullable=False),
        sa.Column("decided", UtcDateTime(), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index("ix_correction_waiting", "correction", ["state", "region"])
    op.create_index("ix_correction_proposer", "correction", ["proposer"])
    op.create_table(
        "correction_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "correction_target",
        *_names("correction", "entity_id", "attribute"),
        sa.PrimaryKeyConstraint("correction", "entity_id", "attribute"),
    )
    op.create_index("ix_correction_target_entity_id", "correction_target", ["entity_id"])
    op.create_table(
        "correction_step",
        *_names("correction", "act", "role", "actor"),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("correction", "n"),
    )
    op.create_index("ix_correction_step_actor", "correction_step", ["actor"])
    dialect_of(op.get_bind()).append_only(op.get_bind(), "correction_step")
    op.create_table(
        "correction_evidence",
        *_names("id", "correction", "media_type"),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("added", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_correction_evidence_correction", "correction_evidence", ["correction"])
    op.create_table(
        "correction_place",
        *_names("record_key", "entity_id"),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("record_key", "run_seq"),
    )
    op.create_index("ix_correction_place_entity_id", "correction_place", ["entity_id"])
    op.create_table(
        "correction_turn",
        *_names("record_key", "attribute", "correction", "entity_id", "turn", "source"),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("on_day", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("record_key", "attribute", "run_seq"),
    )
    op.create_index("ix_correction_turn_correction", "correction_turn", ["correction"])
    op.create_table(
        "correction_return",
        *_names("record_key", "attribute", "correction", "provider", "actor"),
        sa.Column("returned", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("record_key", "attribute"),
    )
    op.create_index("ix_correction_return_correction", "correction_return", ["correction"])


def _names(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def downgrade() -> None:
    """Drop them again."""
    for table in TABLES:
        op.drop_table(f"correction_{table}")
    op.drop_table("correction")
