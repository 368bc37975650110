"""Column types that mean the same in every database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Dialect as SqlDialect


def now() -> datetime:
    """This moment, in UTC, to the microsecond."""
    return datetime.now(UTC)


def index_of_some(name: str, *columns: str, where: str) -> sa.Index:
    """An index of the rows that a condition names, in either database."""
    some = sa.text(where)
    return sa.Index(name, *columns, sqlite_where=some, postgresql_where=some)


class UtcDateTime(sa.TypeDecorator[datetime]):
    """A moment in UTC. Databases without time zones keep it naive; it always comes back aware."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: SqlDialect) -> datetime | None:
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        return value.astimezone(UTC) if value is not None else None

    def process_result_value(self, value: Any | None, dialect: SqlDialect) -> datetime | None:
        if not isinstance(value, datetime):
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
