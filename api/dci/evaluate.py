"""Queries on what was found: three-valued, so that what may not be seen says neither yes nor no."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from api.dci.mapping import mapping
from api.dci.messages import Sort
from api.dci.query import Both, Compare, Either, Is, Not, Query
from api.dci.refusals import RequestError, SearchReason
from api.dci.seen import Found
from api.dci.values import holds


def matches(query: Query, found: Found, today: date) -> bool:
    """Whether a person fulfils a query, for certain, by what may be seen."""
    return _truth(query, found, today) is True


def ordered(people: Sequence[Found], sorts: Sequence[Sort], today: date) -> list[Found]:
    """People in the order asked for; those without a value to see come last.

    RequestError for an attribute that nobody can be ordered by.
    """
    people = list(people)
    for sort in reversed(sorts):
        attribute = mapping().comparable(sort.attribute_name)
        if attribute is None:
            raise RequestError(SearchReason.SORT, "There is no order by an attribute named.")
        keyed = [(one.value(attribute, today), one) for one in people]
        having = sorted(
            (pair for pair in keyed if pair[0] is not None),
            key=lambda pair: pair[0],
            reverse=sort.sort_order == "desc",
        )
        people = [one for _, one in having] + [one for value, one in keyed if value is None]
    return people


def _truth(query: Query, found: Found, today: date) -> bool | None:
    if isinstance(query, Is):
        return query in found.found_by
    if isinstance(query, Compare):
        held: Any = found.value(query.attribute, today)
        return holds(query.attribute, query.operator, held, query.value)
    if isinstance(query, Not):
        inner = _truth(query.part, found, today)
        return None if inner is None else not inner
    return _combined(query, (_truth(part, found, today) for part in query.parts))


def _combined(query: Both | Either, truths: Iterable[bool | None]) -> bool | None:
    """Kleene's and and or."""
    decisive = isinstance(query, Either)  # one true decides an or, one false an and
    unknown = False
    for truth in truths:
        if truth is decisive:
            return decisive
        unknown = unknown or truth is None
    return None if unknown else not decisive
