"""From assessments to answers: names where they are told once, sentences where they are read alone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar, cast

import msgspec
from msgspec.structs import replace

from mdm.eligibility import answers as say
from mdm.eligibility.documents import Programme
from mdm.eligibility.doubts import EligibilityRules
from mdm.eligibility.facts import DERIVED_FROM, PERIOD_OF
from mdm.eligibility.rules import Leaf, Ready
from mdm.eligibility.terms import Assessment, Doubt, Found, Outcome, RuleResult, Saw
from reference.sentences import Sentence

T = TypeVar("T")
Fields = Mapping[str, frozenset[str]]
OPEN = frozenset({"identity_status", "size"})  # say nothing that an answer does not say anyway
GROUPED_FROM = 10_000  # from here digits stand in groups
_encode = msgspec.json.Encoder().encode


@dataclass
class Teller:
    """Tells assessments by names, with no values but those of `fields` (kind → attributes)."""

    fields: Fields
    _visible: dict[Leaf, bool] = field(default_factory=dict)
    _all: dict[str, bool] = field(default_factory=dict)  # programme → every value may be seen

    def brief(self, rules: Ready, one: Assessment) -> say.Brief:
        """One assessment by names."""
        return say.Brief(
            answer=one.answer.value,
            rules=self.results(rules, one),
            listed=self.listed(rules, one),
            keeps_benefit=one.keeps_benefit,
            components=one.components,
            amount=amount(rules, one),
            doubts=one.doubts,
        )

    def results(self, rules: Ready, one: Assessment) -> tuple[RuleResult, ...]:
        """What each rule said, and the values it saw: those that may be seen."""
        if self._shows_all(rules):
            return one.rules
        return tuple(RuleResult(r.rule, r.result, tuple(self._veiled(r.saw))) for r in one.rules)

    def listed(self, rules: Ready, one: Assessment) -> bool | None:
        """Whether the hub holds it as receiving the benefit; None where that may not be seen."""
        shows = rules.listed and self.shows((rules.document.unit, rules.listed))
        return one.listed if shows else None

    def shows(self, leaf: Leaf) -> bool:
        """Whether the asker may see a value."""
        visible = self._visible.get(leaf)
        if visible is None:
            kind, name = base_of(*leaf)
            visible = leaf[1] in OPEN or name in self.fields.get(kind, ())
            self._visible[leaf] = visible
        return visible

    def _shows_all(self, rules: Ready) -> bool:
        programme = rules.document.programme
        known = self._all.get(programme)
        if known is None:
            known = self._all[programme] = all(map(self.shows, rules.looks_at))
        return known

    def _veiled(self, seen: Sequence[Saw]) -> Iterator[Saw]:
        """What may be seen. What may not stands once: how many values there are would tell of them."""
        hidden: set[Leaf] = set()
        for saw in seen:
            leaf = saw.of, saw.attribute
            if self.shows(leaf):
                hides = saw.period and not self.shows((saw.of, PERIOD_OF[saw.attribute]))
                yield replace(saw, period=None) if hides else saw
            elif leaf not in hidden:
                hidden.add(leaf)
                yield Saw(*leaf, withheld=True)

    def shown(self, rules: Sequence[Ready]) -> dict[str, list[str]]:
        """Kind → attributes whose values answers may show: what the audit log names."""
        looked_at = {leaf for one in rules for leaf in one.looks_at if self.shows(leaf)}
        names: dict[str, set[str]] = {}
        for kind, name in (base_of(*leaf) for leaf in looked_at):
            names.setdefault(kind, set()).add(name)
        return {kind: sorted(of) for kind, of in sorted(names.items())}


def base_of(of: str, attribute: str) -> tuple[str, str]:
    """Kind and attribute of the dictionary behind a value."""
    if attribute.startswith("listed_"):
        return "person", attribute.removeprefix("listed_")
    return "family" if of == "family" else "person", DERIVED_FROM.get(attribute, attribute)


def words(rules: Sequence[Ready], said: EligibilityRules, digest: str, data: str) -> say.Words:
    """The sentences behind the names. `data`: what the answers are about, such as a snapshot."""
    return say.Words(
        programmes={one.document.programme: programme(one.document) for one in rules},
        answers={
            one.document.programme: {
                outcome.value: sentence(said, outcome, one.document, digest, data)
                for outcome in Outcome
            }
            for one in rules
        },
        doubts=_doubt_words(said),
        keeps_benefit=said.keeps_benefit,
        confidence={str(name): one for name, one in said.confidence.items()},
        outdated={
            name: one.told
            for name, one in (said.lasts or {}).items()
            if any(name == attribute for of in rules for _, attribute in of.looks_at)
        },
    )


class Wording:
    """One programme's sentences as the answers to one question say them: made JSON once, so that an
    answer only puts them together."""

    def __init__(self, rules: Ready, said: EligibilityRules, digest: str, data: str) -> None:
        self._programme = rules
        self._said = document = programme(rules.document)
        self._name = ready(document.name)
        self._rules = {one.rule: (one.kind, ready(one.sentence)) for one in document.rules}
        self._settles = {one.rule: ready(one.settles) for one in document.rules}
        self._grounds = {one.component: one for one in document.components}
        self._outcomes = {
            outcome: ready(sentence(said, outcome, rules.document, digest, data))
            for outcome in Outcome
        }
        self._doubts = _doubt_words(said)
        self._keeps = ready(said.keeps_benefit)
        self._outdated = {name: ready(one.told) for name, one in (said.lasts or {}).items()}
        self._elsewhere, self._notes = ready(document.checked_elsewhere), ready(document.notes)
        self._rule_set = ready(
            say.RuleSetSaid(
                document.edition,
                digest,
                document.valid_from,
                document.valid_to,
                document.basis,
                document.confidence,
                document.numbers,
            )
        )

    def whole(self, one: Assessment, teller: Teller) -> say.ProgrammeAnswer:
        """One programme's answer with its sentences."""
        programme, document = self._programme, self._said
        doubts = [self._doubt(doubt) for doubt in one.doubts]
        return say.ProgrammeAnswer(
            programme=document.programme,
            name=self._name,
            unit=document.unit,
            answer=one.answer.value,
            sentence=self._outcomes[one.answer],
            rules=self._told(teller.results(programme, one)),
            components=[self._component(found) for found in one.components],
            amount=amount(programme, one),
            doubts=doubts,
            settles=self._what_settles(one, doubts),
            listed=teller.listed(programme, one),
            keeps_benefit=one.keeps_benefit,
            keeps_benefit_because=self._keeps if one.keeps_benefit else None,
            checked_elsewhere=self._elsewhere,
            notes=self._notes,
            rule_set=self._rule_set,
        )

    def _told(self, results: Iterable[RuleResult]) -> list[say.RuleAnswer]:
        rules, settles = self._rules, self._settles
        return [
            say.RuleAnswer(
                one.rule,
                *rules[one.rule],
                one.result,
                one.saw,
                settles[one.rule] if one.result == "unknown" else None,
                self._too_old(one.saw),
            )
            for one in results
        ]

    def _too_old(self, seen: Iterable[Saw]) -> list[Sentence]:
        """Why values that were seen say nothing, once for each attribute."""
        return [
            self._outdated[name] for name in dict.fromkeys(s.attribute for s in seen if s.outdated)
        ]

    def _component(self, one: Found) -> say.ComponentAnswer:
        ground = self._grounds[one.component]
        return say.ComponentAnswer(
            one.component, ground.sentence, one.sure, one.unsure, ground.amount
        )

    def _doubt(self, one: Doubt) -> say.DoubtAnswer:
        words = self._doubts[one.doubt]
        return say.DoubtAnswer(
            one.doubt, one.of, one.weight, words.suspends, words.sentence, words.settles
        )

    def _what_settles(self, one: Assessment, doubts: Sequence[say.DoubtAnswer]) -> list[Sentence]:
        """What would settle an open question, each thing once; nothing where it is answered."""
        if one.answer is not Outcome.UNDETERMINED:
            return []
        found = [doubt.settles for doubt in doubts if doubt.suspends]
        found += [self._settles[said.rule] for said in one.rules if said.result == "unknown"]
        return [words for at, words in enumerate(found) if words not in found[:at]]


