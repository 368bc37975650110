"""Linkage inside a run: the models it uses, the human judgements it respects, what earlier runs linked."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pyarrow as pa
from sqlmodel import col, select

from matching import linkage
from matching.blocking import PairExplosionError, RuleCount
from matching.engine import Engine
from matching.households import place_families
from matching.model import Model
from matching.rules import KINDS, Kind, load_linkage
from matching.second_opinion import second_opinion
from mdm import audit, judgements, links
from mdm.errors import CapacityError
from mdm.hub.runs import published_run
from mdm.hub.tables import LinkageModel
from mdm.lake import kept
from mdm.run import Stage, Work
from mdm.validation.versions import confirmed
from mdm.work.progress import Progress

__all__ = ["IDENTITIES", "KINDS", "load_previous", "note_origin", "relate", "stages"]

IDENTITIES = tuple(
    f"{kind}_{table}"
    for kind in KINDS
    for table in ("origin", "links", "entities", "entity_events", "entity_moves")
)

_SENTENCES: dict[Kind, str] = {
    "family": "Find the cards that are one family.",
    "person": "Find the records that are one person.",
    "household": "Place the families in their dwellings.",
}
_SHARES: dict[Kind, int] = {"family": 8, "person": 32, "household": 4}


def stages() -> tuple[Stage, ...]:
    """The linkage stages, in the order in which the kinds lean on each other."""
    return tuple(_stage(kind) for kind in linkage.ORDER)


def _stage(kind: Kind) -> Stage:
    return Stage(
        f"link {kind}",
        _SENTENCES[kind],
        partial(_link, kind=kind),
        keeps=(
            f"{kind}_judged",
            f"{kind}_clusters",
            f"{kind}_passed_over",
            f"{kind}_disagreements",
        ),
        before=partial(_prepare, kind=kind),
        after=partial(_finish, kind=kind),
        share=_SHARES[kind],
    )


def _prepare(work: Work, kind: Kind) -> None:
    linkage.prepare(work.engine, kind)
    # Also where the linkage of a killed run is taken up: publishing asks about words that contradict each other.
    judgements.table(work.hub, work.engine, kind, upto=work.run.judged)


def _link(work: Work, kind: Kind) -> dict[str, int]:
    """Link one kind: block, score, judge, cluster; then the second opinion, and what is kept as evidence."""
    step = work.timed(f"link {kind}")

    def model() -> Model:
        found = _model(work, kind)
        work.models[kind] = found.name
        return found

    human = f"{kind}_human"
    try:
        linked = linkage.link(
            work.engine, kind, model, human if work.engine.exists(human) else None, step
        )
    except PairExplosionError as error:
        raise CapacityError(str(error), "Or land less at once: by province, for example.") from None
    _tell_left_out(work.progress, kind, linked.found_by)
    step("second opinion")
    disputed = second_opinion(work.engine, kind)
    step("keep evidence")
    kept.weigh(work.engine, kind)
    kept.group(work.engine, kind)
    step("")
    work.engine.drop(f"{kind}_scored")
    return {
        "records": linked.records,
        "pairs": linked.pairs,
        **linked.judgements,
        "clusters": linked.clusters.clusters,
        "conflicts": linked.clusters.conflicts,
        "passed over": linked.clusters.passed_over,
        "disputed": disputed.disputed_links + disputed.disputed_non_links,
        "oversize blocks": sum(one.oversize_blocks for one in linked.found_by),
    }


def _finish(work: Work, kind: Kind) -> None:
    """Make what later stages need beside the kept tables, also where these were taken up from a killed run."""
    if kind not in work.models and (standing := current_model(work, kind)):
        work.models[kind] = standing.name  # the killed run linked with it
    if not work.engine.exists(f"{kind}_group"):
        kept.group(work.engine, kind)
    if kind == "household":
        place_families(work.engine)
    work.engine.drop(f"{kind}_linkable")


def _tell_left_out(progress: Progress, kind: Kind, found_by: Sequence[RuleCount]) -> None:
    """Which rules met blocks too large to compare: what only they would bring together stays apart."""
    left = [f"{one.rule} ({one.oversize_blocks:,})" for one in found_by if one.oversize_blocks]
    if left:
        progress.note(f"link {kind}: blocks too large to compare were left out: {', '.join(left)}.")


def current_model(work: Work, kind: Kind) -> Model | None:
    """The model in force for one kind, if the home has one that knows every level of today's rules."""
    with work.hub.sessions.read() as session:
        row = session.exec(
            select(LinkageModel).where(col(LinkageModel.current), LinkageModel.kind == kind)
        ).first()
    path = work.hub.settings.home / "models" / f"{row.name}.json" if row else None
    model = Model.from_json(path.read_text(encoding="utf-8")) if path and path.exists() else None
    return model if model and model.knows(load_linkage(kind)) else None


