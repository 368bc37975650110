"""Human judgements: link or non-link between two source records, kept for ever, sealed, outranking the machine.

A later judgement on the same two records takes the place of an earlier one; `review` takes it back. Records are named
by (source, layout, record key), so that a judgement outlives runs, retraining and rule changes.
"""

from __future__ import annotations

import json
import secrets
from typing import NamedTuple

import pyarrow as pa
from sqlmodel import col, func, select

from matching.engine import Engine
from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import audit
from mdm.compose import Hub
from mdm.hub.tables import Judgement
from mdm.seal import Place, seal, unseal

_PLACE = "judgement"


class RecordRef(NamedTuple):
    """A source record, wherever it was landed."""

    source: str
    layout: str
    record_key: str


def record(
    hub: Hub,
    kind: Kind,
    left: RecordRef,
    right: RecordRef,
    judgement: Verdict,
    *,
    actor: str,
    reason: str,
) -> str:
    """Keep a judgement and its audit event in one unit of work; return its id."""
    identity = secrets.token_hex(16)
    key = hub.keys.domain("profile")
    pair = json.dumps(sorted((left, right))).encode()
    sealed = seal(key.subkey(_PLACE), Place(_PLACE, "records", identity, 0, key.version), pair)
    with hub.sessions.begin() as session:
        seq = (session.exec(select(func.max(Judgement.seq))).one() or 0) + 1
        session.add(
            Judgement(
                id=identity,
                seq=seq,
                kind=kind,
                records=key.version.to_bytes(4, "big") + sealed,
                judgement=judgement,
                actor=actor,
                reason=reason,
            )
        )
        audit.record(session, actor, "judge", judgement=judgement, kind=kind, id=identity)
    return identity


def table(hub: Hub, engine: Engine, kind: Kind) -> str | None:
    """Make `<kind>_human(rid_l, rid_r, judgement)` of the standing judgements; None when there are none.

    Judgements on records that are not in this run wait until they are.
    """
    standing = {pair: verdict for pair, verdict in _in_order(hub, kind) if verdict}
    standing = {pair: verdict for pair, verdict in standing.items() if verdict != "review"}
    if not standing:
        return None
    sides = {
        f"{part}_{side}": [getattr(pair[number], part) for pair in standing]
        for number, side in enumerate("lr")
        for part in RecordRef._fields
    }
    engine.register("judged_by_hand", pa.table(sides | {"judgement": list(standing.values())}))
    name = f"{kind}_human"
    engine.table(
        name,
        f"""
        SELECT least(l.rid, r.rid) AS rid_l, greatest(l.rid, r.rid) AS rid_r, j.judgement
        FROM judged_by_hand j
        JOIN {kind}_standardised l ON l.source = source_l AND l.layout = layout_l AND l.record_key = record_key_l
        JOIN {kind}_standardised r ON r.source = source_r AND r.layout = layout_r AND r.record_key = record_key_r
        """,
    )
    engine.drop("judged_by_hand")
    return name


def _in_order(hub: Hub, kind: Kind) -> list[tuple[tuple[RecordRef, RecordRef], str]]:
    with hub.sessions.read() as session:
        rows = session.exec(
            select(Judgement).where(Judgement.kind == kind).order_by(col(Judgement.seq))
        ).all()
    found = []
    for row in rows:
        version = int.from_bytes(row.records[:4], "big")
        key = hub.keys.domain("profile", version)
        left, right = json.loads(
            unseal(
                key.subkey(_PLACE), Place(_PLACE, "records", row.id, 0, version), row.records[4:]
            )
        )
        found.append(((RecordRef(*left), RecordRef(*right)), row.judgement))
    return found
