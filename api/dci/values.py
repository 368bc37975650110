"""Values in comparisons: from what a query says to what a profile holds."""

from __future__ import annotations

import math
import operator as op
from collections.abc import Callable
from datetime import date
from typing import Any

from api.dci.mapping import Comparable, mapping
from api.dci.refusals import invalid

ORDERED = {"number", "date", "age", "size"}
_BY_OPERATOR: dict[str, Callable[[Any, Any], bool]] = {
    "eq": op.eq,
    "gt": op.gt,
    "lt": op.lt,
    "ge": op.ge,
    "le": op.le,
}


def typed(attribute: Comparable, operator: str, value: Any) -> Any:
    """A query's value in the attribute's type, a tuple of them for `in`.

    RequestError when it is not of that type, or the type knows no such comparison.
    """
    if operator in ("gt", "lt", "ge", "le") and attribute.type not in ORDERED:
        raise invalid(f"{attribute.name} is compared with eq or in.")
    if operator == "in":
        some = value.split(",") if isinstance(value, str) else value
        if not isinstance(some, list) or not 0 < len(some) <= 100:
            raise invalid(
                "`in` takes a list of up to 100 values, or text with commas between them."
            )
        return tuple(_typed(attribute, one) for one in some)
    return _typed(attribute, value)


def holds(attribute: Comparable, operator: str, held: Any, value: Any) -> bool | None:
    """Whether a profile's value stands so to a query's; None when the profile has none to show."""
    if held is None:
        return None
    if operator == "in":
        return any(holds(attribute, "eq", held, one) for one in value)
    if attribute.type == "region":
        return str(held).startswith(value)
    return _BY_OPERATOR[operator](held, value)


def held_as(attribute: Comparable, value: Any, today: date) -> Any:
    """A profile's value as queries compare it."""
    convert = _HELD.get(attribute.type)
    if attribute.codes is not None:
        value = mapping().code(attribute.codes, value)
    return convert(value, today) if convert and value is not None else value


def _typed(attribute: Comparable, value: Any) -> Any:
    try:
        return _as(attribute.type, value)
    except (TypeError, ValueError):
        raise invalid(
            f"{attribute.name} is compared with a value of type {attribute.type}."
        ) from None


def _as(kind: str, value: Any) -> Any:
    match kind:
        case "number" | "age" | "size":
            return _number(value)
        case "date":
            return date.fromisoformat(str(value).strip()[:10])
        case "flag":
            return _FLAGS[str(value).strip().casefold()]
        case "region":
            return _digits(value)
        case _:
            if isinstance(value, (dict, list)) or value is None:
                raise ValueError
            return _plain(value)


def _number(value: Any) -> float:
    number = float("nan") if isinstance(value, bool) else float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _digits(value: Any) -> str:
    code = str(value).strip().replace(".", "")
    if not (code.isascii() and code.isdigit() and len(code) in (2, 4, 6, 10)):
        raise ValueError
    return code


def _plain(value: Any) -> str:
    return " ".join(str(value).split()).casefold()


def _age(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


_HELD: dict[str, Callable[[Any, date], Any]] = {
    "text": lambda value, _: _plain(value),
    "code": lambda value, _: _plain(value),
    "date": lambda value, _: date.fromisoformat(str(value)),
    "age": lambda value, today: _age(date.fromisoformat(str(value)), today),
    "flag": lambda value, _: value not in (False, "NONE"),
}


class _Flags(dict[str, bool]):
    def __missing__(self, key: str) -> bool:
        raise ValueError


_FLAGS = _Flags({"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False})
