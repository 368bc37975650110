"""Words of review: names of codes, regions, people and moments, in the visitor's language."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date
from functools import cache
from typing import Any

from sqlmodel import Session, col, select

from api.web.texts import texts
from api.web.wording import Wording
from mdm.hub.tables import Staff
from reference.attributes import Attribute, dictionary
from reference.codes import labels
from reference.regions import place_name

_STEPS = (2, 4, 6, 10)  # digits of provinsi, kabupaten, kecamatan, desa


def slug(name: str) -> str:
    """A name of the rules as a key of the texts ends."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def evidence(words: Wording, key: str, otherwise: str) -> str:
    """What the evidence is called; the rules' own words where the texts have none."""
    return words.t(f"evidence.{key}") if f"evidence.{key}" in texts() else otherwise


def reason(words: Wording, name: str, judgement: str = "review") -> str:
    """Why a pair was judged as it is; by default, why it is asked about."""
    if name == "weight" and judgement != "review":
        name = f"weight {judgement}"
    return evidence(words, f"reason.{slug(name)}", name)


@cache
def region(code: str) -> str:
    """Kecamatan, kabupaten and provinsi of a code, the smallest first; '' for the country."""
    names = [place_name(code[:step]) for step in _STEPS if len(code) >= step]
    return ", ".join(name.title() for name in reversed(names) if name)


@cache
def _attributes() -> Mapping[tuple[str, str], Attribute]:
    return {(one.entity, one.name): one for one in dictionary().attributes}


def attribute(kind: str, name: str) -> Attribute | None:
    """The dictionary's word on an attribute, where it has one."""
    return _attributes().get((kind, name))


def spoken(words: Wording, kind: str, name: str, value: Any) -> str:
    """A value as it is read: codes by their labels, dates and numbers in the language's form."""
    found = attribute(kind, name)
    if isinstance(value, bool):
        return words.t("reviewing.yes" if value else "reviewing.no")
    if isinstance(value, date):
        return words.day(value)
    if found is not None and found.concept is not None:
        label = labels(found.concept).get(str(value))
        return str(value) if label is None else label[0 if words.language == "id" else 1]
    if found is not None and found.type == "region":
        return region(str(value).replace(".", "")) or str(value)
    if isinstance(value, (list, tuple)):
        return ", ".join(map(str, value))
    return str(value)


def logins(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Who they are, as colleagues know them: id of an account → its login."""
    query = select(Staff.id, Staff.login).where(col(Staff.id).in_(set(ids)))
    return dict(session.exec(query).all())
