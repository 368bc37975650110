"""Human judgements: link or non-link between two source records, kept for ever, sealed, outranking the machine.

A later judgement on the same two records takes the place of an earlier one; `review` takes it back. Records are named
by (source, layout, record key), so that a judgement outlives runs, retraining and rule changes. Each has a data key of
its own beside it: without that, it still says who judged and when, and no longer about whom.
"""

from __future__ import annotations

import json
import secrets
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple, cast

import pyarrow as pa
from sqlmodel import Session, col, func, select

from matching.engine import Engine
from matching.rules import Judgement as Verdict
from matching.rules import Kind
from mdm import audit
from mdm.compose import Hub
from mdm.hub.tables import Judgement, JudgementKey
from mdm.keys import DomainKey
from mdm.seal import Place, new_key, seal, unseal
from mdm.seal.packing import PACK_NONE

UNDO = "undo"  # the reason of a judgement that gives back what stood before an answer
RENAMED = (
    "renamed"  # the reason of one that says again of a record by another key what was said of it
)
_WRAP = "wrap judgement key"


class RecordRef(NamedTuple):
    """A source record, wherever it was landed."""

    source: str
    layout: str
    record_key: str


Pair = tuple[RecordRef, RecordRef]


class Standing:
    """The last verdict on each pair, in the order in which they were given: of two on what has become one, the later
    holds. What an undo gives back has the place again that it had."""

    def __init__(self) -> None:
        self._last: dict[Pair, tuple[int, Verdict]] = {}
        self._given: dict[tuple[Pair, str], int] = {}
        self._of: defaultdict[RecordRef, set[Pair]] = defaultdict(set)

    def hear(self, held: Judgement, pair: Pair) -> None:
        """The next judgement."""
        place = held.seq
        if held.reason == UNDO:
            place = self._given.get((pair, held.judgement), place)
        self._given[pair, held.judgement] = place
        self._last[pair] = (place, cast(Verdict, held.judgement))
        for one in pair:
            self._of[one].add(pair)

    def verdicts(self) -> dict[Pair, Verdict]:
        """Pair → the verdict that stands; those taken back are left out."""
        return self._in_order(self._last)

    def about(self, records: Iterable[RecordRef]) -> dict[Pair, Verdict]:
        """The same, of pairs with one of some records in them: looked up, however much was ever said."""
        return self._in_order({pair for one in records for pair in self._of.get(one, ())})

    def _in_order(self, pairs: Iterable[Pair]) -> dict[Pair, Verdict]:
        found = sorted((self._last[pair], pair) for pair in pairs)
        return {pair: verdict for (_, verdict), pair in found if verdict != "review"}


def add(
    hub: Hub,
    session: Session,
    kind: Kind,
    said: Sequence[tuple[RecordRef, RecordRef, Verdict]],
    *,
    actor: str,
    reason: str,
) -> list[str]:
    """Keep judgements, each with its audit event, in the caller's unit of work; return their ids."""
    domain = hub.keys.domain("profile")
    hub.dialect.exclusive(session.connection(), "judgement")
    last = session.exec(select(func.max(Judgement.seq))).one() or 0
    ids = []
    for seq, (left, right, judgement) in enumerate(said, last + 1):
        identity, key = secrets.token_hex(16), new_key()
        pair = json.dumps(sorted((left, right))).encode()
        session.add(
            Judgement(
                id=identity,
                seq=seq,
                kind=kind,
                records=seal(key, _place(identity), pair),
                judgement=judgement,
                actor=actor,
                reason=reason,
            )
        )
        wrapped = wrap_key(domain, identity, key)
        session.add(JudgementKey(id=identity, key_id=domain.version, wrapped=wrapped))
        audit.record(session, actor, "judge", judgement=judgement, kind=kind, id=identity)
        ids.append(identity)
    return ids


def follow(
    hub: Hub, session: Session, renamed: Mapping[RecordRef, RecordRef], *, actor: str
) -> None:
    """Say again what stands of records that go by another key from now on, in the caller's unit of work."""
    standing: dict[str, Standing] = {}
    for held, pair in pairs(hub, session) if renamed else ():
        if any(one in renamed for one in pair):
            standing.setdefault(held.kind, Standing()).hear(held, pair)
    for kind, words in standing.items():
        said = [
            (renamed.get(left, left), renamed.get(right, right), verdict)
            for (left, right), verdict in words.verdicts().items()
        ]
        add(hub, session, cast(Kind, kind), said, actor=actor, reason=RENAMED)


