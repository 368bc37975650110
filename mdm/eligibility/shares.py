"""A batch in shares: some of the people it asks about, and what is told of them.

A share is worked off by whoever takes it up: this process, or a helper beside it (helper.py).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from threading import Condition

import msgspec
from sqlmodel import Session

from mdm.access.decide import decide
from mdm.access.terms import Decision, Principal, Resource
from mdm.compose import Hub
from mdm.desk.group import Decider
from mdm.desk.terms import Person
from mdm.eligibility import answers as say
from mdm.eligibility.asking import NOBODY, Asked, fixed, identity_of
from mdm.eligibility.gather import gather
from mdm.eligibility.telling import Teller

ACTION = "eligibility.batch"
PEOPLE = 500  # in a share
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Terms:
    """What is asked of everybody in a batch: enough to ask it in another process."""

    principal: Principal
    purpose: str
    programmes: tuple[str, ...]
    snapshot: str | None
    run_seq: int
    rules: str  # digest
    on: date

    def asked(self, session: Session) -> Asked:
        """The rules again, as the hub keeps them."""
        return fixed(
            session,
            self.programmes,
            snapshot=self.snapshot,
            run_seq=self.run_seq,
            rules=self.rules,
            on=self.on,
        )


def terms_of(principal: Principal, purpose: str, asked: Asked) -> Terms:
    """The terms of a batch."""
    as_of = asked.as_of
    programmes = tuple(one.document.programme for one in asked.rules)
    return Terms(
        principal, purpose, programmes, as_of.name, as_of.run_seq, as_of.library.digest, as_of.on
    )


Place = tuple[int, int]  # of a NIK in the batch, and how many more people carry it
Share = Mapping[str, Sequence[Place]]
"""Entity id → where its answer stands; nowhere for somebody opened in vain."""


@dataclass
class Outcome:
    """What came of a share: items by place, as JSON; whom they speak of; how many NIKs were found;
    what was decided (reason → version of the access document) and may be shown (kind → names)."""

    items: dict[int, bytes] = field(default_factory=dict, repr=False)
    seen: list[str] = field(default_factory=list)
    found: int = 0
    decisions: dict[str, str] = field(default_factory=dict)
    fields: dict[str, set[str]] = field(default_factory=dict)

    def add(self, other: Outcome) -> None:
        """Take up what came of another share."""
        self.items |= other.items
        self.seen += other.seen
        self.found += other.found
        self.decisions |= other.decisions
        for kind, names in other.fields.items():
            self.fields.setdefault(kind, set()).update(names)


def work(hub: Hub, terms: Terms, asked: Asked, share: Share, decide: Decider = decide) -> Outcome:
    """Open the people of a share and tell what the rules say of them: of those who are seen from
    the asker's regions, and whom `decide` lets be told of.

    Each is told while those it speaks of are at hand: ten thousand families together would lie far
    from the processor.
    """
    telling, maker = _Telling(terms, asked, decide), asked.maker()
    wanted = [key for key, places in share.items() if places]
    beyond = set(wanted)
    with hub.sessions.read() as session:
        for people in gather(
            hub,
            session,
            wanted,
            terms.run_seq,
            regions=terms.principal.regions,
            in_vain=share.keys() - set(wanted),
            members=asked.needs_members,
            attributes=maker.attributes,
        ):
            beyond -= people.keys()
            for entity_id, person in people.items():
                for place, also_on in share.get(entity_id, ()):
                    seen = replace(person, also_on=also_on) if also_on else person
                    if (told := telling.of(seen)) is not None:
                        item = say.Item(
                            place, identity_of(seen), asked.brief(maker.case(seen), told)
                        )
                        telling.outcome.items[place] = _encode(item)
    if beyond:
        telling.of_somebody_beyond()
    return telling.outcome


def nobody(asked: Asked) -> Callable[[int], bytes]:
    """What tells, for a place in the batch, that there is nobody to see."""
    told = asked.brief(asked.maker().nobody(), Teller({}))
    return lambda place: _encode(say.Item(place, NOBODY, told))


class _Telling:
    """Who may be told of, and with which fields; notes whom the answers speak of."""

    def __init__(self, terms: Terms, asked: Asked, decide: Decider) -> None:
        self._terms, self._asked, self._decide = terms, asked, decide
        self._by_region: dict[str | None, tuple[Decision, Teller]] = {}
        self.outcome = Outcome()

    def of(self, person: Person) -> Teller | None:
        """What tells of a person; None for one who is not this principal's to see. Restricted persons
        look as if they were not there."""
        if person.restricted:
            return None
        decision, teller = self._decided(person.region)
        if not decision.allowed:
            return None
        self.outcome.seen += [profile.entity_id for profile in person.profiles]
        self.outcome.found += 1
        return teller

    def of_somebody_beyond(self) -> None:
        """Note what is decided on somebody who is not seen from the asker's regions."""
        self._decided(None)

    def _decided(self, region: str | None) -> tuple[Decision, Teller]:
        """A batch meets the same regions again and again."""
        if region not in self._by_region:
            terms = self._terms
            resource = Resource("person", region, programmes=frozenset(terms.programmes))
            made = self._decide(terms.principal, ACTION, resource, terms.purpose)
            teller = Teller(made.fields)
            self._by_region[region] = made, teller
            self.outcome.decisions[made.reason] = made.policy
            for kind, names in teller.shown(self._asked.rules).items():
                self.outcome.fields.setdefault(kind, set()).update(names)
        return self._by_region[region]


class Shares:
    """The shares of one batch, taken up by several until none is left."""

    def __init__(self, people: Mapping[str, Sequence[Place]]) -> None:
        ids = list(people)
        self._left: deque[Share] = deque(
            {key: people[key] for key in ids[at : at + PEOPLE]} for at in range(0, len(ids), PEOPLE)
        )
        self._out = 0
        self._changed = Condition()
        self.outcome = Outcome()

    def take(self) -> Share | None:
        """The next share; None when none is left."""
        with self._changed:
            if not self._left:
                return None
            self._out += 1
            return self._left.popleft()

    def each(self) -> Iterator[Share]:
        """Shares until none is left and none comes back from another who took it up."""
        while True:
            while (share := self.take()) is not None:
                yield share
            with self._changed:
                self._changed.wait_for(lambda: not self._out or self._left)
                if not self._left:
                    return

    def give(self, outcome: Outcome) -> None:
        """What came of a share that was taken."""
        with self._changed:
            self.outcome.add(outcome)
            self._out -= 1
            self._changed.notify_all()

    def give_back(self, share: Share) -> None:
        """A share that was taken and is for somebody else to work off."""
        with self._changed:
            self._left.append(share)
            self._out -= 1
            self._changed.notify_all()

    def drop(self) -> None:
        """Nobody needs to take up what is left."""
        with self._changed:
            self._left.clear()
