"""A programme's rules made ready, and what they say of one case. Pure: the same rules and the same
case give the same assessment, for one NIK as for ten thousand.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from mdm.eligibility.conditions import Condition, Holds, Limits, among, of_member, ready
from mdm.eligibility.documents import Per, Programme
from mdm.eligibility.doubts import EligibilityRules
from mdm.eligibility.facts import PERIOD_OF
from mdm.eligibility.kleene import Truth, both, either, negated
from mdm.eligibility.members import remembered
from mdm.eligibility.terms import (
    Assessment,
    Case,
    Facts,
    Found,
    Outcome,
    ResultName,
    RuleResult,
    Saw,
    Whose,
)

OUTDATED = object()  # stands for the values of an attribute that are too old to say anything
Leaf = tuple[Whose, str]  # whose attribute, which
OfMember = Callable[[Case, Facts], Truth]
Grounds = tuple[tuple[tuple[int, bool], ...], float, float]
"""What one member is: places of components, each with whether it is unsure; the highest amount that
is sure, and the highest that is possible."""


@dataclass(frozen=True, slots=True, eq=False)
class ReadyRule:
    """A rule as a function. `looks_at`: attributes of person and family. Where some member decides,
    `by_member` is the function of one, `of_members` the attributes it looks at, and `of_all` those with what says who
    counts.

    Programmes that ask the very same share one: it is itself what tells whether it was asked.
    """

    name: str
    holds: Holds
    excludes: bool
    looks_at: tuple[Leaf, ...]
    by_member: OfMember | None = None
    of_members: tuple[str, ...] = ()
    of_all: tuple[Leaf, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadyComponent:
    """A ground for an amount."""

    name: str
    holds: OfMember
    amount: float


@dataclass(frozen=True)
class Ready:
    """One edition of one programme's rules, ready to be asked."""

    document: Programme
    rules: tuple[ReadyRule, ...]
    components: tuple[ReadyComponent, ...]
    components_look_at: tuple[Leaf, ...]
    grounds: Callable[[Case, Facts], Grounds]
    looks_at: frozenset[Leaf]
    needs_members: bool
    listed: str | None = None
    most: int = 0
    per: Per | None = None


Shared = dict[Hashable, ReadyRule]
Known = dict[ReadyRule, tuple[Truth, RuleResult]]


def make_ready(document: Programme, shared: Shared | None = None) -> Ready:
    """A programme document as functions. `shared`: rules of other programmes made ready before."""
    limits = {name: number.values for name, number in document.numbers.items()}
    counted = ready(document.counted, limits, None) if document.counted else None
    also = (document.counted,) if document.counted else ()
    shared = {} if shared is None else shared

    def rule(name: str, that: Condition, excludes: bool) -> ReadyRule:
        # The same only by the same numbers, and with the same members counted.
        conditions = that, *also
        used = frozenset((n, limits[n]) for one in conditions for n in one.numbers())
        key = name, excludes, that, document.counted, used
        if key not in shared:
            shared[key] = _made_ready(name, conditions, excludes, limits, counted)
        return shared[key]

    parts = document.components
    components = tuple(
        ReadyComponent(
            one.name,
            of_member(ready(one.that, limits, counted), counted),
            document.numbers[one.amount].value,
        )
        for one in (parts.of if parts else ())
    )
    listed = document.listed
    if listed is not None and document.unit == "family":
        listed = f"listed_{listed}"
    conditions = document.conditions.values()
    looks_at = set(_leaves(conditions))
    looks_at |= {(document.unit, listed)} if listed else set()
    looks_at |= {(of, PERIOD_OF[name]) for of, name in looks_at if name in PERIOD_OF}
    return Ready(
        document,
        (
            *(rule(one.name, one.that, False) for one in document.requirements),
            *(rule(one.name, one.that, True) for one in document.exclusions),
        ),
        components,
        _leaves([*(one.that for one in parts.of), *also]) if parts else (),
        remembered(_grounds(components), [*(one.that for one in parts.of), *also] if parts else []),
        frozenset(looks_at),
        any(
            of == "member" or name == "size" or name.startswith("listed_") for of, name in looks_at
        ),
        listed,
        int(document.numbers[parts.most].value) if parts else 0,
        document.per,
    )


