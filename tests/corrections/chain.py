"""People of the chain for tests, and a proposal's whole way."""

from __future__ import annotations

from typing import Any

from sqlmodel import select

from matching.engines.duckdb import DuckDBEngine
from mdm.access import Principal
from mdm.compose import Hub
from mdm.corrections import chain, retracting, rows
from mdm.corrections.around import Around, look_around, value_of
from mdm.corrections.terms import Draft, File, Retraction
from mdm.hub.tables import Entity

PDF = File("surat.pdf", "application/pdf", b"%PDF-1.7 surat keterangan desa")
SAID: dict[str, Any] = {
    "source_date": "2026-11-20",
    "said": "Sesuai surat keterangan desa.",
    "files": [PDF],
}


def families(hub: Hub) -> list[Around]:
    """All families that have a card, each with what stands around it, by their ids."""
    with hub.sessions.read() as session:
        ids = session.exec(select(Entity.entity_id).where(Entity.kind == "family")).all()
        seen = [look_around(hub, session, one) for one in sorted(ids)]
    return [one for one in seen if one and value_of(one.target, "kk")]


def of(role: str, *regions: str, name: str = "") -> Principal:
    """A member of staff with one role."""
    return Principal(name or f"staff:{role}", "staff", frozenset([role]), regions or ("",))


OPERATOR, VERIFIER, HEAD, KEMENSOS = (
    of(role) for role in ("desa-operator", "dinsos-verifier", "head-of-office", "steward")
)
CHAIN = ((VERIFIER, "verify"), (HEAD, "endorse"), (KEMENSOS, "approve"))


def draft(kind: str, entity_id: str, **more: object) -> Draft:
    """A draft with evidence, a date and words."""
    return Draft(kind, entity_id, **{**SAID, **more})  # type: ignore[arg-type]


def approve(hub: Hub, one: Draft, by: Principal = OPERATOR) -> str:
    """Propose something and take it through the whole chain; its id."""
    made = chain.propose(hub, by, one)
    for version, (who, act) in enumerate(CHAIN, 1):
        chain.agree(hub, who, made, act, version=version)
    return made


def retraction(correction: str, **more: Any) -> Retraction:
    """What somebody fills in who wants an approved step taken back."""
    return Retraction(correction, **{**SAID, **more})


def revoke(hub: Hub, correction: str, by: Principal = OPERATOR) -> str:
    """Take an approved step back, through the whole chain; the id of that proposal."""
    made = retracting.propose(hub, by, retraction(correction))
    for version, (who, act) in enumerate(CHAIN, 1):
        chain.agree(hub, who, made, act, version=version)
    return made


def accepted(hub: Hub, entity_id: str) -> list[dict[str, Any]]:
    """What approved corrections about an entity bring to the accepted tables, the columns that they speak of."""
    with hub.sessions.read() as session:
        added = rows.approved_of(hub, session, [entity_id])
        stepped = rows.stepped_back(session, [one.correction for one in added])
    engine = DuckDBEngine()
    found = []
    for kind in rows.KINDS:
        own = [one for one in added if one.part.kind == kind]
        rows.register(engine, "added", kind, own, stepped)
        found += engine.fetch("SELECT * FROM added").to_pylist()
    engine.close()
    return [{name: value for name, value in row.items() if value is not None} for row in found]
