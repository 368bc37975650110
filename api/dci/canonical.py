"""Canonical JSON (RFC 8785), so that a signature survives a gateway that writes the JSON anew.

Reading is strict: a repeated key, NaN or a whole number beyond 2^53 would mean different things
to different readers, and is refused.
"""

from __future__ import annotations

import json
import math
from decimal import Decimal
from typing import Any, NoReturn

EXACT = 2**53 - 1  # whole numbers that every JSON reader keeps


class CanonicalError(ValueError):
    """The text is no JSON that all readers understand alike. The message says why, not what."""


def read(text: bytes) -> Any:
    """Parse JSON strictly."""
    try:
        return json.loads(
            text.decode(), object_pairs_hook=_no_repeats, parse_constant=_refuse, parse_int=_exact
        )
    except CanonicalError:
        raise
    except (ValueError, RecursionError):
        raise CanonicalError("the body is not JSON in UTF-8") from None


def canonical(value: Any) -> bytes:
    """The one way to write a value."""
    try:
        return _write(value).encode()
    except (UnicodeEncodeError, RecursionError):
        raise CanonicalError("the body holds text or nesting that cannot be written") from None


def _write(value: Any) -> str:
    if isinstance(value, dict):
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_text(key)}:{_write(value[key])}" for key in keys) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(_write, value)) + "]"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return _number(value)
    return json.dumps(value)  # null, true, false, whole numbers


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


def _number(value: float) -> str:
    """As ECMAScript writes it."""
    if not math.isfinite(value):
        raise CanonicalError("a number is not finite")
    if value == 0 or 1e-6 <= abs(value) < 1e21:
        return format(Decimal(repr(value or 0.0)), "f").removesuffix(".0")
    mantissa, _, exponent = repr(value).partition("e")
    return f"{mantissa.removesuffix('.0')}e{int(exponent):+d}"


def _no_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise CanonicalError("a key stands twice in one object")
    return found


def _exact(digits: str) -> int:
    number = int(digits)
    if abs(number) > EXACT:
        raise CanonicalError("a whole number is too large for JSON; write it as text")
    return number


def _refuse(_name: str) -> NoReturn:
    raise CanonicalError("a number is not finite")
