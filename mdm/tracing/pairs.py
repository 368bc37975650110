"""Pairs of an entity: what the run judged, what people judged, and the evidence made again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import yaml
from pydantic import ValidationError
from sqlmodel import Session, col, select

from matching.engine import Engine
from matching.rules import Kind, LinkageRules, load_linkage
from matching.standardise import standardise
from mdm import judgements, links
from mdm.compose import Hub
from mdm.hub.runs import kept_by
from mdm.hub.tables import Batch, RuleSet, Run
from mdm.tracing import spoken
from mdm.tracing.evidence import PairEvidence, explain_pairs, prepare
from mdm.tracing.facts import HumanWord, Pair
from mdm.tracing.moments import model_of
from mdm.tracing.reasons import BY_WEIGHT
from mdm.tracing.records import KeptRecord, kept
from mdm.tracing.values import Key
from mdm.validation import mark, validate
from mdm.work.progress import Progress
from reference.documents import read_yaml

MOST = 200  # pairs shown
SENTENCES = {
    "link": "The match weight lies above the threshold for a link.",
    "review": "The match weight lies between the two thresholds.",
    "non-link": "The match weight lies below the threshold for a review.",
    "human": "A steward judged this pair.",
}
Rids = tuple[int, int]


def rules_then(session: Session, run: Run, kind: Kind) -> LinkageRules:
    """The linkage rules of a run's day; today's when it kept none that can still be read."""
    held = session.get(RuleSet, run.rules) if run.rules else None
    text = held.documents.get(f"matching/{kind}.yaml") if held else None
    try:
        return LinkageRules.model_validate(read_yaml(text)) if text else load_linkage(kind)
    except (ValidationError, yaml.YAMLError):
        return load_linkage(kind)


def judged(hub: Hub, run: Run, rules: LinkageRules, nodes: Mapping[int, int]) -> dict[Rids, Pair]:
    """Rids → the pairs that the run kept with a record of the entity in them.

    `nodes`: number in the run's pairs → place in the trace's list of records.
    """
    kind, ends = rules.kind, {"rid_l": nodes, "rid_r": nodes}
    columns = ["rid_l", "rid_r", "match_weight"]
    rows = kept(hub, run, f"{kind}_judged", [*columns, "judgement", "reason"], ends)
    disputed = kept(
        hub, run, f"{kind}_disagreements", [*columns, "judgement", "second_probability"], ends
    )
    over = {_rids(row) for row in kept(hub, run, f"{kind}_passed_over", columns[:2], ends)}
    doubt = {_rids(row): row["second_probability"] for row in disputed}
    known = {_rids(row) for row in rows}
    rows += [row | {"reason": BY_WEIGHT} for row in disputed if _rids(row) not in known]
    rows.sort(key=lambda row: (_outside(row, nodes), -(row["match_weight"] or 0)))
    return {
        _rids(row): _pair(row, rules, nodes, over, doubt.get(_rids(row))) for row in rows[:MOST]
    }


def _pair(
    row: Mapping[str, Any],
    rules: LinkageRules,
    nodes: Mapping[int, int],
    over: set[Rids],
    doubt: float | None,
) -> Pair:
    return Pair(
        left=nodes.get(row["rid_l"]),
        right=nodes.get(row["rid_r"]),
        other=None,
        match_weight=row["match_weight"],
        judgement=row["judgement"],
        reason=row["reason"],
        sentence=reason_of(rules, row["reason"], row["judgement"]),
        passed_over=_rids(row) in over,
        second_probability=doubt,
        evidence=None,
    )


def reason_of(rules: LinkageRules, reason: str, judgement: str) -> str:
    """A judgement's reason in a sentence."""
    if reason == BY_WEIGHT:
        reason = judgement
    patterns = {one.name: one.sentence for one in rules.patterns}
    return SENTENCES.get(reason) or patterns.get(reason, reason)


def _rids(row: Mapping[str, Any]) -> Rids:
    return row["rid_l"], row["rid_r"]


def _outside(row: Mapping[str, Any], nodes: Mapping[int, int]) -> bool:
    return row["rid_l"] not in nodes or row["rid_r"] not in nodes


def name_others(hub: Hub, run: Run, kind: Kind, pairs: dict[Rids, Pair]) -> dict[Rids, Pair]:
    """Say of each pair that leads out of the entity to which other entity it leads."""
    outside = {
        rids: rids[1] if pair.right is None else rids[0]
        for rids, pair in pairs.items()
        if pair.left is None or pair.right is None
    }
    if not outside or kind == "household":  # its pairs are of dwellings and families, not records
        return pairs
    rids = set(outside.values())
    linked = kept(hub, run, f"{kind}_links", ["rid", "entity_id"], {"rid": rids})
    with hub.sessions.read() as session:
        linked += links.moved(session, run, kind, rids).to_pylist()
    entity = {row["rid"]: row["entity_id"] for row in linked}
    return {
        rids: replace(pair, other=entity.get(outside[rids])) if rids in outside else pair
        for rids, pair in pairs.items()
    }


