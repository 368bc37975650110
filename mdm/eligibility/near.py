"""Who may be meant: a number that nobody has, or that somebody else has, held against the name and the birth date that
the asker knows.

One slip of a pen makes another number. Where it is nobody's, those one slip away are looked at: is there a person of
that name, born that day? Where it is somebody else's, the answer would be about the wrong person.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from matching.similarity import align
from mdm.access.terms import Decision
from mdm.compose import Hub
from mdm.desk.known import Known
from mdm.desk.terms import Answered, Moment, Person, Profile, Question
from mdm.eligibility.facts import PLACES
from mdm.opening import holders
from reference.names import strip_titles
from reference.nik import parse_nik
from reference.text import plain_upper

MOST = 8  # who is looked at
ATTRIBUTES = frozenset(
    {"name", "birth", *PLACES}
)  # that are read: also in whose region somebody lives


@dataclass(frozen=True)
class Who:
    """Whom the asker means: a name and a birth date."""

    name: str = field(repr=False)
    birth_date: date = field(repr=False)

    def is_(self, profile: Profile) -> bool:
        """Whether it may be this person: born that day, of a name like it."""
        return self._born(profile) is True and self._called(profile) is True

    def is_not(self, profile: Profile) -> bool:
        """Whether it is somebody else: born another day, of another name."""
        return self._born(profile) is False and self._called(profile) is False

    def _born(self, profile: Profile) -> bool | None:
        entry = profile.entry("birth")
        born = entry[0].get("birth_date") if entry else None
        return None if born is None else born == self.birth_date.isoformat()

    def _called(self, profile: Profile) -> bool | None:
        entry = profile.entry("name")
        if not entry or not entry[0]:
            return None
        ours, theirs = _words(self.name), _words(entry[0])
        pairs = [one.agreement for one in align(ours, theirs) if one.agreement != "missing"]
        whole = len(pairs) == min(len(ours), len(theirs))  # the other may have more words
        # Initials alone name nobody; a name written in one word is the same.
        named = whole and not {"same", "alike"}.isdisjoint(pairs)
        return bool(ours) and (named or "".join(ours) == "".join(theirs))


@dataclass(frozen=True, kw_only=True)
class Near(Question):
    """A question for the desk about those whose numbers are one slip away: is one of them meant? It is asked about as
    many whether there are any, and counts as the number that was asked for: nothing tells how many there are.
    """

    who: Who = field(repr=False)
    nik: str = field(repr=False)
    action: str = "eligibility.ask"
    event: str = "eligibility.near"
    household: bool = False
    spares_restricted: bool = True
    attributes: frozenset[str] | None = ATTRIBUTES

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        fields = {"person": ["birth_date", "name"]}
        return Answered(self.who.is_(person.person), fields, {})

    def unknown(self, moment: Moment) -> bool:
        return False

    def charged(self, there: Sequence[bool]) -> tuple[Sequence[str], Sequence[str]]:
        return (self.nik,), ()

    def whole(self, moment: Moment, values: Sequence[Any]) -> bool:
        return any(values)


def beside(hub: Hub, nik: str, seq: int) -> tuple[list[str], list[str]]:
    """Entity ids of those whose numbers are one slip away from this one, as of a run, a few at most; and for whom
    nobody is asked in vain, so that they are as many whether there are any."""
    tokens = Known(hub).tokens(slips(nik))
    with hub.sessions.read() as session:
        found = dict.fromkeys(one[0] for one in holders(session, tokens, seq) if one)
    ids = list(found)[:MOST]
    return ids, [filed[0].hex() for filed in tokens[: MOST - len(ids)]]


def slips(nik: str) -> Iterator[str]:
    """The numbers that could be meant: a digit is another, or two neighbours stand the other way round."""
    made = {f"{nik[:at]}{digit}{nik[at + 1 :]}" for at in range(len(nik)) for digit in "0123456789"}
    made |= {f"{nik[:at]}{nik[at + 1]}{nik[at]}{nik[at + 2 :]}" for at in range(len(nik) - 1)}
    return (one for one in sorted(made - {nik}) if parse_nik(one) is not None)


def _words(name: str) -> list[str]:
    return re.findall("[A-Z]+", plain_upper(strip_titles(name.upper())))
