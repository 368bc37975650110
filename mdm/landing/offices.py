"""Which offices the rows of a file belong to by their own region, beside the one that was named to deliver them.

The office is part of every record's key, and what has landed stays: a delivery under another's code would stand beside
that office's own records for good.
"""

from __future__ import annotations

from collections.abc import Mapping

from mdm.errors import UsageError
from reference.regions import full_name

NAMED = 3  # offices of a file in one sentence

#: Code of an office (None where a row does not tell it) → rows.
Offices = Mapping[str | None, int]


def refuse_elsewhere(file: str, offices: Offices, office: str) -> None:
    """UsageError when most rows of a file that tell their region lie outside the office that was named."""
    told = sum(rows for code, rows in offices.items() if code)
    elsewhere: Offices = {
        code: rows for code, rows in offices.items() if code not in (None, office)
    }
    if sum(elsewhere.values()) * 2 > told:
        raise UsageError(
            f"{file}: most rows lie outside office {office} {full_name(office)}; by the region of each "
            f"row it is {_named(elsewhere)}. Nothing was landed.",
            "Name the office that delivers with --office; if it is this one, land with --anyway.",
        )


def by_rows(file: str, offices: Offices) -> str:
    """That nobody named the office, and what was taken for it."""
    return (
        f"{file}: no office was named; by the region of each row it is {_named(offices)}. "
        "The office is part of a record's key: where one office delivers, name it with --office."
    )


def _named(offices: Offices) -> str:
    """The offices of most rows, in words."""
    told = sorted(((n, code) for code, n in offices.items() if code), reverse=True)
    named = [f"{code} {full_name(code)} ({_rows(n)})" for n, code in told[:NAMED]]
    if len(told) > NAMED:
        named.append(f"{len(told) - NAMED} more offices")
    if unknown := offices.get(None):
        named.append(f"unknown for {_rows(unknown)}")
    return ", ".join(named)


def _rows(n: int) -> str:
    return f"{n:,} row{'' if n == 1 else 's'}"
