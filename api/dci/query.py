"""Queries become one kind of tree, whatever form they came in: idtype-value, expression, predicate.

Personal data is sealed and has no index but the NIK's. So a query must be bounded: every way to
fulfil it must go through an identifier. Everything else in it is a filter on what those find.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from api.dci.mapping import SEARCHED, Comparable, IdentifierKind, mapping
from api.dci.messages import Criteria, Expression, Named, Predicate
from api.dci.refusals import invalid
from api.dci.values import typed
from mdm.errors import InputError
from mdm.seal import normal_nik

MAX_IDENTIFIERS = 100  # in one request
MAX_NODES, MAX_DEPTH = 200, 8
_OPERATORS = {"eq", "gt", "lt", "ge", "le", "in"}
_SPELLED = {"gte": "ge", "lte": "le"}


@dataclass(frozen=True)
class Is:
    """The entity is the one that an identifier names."""

    kind: IdentifierKind
    value: str


@dataclass(frozen=True)
class Compare:
    """A comparison of an attribute with a value of its type (with several for `in`)."""

    attribute: Comparable
    operator: str
    value: Any


@dataclass(frozen=True)
class Both:
    """All of them hold."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Either:
    """One of them holds."""

    parts: tuple[Query, ...]


@dataclass(frozen=True)
class Not:
    """It does not hold."""

    part: Query


Query = Is | Compare | Both | Either | Not


def read_query(criteria: Criteria) -> Query:
    """The tree of a request's criteria; RequestError when it cannot be answered, and why."""
    query = criteria.query
    if criteria.query_type == "predicate":
        if not isinstance(query, list) or not query:
            raise invalid("A predicate query is a list of predicates.")
        tree = Both(tuple(_predicate(one) for one in _in_order(query)))
    elif not isinstance(query, Named):
        raise invalid(f"A query of type {criteria.query_type} has a type and a value.")
    elif criteria.query_type == "idtype-value":
        tree = Both((_identifier(_kind(query.type), "eq", query.value),))
    else:
        tree = Both((_expression(_inside(query.value), 0),))
    _check(tree)
    return tree


def identifiers(query: Query) -> list[Is]:
    """Every identifier that a query names, each once."""
    return list(dict.fromkeys(node for node in _nodes(query) if isinstance(node, Is)))


def compared(query: Query) -> list[Comparable]:
    """Every attribute that a query compares."""
    return [node.attribute for node in _nodes(query) if isinstance(node, Compare)]


def bounded(query: Query) -> bool:
    """Whether only entities that an identifier names can fulfil the query."""
    if isinstance(query, Both):
        return any(map(bounded, query.parts))
    if isinstance(query, Either):
        return all(map(bounded, query.parts))
    return isinstance(query, Is)


def collection(criteria: Criteria) -> str | None:
    """`Group` or `Member`, where an expression names its collection."""
    value = criteria.query.value if isinstance(criteria.query, Named) else None
    inner = value.get("expression", value) if isinstance(value, Mapping) else None
    named = inner.get("collection") if isinstance(inner, Mapping) else None
    return named if named in ("Group", "Member") else None


def _check(tree: Query) -> None:
    if sum(1 for _ in _nodes(tree)) > MAX_NODES:
        raise invalid("The query is too long.")
    if len(identifiers(tree)) > MAX_IDENTIFIERS:
        raise invalid(f"A request names at most {MAX_IDENTIFIERS} identifiers.")
    if not bounded(tree):
        raise invalid(
            "Personal data is sealed and cannot be scanned: every alternative of a query must name "
            f"an identifier ({_names(SEARCHED)}) with eq or in; other attributes filter what it finds."
        )


def _nodes(query: Query) -> Iterator[Query]:
    yield query
    if isinstance(query, (Both, Either)):
        for part in query.parts:
            yield from _nodes(part)
    elif isinstance(query, Not):
        yield from _nodes(query.part)


