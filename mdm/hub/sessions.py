"""Units of work: a session that commits as a whole or leaves nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlmodel import Session

from mdm.errors import CapacityError
from mdm.hub.bulk import Bulk
from mdm.hub.dialect import Dialect, Pool, Turn, dialect_for


class Sessions:
    """`with sessions.begin() as session:` writes; `with sessions.read() as session:` reads."""

    def __init__(self, url: str, pool: Pool | None = None) -> None:
        self.dialect: Dialect = dialect_for(url)
        self.engine: sa.Engine = self.dialect.engine(url, pool or Pool())

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One writing unit of work: commits at the end of the block, or nothing happened."""
        with (
            self.connect() as connection,
            Session(bind=connection, expire_on_commit=False) as session,
        ):
            yield session
            session.flush()

    @contextmanager
    def connect(self) -> Iterator[sa.Connection]:
        """The same unit of work without a session on top, for bulk work."""
        with self.engine.connect() as connection, self._unit(connection):
            yield connection

    @contextmanager
    def bulk(self) -> Iterator[Bulk]:
        """Many short units of work, for what nobody sees yet; see `mdm/hub/bulk.py`."""
        with (
            self.engine.connect() as connection,
            Bulk(self.dialect, connection, lambda: self._unit(connection, bulk=True)) as bulk,
        ):
            yield bulk

    @contextmanager
    def _unit(self, connection: sa.Connection, *, bulk: bool = False) -> Iterator[Turn]:
        try:
            with self.dialect.turn(connection, bulk=bulk) as turn, connection.begin():
                self.dialect.begin_write(connection)
                yield turn
        except Exception as error:
            if not self.dialect.out_of_room(error):
                raise
            raise CapacityError(
                "The disk under the database is full.", "Make room, then run again: it resumes."
            ) from None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading unit of work: a snapshot, never waiting for a writer."""
        with self.engine.connect() as connection, connection.begin() as transaction:
            self.dialect.begin_read(connection)
            with Session(bind=connection, expire_on_commit=False) as session:
                yield session
            transaction.rollback()

    def scrub(self, *tables: str) -> None:
        """After deleting what nobody may read again: leave as little of it as can be."""
        self.dialect.scrub(self.engine, tables)

    def close(self) -> None:
        """Let go of all connections."""
        self.engine.dispose()
