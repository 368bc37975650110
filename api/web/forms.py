"""Fields of forms and queries, read with a bound."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any

from api.web.wording import JAKARTA


def field(form: Mapping[str, Any], name: str, longest: int = 200) -> str:
    """A field as text without blanks around it; empty when absent, cut at `longest` characters."""
    value = form.get(name, "")
    return value[:longest].strip() if isinstance(value, str) else ""


def day_of(text: str) -> date | None:
    """A day as date fields send it; None for none, and for what is none."""
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def begin_of(day: date | None) -> datetime | None:
    """The first moment of a day in Jakarta."""
    return datetime.combine(day, time.min, JAKARTA).astimezone(UTC) if day else None


def end_of(day: date | None) -> datetime | None:
    """The last moment of a day in Jakarta."""
    return datetime.combine(day, time.max, JAKARTA).astimezone(UTC) if day else None
