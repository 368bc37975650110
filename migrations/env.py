"""Where Alembic meets the hub: the connection comes from `mdm.hub.migrate`, never from a file."""

from __future__ import annotations

from alembic import context
from sqlmodel import SQLModel

import mdm.hub.tables  # noqa: F401 - fills the metadata

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    compare_type=True,
    render_as_batch=True,  # some databases can only alter a table by copying it
    transactional_ddl=True,
)
# The caller's unit of work commits, so that a killed upgrade leaves nothing.
context.run_migrations()
