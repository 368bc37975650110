"""Fields of forms and queries, read with a bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from math import isfinite
from typing import Annotated, Any

from litestar.params import PathParameter

from mdm import days

FIRST_YEAR, LAST_YEAR = 1900, 9999  # of days that anybody asks about
MOMENT = 32  # characters of a moment in a field
#: A number in a path: no larger than either database keeps.
Number = Annotated[int, PathParameter(ge=0, le=1 << 53)]


def text(form: Mapping[str, Any], name: str, longest: int = 200) -> str:
    """A field as text without blanks around it; empty when absent, cut at `longest` characters. A line ends as it did
    where it was typed: browsers send two characters for it."""
    value = form.get(name, "")
    return _kept(value.replace("\r\n", "\n"))[:longest].strip() if isinstance(value, str) else ""


def as_typed(form: Mapping[str, Any], name: str, longest: int) -> str:
    """A field whose blanks count: a password. What no database keeps in a text (NUL) is left out."""
    value = form.get(name, "")
    return _kept(value)[:longest] if isinstance(value, str) else ""


def _kept(value: str) -> str:
    return value.replace("\0", "")


def day_of(text: str) -> date | None:
    """A day as date fields send it; None for none, and for what is none or before the hub's time."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and day.year >= FIRST_YEAR else None


def moment_of(text: str) -> datetime | None:
    """A moment of Jakarta as its fields send it; of a day alone the last one. None as for `day_of`."""
    if (day := day_of(text)) is not None:
        return end_of(day)
    try:
        moment = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    if moment is None or not FIRST_YEAR <= moment.year < LAST_YEAR:
        return None
    return moment.replace(tzinfo=days.WIB).astimezone(UTC)


def number_of(text: str) -> float | None:
    """A number as people write it, with a comma or a point; None for none, and for what is none."""
    try:
        number = float(text.replace(",", "."))
    except ValueError:
        return None
    return number if isfinite(number) else None


def unread(
    typed: Mapping[str, str], read: Callable[[str], object], names: Iterable[str]
) -> frozenset[str]:
    """Those of the fields that hold something `read` can make nothing of."""
    return frozenset(name for name in names if typed.get(name) and read(typed[name]) is None)


def just_before(moment: datetime) -> datetime:
    """The last moment before another."""
    return moment - timedelta(microseconds=1)


def typed(moment: datetime) -> str:
    """A moment as such a field shows it; finer than a thousandth of a second it knows none."""
    return days.local(moment).replace(tzinfo=None).isoformat(timespec="milliseconds")


def begin_of(day: date | None) -> datetime | None:
    """The first moment of a day in Jakarta."""
    return days.begin_of(day).astimezone(UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """The last moment of a day in Jakarta."""
    return days.end_of(day).astimezone(UTC) if day else None
