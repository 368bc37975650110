"""Checks at once: a draft against codes, plausibility, the golden value, the registry, open proposals."""

from __future__ import annotations

from datetime import date
from typing import Any

from sqlmodel import Session, col, select

from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.corrections import evidence, store
from mdm.corrections.around import Around, carrying, known_as, said_by, value_of
from mdm.corrections.building import REGISTRY, Building, build, waits_for_card
from mdm.corrections.document import CorrectionRules
from mdm.corrections.heads import HEAD
from mdm.corrections.reading import RefusedError, day
from mdm.corrections.resting import resting
from mdm.corrections.terms import Check, Draft, Part, Proposal
from mdm.desk.terms import Profile
from mdm.hub.tables import Correction, CorrectionTarget
from mdm.hub.tables.corrections import WAITING
from reference.nik import disagreements

REFUSE = "refuse"
SENT_ALREADY = "sent-already"  # a check
#: Kinds that are for nothing where that value stands already.
_ONE_VALUE = ("correct-value", "move-family")
_DATE = 6  # where it stands in a record in a golden content


def examine(  # noqa: PLR0917 - all that a draft is held against
    hub: Hub,
    session: Session,
    rules: CorrectionRules,
    principal: Principal,
    draft: Draft,
    around: Around,
    today: date,
) -> tuple[Proposal | None, list[Check]]:
    """The proposal a draft makes, with all that is to be said about it; None when something refuses it.

    Opens whom it names; what is opened stays here.
    """
    b = Building(hub, session, rules, principal, draft, around, today)
    seen = _source_date(b)
    build(b)
    for part in b.parts:
        _against_profile(b, part, seen)
    _numbers(b)
    if not b.parts and b.merge is None and not _refused(b.checks):
        b.say("", "nothing")
    b.checks += evidence.check(rules, draft.kind, draft.files)
    if seen is None or _refused([c for c in b.checks if c.column != "evidence"]):
        return None, b.checks
    proposal = Proposal(
        kind=draft.kind,
        parts=tuple(b.parts),
        merge=b.merge,
        family=around.family.entity_id if around.family else None,
        head_after=b.head_after,
        source_date=seen,
        said=draft.said.strip(),
        warnings=tuple(sorted({c.code for c in b.checks})),
    )
    _open_elsewhere(b, proposal)
    return (None if _refused(b.checks) else proposal), b.checks


def _refused(checks: list[Check]) -> bool:
    return any(check.level == REFUSE for check in checks)


def _source_date(b: Building) -> date | None:
    try:
        return day(b.draft.source_date.strip(), b.today)
    except RefusedError as refused:
        b.say("source_date", refused.code if b.draft.source_date.strip() else "missing")
        return None


def _against_profile(b: Building, part: Part, seen: date | None) -> None:
    """A part against what the profile holds: the same, the registry's word, how new it is."""
    profile = _profile(b.around, part)
    if part.columns.get("relationship") == HEAD and b.draft.kind == "add-member":
        b.say("relationship", "two-heads")
    if profile is None:
        return
    # Where others go along with the one whose value is corrected, theirs may be right already.
    alone = b.draft.kind in _ONE_VALUE and part.entity_id == b.around.target.entity_id
    for attribute in part.attributes:
        entry = profile.entry(attribute)
        columns = b.rules.columns(part.kind, attribute)
        column = columns[0]
        if entry is None:
            continue
        if alone and same(b.rules, part, attribute, entry[0]):
            read = not _refused([one for one in b.checks if one.column in columns])
            if read:  # what could not be read is not the same
                b.say(column, "unchanged", entry[0])
            continue
        told = said_by(profile, attribute, REGISTRY)
        differs = [v for v in told if not same(b.rules, part, attribute, v, remarks=False)]
        if b.rules.owned(part.kind, attribute) and differs:
            b.say(column, "registry-differs", differs[0])
        newest = profile.body["records"][entry[1]][_DATE]
        if seen and newest and newest > seen.isoformat():
            b.say(column, "source-newer", newest)