def _model(work: Work, kind: Kind) -> Model:
    """The current model, or one learned now: when asked for, when there is none, and when what landed since is other
    than what it was learned from."""
    standing = None if work.train else current_model(work, kind)
    if standing is not None:
        if linkage.fits(work.engine, standing):
            return standing
        work.progress.note(
            f"link {kind}: other or many more records have come since the model was learned; it is learned anew."
        )
    model = linkage.learn(work.engine, kind)
    model.save(work.hub.settings.home / "models")
    with work.hub.sessions.begin() as session:
        for row in session.exec(select(LinkageModel).where(LinkageModel.kind == kind)).all():
            row.current = False
        session.merge(
            LinkageModel(name=model.name, kind=kind, fingerprint=model.fingerprint, current=True)
        )
        session.flush()
        work.learned(session)
        audit.record(session, "system", "learn", kind=kind, model=model.name)
    return model


_TEXT = pa.string()
_NONE_BEFORE = pa.schema(
    [pa.field(name, _TEXT) for name in ("source", "layout", "record_key", "entity_id")]
    + [pa.field("since_run", pa.int32())]
)


def load_previous(work: Work) -> None:
    """Make `<kind>_previous`, `<kind>_retired` and `<kind>_newcomers` from what readers see; empty before the first
    publishing."""
    with work.hub.sessions.read() as session:
        before = published_run(session)
    for kind in KINDS:
        name = f"{kind}_previous"
        if before is None or not links.bring(work.hub, work.engine, kind, before, name):
            work.engine.register(name, _NONE_BEFORE.empty_table())
        work.engine.register(f"{kind}_retired", links.retired(work.hub, kind))
    _follow_cards(work.engine)
    for kind in KINDS:
        links.note_newcomers(work.hub, work.engine, kind)


def _follow_cards(engine: Engine) -> None:
    """Let a family that only its members told of go on as the row by which its provider lists it now: the same card of
    the same source. Else it would get another id, and its household too."""
    listed = engine.table(
        "family_listed",
        """
        WITH told AS (
            SELECT source, layout, record_key FROM family_previous
            SEMI JOIN (SELECT DISTINCT source, layout FROM person_standardised) USING (source, layout)
            ANTI JOIN family_standardised USING (source, layout, record_key)
        ), listed AS (
            SELECT source, layout, record_key, kk FROM family_standardised SEMI JOIN told
            ON told.source = family_standardised.source AND told.record_key = kk
            ANTI JOIN family_previous USING (source, layout, record_key)
        )
        SELECT t.*, l.layout AS now_layout, l.record_key AS now_key
        FROM told t JOIN listed l ON l.source = t.source AND l.kk = t.record_key
        QUALIFY row_number() OVER (PARTITION BY t.source, t.record_key ORDER BY t.layout, now_layout, now_key) = 1
        """,
    )
    for kind in ("family", "household") if listed else ():
        engine.run(
            f"""
            UPDATE {kind}_previous SET layout = now_layout, record_key = now_key FROM family_listed l
            WHERE l.source = {kind}_previous.source AND l.layout = {kind}_previous.layout
              AND l.record_key = {kind}_previous.record_key
            """
        )
    engine.drop("family_listed")


def note_origin(work: Work) -> None:
    """Make `<kind>_origin`: where each record of this run stands, for exports and traces, and its group
    (mdm/lake/kept.py). `implied` families are those that only their members tell of; `newest_batch` and `newest_row`
    say where the record was said again (mdm/validation/versions.py)."""
    for kind in KINDS:
        implied = "false" if kind == "person" else "s.implied"
        node = "coalesce(x.node, s.rid)" if kind == "household" else "s.rid"
        family = "LEFT JOIN household_family x ON x.rid = s.rid" if kind == "household" else ""
        work.engine.table(
            f"{kind}_origin",
            f"""
            SELECT s.rid, s.source, s.layout, s.file, s."row", s.record_key, s.batch, {implied} AS implied, g.group_no,
                   c.batch AS newest_batch, c."row" AS newest_row
            FROM {kind}_standardised s {family} LEFT JOIN {kind}_group g ON g.rid = {node}
            LEFT JOIN {confirmed(kind)} c ON c.rid = s.rid
            """,
        )


def relate(work: Work) -> None:
    """Make what membership needs: `family_kk(kk, family_entity)` and `household_family_links(rid, entity_id)`."""
    work.engine.table(
        "family_kk",
        """
        SELECT c.card AS kk, min(l.entity_id) AS family_entity
        FROM family_card c JOIN family_clusters f ON f.cluster = c.cluster JOIN family_links l ON l.rid = f.rid
        GROUP BY c.card
        """,
    )
    work.engine.table(
        "household_family_links",
        "SELECT h.family_rid AS rid, l.entity_id FROM household_family h JOIN household_links l ON l.rid = h.rid",
    )
