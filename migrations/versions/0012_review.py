"""Review: tasks with their entities, answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables; find quickly what a run changed in the open questions."""
    for column in ("run_seq", "retired_seq"):
        op.create_index(f"ix_entity_question_{column}", "entity_question", [column])
    op.create_table(
        "review_task",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("opened_run", sa.Integer(), nullable=False),
        sa.Column("opened", UtcDateTime(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(), nullable=False),
        sa.Column("reasons", sa.String(), nullable=False),
        sa.Column("questions", sa.String(), nullable=False),
        sa.Column("sources", sa.String(), nullable=False),
        sa.Column("weight", sa.Float(), nullable=True),
        sa.Column("entities", sa.Integer(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("benefit", sa.Boolean(), nullable=False),
        sa.Column("boundary", sa.Boolean(), nullable=False),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("rank", sa.Float(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("parked", sa.String(), nullable=True),
        sa.Column("claimed_by", sa.String(), nullable=True),
        sa.Column("claimed", UtcDateTime(), nullable=True),
        sa.Column("claimed_until", UtcDateTime(), nullable=True),
        sa.Column("ended", UtcDateTime(), nullable=True),
        sa.Column("followed_by", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_task_queue", "review_task", ["status", "rank", "id"])
    op.create_index("ix_review_task_region", "review_task", ["status", "region"])
    op.create_table(
        "review_task_entity",
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("records", sa.Integer(), nullable=False),
        sa.Column("region", sa.String(), nullable=True),
        sa.Column("sources", sa.String(), nullable=False),
        sa.Column("benefit", sa.Boolean(), nullable=False),
        sa.Column("boundary", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("task_id", "entity_id"),
    )
    op.create_index("ix_review_task_entity_entity_id", "review_task_entity", ["entity_id"])
    op.create_table(
        "review_answer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("judgements", sa.JSON(), nullable=False),
        sa.Column("overruled", sa.Integer(), nullable=False),
        sa.Column("overruled_by", sa.String(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_review_answer_task_id", "review_answer", ["task_id"])
    op.create_index("ix_review_answer_actor", "review_answer", ["actor", "at"])


def downgrade() -> None:
    """Drop them."""
    for column in ("run_seq", "retired_seq"):
        op.drop_index(f"ix_entity_question_{column}", "entity_question")
    for table in ("review_answer", "review_task_entity", "review_task"):
        op.drop_table(table)
