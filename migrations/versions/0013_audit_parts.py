"""The audit index lies by part of the log, and is made behind it: entries of one part are neighbours."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from mdm.hub.dialect import dialect_of

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

PART = 4_096  # events, as mdm.audit.indexed had it then
INDEXES = (("audit_subject", "subject"), ("audit_actor", "actor"))


def upgrade() -> None:
    """Lay the standing index out by part; it covers all that it covered."""
    connection = op.get_bind()
    for name, what in INDEXES:
        op.rename_table(name, f"{name}_before")
        _make(name, "part", what, "seq")
        connection.execute(
            sa.text(
                f"INSERT INTO {name} (part, {what}, seq) "
                f"SELECT seq / {PART}, {what}, seq FROM {name}_before ORDER BY 1, 2, 3"
            )
        )
        op.drop_table(f"{name}_before")
    op.create_table(
        "audit_part",
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("n"),
    )
    connection.execute(
        sa.text(
            "INSERT INTO audit_part (n, events) "
            f"SELECT seq / {PART}, count(*) FROM audit_event GROUP BY seq / {PART}"
        )
    )


def downgrade() -> None:
    """Back to one index over the whole log. What was not indexed yet stays so: `dtsen audit reindex`."""
    connection = op.get_bind()
    op.drop_table("audit_part")
    for name, what in INDEXES:
        op.rename_table(name, f"{name}_after")
        _make(name, what, "seq")
        insert = f"INSERT INTO {name} ({what}, seq) SELECT {what}, seq FROM {name}_after"
        connection.execute(sa.text(insert))
        op.drop_table(f"{name}_after")


def _make(name: str, *columns: str) -> None:
    kinds = {"part": sa.BigInteger(), "seq": sa.BigInteger()}
    op.create_table(
        name,
        *(sa.Column(one, kinds.get(one, sa.String()), nullable=False) for one in columns),
        sa.PrimaryKeyConstraint(*columns, name=f"pk_{name}_{len(columns)}"),
        **dialect_of(op.get_bind()).clustered,
    )
