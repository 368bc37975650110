"""Alembic revisions of the hub."""
