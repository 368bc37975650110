"""Proposals for a demonstration: some at every stage of the chain, so that everybody finds something that waits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import islice

from sqlmodel import Session, col, select

from mdm.access.demo import DemoUser
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.corrections import chain
from mdm.corrections.around import Around, look_around, value_of
from mdm.corrections.document import load_rules
from mdm.corrections.terms import Draft, File
from mdm.days import today
from mdm.hub.tables import SealedProfile, Staff
from reference.codes import labels

PROPOSER = "desa-operator"
LOOKED_AT = 200  # families of the regency
USED = 4  # families that a proposal is about
MEMBERS = 3  # of a family that a proposal is about, at least
PAPER = File("berita-acara.pdf", "application/pdf", b"%PDF-1.4\n% contoh berita acara peragaan\n")
SAID = "Contoh peragaan: dilihat saat kunjungan, sesuai berita acara desa."


def demo_proposals(hub: Hub, users: Sequence[DemoUser]) -> int:
    """Propose something about a few families of the operator's regency, and take some further; how many. Nothing
    where the accounts were made before."""
    people = _principals(hub, users)
    if PROPOSER not in people:
        return 0
    region = people[PROPOSER].regions[0]
    with hub.sessions.read() as session:
        families = list(_families(hub, session, region))
    made = 0
    # The first waits for the first step of the chain, the second for the second, and so on.
    for steps, draft in enumerate(_drafts(families)):
        correction = chain.propose(hub, people[PROPOSER], draft)
        made += 1
        for version, step in enumerate(load_rules().chain[:steps], 1):
            chain.agree(hub, people[step.role], correction, step.act, version=version)
    return made


def to_search(hub: Hub, users: Sequence[DemoUser]) -> str | None:
    """The NIK of somebody in the operator's region about whose family nothing is proposed, to be searched for."""
    people = _principals(hub, users)
    if PROPOSER not in people:
        return None
    with hub.sessions.read() as session:
        for family in islice(_families(hub, session, people[PROPOSER].regions[0]), USED, None):
            for member in family.members.values():
                if nik := value_of(member, "nik"):
                    return str(nik)
    return None


def _drafts(families: Sequence[Around]) -> Iterator[Draft]:
    seen = (today() - timedelta(days=3)).isoformat()
    if len(families) < USED:
        return

    def draft(
        kind: str, about: str, values: Mapping[str, str], attribute: str | None = None
    ) -> Draft:
        return Draft(kind, about, attribute, values, {}, seen, SAID, [PAPER])

    house, born, called, asset = families[:USED]
    floor = next(one for one in labels("floor") if one != value_of(house.target, "floor"))
    yield draft("correct-value", house.target.entity_id, {"floor": floor}, "floor")
    baby = {"name": "BAYI CONTOH", "sex": "F", "birth_date": seen}
    yield draft("report-birth", born.target.entity_id, baby)
    someone = next(iter(called.members.values()))
    yield draft("correct-value", someone.entity_id, {"phone": "081200000001"}, "phone")
    held = value_of(asset.target, "motorcycles")
    yield draft(
        "correct-value",
        asset.target.entity_id,
        {"motorcycles": str((held or 0) + 1)},
        "motorcycles",
    )


def _families(hub: Hub, session: Session, region: str) -> Iterator[Around]:
    ids = session.exec(
        select(SealedProfile.entity_id)
        .where(SealedProfile.kind == "family")
        .where(col(SealedProfile.region).startswith(region, autoescape=True))
        .order_by(col(SealedProfile.entity_id))
        .distinct()
        .limit(LOOKED_AT)
    ).all()
    for one in ids:
        around = look_around(hub, session, one)
        if around and len(around.members) >= MEMBERS and value_of(around.target, "kk"):
            yield around


def _principals(hub: Hub, users: Sequence[DemoUser]) -> dict[str, Principal]:
    """Role → the account that the demonstration made for it."""
    with hub.sessions.read() as session:
        query = select(Staff.login, Staff.id).where(col(Staff.login).in_([u.login for u in users]))
        ids: dict[str, str] = dict(session.exec(query).all())
    return {
        one.role: Principal(ids[one.login], "staff", frozenset([one.role]), (one.region,))
        for one in reversed(users)
    }
