"""Honey NIKs: numbers nobody has, set out so that who asks for one gives itself away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic

from sqlmodel import Session, select

from mdm import audit
from mdm.access.keys import PURPOSE, mac
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.runs import published_seq
from mdm.hub.tables import HoneyNik
from mdm.opening import carriers
from mdm.seal import TOKEN_BYTES, Mac, normal_nik
from mdm.tokens import tokens_for

FRESH = 1.0  # seconds that the list is good for


def add_honey(hub: Hub, session: Session, nik: str, *, actor: str) -> bool:
    """Set out a NIK; whether it was new. InputError when somebody carries it."""
    nik = normal_nik(nik)
    if carriers(session, tokens_for(hub, nik), published_seq(session)):
        raise InputError("Somebody carries this NIK.", "Choose a number that nobody has.")
    version = hub.keys.domain(PURPOSE).version
    token = _token(mac(hub, "honey", version), nik)
    if session.get(HoneyNik, token) is not None:
        return False
    session.add(HoneyNik(token=token, key_id=version, added_by=actor))
    audit.record(session, actor, "honey.add", counts={"niks": 1})
    return True


class Honey:
    """The numbers set out, as tokens, looked up once a second."""

    def __init__(self, hub: Hub, clock: Callable[[], float] = monotonic) -> None:
        self._hub = hub
        self._clock = clock
        self._until = 0.0
        self._out: frozenset[bytes] = frozenset()
        self._macs: dict[int, Mac] = {}

    def among(self, session: Session, niks: Sequence[str]) -> bool:
        """Whether one of these numbers was set out."""
        if self._clock() >= self._until:
            self._look(session)
        if not self._out:
            return False
        return any(_token(key, nik) in self._out for key in self._macs.values() for nik in niks)

    def _look(self, session: Session) -> None:
        rows = session.exec(select(HoneyNik.token, HoneyNik.key_id)).all()
        self._out = frozenset(bytes(token) for token, _ in rows)
        self._macs = {version: mac(self._hub, "honey", version) for version in {v for _, v in rows}}
        self._until = self._clock() + FRESH


def _token(key: Mac, nik: str) -> bytes:
    return key(nik.encode())[:TOKEN_BYTES]
