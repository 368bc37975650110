"""Units of work: a session that commits as a whole or leaves nothing.

begin            writes; what it wrote survives a power cut when the block has ended
begin_volatile   writes what could be made again: nobody waits for the disk, and a power cut may undo it
bulk             writes much, in many short units of work, for what nobody sees yet
read             reads as of one moment, never waiting for who writes
own_connection   the same for one thread, which commits without waiting for the disk, then calls `sync`
alone            the right to work on the database, for one home at a time
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from threading import Lock
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session

import mdm.hub.meanwhile  # noqa: F401 - looks at what every session writes
from mdm.hub.bulk import Bulk
from mdm.hub.dialect import Dialect, Pool, Still, Turn, dialect_for
from mdm.hub.journal import Journal, Lasting

_BindArguments = dict[str, Any]
_AtTheEnd = Callable[[Session], None]
_LAST: list[_AtTheEnd] = []


def at_the_end(act: _AtTheEnd) -> _AtTheEnd:
    """Let `act` be done last in every unit of work of a session that writes, before it commits."""
    _LAST.append(act)
    return act


def _nobody_asked() -> None:
    """Who did not take the right to work has none to lose."""


def _end_work(session: Session) -> None:
    session.flush()
    for act in _LAST:
        act(session)


class _Bound(Session):
    """A session over a connection that is in its unit of work already, and so has no need to find
    one whenever a statement goes around the objects."""

    def connection(
        self,
        bind_arguments: _BindArguments | None = None,
        execution_options: Mapping[str, Any] | None = None,
    ) -> sa.Connection:
        """The connection."""
        bind = self.bind
        if bind_arguments is None and execution_options is None and isinstance(bind, sa.Connection):
            return bind
        return super().connection(bind_arguments, execution_options)

    def close(self) -> None:
        """Let go of the objects, if there were any."""
        if self.in_transaction() or self.new or len(self.identity_map):
            super().close()


class Sessions:
    """`with sessions.begin() as session:` writes; `with sessions.read() as session:` reads."""

    def __init__(self, url: str, pool: Pool | None = None) -> None:
        self._url, self._pool = url, pool or Pool()
        self.dialect: Dialect = dialect_for(url)
        self.engine: sa.Engine = self.dialect.engine(url, self._pool)
        self._own: list[Sessions] = []
        self._volatile: Sessions | None = None
        self._making = Lock()
        self._still: Still = _nobody_asked
        self._journal: Journal = Lasting()

    def own_connection(self) -> Sessions:
        """Sessions over one connection of their own, for one thread that asks all the time:
        what a connection remembers of the database is worth most to who comes back to it.

        What it commits is seen at once, and lasts only when `sync` has returned."""
        one = _OwnConnection(self._url, replace(self._pool, size=1, overflow=0))
        one._journal = one.dialect.defer_sync(one.engine)
        self._own.append(one)
        return one

    def sync(self) -> None:
        """Return once all that was committed here survives a power cut: at once, but for sessions
        of their `own_connection`. HomeError when the disk does not keep it. From any thread."""
        self._journal.sync()

    @contextmanager
    def begin_volatile(self) -> Iterator[Session]:
        """One writing unit of work for what could be made again from what is there: it does not
        keep others from writing while the disk works, and a power cut may undo it."""
        with self._volatile_sessions().begin() as session:
            yield session

    def sync_all(self) -> None:
        """Bring to disk what anybody committed, so that the next commit waits less, and all others
        for it."""
        self._volatile_sessions().sync()

    def _volatile_sessions(self) -> Sessions:
        with self._making:
            if self._volatile is None:
                self._volatile = self.own_connection()
            return self._volatile

    @contextmanager
    def begin(self) -> Iterator[Session]:
        """One writing unit of work: commits at the end of the block, or nothing happened."""
        with (
            self.connect() as connection,
            _Bound(bind=connection, expire_on_commit=False) as session,
        ):
            yield session
            _end_work(session)

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
        with (
            self._said(),
            self.dialect.turn(connection, bulk=bulk) as turn,
            connection.begin(),
        ):
            self.dialect.begin_write(connection)
            yield turn

    @contextmanager
    def read(self) -> Iterator[Session]:
        """One reading unit of work: a snapshot, never waiting for a writer."""
        with (
            self._said(),
            self.engine.connect() as connection,
            connection.begin() as transaction,
        ):
            self.dialect.begin_read(connection)
            with _Bound(bind=connection, expire_on_commit=False) as session:
                yield session
            transaction.rollback()

    @contextmanager
    def _said(self) -> Iterator[None]:
        """What the database refuses, in the user's words."""
        try:
            yield
        except Exception as error:
            if (known := self.dialect.known(error)) is None:
                raise
            raise known from None

    @contextmanager
    def alone(self, what: str) -> Iterator[None]:
        """The right to work on this database, alone of all homes that use it. BusyError says who has it."""
        with self.dialect.alone(self.engine, what) as still:
            self._still = still
            try:
                yield
            finally:
                self._still = _nobody_asked

    def still_alone(self) -> None:
        """HomeError where the right to work was lost meanwhile: asked before what was made becomes part of the hub."""
        self._still()

    def worker(self) -> str:
        """Who has the right to work on this database now; empty where nobody has, or no other home can."""
        with self.read() as session:
            return self.dialect.worker(session.connection())

    def tend(self) -> None:
        """Do, beside those who write, what one of them would else do in a commit. No transaction."""
        with self.engine.connect() as connection:
            self.dialect.tend(connection)

    def scrub(self, *tables: str) -> None:
        """After deleting what nobody may read again: leave as little of it as can be."""
        self.dialect.scrub(self.engine, tables)

    def close(self) -> None:
        """Let go of all connections."""
        for one in self._own:
            one.close()
        self.engine.dispose()


class _OwnConnection(Sessions):
    """Sessions over a single connection, kept between units of work where it cannot break
    meanwhile: to fetch it from the pool and bring it back takes as long as a question."""

    def __init__(self, url: str, pool: Pool) -> None:
        super().__init__(url, pool)
        self._kept: _Bound | None = None
        self._alone = Lock()

    @contextmanager
    def begin(self) -> Iterator[Session]:
        if not self.dialect.embedded:
            with super().begin() as session:
                yield session
            return
        with self._alone:
            kept, self._kept = self._kept, None
            session = kept or _Bound(bind=self.engine.connect(), expire_on_commit=False)
            try:
                with self._unit(session.connection()):
                    yield session
                    _end_work(session)
                session.close()
            except BaseException:  # nobody knows what state it is in
                _end(session)
                raise
            self._kept = session

    def close(self) -> None:
        with self._alone:
            if self._kept is not None:
                _end(self._kept)
                self._kept = None
        super().close()


def _end(session: Session) -> None:
    session.close()
    session.connection().close()