def _made_ready(
    name: str,
    conditions: Sequence[Condition],
    excludes: bool,
    limits: Limits,
    counted: Holds | None,
) -> ReadyRule:
    """A rule as a function. `conditions`: its own, then the one on who counts."""
    that, *also = conditions
    member = that.some_member
    of = of_member(ready(member, limits, counted), counted) if member else None
    return ReadyRule(
        name,
        ready(that, limits, counted),
        excludes,
        tuple(leaf for leaf in _leaves([that]) if leaf[0] != "member"),
        remembered(of, [member, *also]) if of and member else None,
        tuple(name for _, name in _leaves([member])) if member else (),
        _leaves([member, *also], only="member") if member else (),
    )


def _grounds(components: Sequence[ReadyComponent]) -> Callable[[Case, Facts], Grounds]:
    ways = [(at, one.holds, one.amount) for at, one in enumerate(components)]

    def of(case: Case, member: Facts) -> Grounds:
        surely, maybe, found = 0.0, 0.0, []
        for at, holds, amount in ways:
            truth = holds(case, member)
            if truth is False:
                continue
            found.append((at, truth is None))
            maybe = max(maybe, amount)
            surely = max(surely, amount) if truth else surely
        return tuple(found), surely, maybe

    return of


def assess(
    rules: Ready, case: Case, said: EligibilityRules, known: Known | None = None
) -> Assessment:
    """What the rules say of a case. An open doubt that suspends makes it undetermined.

    `known` takes up what rules said of this case, for the programmes that share them.
    """
    known = {} if known is None else known
    truths: list[Truth] = []
    told: list[RuleResult] = []
    for rule in rules.rules:
        answered = known.get(rule)
        if answered is None:
            answered = known[rule] = _result(rule, case)
        truths.append(answered[0])
        told.append(answered[1])
    found, sure, possible = _components(rules, case)
    if rules.components:
        truth = _some(rules, found, case)
        truths.append(truth)
        name = rules.document.components.name if rules.document.components else ""
        # Who is such a one is told by the components; beside them only how old what cannot last is.
        lasts = said.lasts or {}
        looked_at = rules.components_look_at
        saw = _seen([leaf for leaf in looked_at if leaf[1] in lasts] if found else looked_at, case)
        told.append(RuleResult(name, _word(truth), saw))
    elif rules.document.amount:
        sure = possible = rules.document.numbers[rules.document.amount.number].value
    suspended = any(said.doubts[one.doubt].suspends for one in case.doubts)  # type: ignore[index]
    answer = _outcome(None if suspended else both(truths))
    listed = _listed(rules, case)
    return Assessment(
        programme=rules.document.programme,
        answer=answer,
        rules=tuple(told),
        components=found,
        amount_sure=sure if answer is not Outcome.NOT_ELIGIBLE else 0,
        amount_possible=possible if answer is not Outcome.NOT_ELIGIBLE else 0,
        doubts=case.doubts,
        listed=listed,
        # Nobody loses a benefit by an open question, also where the hub does not know of it.
        keeps_benefit=answer is Outcome.UNDETERMINED and listed is not False,
    )


def _result(rule: ReadyRule, case: Case) -> tuple[Truth, RuleResult]:
    """A rule's answer with the values it looked at; of members, those of the one who makes it hold,
    or else of all who might, or else each value that was seen of any."""
    if case.person is None:
        return None, RuleResult(rule.name, _word(None))
    saw = _seen(rule.looks_at, case)
    by_member = rule.by_member
    if by_member is None:
        holds = rule.holds(case, None)
    else:
        answers = [by_member(case, member) for member in case.members]
        holds = among(answers, case)
        if all(answer is False for answer in answers):
            saw += _seen(rule.of_all, case)
        else:
            saw += _of_deciding(rule, case, answers, holds)
    truth = negated(holds) if rule.excludes else holds
    return truth, RuleResult(rule.name, _word(truth), saw)


