"""Days: the hub counts them in Jakarta, whatever zone its machine is set to. Moments it keeps in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, timezone

from mdm.hub.columns import now

WIB = timezone(timedelta(hours=7), "WIB")


def local(moment: datetime) -> datetime:
    """A moment in Jakarta; one without a zone is UTC, as the hub keeps them."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(WIB)


def today() -> date:
    """The date in Jakarta."""
    return local(now()).date()


def begin_of(day: date) -> datetime:
    """The first moment of a day."""
    return datetime.combine(day, time.min, WIB)


def end_of(day: date) -> datetime:
    """The last moment of a day."""
    return datetime.combine(day, time.max, WIB)
