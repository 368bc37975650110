"""Corrections in small runs: the records of those that were approved, or taken back, since the whole run.

They are standardised here and now, and stand beside the kept records with a number below zero; a whole
run finds them among what it accepts. Whoever is not in the registry yet, and cards that no family has,
wait for that.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pyarrow.compute as pc
from sqlmodel import Session, col, func, select

from matching.engine import Engine
from matching.rules import KINDS, Kind
from matching.standardise import standardise
from mdm.corrections import rows
from mdm.corrections.document import Corrected, load_rules
from mdm.corrections.rows import Added
from mdm.corrections.terms import SOURCE
from mdm.hub.runs import PUBLISHED, whole_seq
from mdm.hub.tables import EntityEvent, Relinked, Run
from mdm.survivorship import load_rules as load_survivorship
from mdm.touched.components import Components, TooFarError, column


def bring_corrections(engine: Engine, components: Components, ids: Iterable[str]) -> bool:
    """Add to the kept rows the records of approved corrections about some entities that the whole run did not know, and
    take from them what was taken back since; whether there was any of either. TooFarError when one names a card that no
    family has, or stands on a card of which only what was taken back told."""
    session = components.session
    added = rows.approved_of(components.hub, session, _came_from(session, ids))
    _let_fallen_go(components, added)
    held = {key for kind in KINDS for key in components.records(kind, ())["record_key"].to_pylist()}
    unmet = [one for one in added if one.part.anchor is not None and one.part.key not in held]
    known = _known(components, unmet)
    fresh = [one for one in unmet if one.part.key not in known]
    gone = any(components.gone(kind).num_rows for kind in KINDS)
    if not fresh and not gone:
        return False
    _no_card_without_family(components)
    superseded = rows.superseded(added)
    stepped = rows.stepped_back(session, [one.correction for one in added]) | superseded
    for one in added:
        silent = {name for name in one.part.attributes if (one.part.key, name) in superseded}
        if silent and one.part.key in held:
            components.silence(one.part.kind, one.part.key, _columns(one.part.kind, silent))
    # Where a later one was taken back, those whose place it had taken speak again.
    anew = added if gone else fresh
    _standardise(engine, anew, stepped)
    for kind in rows.KINDS:
        for one, row in _rows(engine, kind, anew):
            if one.part.key in held:
                said = {name for name in one.part.attributes if (one.part.key, name) not in stepped}
                columns = _columns(kind, said) & row.keys()
                components.restate(kind, one.part.key, {name: row[name] for name in columns})
            elif one in fresh:
                _add(session, components, kind, one, row)
    return True


def _let_fallen_go(components: Components, added: Sequence[Added]) -> None:
    """The part of a correction that is tied to what was taken back is no record either."""
    whole = {one.correction for one in added}
    stand = {one.part.key for one in added}
    stand |= {rows.listed_as(key) for key in stand}
    for kind in KINDS:
        held = components.records(kind, ())
        fallen = {
            key
            for source, batch, key in zip(
                *(held[name].to_pylist() for name in ("source", "batch", "record_key")), strict=True
            )
            if source == SOURCE and batch in whole and key not in stand
        }
        if fallen:
            components.let_go(kind, fallen)


def _no_card_without_family(components: Components) -> None:
    cards = column(components.gone("family"), "card") - {None}
    cards -= column(components.records("family", ()), "card")
    if cards & column(components.records("person", ()), "kk"):
        raise TooFarError


def _known(components: Components, added: Sequence[Added]) -> set[str]:
    """The records among these that the whole run knew, and that stand elsewhere: a correction goes by the id that its
    target had when it was proposed, and may be with whom was parted from it since."""
    keys = {kind: {one.part.key for one in added if one.part.kind == kind} for kind in rows.KINDS}
    return {
        key
        for kind, own in keys.items()
        if own
        for key in column(components.pick(f"{kind}_origin", "record_key", own), "record_key")
    }


def _columns(kind: Corrected, attributes: Iterable[str]) -> set[str]:
    """The columns of kept rows that tell of some attributes."""
    body, found = load_survivorship().kind(kind).attributes, set[str]()
    for name in attributes:
        found.update(load_rules().columns(kind, name), body[name].together)
    return found | {f"{one}_raw" for one in found}


def _came_from(session: Session, ids: Iterable[str]) -> set[str]:
    """These entities, and those that small runs merged into them or parted them from since the whole run: a correction
    goes by the id that its target had when it was proposed."""
    query = (
        select(EntityEvent.entity_id, EntityEvent.other)
        .join(Run, col(Run.seq) == col(EntityEvent.run_seq))
        .where(Run.status == PUBLISHED, col(Run.seq) > whole_seq(session))
        .where(col(EntityEvent.other).is_not(None))
    )
    moves, found = session.exec(query).all(), set(ids)
    while more := {one for one, to in moves if to in found} - found:
        found |= more
    return found


def _standardise(engine: Engine, fresh: Sequence[Added], stepped: rows.Stepped) -> None:
    for kind in KINDS:
        own = [one for one in fresh if one.part.kind == kind]
        rows.register(engine, f"{kind}_said", kind, own, stepped)
        engine.table(
            f"{kind}_accepted",
            f"SELECT (row_number() OVER (ORDER BY record_key))::INTEGER AS rid, * FROM {kind}_said",
        )
        engine.drop(f"{kind}_said")
    standardise(engine)


def _rows(engine: Engine, kind: Kind, fresh: Sequence[Added]) -> list[tuple[Added, dict[str, Any]]]:
    found = engine.fetch(f"SELECT * FROM {kind}_standardised").to_pylist()
    by_key = {row["record_key"]: row for row in found}
    return [(one, by_key[one.part.key]) for one in fresh if one.part.key in by_key]


def _add(
    session: Session, components: Components, kind: Kind, one: Added, row: dict[str, Any]
) -> None:
    """Put the row beside the one it is tied to: with a number of its own, in the same entity until it
    has one, in the same group or that of the card it names. A family's row tells of its household too."""
    number, anchor = _number(session, components, one), _anchor(components, kind, one)
    told = row | {"rid": number} | _entity(session, kind, one, anchor)
    if kind == "person":
        card = row["kk"]
        components.add(
            kind,
            [told | {"group_no": _family_of(components, card) if card else anchor["group_no"]}],
        )
        return
    beside = ("group_no", "household", "household_rid")
    more = {"card": row["kk"], "implied": False, **{name: anchor[name] for name in beside}}
    home = _home(components, anchor)
    if home is not None:
        more |= {"household_rid": number}
        same = ("entity_id", "since_run", "group_no", "node")
        components.add(
            "household", [told | {"family_rid": number, **{name: home[name] for name in same}}]
        )
    components.add(kind, [told | more])


