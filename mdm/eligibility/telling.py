"""From assessments to answers: names where they are told once, sentences where they are read alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mdm.eligibility import answers as say
from mdm.eligibility.documents import Programme
from mdm.eligibility.doubts import EligibilityRules
from mdm.eligibility.facts import DERIVED_FROM
from mdm.eligibility.rules import Leaf, Ready
from mdm.eligibility.terms import Assessment, Outcome, Seen
from reference.sentences import Sentence

Fields = Mapping[str, frozenset[str]]
OPEN = frozenset({"identity_status", "size"})  # say nothing that an answer does not say anyway
GROUPED_FROM = 10_000  # from here digits stand in groups


@dataclass
class Teller:
    """Tells assessments by names, with no values but those of `fields` (kind → attributes)."""

    fields: Fields
    _visible: dict[Leaf, bool] = field(default_factory=dict)

    def brief(self, rules: Ready, one: Assessment) -> say.Brief:
        """One assessment by names."""
        per, saw = rules.per, self._saw
        listed = rules.listed and self.shows(rules.document.unit, rules.listed)
        return say.Brief(
            answer=one.answer.value,
            rules=[
                say.BriefRule(r.rule, r.result, [saw(seen) for seen in r.saw])  # type: ignore[arg-type]
                for r in one.rules
            ],
            listed=one.listed if listed else None,
            keeps_benefit=one.keeps_benefit,
            components=[say.FoundComponent(c.component, c.sure, c.unsure) for c in one.components],
            amount=say.Amount(one.amount_sure, one.amount_possible, per) if per else None,
            doubts=[say.DoubtSaid(d.name, d.of, d.weight) for d in one.doubts],  # type: ignore[arg-type]
        )

    def shows(self, of: str, attribute: str) -> bool:
        """Whether the asker may see a value."""
        visible = self._visible.get((of, attribute))
        if visible is None:
            kind, name = base_of(of, attribute)
            visible = attribute in OPEN or name in self.fields.get(kind, ())
            self._visible[of, attribute] = visible
        return visible

    def _saw(self, seen: Seen) -> say.Saw:
        if self.shows(seen.of, seen.attribute):
            return say.Saw(seen.of, seen.attribute, seen.value)  # type: ignore[arg-type]
        return say.Saw(seen.of, seen.attribute, withheld=True)  # type: ignore[arg-type]

    def shown(self, rules: Sequence[Ready]) -> dict[str, list[str]]:
        """Kind → attributes whose values answers may show: what the audit log names."""
        looked_at = {leaf for one in rules for leaf in one.looks_at if self.shows(*leaf)}
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
    )


class Wording:
    """One programme's sentences as the answers to one question say them: made once, so that an
    answer only puts them together."""

    def __init__(self, rules: Ready, said: EligibilityRules, digest: str, data: str) -> None:
        self._said = document = programme(rules.document)
        self._rules = {one.rule: one for one in document.rules}
        self._grounds = {one.component: one for one in document.components}
        self._outcomes = {
            outcome.value: sentence(said, outcome, rules.document, digest, data)
            for outcome in Outcome
        }
        self._doubts = _doubt_words(said)
        self._keeps = said.keeps_benefit
        self._rule_set = say.RuleSetSaid(
            document.edition,
            digest,
            document.valid_from,
            document.valid_to,
            document.basis,
            document.confidence,
            document.numbers,
        )

    def whole(self, told: say.Brief) -> say.ProgrammeAnswer:
        """One programme's answer with its sentences."""
        document, rules, grounds = self._said, self._rules, self._grounds
        doubts = [self._doubt(one) for one in told.doubts]
        return say.ProgrammeAnswer(
            programme=document.programme,
            name=document.name,
            unit=document.unit,
            answer=told.answer,
            sentence=self._outcomes[told.answer],
            rules=[_rule(rules[one.rule], one) for one in told.rules],
            components=[
                say.ComponentAnswer(
                    one.component, ground.sentence, one.sure, one.unsure, ground.amount
                )
                for one in told.components
                if (ground := grounds[one.component])
            ],
            amount=told.amount,
            doubts=doubts,
            settles=self._settles(told, doubts),
            listed=told.listed,
            keeps_benefit=told.keeps_benefit,
            keeps_benefit_because=self._keeps if told.keeps_benefit else None,
            checked_elsewhere=document.checked_elsewhere,
            notes=document.notes,
            rule_set=self._rule_set,
        )

    def _doubt(self, one: say.DoubtSaid) -> say.DoubtAnswer:
        words = self._doubts[one.doubt]
        return say.DoubtAnswer(
            one.doubt, one.of, one.weight, words.suspends, words.sentence, words.settles
        )

    def _settles(self, told: say.Brief, doubts: Sequence[say.DoubtAnswer]) -> list[Sentence]:
        """What would settle an open question: nothing where it is answered."""
        if told.answer != Outcome.UNDETERMINED.value:
            return []
        of_doubts = [one.settles for one in doubts if one.suspends]
        of_rules = [self._rules[one.rule].settles for one in told.rules if one.result == "unknown"]
        return list(dict.fromkeys(of_doubts + of_rules))


def _rule(said: say.RuleSaid, told: say.BriefRule) -> say.RuleAnswer:
    settles = said.settles if told.result == "unknown" else None
    return say.RuleAnswer(said.rule, said.kind, said.sentence, told.result, told.saw, settles)


def _doubt_words(said: EligibilityRules) -> dict[str, say.DoubtWords]:
    return {
        name: say.DoubtWords(one.suspends, one.sentence, one.settles)
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
