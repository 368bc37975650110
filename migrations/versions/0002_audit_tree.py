"""Audit: the tree's tiles, its signed checkpoints and keys, the index of actors and subjects."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from alembic import op

from mdm.hub.columns import UtcDateTime
from mdm.hub.dialect import dialect_of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("audit_checkpoint", "audit_key")
SUBJECTS = ("entity_id", "batch", "run", "job", "id")  # as mdm.audit.events had them then
TOGETHER = 5_000


def upgrade() -> None:
    """Make the tables, and the index of the events that stand already."""
    clustered = dialect_of(op.get_bind()).clustered
    for name, what in (("audit_subject", "subject"), ("audit_actor", "actor")):
        op.create_table(
            name,
            sa.Column(what, sa.String(), nullable=False),
            sa.Column("seq", sa.BigInteger(), nullable=False),
            sa.PrimaryKeyConstraint(what, "seq"),
            **clustered,
        )
    op.create_table(
        "audit_tile",
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("earliest", sa.String(), nullable=True),
        sa.Column("latest", sa.String(), nullable=True),
        sa.Column("hashes", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("level", "n"),
    )
    op.create_table(
        "audit_checkpoint",
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("key_version", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(), nullable=False),
        sa.Column("note", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("size"),
    )
    op.create_table(
        "audit_key",
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("verifier", sa.String(), nullable=False),
        sa.Column("created", UtcDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("version"),
    )
    op.create_table(
        "sealed_digest",
        sa.Column("run_seq", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("digests", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_seq", "part"),
    )
    for table in APPEND_ONLY:
        dialect_of(op.get_bind()).append_only(op.get_bind(), table)
    _index_events(op.get_bind())


def downgrade() -> None:
    """Drop what this revision made."""
    for table in (
        "sealed_digest",
        "audit_key",
        "audit_checkpoint",
        "audit_tile",
        "audit_actor",
        "audit_subject",
    ):
        op.drop_table(table)


def _index_events(connection: sa.Connection) -> None:
    select = sa.text("SELECT seq, event FROM audit_event WHERE seq > :last ORDER BY seq LIMIT :n")
    last = -1
    while rows := connection.execute(select, {"last": last, "n": TOGETHER}).all():
        said = [(seq, json.loads(bytes(event))) for seq, event in rows]
        _insert(connection, "audit_actor", "actor", [(e["actor"], seq) for seq, e in said])
        about = [(one, seq) for seq, e in said for one in sorted(_subjects(e))]
        _insert(connection, "audit_subject", "subject", about)
        last = rows[-1][0]


def _subjects(event: dict[str, Any]) -> set[str]:
    said = [event.get(name) for name in SUBJECTS]
    lists = [one if isinstance(one, list) else [one] for one in said]
    return {text for texts in lists for text in texts if isinstance(text, str)}


def _insert(
    connection: sa.Connection, table: str, what: str, rows: Sequence[tuple[str, int]]
) -> None:
    if rows:
        insert = sa.text(f"INSERT INTO {table} ({what}, seq) VALUES (:what, :seq)")
        connection.execute(insert, [{"what": one, "seq": seq} for one, seq in rows])
