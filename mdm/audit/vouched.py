"""Which rows of the hub the log holds: what a row says is digested, and the event of the act that wrote it carries it.

Rows stand in groups: those of a run under its number, those of a client, an account, a proposal under its id. A group
has one digest, that of its rows in the order of their text: the same on every database, in whatever order they stand.
What an act has nothing to say of (a counter of wrong passwords, a bookmark, what is sealed and opens nowhere else) is
left out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session, SQLModel

from mdm.hub import tables as hub
from mdm.hub.dialect import table_of

EMPTY = hashlib.sha256().hexdigest()  # of a group without rows
UNREADABLE = ""  # of a group with a value that cannot be one of its column
LONG = 64  # bytes: what is sealed and longer is digested by itself, and not held in memory
TOGETHER = 20_000
_encoder = msgspec.json.Encoder(order="deterministic")
#: What an event holds: table → group → digest, or the one before and the one since.
Holds = Mapping[str, Mapping[str, str | Sequence[str]]]


@dataclass(frozen=True)
class Table:
    """Rows of one table that the log holds. `key`: the columns by which they are grouped; `says`: those held.
    `name`: in events, where it is not the table's: another, where more is held than events of before did.

    `words`: what a reader calls those of a group; `acts`: the actions that told of a group in homes of before rows were
    held. `fades`: a group may go in time, or was never told of. `some`: only rows for which the column has one of the
    values (or none of them, if `others`).
    """

    model: type[SQLModel]
    words: str
    key: tuple[str, ...]
    says: tuple[str, ...]
    acts: tuple[str, ...] = ()
    name: str = ""
    fades: bool = False
    some: tuple[str, tuple[str, ...]] | None = None
    others: bool = False

    @cached_property
    def table(self) -> sa.Table:
        """The table of the hub."""
        return table_of(self.model)

    @property
    def called(self) -> str:
        """Its name in events."""
        # SQLAlchemy's is a string of its own, which no answer can hold.
        return self.name or str(self.table.name)

    def group(self, row: Any) -> str:
        """The group that a row stands in."""
        return "/".join(str(getattr(row, name)) for name in self.key)

    def query(self, *columns: str) -> sa.Select[Any]:
        """These columns of the rows that are held."""
        found = sa.select(*(self.table.c[name] for name in columns))
        for name in self.key:
            found = found.where(self.table.c[name].is_not(None))
        if self.some is not None:
            among = self.table.c[self.some[0]].in_(self.some[1])
            found = found.where(~among if self.others else among)
        return found


def _run(model: type[SQLModel], words: str, *says: str, **more: Any) -> Table:
    return Table(model, words, ("run_seq",), says, **more)


_AGREED = ("agreement", "valid_from", "valid_to", "programmes", "purposes", "regions", "fields", "limits")  # fmt: skip
_BATCH = tuple(one.name for one in table_of(hub.Batch).columns if one.name != "id")
_RUN = (
    "seq", "kind", "fingerprint", "rules", "model", "base", "judged", "started", "seconds", "counts",
)  # fmt: skip

#: What a run makes: told by its `publish` event.
OF_RUN = (
    _run(hub.EntityQuestion, "Doubts of run {group}", "entity_id", "question", "other", "kind", "weight", "reason"),
    Table(
        hub.EntityQuestion, "Doubts settled by run {group}", ("retired_seq",),
        ("entity_id", "question", "other", "run_seq"), name="entity_question.settled",
    ),
    _run(
        hub.RunFigure, "Figures of run {group}", "figure", "kind", "part", "detail", "value", "low", "high",
        some=("figure", hub.BY_REGION), others=True,
    ),
    _run(
        hub.RunFigure, "Figures by region of run {group}", "figure", "kind", "part", "detail", "value",
        name="run_figure.region", some=("figure", hub.BY_REGION), fades=True,
    ),
    _run(hub.RunPeriod, "Periods of desil of run {group}", "period", "families"),
    _run(hub.EntityEvent, "Merges and splits of run {group}", "entity_id", "kind", "event", "other", "records"),
    _run(hub.Relinked, "Moved records of run {group}", "kind", "rid", "entity_id", "since_run", "record_key"),
    _run(hub.CorrectionPlace, "Places of corrections in run {group}", "record_key", "entity_id"),
    _run(
        hub.CorrectionTurn, "Corrections confirmed or overtaken in run {group}", "record_key",
        "attribute", "correction", "entity_id", "turn", "source", "on_day",
    ),
)  # fmt: skip
#: What is told of a run when it is published, and again once it is over, under its id.
RUN = Table(hub.Run, "Account of run {group}", ("id",), _RUN, fades=True)
STAGES = Table(
    hub.RunStage,
    "Stages of run {group}",
    ("run",),
    ("stage", "status", "seconds", "rows"),
    fades=True,
)
#: Which files of the lake belong to a batch or a run, how many rows they have, and which bytes.
FILES = Table(
    hub.LakeFileRow, "List of files of {group}", ("owner",), ("dataset", "path", "rows", "sha256"),
    name="lake_file.bytes", fades=True,
)  # fmt: skip
#: What people and machines are allowed, asked and answered: told by the event of each act.
OF_ACTS = (
    Table(hub.Client, "Agreement of {group}", ("id",), ("name", "state", "epoch", *_AGREED), ("client.create",)),
    Table(
        hub.FormerAgreement, "Former agreements of {group}", ("client_id",),
        ("version", *_AGREED, "since", "until", "amended_by", "approved_by"), ("client.amend",),
    ),
    Table(
        hub.ClientKey, "Public keys of {group}", ("client_id",), ("kid", "jwk", "retired"), ("client.create",)
    ),
    Table(
        hub.AgreedCallback, "Addresses for answers to {group}", ("client_id",), ("uri", "added_by"),
        ("callback.agree",),
    ),
    Table(
        hub.Staff, "Account {group}", ("id",),
        ("login", "state", "password", "must_change", "one_time_until", "subject"), ("user.create",),
    ),
    Table(
        hub.Approval, "Request {group}", ("id",),
        ("action", "digest", "summary", "content", "about", "state", "requested_by", "requested",
         "expires", "decided_by", "decided"), ("approval.request",),
    ),
    Table(
        hub.Alarm, "Alarm {group}", ("id",), ("kind", "principal", "at"),
        ("alarm.honey", "alarm.misses", "alarm.lockout"),
    ),
    Table(hub.HoneyNik, "List of honey NIKs{group}", (), ("added_by", "added"), ("honey.add",)),
    Table(
        hub.Snapshot, "Snapshot {group}", ("name",), ("run_seq", "rules", "on_date", "periods", "actor"),
        ("snapshot.create",),
    ),
    Table(
        hub.SubjectRestriction, "Restriction {group}", ("id",),
        ("entity_id", "basis", "case_number", "actor", "since", "lifted", "lifted_by", "lifted_basis"),
        ("restrict",),
    ),
    Table(
        hub.Judgement, "Judgement {group}", ("id",),
        ("seq", "kind", "records", "judgement", "actor", "reason", "at"), ("judge",),
    ),
    Table(
        hub.RoleGrant, "Role {group}", ("id",),
        ("staff_id", "role", "region", "granted_by", "approved_by", "granted", "revoked"), ("role.grant",),
    ),
    Table(
        hub.Correction, "Proposal {group}", ("id",),
        ("number", "kind", "state", "version", "region", "proposer", "proposed", "decided", "content"),
        ("correction.propose",), name="correction.sealed",
    ),
    Table(
        hub.CorrectionTarget, "Targets of proposal {group}", ("correction",), ("entity_id", "attribute"),
        ("correction.propose",),
    ),
    Table(
        hub.CorrectionStep, "Steps of proposal {group}", ("correction",),
        ("n", "act", "role", "actor", "at", "note"), ("correction.propose",), name="correction_step.sealed",
    ),
    Table(
        hub.CorrectionEvidence, "Evidence of proposal {group}", ("correction",),
        ("id", "media_type", "size"), ("correction.propose",),
    ),
    Table(
        hub.CorrectionReturn, "Returns of proposal {group}", ("correction",),
        ("record_key", "attribute", "provider", "actor"), ("correction.deliver",),
    ),
    Table(
        hub.CorrectionRecall, "Recalls of proposal {group}", ("correction",),
        ("record_key", "attribute", "provider", "actor"),
    ),
    Table(
        hub.ReviewAnswer, "Review answer {group}", ("id",),
        ("task_id", "version", "actor", "at", "seconds", "outcome", "reason", "state", "judgements",
         "overruled", "overruled_by", "sealed"), ("review",), name="review_answer.sealed",
    ),
    Table(
        hub.Sample, "Sample {group}", ("id",),
        ("kind", "asked", "seed", "size", "strata", "run_seq", "log_size", "actor"), ("sample.draw",),
    ),
    Table(hub.SampleItem, "Things drawn for sample {group}", ("sample_id",), ("n", "stratum", "ref"), ("sample.draw",)),
    Table(
        hub.SampleVerdict, "Verdicts on sample {group}", ("sample_id",), ("id", "n", "verdict", "actor", "at", "note"),
        ("sample.examine",), name="sample_verdict.sealed",
    ),
    Table(hub.Batch, "Delivery {group}", ("id",), _BATCH, ("land",)),
    Table(hub.LinkageModel, "Linkage models: {group}", ("kind",), ("name", "fingerprint", "current"), ("publish",)),
)  # fmt: skip
TABLES = (*OF_RUN, RUN, STAGES, FILES, *OF_ACTS)
BY_NAME: Mapping[str, Table] = {one.called: one for one in TABLES}
BY_MODEL: Mapping[type[Any], Table] = {one.model: one for one in OF_ACTS}


def digest(session: Session, table: Table, group: str) -> str:
    """The digest of one group as it stands in the database, hex."""
    query = table.query(*table.says)
    for name in table.key:  # one, or none where all rows are one group
        column = table.table.c[name]
        query = query.where(
            column == (int(group) if isinstance(column.type, sa.Integer) else group)
        )
    return digest_of(line for lines in _lines(session, query) for line in lines)


def groups(session: Session, table: Table) -> Iterator[tuple[str, str]]:
    """Every group of a table with its digest. Large ones a group at a time; and any in which SQLite, that takes what
    it is given, holds a thirteenth month or broken JSON."""
    if table not in OF_RUN:
        with suppress(ValueError):
            yield from _together(session, table)
            return
    keys = (
        session.connection().execute(table.query(*table.key).distinct()).scalars().all()
        if table.key
        else [""]
    )
    for key in sorted(keys):
        try:
            yield str(key), digest(session, table, str(key))
        except ValueError:
            yield str(key), UNREADABLE


def _together(session: Session, table: Table) -> list[tuple[str, str]]:
    found: dict[str, list[bytes]] = {}
    for rows in _rows(session, table.query(*table.key, *table.says)):
        keys = ["/".join(map(str, row[: len(table.key)])) for row in rows]
        lines = _encoded([tuple(row)[len(table.key) :] for row in rows])
        for key, line in zip(keys, lines, strict=True):
            found.setdefault(key, []).append(line)
    return [(key, digest_of(own)) for key, own in sorted(found.items())]


def of_run(session: Session, seq: int) -> dict[str, dict[str, str]]:
    """What the `publish` event of a run says of the rows it made; tables without rows are left out."""
    found = {one.called: digest(session, one, str(seq)) for one in OF_RUN}
    return {name: {str(seq): made} for name, made in found.items() if made != EMPTY}


def standing(session: Session, *asked: tuple[Table, str]) -> dict[str, dict[str, str]]:
    """What an event says of groups that are told of for the first time."""
    return {table.called: {group: digest(session, table, group)} for table, group in asked}


def digest_of(lines: Iterable[bytes]) -> str:
    """SHA-256 over the lines in their order, hex."""
    return hashlib.sha256(b"".join(line + b"\n" for line in sorted(lines))).hexdigest()


def _lines(session: Session, query: sa.Select[Any]) -> Iterator[list[bytes]]:
    for rows in _rows(session, query):
        yield _encoded([tuple(row) for row in rows])


def _rows(session: Session, query: sa.Select[Any]) -> Iterator[Sequence[Any]]:
    yield from session.connection().execute(query).partitions(TOGETHER)


def _encoded(rows: Sequence[tuple[Any, ...]]) -> list[bytes]:
    """One line of JSON for each row, all in one go."""
    return _encoder.encode_lines([tuple(map(_short, row)) for row in rows]).splitlines()


def _short(value: Any) -> Any:
    if type(value) is bytes and len(value) > LONG:
        return hashlib.sha256(value).digest()
    return value