def _of_deciding(
    rule: ReadyRule, case: Case, answers: Sequence[Truth], holds: Truth
) -> tuple[Saw, ...]:
    """The values of the member who makes it hold, or else of all who might."""
    saw: list[Saw] = []
    for member, answer in zip(case.members, answers, strict=True):
        if answer is holds:
            saw += [_saw("member", name, member) for name in rule.of_members]
            if answer:
                break
    return tuple(saw)


def _seen(leaves: Iterable[Leaf], case: Case) -> tuple[Saw, ...]:
    """What these attributes are: of person and family, and of all members each value once, whoever has it,
    with the oldest day on which it was told of one."""
    saw: list[Saw] = []
    for of, name in leaves:
        who = case.members if of == "member" else (case.person if of == "person" else case.family,)
        oldest: dict[Any, Facts] = {}
        for facts in who:
            if facts is None:
                continue
            value = facts.values.get(name)
            key = OUTDATED if value is None and name in facts.outdated else value
            kept = oldest.get(key)
            if kept is None or facts.dates.get(name, "") < kept.dates.get(name, ""):
                oldest[key] = facts
        saw += [_saw(of, name, facts) for facts in oldest.values()]
    return tuple(saw)


def _saw(of: Whose, name: str, facts: Facts) -> Saw:
    """What a rule saw of one attribute, and how old that is."""
    value = facts.values.get(name)
    if value is not None:
        return Saw(of, name, value, date=facts.dates.get(name), period=facts.periods.get(name))
    if name not in facts.outdated:
        return Saw(of, name)
    told = facts.outdated[name], facts.dates.get(name), facts.periods.get(name)
    return Saw(of, name, told[0], date=told[1], period=told[2], outdated=True)


def _components(rules: Ready, case: Case) -> tuple[tuple[Found, ...], float, float]:
    """The components found with how many members are and may be such; the amount that is sure, and
    the one that is possible."""
    if not rules.components or case.person is None:
        return (), 0, 0
    by_family = rules.document.unit == "family"
    who: Sequence[Facts] = case.members if by_family else (case.person,)
    counts: dict[int, list[int]] = {}
    sure, possible = [], []
    for member in who:
        found_in, surely, maybe = rules.grounds(case, member)
        for at, unsure in found_in:
            counts.setdefault(at, [0, 0])[unsure] += 1
        sure.append(surely)
        possible.append(maybe)
    found = tuple(Found(rules.components[at].name, *counts[at]) for at in sorted(counts))
    return found, _highest(sure, rules.most), _highest(possible, rules.most)


def _some(rules: Ready, found: Iterable[Found], case: Case) -> Truth:
    if case.person is None:
        return None
    answers = [True if one.sure else None for one in found]
    return among(answers, case) if rules.document.unit == "family" else either(answers)


def _highest(amounts: list[float], most: int) -> float:
    return sum(sorted(amounts, reverse=True)[:most])


def _listed(rules: Ready, case: Case) -> Truth:
    facts = case.person if rules.document.unit == "person" else case.family
    value = facts.values.get(rules.listed) if facts and rules.listed else None
    return value if isinstance(value, bool) else None


def _outcome(truth: Truth) -> Outcome:
    if truth is None:
        return Outcome.UNDETERMINED
    return Outcome.ELIGIBLE if truth else Outcome.NOT_ELIGIBLE


def _word(truth: Truth) -> ResultName:
    return "unknown" if truth is None else "pass" if truth else "fail"


def _leaves(conditions: Iterable[Condition], only: Whose | None = None) -> tuple[Leaf, ...]:
    """What conditions look at, each once, in their order."""
    tests = (test for condition in conditions for test in condition.leaves())
    leaves = dict.fromkeys((test.of or "person", test.attribute or "") for test in tests)
    return tuple(leaf for leaf in leaves if only in (None, leaf[0]))
