"""What the desk knows between groups: index keys, the moments that readers see."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlmodel import Session, select

from mdm.compose import Hub
from mdm.desk.terms import Moment
from mdm.hub.lists import Prepared
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import Run
from mdm.seal import TOKEN_BYTES, Mac, token_domain
from mdm.seal.tokens import PURPOSE, TABLE

NOTHING = Moment(seq=0, at=None, rules=None)
_NEWEST = Prepared(sa.text(f"SELECT max(seq) FROM run WHERE status = '{PUBLISHED}'"))


class Known:
    """Looked up once per group at most; what cannot change is looked up once."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._macs: list[Mac] = []
        self._prepared: tuple[str, ...] = ()
        self._past: dict[int, Moment] = {}

    def now(self, session: Session) -> Moment:
        """What readers see."""
        ((seq,),) = _NEWEST.rows(session.connection(), {})
        return self.moment(session, seq) if seq else NOTHING

    def moment(self, session: Session, seq: int) -> Moment:
        """A run of the past, as snapshots name it."""
        if seq not in self._past:
            query = select(Run.seq, Run.finished, Run.rules).where(Run.seq == seq)
            row = session.exec(query.where(Run.status == PUBLISHED)).first()
            if row is None:
                return NOTHING
            self._past[seq] = Moment(*row)
        return self._past[seq]

    def tokens(self, niks: Iterable[str]) -> list[list[bytes]]:
        """For each NIK the tokens it may be filed under: one per index key version that opens."""
        keys = self._hub.keys.live("identifier")
        names = tuple(key.key_id for key in keys)
        if names != self._prepared:
            domain = token_domain(TABLE, PURPOSE)
            self._macs = [Mac(key.subkey(f"{TABLE}/{PURPOSE}"), domain) for key in keys]
            self._prepared = names
        return [[mac(nik.encode())[:TOKEN_BYTES] for mac in self._macs] for nik in niks]