def amount(rules: Ready, one: Assessment) -> say.Amount | None:
    """What it would come to, where the programme names an amount."""
    per = rules.per
    return say.Amount(one.amount_sure, one.amount_possible, per) if per else None


def ready(part: T) -> T:
    """The part as JSON, in its place in an answer that is about to be encoded: the same for everybody who asks."""
    return cast("T", msgspec.Raw(_encode(part)))


def _doubt_words(said: EligibilityRules) -> dict[str, say.DoubtWords]:
    return {
        name: say.DoubtWords(one.suspends, ready(one.sentence), ready(one.settles))
        for name, one in said.doubts.items()
    }


def sentence(
    said: EligibilityRules, outcome: Outcome, document: Programme, digest: str, data: str
) -> Sentence:
    """An outcome in words: by which rules, on what data. Never that anybody receives anything."""
    template = said.outcomes[outcome]
    rules = f"{document.programme} {document.edition} ({digest})"
    return Sentence(
        template.id.format(rules=f"aturan {rules}", snapshot=f"potret {data}"),
        template.en.format(rules=f"rule set {rules}", snapshot=f"snapshot {data}"),
    )


def programme(document: Programme) -> say.ProgrammeSaid:
    """A programme's rules in words."""
    values = {name: number.value for name, number in document.numbers.items()}
    shown = {
        group: {name: _digits(value, group) for name, value in values.items()} for group in ".,"
    }
    fill = partial(_filled, id=shown["."], en=shown[","])
    kinds = [*(("requirement", one) for one in document.requirements),
             *(("exclusion", one) for one in document.exclusions)]  # fmt: skip
    rules = [say.RuleSaid(r.name, k, fill(r.sentence), fill(r.settles)) for k, r in kinds]  # type: ignore[arg-type]
    parts = document.components
    if parts:
        rules.append(
            say.RuleSaid(parts.name, "component", fill(parts.sentence), fill(parts.settles))
        )
    return say.ProgrammeSaid(
        programme=document.programme,
        edition=document.edition,
        name=fill(document.name),
        unit=document.unit,
        valid_from=document.valid_from.isoformat(),
        valid_to=document.valid_to.isoformat() if document.valid_to else None,
        basis=list(document.basis),
        confidence=document.confidence,
        numbers=[
            say.NumberSaid(
                name,
                n.value,
                n.since.isoformat(),
                n.basis,
                n.confidence,
                [f"{other.value}: {other.by}" for other in n.also_said],
                n.disputed,
            )
            for name, n in sorted(document.numbers.items())
        ],
        rules=rules,
        components=[
            say.ComponentSaid(one.name, fill(one.sentence), values[one.amount])
            for one in (parts.of if parts else ())
        ],
        per=document.per,
        checked_elsewhere=[fill(one.sentence) for one in document.checked_elsewhere],
        notes=[fill(one.sentence) for one in document.notes],
    )


def _filled(one: Sentence, id: Mapping[str, str], en: Mapping[str, str]) -> Sentence:
    """A sentence, its numbers filled in: written as each language groups digits."""
    return Sentence(one.id.format_map(id), one.en.format_map(en))


def _digits(value: float, group: str) -> str:
    return f"{value:,}".replace(",", group) if value >= GROUPED_FROM else str(value)
