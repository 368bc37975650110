"""Rights of subjects and the life of keys: restrictions, the shred list, keys of judgements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; say of every NIK token which key version it was made with."""
    op.create_table(
        "subject_restriction",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("basis", sa.String(), nullable=False),
        sa.Column("case_number", sa.String(), nullable=True),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("since", UtcDateTime(), nullable=False),
        sa.Column("lifted", UtcDateTime(), nullable=True),
        sa.Column("lifted_by", sa.String(), nullable=True),
        sa.Column("lifted_basis", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_subject_restriction_entity_id", "subject_restriction", ["entity_id"])
    op.create_table(
        "shred_entry",
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("line", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    dialect_of(op.get_bind()).append_only(op.get_bind(), "shred_entry")
    op.create_table(
        "judgement_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "refiling",
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("key_id"),
    )
    op.add_column("batch", sa.Column("erased", sa.Integer(), nullable=False, server_default="0"))
    op.add_column(
        "nik_token", sa.Column("key_id", sa.Integer(), nullable=False, server_default="1")
    )


def downgrade() -> None:
    """Drop them again."""
    op.drop_column("nik_token", "key_id")
    op.drop_column("batch", "erased")
    op.drop_table("refiling")
    op.drop_table("judgement_key")
    op.drop_table("shred_entry")
    op.drop_table("subject_restriction")
