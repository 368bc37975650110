"""Quarters as typed → 2026Q3, as SQL fragments in DuckDB's dialect. `cleaners.tidy` comes first."""

from __future__ import annotations

from matching.cleaners import once
from reference.text import quote

_YEAR = r"(?:^|[^0-9])(20[0-9]{2})(?:[^0-9]|$)"
_WORDED = r"(?:Q|TW|TRIW|TRIWULAN|TRIBULAN|KUARTAL)[\s.\-]*(?:KE)?[\s.\-]*([1-4]|IV|I{1,3})(?:[^0-9A-Z]|$)"
_ROMAN = r"^(IV|I{1,3})[\s/\-]+20[0-9]{2}$|^20[0-9]{2}[\s/\-]+(IV|I{1,3})$"


def quarter(column: str) -> str:
    """A quarter by its name; a figure alone may be a month, and is not read."""
    year = f"regexp_extract(typed, {quote(_YEAR)}, 1)"
    roman = f"concat(regexp_extract(typed, {quote(_ROMAN)}, 1), regexp_extract(typed, {quote(_ROMAN)}, 2))"
    number = f"coalesce(nullif(regexp_extract(typed, {quote(_WORDED)}, 1), ''), {roman})"
    figures = "WHEN 'I' THEN '1' WHEN 'II' THEN '2' WHEN 'III' THEN '3' WHEN 'IV' THEN '4'"
    made = f"{year} || 'Q' || {once(number, 'number', f'CASE number {figures} ELSE number END')}"
    found = once(made, "made", f"CASE WHEN {_named('made')} THEN made END")
    careful = once(f"upper({column})", "typed", found)
    return f"CASE WHEN {_named(column)} THEN {column} ELSE {careful} END"


def _named(column: str) -> str:
    return f"regexp_full_match({column}, '20[0-9]{{2}}Q[1-4]')"
