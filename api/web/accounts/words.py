"""How these pages speak: places, refusals, and for how long an agreement holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from api.web.forms import just_before
from api.web.texts import texts
from api.web.visitor import Visitor
from api.web.wording import IN, Wording
from mdm.access import WHOLE_COUNTRY
from mdm.errors import ConflictError, HubError
from mdm.hub.columns import now
from reference.regions import children, full_name, place_name

SOON = timedelta(days=30)  # before its end an agreement is told of
PRIVATE = "key-private"  # a refusal of what is not shown again
_PLAIN = frozenset(("region-unknown", ""))  # of which the hub's own words say more


@dataclass(frozen=True)
class Refused:
    """Why a form was not taken. `form`: which one of the page; `original`: the hub's own words, where they say more."""

    form: str
    words: str
    original: str
    status: int


@dataclass(frozen=True)
class Validity:
    """When an agreement holds. `state`: now, soon (over within SOON), over, later; `until`: the last moment."""

    since: datetime
    until: datetime
    state: str


def place(words: Wording, region: str) -> str:
    """A region in words, with its digits."""
    if region == WHOLE_COUNTRY:
        return words.t("accounts.country")
    return f"{full_name(region) or region} ({region})"


@cache
def regions() -> list[tuple[str, str]]:
    """Provinces and their regencies, to be chosen from: digits and name."""
    return [
        (code, (place_name(code) or code).title())
        for province in children("")
        for code in (province, *children(province))
    ]


def refused(visitor: Visitor, form: str, error: HubError) -> Refused:
    """A refusal in the visitor's language, with what the page answers."""
    key, known = f"accounts.wrong.{error.code}", f"accounts.wrong.{error.code}" in texts()
    original = f"{error.message} {error.hint}".strip()
    return Refused(
        form,
        IN[visitor.language].t(key if known else "accounts.wrong"),
        original if not known or error.code in _PLAIN else "",
        409 if isinstance(error, ConflictError) else 422,
    )


def validity(since: datetime, until: datetime) -> Validity:
    """How an agreement stands today."""
    at = now()
    if at < since:
        state = "later"
    elif at >= until:
        state = "over"
    else:
        state = "soon" if until - at < SOON else "now"
    return Validity(since, just_before(until), state)
