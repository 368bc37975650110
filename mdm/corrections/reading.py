"""Reading a form: what was typed for a column, as the accepted tables hold it, or the check that refuses it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from functools import cache
from typing import Any

import reference.regions
from mdm.contracts import load_contracts
from mdm.contracts.accepted import COLUMNS
from mdm.contracts.readings import QuantityReading
from mdm.corrections.document import Corrected
from reference import codes, nik
from reference.attributes import dictionary

OLDEST = date(1890, 1, 1)
LONGEST = 120
NAME_LETTERS = 60  # Permendagri 73/2022
NUMBERS = ("nik", "mother_nik", "father_nik")
NAMES = ("name", "mother_name", "father_name", "head_name")
MOST = {"INTEGER": 100_000, "DOUBLE": 100_000.0}
_NAME = re.compile(r"[A-Z][A-Z '.,\-/]*")
_ADDRESS = {"rt", "rw"}
#: Numbers that are no amounts: digits at least and at most, and the check that says so.
_DIGITS = {
    "phone": (7, 15, "not-a-phone"),
    "postal_code": (5, 5, "not-a-postal-code"),
    "pln_id": (8, 16, "not-a-pln-id"),
}
_AS_WRITTEN = {"disability"}  # field sources write it in words of their own


class RefusedError(Exception):
    """A value that cannot be taken; `code` of the document's checks."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def read(kind: Corrected, column: str, typed: str, today: date) -> Any:
    """The value of a column; RefusedError with the check that it does not pass. Blank is None."""
    text = " ".join(typed.split())
    if not text:
        return None
    return _reader(kind, column)(text, today)


def concept_of(kind: Corrected, column: str) -> str | None:
    """The code list a column takes its values from."""
    known = dictionary().of(kind).get(column)
    return known.concept if known and column not in _AS_WRITTEN else None


def day(text: str, today: date) -> date:
    """A date, written 2026-11-27 or 27-11-2026; not in the future."""
    for form in ("%Y-%m-%d", "%d-%m-%Y", "%d/%m/%Y"):
        try:
            found = datetime.strptime(text, form).date()
        except ValueError:
            continue
        if found > today:
            raise RefusedError("in-future")
        if found < OLDEST:
            raise RefusedError("too-long-ago")
        return found
    raise RefusedError("not-a-date")


def _reader(kind: Corrected, column: str) -> Callable[[str, date], Any]:  # noqa: PLR0911 - one per type
    if column in NUMBERS:
        return _nik
    if column == "kk":
        return _kk
    if column in NAMES:
        return _name
    if column in _ADDRESS:
        return _rt
    if column in _DIGITS:
        return lambda text, _: _digits(text, *_DIGITS[column])
    if column == "region_code":
        return _region
    if concept := concept_of(kind, column):
        return lambda text, _: _code(concept, text)
    match COLUMNS[kind][column]:
        case "DATE":
            return lambda text, today: day(text, today).isoformat()
        case "BOOLEAN":
            return lambda text, _: _boolean(text)
        case "INTEGER" | "DOUBLE":
            return lambda text, _: _number(text, COLUMNS[kind][column], _most_of(column))
    return _text


def _nik(text: str, _: date) -> str:
    digits = re.sub(r"[\s.\-]", "", text)
    if nik.parse_nik(digits) is None or nik.is_placeholder(digits):
        raise RefusedError("not-a-nik")
    return digits


def _kk(text: str, _: date) -> str:
    digits = re.sub(r"[\s.\-]", "", text)
    if nik.parse_kk(digits) is None or nik.is_placeholder(digits):
        raise RefusedError("not-a-kk")
    return digits


def _name(text: str, _: date) -> str:
    upper = text.upper()
    if len(upper) > NAME_LETTERS or not _NAME.fullmatch(upper):
        raise RefusedError("not-a-name")
    return upper


def _rt(text: str, _: date) -> str:
    if not re.fullmatch(r"[0-9]{1,3}", text):
        raise RefusedError("not-a-number")
    return text.lstrip("0") or "0"


def _digits(text: str, least: int, most: int, code: str) -> str:
    digits = re.sub(r"[\s.\-()+]", "", text)
    if not (digits.isascii() and digits.isdigit() and least <= len(digits) <= most):
        raise RefusedError(code)
    return digits


def _region(text: str, _: date) -> str:
    code = text.replace(".", "")
    place = reference.regions.lookup(code, "kemendagri", reference.regions.TODAY)
    if place is None or len(code) != 10:  # a village
        raise RefusedError("not-a-place")
    return code


def _code(concept: str, text: str) -> str:
    if text not in codes.labels(concept):
        raise RefusedError("not-in-list")
    return text


def _boolean(text: str) -> bool:
    words = {"ya": True, "yes": True, "true": True, "tidak": False, "no": False, "false": False}
    if text.lower() not in words:
        raise RefusedError("not-in-list")
    return words[text.lower()]


@cache
def _most_of(column: str) -> float | None:
    """As much of it as the contracts take from any provider's file; None where they set no bound."""
    layouts = (layout for contract in load_contracts().values() for layout in contract.layouts)
    readings = (layout.values.get(column) for layout in layouts)
    bounds = (one.most for one in readings if isinstance(one, QuantityReading))
    return max((most for most in bounds if most is not None), default=None)


def _number(text: str, sql_type: str, most: float | None) -> int | float:
    try:
        number = int(text) if sql_type == "INTEGER" else float(text.replace(",", "."))
    except ValueError:
        raise RefusedError("not-a-number") from None
    if not 0 <= number <= (MOST[sql_type] if most is None else most):
        raise RefusedError("not-a-number")
    return number


def _text(text: str, _: date) -> str:
    if len(text) > LONGEST or not text.isprintable():
        raise RefusedError("too-long")
    return text.upper()
