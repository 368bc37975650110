"""Whose rights: from a NIK or an id to the entity that is meant."""

from __future__ import annotations

from sqlmodel import Session

from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.runs import published_seq
from mdm.lookup import follow
from mdm.opening import carriers
from mdm.seal.tokens import tokens_for


def entity_of(hub: Hub, nik: str) -> str:
    """The entity that carries a NIK. InputError when nobody does, or more than one."""
    ids = carried_by(hub, nik)
    if len(ids) != 1:
        raise InputError(
            "No profile carries this number." if not ids else "Several profiles carry this number.",
            "Name the entity by its id.",
        )
    return ids[0]


def carried_by(hub: Hub, nik: str) -> list[str]:
    """Every entity that carries a NIK. InputError for a number that is none."""
    tokens = tokens_for(hub, nik)
    with hub.sessions.read() as session:
        found = carriers(session, tokens, published_seq(session))
    return sorted({one for carried in found.values() for one in carried})


def known(session: Session, entity_id: str) -> str:
    target = follow(session, entity_id)
    if target is None:
        raise InputError("No entity has this id.", "Ask for the profile, and use the id it shows.")
    return target
