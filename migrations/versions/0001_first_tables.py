"""First tables: deliveries, runs, entities with their sealed profiles, keys, audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

APPEND_ONLY = ("entity_event", "judgement", "audit_event")


def upgrade() -> None:
    """Make the tables; the database itself guards the ones that may only grow."""
    clustered = dialect_of(op.get_bind()).clustered
    op.create_table(
        "audit_event",
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.LargeBinary(), nullable=False),
        sa.Column("leaf_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("seq"),
    )
    op.create_table(
        "batch",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("layout", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("checksum", sa.String(), nullable=False),
        sa.Column("format", sa.String(), nullable=True),
        sa.Column("provider", sa.String(), nullable=True),
        sa.Column("delivered_on", sa.Date(), nullable=True),
        sa.Column("agreement", sa.String(), nullable=True),
        sa.Column("handover_on", sa.Date(), nullable=True),
        sa.Column("period", sa.String(), nullable=True),
        sa.Column("declared_rows", sa.Integer(), nullable=True),
        sa.Column("landed", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Integer(), nullable=True),
        sa.Column("quarantined", sa.Integer(), nullable=True),
        sa.Column("unchanged", sa.Integer(), nullable=True),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("source", "layout", "checksum", name="uq_batch_content"),
    )
    op.create_index("ix_batch_source", "batch", ["source"])

    op.create_table(
        "domain_key",
        sa.Column("purpose", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=True),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("purpose", "version"),
    )
    op.create_table(
        "entity",
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("created_run", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("merged_into", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("entity_id"),
        **clustered,
    )

    op.create_table(
        "entity_event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("event", sa.String(), nullable=False),
        sa.Column("other", sa.String(), nullable=True),
        sa.Column("records", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_entity_event_entity_id", "entity_event", ["entity_id"])
    op.create_index("ix_entity_event_run_seq", "entity_event", ["run_seq"])

    op.create_table(
        "entity_key",
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("wrapped", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("entity_id"),
        **clustered,
    )

    op.create_table(
        "judgement",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("records", sa.LargeBinary(), nullable=False),
        sa.Column("judgement", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("seq"),
    )
    op.create_table(
        "lake_file",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("dataset", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("path", sa.String(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("path"),
    )
    op.create_index("ix_lake_file_dataset", "lake_file", ["dataset"])
    op.create_index("ix_lake_file_owner", "lake_file", ["owner"])

    op.create_table(
        "linkage_model",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=True),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("ix_linkage_model_kind", "linkage_model", ["kind"])

    op.create_table(
        "nik_token",
        sa.Column("token", sa.LargeBinary(), nullable=False),
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("retired_seq", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("token", "entity_id", "run_seq"),
        **clustered,
    )

    op.create_table(
        "rule_set",
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("documents", sa.JSON(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("digest"),
    )
    op.create_table(
        "run",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("rules", sa.String(), nullable=True),
        sa.Column("model", sa.String(), nullable=True),
        sa.Column("started", UtcDateTime(), nullable=False),
        sa.Column("finished", UtcDateTime(), nullable=True),
        sa.Column("seconds", sa.JSON(), nullable=False),
        sa.Column("counts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("seq"),
    )
    op.create_index("ix_run_status", "run", ["status"])

    op.create_table(
        "sealed_profile",
        sa.Column("entity_id", sa.String(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("key_id", sa.Integer(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("content_mac", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("entity_id", "version"),
    )

    op.create_table(
        "staging",
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("run_seq"),
    )
    op.create_table(
        "run_stage",
        sa.Column("run", sa.String(), nullable=False),
        sa.Column("stage", sa.String(), nullable=False),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=True),
        sa.Column("rows", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run"],
            ["run.id"],
        ),
        sa.PrimaryKeyConstraint("run", "stage"),
    )
    for table in APPEND_ONLY:
        dialect_of(op.get_bind()).append_only(op.get_bind(), table)


def downgrade() -> None:
    """Drop everything, children first."""
    op.drop_table("run_stage")
    op.drop_table("staging")
    op.drop_table("sealed_profile")
    op.drop_table("run")
    op.drop_table("rule_set")
    op.drop_table("nik_token")
    op.drop_table("linkage_model")
    op.drop_table("lake_file")
    op.drop_table("judgement")
    op.drop_table("entity_key")
    op.drop_table("entity_event")
    op.drop_table("entity")
    op.drop_table("domain_key")
    op.drop_table("batch")
    op.drop_table("audit_event")