def _number(session: Session, components: Components, one: Added) -> int:
    """The number of a correction's record until the next whole run: the one that a small run gave it, else
    the next below all that were given. A household's record goes by the number of its family's."""
    since = col(Relinked.run_seq) > whole_seq(session)
    own = select(Relinked.rid).where(since, Relinked.record_key == one.part.key)
    given = session.exec(own.where(Relinked.rid < 0)).first()
    if given is not None:
        return given
    lowest = session.exec(select(func.min(Relinked.rid)).where(since)).one() or 0
    here = (pc.min(components.records(kind, ())["rid"]).as_py() or 0 for kind in KINDS)
    return min(0, lowest, *here) - 1


def _anchor(components: Components, kind: Kind, one: Added) -> dict[str, Any]:
    """The kept row of the record that a correction's is tied to."""
    assert one.part.anchor is not None
    place = components.places(kind, [one.part.anchor]).get(one.part.anchor)
    if place is None:
        raise TooFarError
    rid, group_no = place
    return next(
        row for row in components.records(kind, [group_no]).to_pylist() if row["rid"] == rid
    )


def _home(components: Components, family: dict[str, Any]) -> dict[str, Any] | None:
    """The household's row of a family's record, where it is placed in one."""
    if family["household"] is None:
        return None
    rows_ = components.records(
        "household", components.groups_of("household", [family["household"]])
    ).to_pylist()
    return next((row for row in rows_ if row["rid"] == family["household_rid"]), None)


def _entity(session: Session, kind: Kind, one: Added, anchor: dict[str, Any]) -> dict[str, Any]:
    query = (
        select(Relinked.entity_id, Relinked.since_run)
        .where(Relinked.kind == kind, Relinked.record_key == one.part.key)
        .order_by(col(Relinked.run_seq).desc())
    )
    entity_id, since = session.exec(query).first() or (anchor["entity_id"], anchor["since_run"])
    return {"entity_id": entity_id, "since_run": since}


def _family_of(components: Components, card: str) -> int:
    """The group of the family that carries a card; TooFarError when none does."""
    origin = components.pick("family_origin", "record_key", [card])
    groups = [one for one in origin["group_no"].to_pylist() if one is not None]
    if not groups:
        raise TooFarError
    components.records("family", groups)
    components.records("person", groups)
    return int(min(groups))
