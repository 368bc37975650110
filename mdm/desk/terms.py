"""The terms of the desk: what is asked, who was found, and what is said about it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mdm import questions
from mdm.access.terms import Decision, Principal
from mdm.survivorship.explain import is_valid


@dataclass(slots=True)  # frozen, its making would take four times as long
class Profile:
    """One opened golden profile. `body` is its content as survivorship wrote it, parsed."""

    entity_id: str
    kind: str
    version: int
    run_seq: int
    body: Mapping[str, Any] = field(repr=False)

    def entry(self, attribute: str) -> list[Any] | None:
        """The entry of one attribute: `[value, record, sources, …]`."""
        found: list[Any] | None = self.body["agreed"].get(attribute)
        return found if found is not None else self.body["contested"].get(attribute)

    @property
    def told(self) -> tuple[Mapping[str, list[Any]], Mapping[str, list[Any]]]:
        """The entries whose value is valid: what all agree on, which always is, and what is contested. A value that is
        not, chosen for want of another, is for those who mend it: a death before the birth makes nobody dead."""
        body = self.body
        return body["agreed"], {
            name: one for name, one in body["contested"].items() if is_valid(one)
        }

    @property
    def heads(self) -> list[str]:
        """Of a family: entity ids of those that head it by its list: none, one, the late one beside who followed."""
        members = self.body["links"].get("members", ())
        return [one for one, relation in members if relation == "HEAD"]

    @property
    def dead(self) -> bool:
        """Of a person: whether a valid value says so."""
        life = self.entry("life")
        return life is not None and is_valid(life) and (life[0] or {}).get("alive") is False

    def without(self, attribute: str) -> Profile:
        """The same profile as if nothing told this attribute."""
        some = {
            part: {name: entry for name, entry in self.body[part].items() if name != attribute}
            for part in ("agreed", "contested")
        }
        body = {**self.body, **some}
        return Profile(self.entity_id, self.kind, self.version, self.run_seq, body)

    @property
    def entries(self) -> dict[str, list[Any]]:
        """Attribute → entry: `[value, record, sources, …]` (see mdm/survivorship/choose.py)."""
        return {**self.body["agreed"], **self.body["contested"]}


@dataclass(slots=True)
class Person:
    """A person with the family and the household the profile names.

    `members` are the family's members by entity id, where the question wants them; `also_on` counts
    other profiles that carry the same NIK; `open` is what is open about anybody opened, by entity
    id, `doubt` what is under review of the person or the family (None: nothing); `hidden` those of
    them, and of the family's head, whose processing is restricted; `region` is the
    Kemendagri code of the domicile, no dots.
    """

    person: Profile
    family: Profile | None
    household: Profile | None
    region: str | None
    members: Mapping[str, Profile] = field(default_factory=dict)
    also_on: int = 0
    doubt: Sequence[questions.OpenQuestion] | None = None
    open: Mapping[str, Sequence[questions.OpenQuestion]] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()

    @property
    def restricted(self) -> bool:
        """Whether the processing of what is held of the person, or of their family, is restricted."""
        own = (self.person, self.family)
        return any(one is not None and one.entity_id in self.hidden for one in own)

    @property
    def relations(self) -> Mapping[str, str | None]:
        """How the members of the family stand to its head, by entity id: as the family says that they are in. Of what
        all records of somebody tell, much may be of another family."""
        return dict(self.family.body["links"].get("members", ())) if self.family else {}

    @property
    def heads_name_hidden(self) -> bool:
        """Whether the family is called by the name of somebody whose processing is restricted."""
        if self.family is None or not self.hidden:
            return False
        return not self.hidden.isdisjoint(self.family.heads)

    @property
    def profiles(self) -> list[Profile]:
        """Everybody and everything opened, each once."""
        own = (self.person, self.family, self.household)
        others = (one for key, one in self.members.items() if key != self.person.entity_id)
        return [one for one in (*own, *others) if one is not None]


@dataclass(frozen=True, slots=True)
class Moment:
    """As of when an answer speaks: a run, when it became visible, the digest of its rules."""

    seq: int
    at: datetime | None
    rules: str | None


@dataclass(slots=True)
class Answered:
    """What a question makes of one person: the value to hand out, the fields it shows (kind →
    names), and what the audit event says beside them."""

    value: Any
    fields: Mapping[str, Sequence[str]] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Question(ABC):
    """One thing asked. The desk finds, decides, charges and records; a question only answers.

    `one` is called for everybody asked for. For a person who is not there, or not for this
    principal, it is called with somebody else, or in vain, and its value is thrown away: a miss
    costs what a hit costs. It must not keep anything, and must not write.
    """

    principal: Principal
    action: str  # what is decided on, of the access document
    event: str  # the audit event's name
    purpose: str
    case: str | None = None
    niks: Sequence[str] = field(default=(), repr=False)  # persons by NIK, 16 digits each,
    entities: Sequence[str] = ()  # then persons by entity id,
    in_vain: Sequence[str] = field(default=(), repr=False)  # then nobody, at the cost of somebody
    programmes: frozenset[str] = frozenset()  # that the question names
    seq: int | None = None  # as of this run; None: what readers see
    members: bool = False  # whether the family's other members must be opened too
    attributes: frozenset[str] | None = None  # of contents only these are read; None: all of them
    household: bool = True  # whether the household must, even where the person's home is known
    spares_restricted: bool = False  # whether restricted persons look as if they were not there

    @abstractmethod
    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        """The answer about one person, with no more than `decision.fields`."""

    @abstractmethod
    def unknown(self, moment: Moment) -> Any:
        """What is said when there is nobody to see: the same, whatever the reason."""

    def charged(self, there: Sequence[bool]) -> tuple[Sequence[str], Sequence[str]]:
        """Whom it counts on the asker's budget, and who of them was missed; `there`: who of those asked for was there
        to see. Who was not named by the asker is no guess of theirs; and what is left of a budget would tell of them.
        """
        asked = (*self.niks, *self.entities)
        return asked, [one for one, seen in zip(asked, there, strict=True) if not seen]

    @abstractmethod
    def whole(self, moment: Moment, values: Sequence[Any]) -> Any:
        """The answer, from the values in the order asked: NIKs first, then entities."""
