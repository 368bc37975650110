"""Asked: which NIKs a principal asked about today, so that each counts once.

The hub keeps them as short rows that are only ever added at the end: tokens in the order of asking, `first` the
number of the first one (of the principal, of the day). A set on disk would touch a random page for every NIK. Each
process keeps the set in memory and follows the rows, its own as those of others; who has counted a principal's
question (`tally.add`) holds its row until the end of the unit of work, so that nobody adds to the list meanwhile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import sqlalchemy as sa
from sqlmodel import Session

from mdm.hub.lists import Prepared

TOKEN_BYTES = 8  # two of ten million NIKs share a token once in 400,000 days
RECENT = 1 << 16  # tokens that may wait before they are sorted in

_FOLLOW = Prepared(
    sa.text(
        "SELECT tokens FROM budget_asked "
        "WHERE principal = :principal AND day = :day AND first >= :first ORDER BY first"
    )
)
_ADD = Prepared(
    sa.text(
        "INSERT INTO budget_asked (principal, day, first, tokens) "
        "VALUES (:principal, :day, :first, :tokens) RETURNING first"
    )
)
_FORGET = sa.text("DELETE FROM budget_asked WHERE day < :day")


@dataclass(slots=True)
class _Known:
    """What one principal asked about on one day, as far as the rows were read."""

    day: int
    count: int = 0
    recent: set[bytes] = field(default_factory=set)
    sorted: np.ndarray[tuple[int], np.dtype[np.uint64]] = field(
        default_factory=lambda: np.empty(0, np.uint64)
    )

    def add(self, tokens: bytes) -> None:
        self.recent.update(_each(tokens))
        if len(self.recent) > RECENT:
            self.sorted = np.union1d(self.sorted, _numbers(self.recent))
            self.recent = set()

    def unknown(self, tokens: Iterable[bytes]) -> set[bytes]:
        rest = [token for token in tokens if token not in self.recent]
        if not len(self.sorted) or not rest:
            return set(rest)
        numbers = _numbers(rest)
        at = np.searchsorted(self.sorted, numbers).clip(max=len(self.sorted) - 1)
        known = (self.sorted[at] == numbers).tolist()
        return {token for token, is_known in zip(rest, known, strict=True) if not is_known}


class Asked:
    """The lists of one hub as this process knows them; for use by one thread at a time."""

    def __init__(self) -> None:
        self._of: dict[str, _Known] = {}

    def fresh(
        self, session: Session, day: int, counts: Mapping[str, int], asked: Mapping[str, set[bytes]]
    ) -> dict[str, set[bytes]]:
        """Principal → those of the tokens asked about that it did not ask about before; `counts` says how many it
        has today, as its locked row tells."""
        return {
            who: self._follow(session, day, who, counts[who]).unknown(tokens)
            for who, tokens in asked.items()
        }

    def note(
        self,
        session: Session,
        day: int,
        counts: Mapping[str, int],
        new: Mapping[str, Sequence[bytes]],
    ) -> None:
        """Put the new tokens of each principal at the end of its list."""
        connection = session.connection()
        for who, tokens in new.items():
            if tokens:
                row = {
                    "principal": who,
                    "day": day,
                    "first": counts[who],
                    "tokens": b"".join(tokens),
                }
                _ADD.rows(connection, row)

    def forget(self, session: Session, today: int) -> None:
        """What was asked on earlier days is nobody's business any more."""
        session.connection().execute(_FORGET, {"day": today})
        self._of = {who: known for who, known in self._of.items() if known.day >= today}

    def _follow(self, session: Session, day: int, who: str, count: int) -> _Known:
        known = self._of.get(who)
        if known is None or known.day != day or known.count > count:
            known = self._of[who] = _Known(day)
        if known.count < count:
            asked = {"principal": who, "day": day, "first": known.count}
            for (tokens,) in _FOLLOW.rows(session.connection(), asked):
                known.add(bytes(tokens))
            known.count = count
        return known


def _each(tokens: bytes) -> Iterable[bytes]:
    return (tokens[at : at + TOKEN_BYTES] for at in range(0, len(tokens), TOKEN_BYTES))


def _numbers(tokens: Collection[bytes]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.frombuffer(b"".join(tokens), np.uint64)
