"""Conditions of programme documents: what they may say, and what they mean.

A condition is a small tree. Its leaves test one attribute of the person asked for, of the family,
or of one member of it; its value is yes, no or not known (see kleene.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from mdm.eligibility.kleene import Truth, either, negated
from mdm.eligibility.terms import Case, Facts, Whose

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
Scalar = bool | int | float | str
Limits = Mapping[str, tuple[float | int, ...]]
"""A number's values: the one in force, and where sources are in dispute the others too."""
Holds = Callable[[Case, Facts | None], Truth]
"""A condition made ready: of a case, and of one member where it speaks of members."""

MARKS = ("all", "any", "not", "some_member", "elsewhere", "attribute")
TRUTH: Mapping[str, Truth] = {"unknown": None, "yes": True, "no": False}
TESTS = ("is_", "in_", "between", "present")


class Condition(BaseModel):
    """One node: exactly one of all, any, not, some_member, elsewhere, or a test of an attribute.

    `between` names numbers of the document, both ends included, null for no end. `present` is
    what any value at all says. `unsure` lists values that say neither yes nor no. `silent` is what
    it means when there is no value: unknown, or yes or no; with `told_by` the latter two only
    where one of these sources has spoken of the person at all. `elsewhere` names a fact that the
    hub does not hold: never known.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = Field(default=None, alias="not")
    some_member: Condition | None = None
    elsewhere: Name | None = None
    attribute: Name | None = None
    of: Whose | None = None
    is_: Scalar | None = Field(default=None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in")
    unsure: tuple[Scalar, ...] = ()
    between: tuple[Name | None, Name | None] | None = None
    present: Literal["unknown", "yes", "no"] | None = None
    silent: Literal["unknown", "yes", "no"] = "unknown"
    told_by: tuple[Name, ...] = ()

    @model_validator(mode="after")
    def _one_meaning(self) -> Condition:
        marks = [m for m in MARKS if getattr(self, "not_" if m == "not" else m) is not None]
        if len(marks) != 1:
            raise ValueError(f"a condition says exactly one of {', '.join(MARKS)}")
        tests = [name for name in TESTS if getattr(self, name) is not None]
        if marks == ["attribute"]:
            if len(tests) != 1 or self.of is None:
                raise ValueError("a test names whose attribute it is (`of`) and one test")
        elif tests or self.of or self.unsure or self.told_by or self.silent != "unknown":
            raise ValueError("only a test of an attribute says of, unsure, silent, told_by")
        return self

    def leaves(self) -> Iterator[Condition]:
        """Every test of an attribute in the tree, in order."""
        if self.attribute is not None:
            yield self
        for child in self.children():
            yield from child.leaves()

    def numbers(self) -> frozenset[str]:
        """The numbers its tests name."""
        return frozenset(n for leaf in self.leaves() for n in leaf.between or () if n)

    def children(self) -> tuple[Condition, ...]:
        """The conditions right below."""
        single = tuple(one for one in (self.not_, self.some_member) if one is not None)
        return (*(self.all or ()), *(self.any or ()), *single)


def ready(condition: Condition, limits: Limits, counted: Holds | None) -> Holds:
    """The condition as a function. `counted` says which members count at all."""
    if condition.attribute is not None:
        return _test(condition, limits)
    if condition.elsewhere is not None:
        return lambda case, member: None
    parts = [ready(child, limits, counted) for child in condition.children()]
    if condition.some_member is not None:
        of = of_member(parts[0], counted)
        return lambda case, _: among([of(case, member) for member in case.members], case)
    if condition.not_ is not None:
        return lambda case, member: negated(parts[0](case, member))
    return _all(parts) if condition.all is not None else _any(parts)


def of_member(holds: Holds, counted: Holds | None) -> Callable[[Case, Facts], Truth]:
    """Whether a condition holds of one member who counts. What is true only of a member whose
    identity is in doubt is not known of the family."""

    def of(case: Case, member: Facts) -> Truth:
        answer = holds(case, member)
        if answer is False:
            return False
        if counted is not None:
            counts = counted(case, member)
            if counts is False:
                return False
            if counts is None:
                return None
        return None if answer and member.doubtful and member is not case.person else answer

    return of


def among(answers: Sequence[Truth], case: Case) -> Truth:
    """Whether it holds of some member, from the answers for all who can be seen: somebody who
    cannot may be the one."""
    answer = either(answers)
    return None if answer is False and not case.complete else answer


# These two run some hundred times for every case: they stop at the first part that decides.


def _all(parts: Sequence[Holds]) -> Holds:
    def holds(case: Case, member: Facts | None) -> Truth:
        answer: Truth = True
        for part in parts:
            truth = part(case, member)
            if truth is False:
                return False
            if truth is None:
                answer = None
        return answer

    return holds


def _any(parts: Sequence[Holds]) -> Holds:
    def holds(case: Case, member: Facts | None) -> Truth:
        answer: Truth = False
        for part in parts:
            truth = part(case, member)
            if truth is True:
                return True
            if truth is None:
                answer = None
        return answer

    return holds


def _test(condition: Condition, limits: Limits) -> Holds:
    name, of = condition.attribute or "", condition.of
    says, silent = _says(condition, limits), TRUTH[condition.silent]
    told_by = frozenset(condition.told_by)

    def silence(facts: Facts) -> Truth:
        return None if told_by and told_by.isdisjoint(facts.sources) else silent

    def of_member_(_: Case, member: Facts | None) -> Truth:
        if member is None:
            return None
        value = member.values.get(name)
        if value is not None:
            return says(value)
        return None if name in member.outdated else silence(member)

    def of_person(case: Case, _: Facts | None) -> Truth:
        return of_member_(case, case.person)

    def of_family(case: Case, _: Facts | None) -> Truth:
        return of_member_(case, case.family)

    return of_member_ if of == "member" else of_person if of == "person" else of_family


def _says(condition: Condition, limits: Limits) -> Callable[[Any], Truth]:
    """What a known value says."""
    if condition.present is not None:
        meant = TRUTH[condition.present]
        return lambda value: meant
    if condition.between is not None:
        return _between(*(limits[name] if name else () for name in condition.between))
    wanted = frozenset(condition.in_ if condition.in_ is not None else (condition.is_,))
    unsure = frozenset(condition.unsure)
    if not unsure:
        return wanted.__contains__
    return lambda value: True if value in wanted else None if value in unsure else False


def _between(lows: tuple[float, ...], highs: tuple[float, ...]) -> Callable[[Any], Truth]:
    """Inside by every value of the limits: yes. Outside by every value of one: no. Else sources
    that disagree about them would answer differently: not known."""
    low, high = max(lows, default=-math.inf), min(highs, default=math.inf)
    maybe_low, maybe_high = min(lows, default=-math.inf), max(highs, default=math.inf)

    def says(value: Any) -> Truth:
        if low <= value <= high:
            return True
        return None if maybe_low <= value <= maybe_high else False

    return says
