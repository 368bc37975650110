"""Spoken: which human judgements are about a record, found without opening all of them every time.

A judgement seals the records it is about. Each is opened once in the life of a process; what is
kept in memory of it is a keyed digest of either record, under a key that dies with the process.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from threading import Lock
from weakref import WeakKeyDictionary

from sqlmodel import Session

from mdm import judgements
from mdm.compose import Hub
from mdm.hub.sessions import Sessions
from mdm.judgements import RecordRef
from mdm.seal import Mac, length_prefixed
from mdm.tracing.values import Key

_KEY = Mac(os.urandom(32))
_KNOWN: WeakKeyDictionary[Sessions, _Spoken] = WeakKeyDictionary()
_LOCK = Lock()


class _Spoken:
    """Digest of a record → ids of the judgements about it, up to a judgement's number."""

    def __init__(self) -> None:
        self.upto = 0
        self.about: dict[bytes, list[str]] = {}
        self.lock = Lock()

    def catch_up(self, hub: Hub, session: Session) -> None:
        """Open what was judged since."""
        with self.lock:
            for held, pair in judgements.pairs(hub, session, self.upto):
                for one in dict.fromkeys(map(_digest, pair)):
                    self.about.setdefault(one, []).append(held.id)
                self.upto = held.seq


def about(hub: Hub, session: Session, records: Iterable[Key]) -> list[str]:
    """The ids of all judgements about any of some records."""
    with _LOCK:
        spoken = _KNOWN.setdefault(hub.sessions, _Spoken())
    spoken.catch_up(hub, session)
    found = (spoken.about.get(_digest(key), []) for key in records)
    return list(dict.fromkeys(one for ids in found for one in ids))


def _digest(key: Key | RecordRef) -> bytes:
    return _KEY(length_prefixed(*(part.encode() for part in key)))[:16]