def same(
    rules: CorrectionRules, part: Part, attribute: str, value: Any, *, remarks: bool = True
) -> bool:
    """Whether a value of a profile says what a part says, in the columns that the part fills; without `remarks`
    whatever either remarks on it."""
    mine = {
        name: part.columns[name]
        for name in rules.columns(part.kind, attribute, remarks=remarks)
        if name in part.columns
    }
    if not isinstance(value, dict):
        return list(mine.values()) == [value]
    told = dict(value)
    if "region_today" in told:
        told["region_code"] = str(told["region_today"]).replace(".", "")
    return all(told.get(name) == one for name, one in mine.items())


def _numbers(b: Building) -> None:
    """NIKs against birth date and sex, and against who carries them."""
    for part in b.parts:
        nik = part.columns.get("nik")
        profile = _profile(b.around, part)
        if nik:
            others = {one.entity_id for one in carrying(b.hub, b.session, b.principal, nik)}
            if others - {part.entity_id}:
                b.say("nik", "nik-of-another")
        number = nik or (value_of(profile, "nik") if profile else None)
        if number is None or not {"nik", "birth_date", "sex"} & part.columns.keys():
            continue
        birth = value_of(profile, "birth") if profile else None
        born = part.columns.get("birth_date") or (birth or {}).get("birth_date")
        sex = part.columns.get("sex") or (value_of(profile, "sex") if profile else None)
        when = date.fromisoformat(born) if born else None
        parts = {one.part for one in disagreements(str(number), when, sex)}
        if parts - {"region"}:
            b.say("nik" if nik else next(iter(part.columns)), "nik-disagrees")


def _profile(around: Around, part: Part) -> Profile | None:
    if part.entity_id is None:
        return None
    known = {around.target.entity_id: around.target, **around.members}
    if around.family is not None:
        known[around.family.entity_id] = around.family
    return known.get(part.entity_id)


def _open_elsewhere(b: Building, proposal: Proposal) -> None:
    """Another open proposal about the same attribute of the same entity, or of the same about somebody new; or
    this one, sent a second time."""
    ours = {(one, name) for one, name in proposal.entities if name}
    ours |= {(one, "") for one in (proposal.merge.entities if proposal.merge else ())}
    now_ = known_as(b.session, [one for one, _ in proposal.entities])
    query = (
        select(CorrectionTarget.entity_id, CorrectionTarget.attribute, Correction)
        .join(Correction, col(Correction.id) == CorrectionTarget.correction)
        .where(col(Correction.state).in_(WAITING), ~resting())
        .where(col(CorrectionTarget.entity_id).in_(list(now_)))
    )
    beside = [(now_[one], name, row) for one, name, row in b.session.exec(query)]
    rows = {row.id: row for *_, row in beside}.values()
    alike = {
        row.id
        for row, other in store.open_many(b.hub, b.session, rows)
        if _says(other) == _says(proposal)
    }
    taken = {row.id for one, name, row in beside if (one, name) in ours} | alike
    for row in sorted(rows, key=lambda row: row.number):
        if row.id in alike and row.proposer == b.principal.id:
            b.say("", SENT_ALREADY, row.number)
        elif row.id in taken:
            b.say("", "open-elsewhere", row.number)


def _says(proposal: Proposal) -> tuple[Any, ...]:
    """What a proposal says, whatever its records are called; a number that stands for no card is any such."""
    parts = [
        (part.kind, part.entity_id, {**part.columns, "kk": ""})
        if waits_for_card(part.columns)
        else (part.kind, part.entity_id, part.columns)
        for part in proposal.parts
    ]
    merged = sorted(proposal.merge.entities) if proposal.merge else None
    return proposal.kind, proposal.revokes, merged, parts


def carried_elsewhere(hub: Hub, session: Session, principal: Principal, proposal: Proposal) -> bool:
    """Whether somebody else in the reader's regions carries a NIK that is proposed: asked anew for everybody in the
    chain, because who decides for the country sees more than who proposed."""
    return any(
        {one.entity_id for one in carrying(hub, session, principal, part.columns["nik"])}
        - {part.entity_id}
        for part in proposal.parts
        if "nik" in part.columns
    )