def _in_order(predicates: Sequence[Predicate]) -> list[Predicate]:
    return sorted(predicates, key=lambda p: p.seq_num if isinstance(p.seq_num, float) else 0.0)


def _predicate(predicate: Predicate) -> Query:
    first = _comparison(predicate.expression1)
    second = predicate.expression2
    if not isinstance(second, Expression):
        if isinstance(predicate.condition, str):
            raise invalid("A condition stands between two expressions.")
        return first
    if predicate.condition == "or":
        return Either((first, _comparison(second)))
    other = _comparison(second)
    return Both((first, Not(other) if predicate.condition == "not" else other))


def _comparison(expression: Expression) -> Query:
    return _compare(expression.attribute_name, expression.operator, expression.attribute_value)


def _inside(value: Any) -> Any:
    """What stands at `value.expression.query`; the outer layers may be left out."""
    for layer in ("expression", "query"):
        if isinstance(value, Mapping) and layer in value:
            value = value[layer]
    return value


def _expression(value: Any, depth: int) -> Query:
    if not isinstance(value, Mapping) or not value or depth > MAX_DEPTH:
        raise invalid("An expression is an object of attributes, $and, $or and $not.")
    parts = tuple(_member(str(name), inner, depth + 1) for name, inner in value.items())
    return parts[0] if len(parts) == 1 else Both(parts)


def _member(name: str, inner: Any, depth: int) -> Query:
    word = name.lstrip("$")
    if word == "not":
        return Not(_expression(inner, depth))
    if word in ("and", "or"):
        if not isinstance(inner, list) or not inner:
            raise invalid("$and and $or take a list.")
        parts = tuple(_expression(one, depth) for one in inner)
        return Both(parts) if word == "and" else Either(parts)
    if not isinstance(inner, Mapping):
        return _compare(name, "eq", inner)
    compared = tuple(_compare(name, str(op).lstrip("$"), value) for op, value in inner.items())
    if not compared:
        raise invalid("An attribute is compared with something.")
    return compared[0] if len(compared) == 1 else Both(compared)


def _compare(name: str, operator: str, value: Any) -> Query:
    operator = _SPELLED.get(operator, operator)
    if operator not in _OPERATORS:
        raise invalid(f"The operators are {', '.join(sorted(_OPERATORS))}.")
    kind = mapping().identifier(name)
    if kind in SEARCHED:
        return _identifier(kind, operator, value)
    attribute = mapping().comparable(name)
    if attribute is None:
        known = ", ".join(one.name for one in mapping().attributes)
        raise invalid(f"An attribute of the query is not one of: {_names(SEARCHED)}, {known}.")
    return Compare(attribute, operator, typed(attribute, operator, value))


def _kind(name: str) -> IdentifierKind:
    kind = mapping().identifier(name)
    if kind not in SEARCHED:
        raise invalid(f"People are found by {_names(SEARCHED)}; no other identifier has an index.")
    return kind


def _identifier(kind: IdentifierKind, operator: str, value: Any) -> Query:
    if operator not in ("eq", "in"):
        raise invalid("An identifier is compared with eq or in.")
    values = [value] if operator == "eq" else _several(value)
    named = tuple(Is(kind, _normal(kind, one)) for one in values)
    return named[0] if len(named) == 1 else Either(named)


def _several(value: Any) -> list[Any]:
    some = value.split(",") if isinstance(value, str) else value
    if not isinstance(some, list) or not some:
        raise invalid("`in` takes a list, or text with commas between the values.")
    return some


def _normal(kind: IdentifierKind, value: Any) -> str:
    if not isinstance(value, str):
        raise invalid("An identifier is written as text.")
    if kind == "nik":
        try:
            return normal_nik(value)
        except InputError as error:
            raise invalid(error.message) from None
    return value.strip()[:200]


def _names(kinds: Sequence[IdentifierKind]) -> str:
    return ", ".join(mapping().identifiers[kind].answer for kind in kinds)
