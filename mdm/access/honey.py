"""Honey NIKs: numbers nobody has, set out so that who asks for one gives itself away."""

from __future__ import annotations

from collections.abc import Sequence
from time import monotonic

from sqlmodel import Session, select

from mdm import audit
from mdm.access.keys import PURPOSE, mac, open_secret, seal_secret
from mdm.compose import Hub
from mdm.errors import ConflictError
from mdm.hub.runs import published_seq
from mdm.hub.tables import HoneyNik
from mdm.opening import carriers
from mdm.seal import TOKEN_BYTES, Mac, normal_nik
from mdm.seal.tokens import tokens_for

USE, COLUMN = "honey", "honey_nik.sealed"
FRESH = 1.0  # seconds that the list is good for


def add_honey(hub: Hub, session: Session, nik: str, *, actor: str) -> bool:
    """Set out a NIK; whether it was new. ConflictError when somebody carries it."""
    nik = normal_nik(nik)
    if carriers(session, tokens_for(hub, nik), published_seq(session)):
        raise ConflictError("Somebody carries this NIK.", "Choose a number that nobody has.")
    made = _made(hub, nik, actor)
    known = [_token(mac(hub, USE, version), nik) for version in hub.keys.versions(PURPOSE)]
    if any(session.get(HoneyNik, token) is not None for token in known):
        return False
    session.add(made)
    audit.record(session, actor, "honey.add", counts={"niks": 1})
    return True


def renew_honey(hub: Hub, session: Session) -> int:
    """Bring the list under the active key; how many there were under older ones."""
    active = hub.keys.domain(PURPOSE).version
    old = session.exec(select(HoneyNik).where(HoneyNik.key_id != active)).all()
    for one in old:
        nik = open_secret(hub, COLUMN, one.token.hex(), one.key_id, one.sealed).decode()
        session.add(_made(hub, nik, one.added_by))
        session.delete(one)
    return len(old)


class Honey:
    """The numbers set out, as tokens, looked up once a second."""

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._until = 0.0
        self._out: frozenset[bytes] = frozenset()
        self._macs: dict[int, Mac] = {}

    def among(self, session: Session, niks: Sequence[str]) -> bool:
        """Whether one of these numbers was set out."""
        if monotonic() >= self._until:
            self._look(session)
        if not self._out:
            return False
        return any(_token(key, nik) in self._out for key in self._macs.values() for nik in niks)

    def _look(self, session: Session) -> None:
        rows = session.exec(select(HoneyNik.token, HoneyNik.key_id)).all()
        self._out = frozenset(bytes(token) for token, _ in rows)
        standing = {version for _, version in rows}
        if standing - self._macs.keys():  # numbers set out under a key destroyed since are lost
            standing &= set(self._hub.keys.versions(PURPOSE))
        self._macs = {version: mac(self._hub, USE, version) for version in standing}
        self._until = monotonic() + FRESH


def _made(hub: Hub, nik: str, actor: str) -> HoneyNik:
    version = hub.keys.domain(PURPOSE).version
    token = _token(mac(hub, USE, version), nik)
    _, sealed = seal_secret(hub, COLUMN, token.hex(), nik.encode())
    return HoneyNik(token=token, key_id=version, sealed=sealed, added_by=actor)


def _token(key: Mac, nik: str) -> bytes:
    return key(nik.encode())[:TOKEN_BYTES]
