"""The survivorship document and its reader.

`mdm/rules/survivorship.yaml` takes a position on every attribute of the attribute dictionary.
Trust profiles say how much each source is believed and how fast that fades; rules name a way of
choosing in one sentence; attributes of a kind point at a rule.
"""

from __future__ import annotations

import hashlib
import json
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, model_validator

from mdm import documents
from mdm.documents import Document, RequiredSentence
from mdm.errors import RuleError
from mdm.ids import short
from reference.attributes import dictionary

DOCUMENT = Path(__file__).resolve().parents[1] / "rules" / "survivorship.yaml"
OTHER = "other"
NEVER = "false"
MAX_ATTRIBUTES = 62  # one bit each in a signed 64-bit mask

Sentence = Annotated[str, Field(min_length=10)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]


class SourceTrust(Document):
    """How much a source is believed on the day of its record, and after how many days half."""

    weight: int = Field(ge=1, le=500)
    half_life_days: int | None = Field(default=None, ge=1)


class Trust(Document):
    """A trust profile: a voice for each source; `other` speaks for sources not named."""

    sentence: RequiredSentence
    sources: dict[Name, SourceTrust]

    @model_validator(mode="after")
    def _has_other(self) -> Trust:
        if OTHER not in self.sources:
            raise ValueError(f"a trust profile needs '{OTHER}', the voice of sources not named")
        return self

    def of(self, source: str) -> SourceTrust:
        """The voice of a source."""
        return self.sources.get(source, self.sources[OTHER])


class LeftOut(Document):
    """How much of its voice a record keeps that its provider's newest whole delivery leaves out."""

    sentence: RequiredSentence
    share: float = Field(gt=0, le=1)


class Rule(Document):
    """A named way of choosing: whom to believe, and whether the fuller text wins a tie."""

    sentence: RequiredSentence
    trust: Name
    fuller_wins_ties: bool = False


class Attribute(Document):
    """How one attribute (or one group that travels together) is chosen.

    `value`, `valid`, `informs` and `only` are SQL over one standardised record: the value
    (default: the column of the attribute's name), whether it may win, how much it says (a larger
    whole number beats a smaller one before trust is asked), and which records may speak. In
    `valid`, `{value}` stands for the value. `lesser` is the reason given when `informs` decides.

    Where the registry has moved somebody (moved.py), `bygone` is SQL that says which records tell of before, and may
    not win; `instead` which may speak then beside those of `only`.
    """

    rule: Name
    value: str | None = None
    valid: str = "true"
    informs: str = "0"
    only: str = "true"
    lesser: Name = "less_informative"
    bygone: str = NEVER
    instead: str = NEVER
    together: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _one_form(self) -> Attribute:
        if self.together and self.value:
            raise ValueError("an attribute is either one value or a group that travels together")
        if self.bygone != NEVER and self.valid != "true":
            raise ValueError("a value that may not win is either not valid or bygone")
        return self

    @property
    def in_doubt(self) -> bool:
        """Whether there are values that may not win."""
        return self.valid != "true" or self.bygone != NEVER

    @property
    def unmoved(self) -> Attribute:
        """The attribute where nobody has moved."""
        return self.model_copy(update={"bygone": NEVER, "instead": NEVER})


class Kind(Document):
    """The attributes of one entity kind, and the dictionary attributes that are not chosen here.

    A registry record verifies the entity if it has a valid `identifier` and valid values of
    `must_stand_with`. A field record (f) contradicts a registry record (r) if at least two of the
    `contradictions` hold, SQL over the columns named as `witnesses`. `lookup` is the attribute
    a person is found by.
    """

    attributes: dict[Name, Attribute] = Field(max_length=MAX_ATTRIBUTES)
    identifier: Name | None = None
    lookup: Name | None = None
    must_stand_with: tuple[Name, ...] = ()
    witnesses: tuple[Name, ...] = ()
    contradictions: tuple[str, ...] = ()
    not_chosen: dict[Name, Sentence] = Field(default={})

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Attribute names in the order of the content: alphabetical."""
        return tuple(sorted(self.attributes))

    @cached_property
    def positions(self) -> frozenset[str]:
        """Every dictionary attribute this document has a position on."""
        parts = (part for a in self.attributes.values() for part in a.together)
        return frozenset({*self.attributes, *parts, *self.not_chosen})


class SurvivorshipRules(Document):
    """The whole document."""

    version: int
    undated_age_days: int = Field(ge=0)
    registry: Name
    left_out: LeftOut | None = None  # none in documents of before: nobody was asked
    trust: dict[Name, Trust]
    rules: dict[Name, Rule]
    statuses: dict[Name, RequiredSentence]
    reasons: dict[Name, RequiredSentence]
    kinds: dict[Name, Kind]

    @model_validator(mode="after")
    def _names_resolve(self) -> SurvivorshipRules:
        for name, rule in self.rules.items():
            if rule.trust not in self.trust:
                raise ValueError(f"rule '{name}' names an unknown trust profile '{rule.trust}'")
        for kind, body in self.kinds.items():
            for name, attribute in body.attributes.items():
                if attribute.rule not in self.rules:
                    raise ValueError(f"{kind}.{name} names an unknown rule '{attribute.rule}'")
                if attribute.lesser not in self.reasons:
                    raise ValueError(f"{kind}.{name} names an unknown reason '{attribute.lesser}'")
            if body.identifier and body.identifier not in body.attributes:
                raise ValueError(f"{kind} has no attribute '{body.identifier}' to be known by")
        return self

    @cached_property
    def digest(self) -> str:
        """Sixteen hex digits that change whenever the document's meaning or wording changes."""
        text = json.dumps(self.model_dump(mode="json"), sort_keys=True, ensure_ascii=False)
        return short(hashlib.sha256(text.encode()).hexdigest())

    def kind(self, kind: str) -> Kind:
        """The body of one kind; raises RuleError if the document does not know it."""
        try:
            return self.kinds[kind]
        except KeyError:
            raise RuleError(f"survivorship.yaml has no rules for the kind '{kind}'.") from None


def load_rules(path: Path = DOCUMENT) -> SurvivorshipRules:
    """Read and check the document in force, once while it stays as it is. Raises RuleError naming
    what is wrong.

    It must take a position on every attribute of the dictionary, and on nothing else.
    """
    return _read(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=8)
def _read(path: Path, _changed: int) -> SurvivorshipRules:
    rules = documents.read(SurvivorshipRules, path)
    for kind, body in rules.kinds.items():
        known = set(dictionary().of(kind))
        if missing := sorted(known - body.positions):
            raise RuleError(f"{path.name}: no position on {kind} attributes: {', '.join(missing)}.")
        if unknown := sorted(body.positions - known):
            raise RuleError(f"{path.name}: not in the attribute dictionary: {', '.join(unknown)}.")
    return rules


def parse_rules(document: Any) -> SurvivorshipRules:
    """Check a document already read, such as that of a past run, whatever the dictionary says
    today. Raises RuleError naming the first wrong place.
    """
    return documents.check(SurvivorshipRules, document, DOCUMENT.name)
