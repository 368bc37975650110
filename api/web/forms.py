"""Fields of forms and queries, read with a bound."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from litestar.params import PathParameter

from api.web.wording import JAKARTA

FIRST_YEAR = 1900  # of days that anybody asks about
#: A number in a path: no larger than either database keeps.
Number = Annotated[int, PathParameter(ge=0, le=1 << 53)]


def field(form: Mapping[str, Any], name: str, longest: int = 200) -> str:
    """A field as text without blanks around it; empty when absent, cut at `longest` characters."""
    value = form.get(name, "")
    return value[:longest].strip() if isinstance(value, str) else ""


def day_of(text: str) -> date | None:
    """A day as date fields send it; None for none, and for what is none or before the hub's time."""
    try:
        day = date.fromisoformat(text) if text else None
    except ValueError:
        return None
    return day if day and day.year >= FIRST_YEAR else None


def begin_of(day: date | None) -> datetime | None:
    """The first moment of a day in Jakarta."""
    return datetime.combine(day, time.min, JAKARTA).astimezone(UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """The last moment of a day in Jakarta."""
    return datetime.combine(day, time.max, JAKARTA).astimezone(UTC) if day else None
