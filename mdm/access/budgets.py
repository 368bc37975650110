"""Budgets: how much a principal may ask, counted in the hub and so the same for every worker.

Three bounds, all of `Limits`: requests a minute, distinct NIKs a day, and the share of misses once
enough was asked (who guesses numbers misses a lot). A NIK asked about again is neither asked nor missed
once more: by asking for one's own between the guesses nobody hides them. A honey NIK raises an alarm
whoever asks for it. `charge` works on a whole group of questions, in the caller's transaction.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from mdm.access import tally
from mdm.access.alarms import raise_alarms
from mdm.access.asked import TOKEN_BYTES, Asked
from mdm.access.decide import limits_of
from mdm.access.honey import Honey
from mdm.access.keys import PURPOSE, mac
from mdm.access.tally import Used
from mdm.access.terms import Limits, Principal
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.seal import Mac, length_prefixed

MINUTE, DAY = 60, 86_400
RATE, DISTINCT, MISSES = "requests-per-minute", "niks-per-day", "too-many-misses"


@dataclass(frozen=True, slots=True)
class Charge:
    """What one question costs: whom it asked about (NIKs, or entity ids) and who of them were not
    there to see."""

    principal: Principal
    subjects: Sequence[str]
    missed: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the question may be answered; if not, which bound it went over and when to retry."""

    allowed: bool
    bound: str | None = None
    retry_after: int = 0  # seconds


FINE = Verdict(True)


class Budgets:
    """The budgets of one hub; one per process, for use by one thread at a time.

    The tokens of NIKs live for a day under today's key: a NIK asked for before and after a
    rotation of the `access` key counts twice.
    """

    def __init__(self, hub: Hub) -> None:
        self._hub = hub
        self._honey = Honey(hub)
        self._token: Mac | None = None
        self._under = 0  # the version of the key behind `_token`
        self._asked = Asked()

    def charge(
        self, session: Session, charges: Sequence[Charge], at: datetime | None = None
    ) -> list[Verdict]:
        """Count a group of questions; for each whether it may be answered.

        What is refused counts as a request, but its NIKs are not taken as known. What goes over the share of misses
        counts as asked, too: so it stays gone over until the day ends.
        """
        if not charges:
            return []
        moment = int((at or now()).timestamp())
        day = moment // DAY
        tokens = [self._tokens(charge, day) for charge in charges]
        caught = [c.principal.id for c in charges if self._honey.among(session, c.subjects)]
        more = _requests(charges)
        used = tally.add(session, moment // MINUTE, day, more)
        if any(not one.asked for one in used.values()):
            self._asked.forget(session, day)  # somebody's first question of a day
        niks = {who: one.niks for who, one in used.items()}
        fresh = self._asked.fresh(session, day, niks, _by_principal(charges, tokens))
        judge = _Judge(moment, used, more, fresh)
        verdicts = judge.all(charges, tokens)
        self._asked.note(session, day, niks, judge.new)
        tally.count(session, judge.counted(used))
        raise_alarms(session, "honey", set(caught))
        closed = zip(charges, verdicts, strict=True)
        raise_alarms(session, "misses", {c.principal.id for c, v in closed if v.bound == MISSES})
        return verdicts

    def _tokens(self, charge: Charge, day: int) -> list[bytes]:
        """What stands for the subjects today, for this principal alone; each once."""
        before = length_prefixed(str(day).encode(), charge.principal.id.encode())
        subjects, token = dict.fromkeys(charge.subjects), self._key()
        return [token(before + subject.encode())[:TOKEN_BYTES] for subject in subjects]

    def _key(self) -> Mac:
        """The digest under the active key: who counts for months counts as who begins now, or a NIK counts for both."""
        active = self._hub.keys.domain(PURPOSE).version
        if self._token is None or active != self._under:
            self._token, self._under = mac(self._hub, "budget", active), active
        return self._token


class _Judge:
    """Goes through a group in its order: the first questions fit, the later ones may not. `new` are the NIKs that count
    from now on, by principal."""

    def __init__(
        self,
        moment: int,
        used: dict[str, Used],
        more: dict[str, Used],
        fresh: dict[str, set[bytes]],
    ) -> None:
        self._moment = moment
        self._requests = {who: used[who].requests - more[who].requests for who in used}
        self._niks = {who: one.niks for who, one in used.items()}
        self._asked = {who: one.asked for who, one in used.items()}
        self._missed = {who: one.missed for who, one in used.items()}
        self._unseen = fresh
        self.new: dict[str, list[bytes]] = {who: [] for who in used}

    def all(self, charges: Sequence[Charge], tokens: Sequence[Sequence[bytes]]) -> list[Verdict]:
        return [self._one(charge, of) for charge, of in zip(charges, tokens, strict=True)]

    def counted(self, used: Mapping[str, Used]) -> dict[str, Used]:
        """Those whose day went on, as it stands now."""
        return {
            who: Used(niks=self._niks[who], asked=self._asked[who], missed=self._missed[who])
            for who, before in used.items()
            if self._asked[who] != before.asked
        }

    def _one(self, charge: Charge, tokens: Sequence[bytes]) -> Verdict:
        who, limits = charge.principal.id, limits_of(charge.principal)
        self._requests[who] += 1
        new = self._unseen[who].intersection(tokens)
        niks = self._niks[who] + len(new)
        if self._requests[who] > limits.requests_per_minute:
            return Verdict(False, RATE, MINUTE - self._moment % MINUTE)
        if new and niks > limits.niks_per_day:
            return Verdict(False, DISTINCT, DAY - self._moment % DAY)
        closed = Verdict(False, MISSES, DAY - self._moment % DAY)
        if self._guesses(who, limits):
            return closed  # for the day, whatever is asked
        self._asked[who] += len(new)
        self._missed[who] += len(new.intersection(_missed(charge, tokens)))
        if self._guesses(who, limits):
            return closed
        self._niks[who] = niks
        self._unseen[who] -= new
        self.new[who] += new
        return FINE

    def _guesses(self, who: str, limits: Limits) -> bool:
        """Whether too much of what was asked today was not there."""
        asked, missed = self._asked[who], self._missed[who]
        return asked >= limits.miss_floor and missed * 100 > asked * limits.miss_percent


def _missed(charge: Charge, tokens: Sequence[bytes]) -> Iterator[bytes]:
    """The tokens of those who were not there to see."""
    if charge.missed:
        missed = frozenset(charge.missed)
        subjects = zip(dict.fromkeys(charge.subjects), tokens, strict=True)
        yield from (token for subject, token in subjects if subject in missed)


def _by_principal(
    charges: Sequence[Charge], tokens: Sequence[Sequence[bytes]]
) -> dict[str, set[bytes]]:
    by: dict[str, set[bytes]] = defaultdict(set)
    for charge, of in zip(charges, tokens, strict=True):
        by[charge.principal.id].update(of)
    return by


def _requests(charges: Sequence[Charge]) -> dict[str, Used]:
    """How many requests of each principal a group holds."""
    counted = Counter(charge.principal.id for charge in charges)
    return {who: Used(requests=n) for who, n in counted.items()}