def table(hub: Hub, engine: Engine, kind: Kind, *, upto: int | None = None) -> str | None:
    """Make `<kind>_human(rid_l, rid_r, judgement, crossed)` of the standing judgements; None when there are none.

    Judgements on records that are not in this run wait until they are. `upto`: the number of the last judgement
    that counts. `crossed`: words on records that have become one family contradict each other; the last holds.
    """
    standing = _standing(hub, kind, upto)
    if not standing:
        return None
    sides = {
        f"{part}_{side}": [getattr(pair[number], part) for pair in standing]
        for number, side in enumerate("lr")
        for part in RecordRef._fields
    }
    said = {"judgement": list(standing.values()), "turn": list(range(len(standing)))}
    engine.register("judged_by_hand", pa.table(sides | said))
    name = f"{kind}_human"
    engine.table(
        name,
        f"""
        WITH place AS ({_PLACE[kind]})
        SELECT least(l.rid, r.rid) AS rid_l, greatest(l.rid, r.rid) AS rid_r, arg_max(j.judgement, j.turn) AS judgement,
               count(DISTINCT j.judgement) > 1 AS crossed
        FROM judged_by_hand j
        JOIN place l ON l.source = source_l AND l.layout = layout_l AND l.record_key = record_key_l
        JOIN place r ON r.source = source_r AND r.layout = layout_r AND r.record_key = record_key_r
        WHERE l.rid <> r.rid GROUP BY rid_l, rid_r
        """,
    )
    engine.drop("judged_by_hand")
    return name


def pairs(
    hub: Hub, session: Session, after: int = 0, *, ids: Collection[str] | None = None
) -> Iterator[tuple[Judgement, Pair]]:
    """Every judgement that can still be opened, in order, with its two records: those behind a number, or of some
    ids."""
    query = (
        select(Judgement, JudgementKey)
        .join(JudgementKey, col(JudgementKey.id) == Judgement.id)
        .where(col(Judgement.seq) > after)
        .order_by(col(Judgement.seq))
    )
    if ids is not None:
        query = query.where(col(Judgement.id).in_(list(ids)))
    for judgement, held in session.exec(query):
        key = unwrap_key(hub.keys.domain("profile", held.key_id), judgement.id, held.wrapped)
        left, right = json.loads(unseal(key, _place(judgement.id), judgement.records))
        yield judgement, (RecordRef(*left), RecordRef(*right))


def wrap_key(domain: DomainKey, identity: str, key: bytes) -> bytes:
    """A judgement's data key, sealed by a version of the profile domain key."""
    return seal(domain.subkey(_WRAP), _wrap_place(identity, domain.version), key, PACK_NONE)


def unwrap_key(domain: DomainKey, identity: str, wrapped: bytes) -> bytes:
    """A judgement's data key again; IntegrityError when it does not open."""
    return unseal(domain.subkey(_WRAP), _wrap_place(identity, domain.version), wrapped)


def _place(identity: str) -> Place:
    return Place("judgement", "records", identity, 0, 0)


def _wrap_place(identity: str, version: int) -> Place:
    return Place("judgement_key", "wrapped", identity, 0, version)


def _standing(hub: Hub, kind: Kind, upto: int | None) -> dict[Pair, Verdict]:
    found = Standing()
    with hub.sessions.read() as session:
        for held, pair in pairs(hub, session):
            if held.kind == kind and (upto is None or held.seq <= upto):
                found.hear(held, pair)
    return found.verdicts()


# What was said of a family that only its members told of is said of the row by which its provider lists its card now.
_FAMILIES = """
    SELECT rid, source, layout, record_key FROM family_standardised
    UNION ALL
    SELECT f.rid, j.source, j.layout, j.record_key
    FROM (SELECT source_l AS source, layout_l AS layout, record_key_l AS record_key FROM judged_by_hand
          UNION SELECT source_r, layout_r, record_key_r FROM judged_by_hand) j
    SEMI JOIN (SELECT DISTINCT source, layout FROM person_standardised) USING (source, layout)
    ANTI JOIN family_standardised USING (source, layout, record_key)
    JOIN family_standardised f ON f.source = j.source AND f.kk = j.record_key
    QUALIFY row_number() OVER (PARTITION BY j.source, j.layout, j.record_key ORDER BY f.layout, f.record_key) = 1
    """
_PLACE: dict[Kind, str] = {
    "person": "SELECT rid, source, layout, record_key FROM person_standardised",
    "family": _FAMILIES,
    # A family stands in the linkage of households as one node, whichever of its records was judged.
    "household": f"""
        SELECT rid, source, layout, record_key FROM household_standardised
        UNION ALL
        SELECT n.rid, f.source, f.layout, f.record_key FROM household_families n
        JOIN family_clusters c ON c.cluster = n.family JOIN ({_FAMILIES}) f ON f.rid = c.rid
        """,
}