def human_words(
    hub: Hub, session: Session, run: Run, kind: Kind, records: Sequence[Key]
) -> tuple[HumanWord, ...]:
    """What people judged of these records; the run respected what was said before it began."""
    places = {record: at for at, record in enumerate(records)}
    ids = spoken.about(hub, session, records)
    found = []
    last: dict[Any, str] = {}
    for held, pair in judgements.pairs(hub, session, ids=ids) if ids else ():
        if held.kind != kind or pair[0] == pair[1]:  # of one record: it was taken back
            continue
        if held.seq <= run.judged if run.judged is not None else held.at <= run.started:
            last[pair] = held.id
        left, right = (places.get(tuple(ref)) for ref in pair)  # type: ignore[arg-type]
        found.append((held, pair, left, right))
    return tuple(
        HumanWord(
            held.id, left, right, held.judgement, held.actor, held.reason, held.at,
            in_force=last.get(pair) == held.id,
        )
        for held, pair, left, right in found
    )  # fmt: skip


def nodes_of(hub: Hub, run: Run, kind: Kind, records: Sequence[KeptRecord]) -> dict[int, int]:
    """Numbers that the run's pairs use for the records → places in the list of records.

    A household's pairs are of dwellings and found families; a family's number follows after those
    of all dwellings, in order of its cluster (see matching/households.py).
    """
    if kind != "household":
        return {record.rid: at for at, record in enumerate(records)}
    families = {record.key: at for at, record in enumerate(records)}
    own = kept(hub, run, "family_origin", ["rid", "source", "layout", "record_key"],
               {"record_key": {key[2] for key in families}})  # fmt: skip
    own = [row for row in own if (row["source"], row["layout"], row["record_key"]) in families]
    nodes: dict[int, int] = {}
    reader = hub.lake.reader("run/family_clusters", owner=kept_by(run), columns=["rid", "cluster"])
    clusters = reader.read_all() if reader is not None and own else None
    for row in own:
        at = families[row["source"], row["layout"], row["record_key"]]
        assert clusters is not None
        mine = clusters.filter(pc.equal(clusters["rid"], row["rid"]))["cluster"].to_pylist()
        if mine:
            dwellings = records[at].rid - row["rid"]
            distinct: set[Any] = set(clusters["cluster"].to_pylist())
            before = len([cluster for cluster in distinct if cluster < mine[0]])
            nodes.setdefault(dwellings + 1 + before, at)
    placed = {families[r["source"], r["layout"], r["record_key"]] for r in own}
    return nodes | {r.rid: at for at, r in enumerate(records) if at not in placed}


class Again:
    """A run's tables made again in an engine, up to what its pairs were scored on: of a small run, those of the whole
    run that it stands on."""

    def __init__(self, hub: Hub, engine: Engine, run: Run, progress: Progress) -> None:
        self._hub, self._engine, self._run, self._progress = hub, engine, run, progress
        with hub.sessions.read() as session:
            whole = session.get_one(Run, kept_by(run))
            query = select(Batch.id).where(col(Batch.created) < whole.started)
            batches = session.exec(query.where(col(Batch.accepted).is_not(None))).all()
        validate(hub, engine, progress, list(batches), run.started)
        with progress.task("standardise again"):
            standardise(engine)
            mark(engine)

    def standardised(
        self, kind: Kind, records: Sequence[KeptRecord], columns: Sequence[str] | None
    ) -> list[dict[str, Any] | None]:
        """The standardised rows of records: the columns wanted that there are, or all."""
        found = self._read(kind, records, columns)
        if kind == "household":  # the families placed in it tell of it too
            families = self._read("family", records, columns)
            found = [own or family for own, family in zip(found, families, strict=True)]
        return found

    def _read(
        self, kind: Kind, records: Sequence[KeptRecord], columns: Sequence[str] | None
    ) -> list[dict[str, Any] | None]:
        held = self._engine.columns(f"{kind}_standardised")
        wanted = held if columns is None else [name for name in columns if name in held]
        keys = ("source", "layout", "record_key")
        names = ", ".join(f's."{name}"' for name in dict.fromkeys([*keys, *wanted]))
        sought = {part: [record.key[at] for record in records] for at, part in enumerate(keys)}
        self._engine.register("traced", _table(sought))
        rows = self._engine.fetch(
            f"SELECT {names} FROM {kind}_standardised s JOIN traced t USING ({', '.join(keys)})"
        ).to_pylist()
        self._engine.drop("traced")
        found = {tuple(row[part] for part in keys): row for row in rows}
        return [
            {name: row[name] for name in wanted} if (row := found.get(record.key)) else None
            for record in records
        ]

    def evidence(self, rules: LinkageRules, pairs: Sequence[Rids]) -> dict[Rids, PairEvidence]:
        """The evidence on pairs; nothing when the run's model is gone."""
        model = model_of(self._hub, self._run, rules.kind)
        if model is None or not pairs:
            return {}
        with self._progress.task("weigh the pairs again"):
            prepare(self._hub, self._engine, self._run, rules.kind)
            found = explain_pairs(self._engine, pairs, model, rules)
        return {(one.rid_l, one.rid_r): one for one in found}


def _table(columns: Mapping[str, Sequence[Any]]) -> pa.Table:
    return pa.table({name: pa.array(list(values), pa.string()) for name, values in columns.items()})
