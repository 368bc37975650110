"""From assessments to answers: names where they are told once, sentences where they are read alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from mdm.eligibility import answers as say
from mdm.eligibility.documents import Programme, Said
from mdm.eligibility.doubts import EligibilityRules
from mdm.eligibility.facts import DERIVED_FROM
from mdm.eligibility.rules import Ready
from mdm.eligibility.terms import Assessment, Outcome, Seen

Fields = Mapping[str, frozenset[str]]
OPEN = frozenset({"identity_status", "size"})  # say nothing that an answer does not say anyway
GROUPED_FROM = 10_000  # from here digits stand in groups


@dataclass
class Teller:
    """Tells assessments by names, with no values but those of `fields` (kind → attributes)."""

    fields: Fields
    _visible: dict[tuple[str, str], bool] = field(default_factory=dict)

    def brief(self, rules: Ready, one: Assessment) -> say.Brief:
        """One assessment by names."""
        per, saw = per_of(rules.document), self._saw
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
        key = of, attribute
        if key not in self._visible:
            kind, name = base_of(of, attribute)
            self._visible[key] = attribute in OPEN or name in self.fields.get(kind, ())
        return self._visible[key]

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
        doubts={
            name: say.DoubtWords(one.suspends, _said(one.sentence), _said(one.settles))
            for name, one in said.doubts.items()
        },
        keeps_benefit=_said(said.keeps_benefit),
        confidence={name: _said(one) for name, one in said.confidence.items()},
    )


def whole(
    rules: Ready, told: say.Brief, said: EligibilityRules, digest: str, data: str
) -> say.ProgrammeAnswer:
    """One programme's answer with its sentences."""
    document = programme(rules.document)
    by_name = {one.rule: one for one in document.rules}
    grounds = {one.component: one for one in document.components}
    doubts = [
        say.DoubtAnswer(
            one.doubt, one.of, one.weight, rule.suspends, _said(rule.sentence), _said(rule.settles)
        )
        for one in told.doubts
        if (rule := said.doubts[one.doubt])  # type: ignore[index]
    ]
    open_rules = [by_name[one.rule].settles for one in told.rules if one.result == "unknown"]
    undecided = told.answer == Outcome.UNDETERMINED.value
    settles = [one.settles for one in doubts if one.suspends] + open_rules if undecided else []
    return say.ProgrammeAnswer(
        programme=document.programme,
        name=document.name,
        unit=document.unit,
        answer=told.answer,
        sentence=sentence(said, Outcome(told.answer), rules.document, digest, data),
        rules=[_rule(by_name[one.rule], one) for one in told.rules],
        components=[
            say.ComponentAnswer(one.component, ground.sentence, one.sure, one.unsure, ground.amount)
            for one in told.components
            if (ground := grounds[one.component])
        ],
        amount=told.amount,
        doubts=doubts,
        settles=list(dict.fromkeys(settles)),
        listed=told.listed,
        keeps_benefit=told.keeps_benefit,
        keeps_benefit_because=_said(said.keeps_benefit) if told.keeps_benefit else None,
        checked_elsewhere=document.checked_elsewhere,
        notes=document.notes,
        rule_set=say.RuleSetSaid(
            document.edition,
            digest,
            document.valid_from,
            document.valid_to,
            document.basis,
            document.confidence,
            document.numbers,
        ),
    )


def _rule(said: say.RuleSaid, told: say.BriefRule) -> say.RuleAnswer:
    settles = said.settles if told.result == "unknown" else None
    return say.RuleAnswer(said.rule, said.kind, said.sentence, told.result, told.saw, settles)


def sentence(
    said: EligibilityRules, outcome: Outcome, document: Programme, digest: str, data: str
) -> say.Sentence:
    """An outcome in words: by which rules, on what data. Never that anybody receives anything."""
    template = said.outcomes[outcome]
    rules = f"{document.programme} {document.edition} ({digest})"
    return say.Sentence(
        template.id.format(rules=f"aturan {rules}", snapshot=f"potret {data}"),
        template.en.format(rules=f"rule set {rules}", snapshot=f"snapshot {data}"),
    )


def programme(document: Programme) -> say.ProgrammeSaid:
    """A programme's rules in words."""
    values = {name: number.value for name, number in document.numbers.items()}
    fill = partial(_said, values=values)
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
        per=per_of(document),
        checked_elsewhere=[fill(one.sentence) for one in document.checked_elsewhere],
        notes=[fill(one.sentence) for one in document.notes],
    )


def per_of(document: Programme) -> say.Per | None:
    """What an amount of the programme is for: a year, a month, once; None: it names none."""
    part = document.components or document.amount
    return part.per if part else None


def _said(one: Said, values: Mapping[str, float] | None = None) -> say.Sentence:
    if not values:
        return say.Sentence(one.id, one.en)
    return say.Sentence(
        one.id.format_map({name: _digits(value, ".") for name, value in values.items()}),
        one.en.format_map({name: _digits(value, ",") for name, value in values.items()}),
    )


def _digits(value: float, group: str) -> str:
    return f"{value:,}".replace(",", group) if value >= GROUPED_FROM else str(value)
