"""What rules say of one member of a family, kept by what they look at: there are many more members
than ways to be one of these ages, sexes and occupations. Who it was is not kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from mdm.eligibility.conditions import Condition
from mdm.eligibility.terms import Case, Facts

KEPT = 20_000
T = TypeVar("T")


def remembered(
    work: Callable[[Case, Facts], T], conditions: Sequence[Condition]
) -> Callable[[Case, Facts], T]:
    """The same function, worked out once for all who look alike to the conditions it comes from.

    One that also looks at the person asked for or the family is given back as it is.
    """
    leaves = [leaf for condition in conditions for leaf in condition.leaves()]
    if any(leaf.of != "member" for leaf in leaves):
        return work
    attributes = tuple(dict.fromkeys(leaf.attribute or "" for leaf in leaves))
    by_source = any(leaf.told_by for leaf in leaves)
    known: dict[Any, T] = {}

    def of(case: Case, member: Facts) -> T:
        doubted = member.doubtful and member is not case.person
        sources = member.sources if by_source else None
        key = (doubted, sources, *member.outdated, *map(member.values.get, attributes))
        try:
            return known[key]
        except KeyError:
            if len(known) >= KEPT:
                known.clear()
            found = known[key] = work(case, member)
            return found

    return of
