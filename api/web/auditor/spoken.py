"""The log in words: who acted, what they did and about what, in the visitor's language.

Accounts and clients are named to those who may see the list of them; to others by their ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from api.web.operations.named import source_name
from api.web.texts import texts
from api.web.visitor import Visitor
from api.web.wording import IN, Wording
from mdm.access.administration import NOBODY_YET
from mdm.access.named import names_of
from mdm.audit.search import Entry
from reference.regions import full_name

#: Details that a line tells, in this order.
_TOLD = (
    "asked", "purpose", "case", "judgement", "user", "role", "region", "client", "requested_by", "approved_by",
    "programmes", "agreement", "source", "snapshot", "run_seq", "count",
)  # fmt: skip
_PEOPLE = ("user", "client", "requested_by", "approved_by")
_ACT = "acts."
_STEMS = {
    "asked": _ACT,
    "purpose": "purposes.",
    "judgement": "auditor.judgement.",
    "role": "layout.role.",
}
_NONE: tuple[object, ...] = (None, "", [])


@dataclass(frozen=True)
class Spoken:
    """An event in words. `about`: (what, its value) of the details that people read."""

    event: Entry
    who: str
    act: str
    about: tuple[tuple[str, str], ...]


class Names:
    """Names of actors, as a visitor may know them."""

    def __init__(self, session: Session, visitor: Visitor, ids: Iterable[str]) -> None:
        self._words: Wording = IN[visitor.language]
        asked = set(ids) if visitor.may("user.list") and visitor.may("client.list") else set[str]()
        self._known = names_of(session, asked)

    def of(self, actor: str) -> str:
        """The name; the id itself of who has no account, and where it may not be told."""
        if actor == NOBODY_YET:
            return self._words.t("auditor.who.nobody-yet")
        named = self._known.get(actor)
        return named or _known(self._words, f"auditor.who.{actor}", actor)


def spoken(session: Session, visitor: Visitor, events: Iterable[Entry]) -> list[Spoken]:
    """Events in words."""
    found, words = list(events), IN[visitor.language]
    names = Names(session, visitor, (one for event in found for one in _people(event)))
    return [
        Spoken(
            one,
            names.of(one.actor),
            act_name(words, one.action),
            tuple(_about(words, names, one)),
        )
        for one in found
    ]


def act_name(words: Wording, action: str) -> str:
    """What an act is called; its code where nobody named it."""
    return _known(words, _ACT + action, action)


def acts(words: Wording) -> list[tuple[str, str]]:
    """Every act, as a choice: (code, words), by its words."""
    codes = [key.removeprefix(_ACT) for key in texts() if key.startswith(_ACT)]
    return sorted(((one, act_name(words, one)) for one in codes), key=lambda one: one[1].casefold())


def purpose_name(words: Wording, purpose: str) -> str:
    """What a purpose of use is called."""
    return _known(words, f"purposes.{purpose}", purpose)


def _people(event: Entry) -> Iterator[str]:
    yield event.actor
    yield from (str(event.details[name]) for name in _PEOPLE if name in event.details)
    yield from filter(None, [_client(event.details)])


def _client(details: Mapping[str, Any]) -> str | None:
    """The client that an act was about: named by its id."""
    named = details.get("id")
    return named if isinstance(named, str) and named.startswith("client-") else None


def _about(words: Wording, names: Names, event: Entry) -> Iterator[tuple[str, str]]:
    details, asked = event.details, event.action == "approval.request"
    more = {"client": _client(details), "asked": details.get("decision") if asked else None}
    for name in _TOLD:
        if (value := details.get(name, more.get(name))) not in _NONE:
            yield words.t(f"auditor.detail.{name}"), _value(words, names, name, value)


def _value(words: Wording, names: Names, name: str, value: Any) -> str:
    if name in _STEMS:
        return _known(words, _STEMS[name] + value, value)
    match name:
        case "region":
            return full_name(value) or value
        case "source":
            return source_name(words, value)
        case "count":
            return words.number(value)
        case "programmes":
            return ", ".join(value)
    return names.of(str(value)) if name in _PEOPLE else str(value)


def _known(words: Wording, key: str, otherwise: str) -> str:
    return words.t(key) if key in texts() else otherwise
