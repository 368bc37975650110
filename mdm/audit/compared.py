"""The rows of the hub, held against what the events of the log say of them: see `vouched.py` and `changes.py`.

Homes of before the log held rows have events that told of a row without its digest: such rows are counted, and nothing
is said against them until an act of today tells of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlmodel import Session, select

from mdm.audit.logged import LoggedEvent
from mdm.audit.verified import Fault, Verified
from mdm.audit.vouched import BY_NAME, EMPTY, OF_RUN, TABLES, Table, groups
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import EntityQuestion, Job, Run

ALTERED, MISSING, UNTOLD, BETWEEN = "altered", "gone", "untold", "between"
_SENTENCES = {
    ALTERED: "{rows}: altered in the database since event {seq}, which told of it last.",
    MISSING: "{rows}: gone from the database since event {seq}, and no event tells of that.",
    UNTOLD: "{rows}: stands in the database, and no event tells of it.",
    BETWEEN: "{rows}: was altered in the database before an act changed it (event {seq}).",
}
#: Tables of runs that are read without asking whether the run was published: no other's rows may stand there.
_CLEAN = EntityQuestion


@dataclass
class Compared:
    """What the events say of rows, gathered as they pass. `named`: groups told of without a digest."""

    told: dict[str, dict[str, str]] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)
    last: dict[tuple[str, str], int] = field(default_factory=dict)  # the event that told of it
    between: dict[tuple[str, str], int] = field(default_factory=dict)
    jobs: dict[str, str] = field(default_factory=dict)
    runs: set[str] = field(default_factory=set)  # numbers of runs whose rows are held

    def add(self, seq: int, event: LoggedEvent) -> None:
        """One event, in order."""
        if isinstance(event.holds, dict):
            self._hold(seq, event.holds)
        for table in _BY_ACT.get(event.action, ()):
            for group in _groups_of(table, event):
                self.named.setdefault(table.called, set()).add(group)
        if event.action == "publish" and event.run_seq is not None:
            known = self.runs if isinstance(event.holds, dict) else self.before
            known.add(str(event.run_seq))
        elif event.action == "job.submit" and isinstance(event.job, str):
            self.jobs[event.job] = event.actor

    @property
    def before(self) -> set[str]:
        """Numbers of runs that were published before rows were held."""
        return self.named.setdefault("", set())

    def _hold(self, seq: int, holds: Mapping[str, Any]) -> None:
        for name, said in holds.items():
            told = self.told.setdefault(name, {})
            for group, one in said.items():
                before, now = one if isinstance(one, list) else (EMPTY, one)
                if told.get(group, before) != before:
                    self.between.setdefault((name, group), seq)
                told[group], self.last[name, group] = now, seq

    def verify(self, session: Session, found: Verified) -> None:
        """Name every group of rows that is not as the log says."""
        for (name, group), seq in sorted(self.between.items()):
            if table := BY_NAME.get(name):
                _fault(found, table, group, BETWEEN, seq)
        runs = session.exec(select(Run.seq, Run.id, Run.status)).all()
        published = {str(seq) for seq, _, status in runs if status == PUBLISHED}
        # Runs that only trained, were given up or go on: no act told of them, and nobody reads what they came to.
        unseen = {run for _, run, status in runs if status != PUBLISHED}
        for table in TABLES:
            self._compare(session, table, published, unseen, found)
        self._verify_jobs(session, found)

    def _compare(
        self,
        session: Session,
        table: Table,
        published: set[str],
        unseen: set[str],
        found: Verified,
    ) -> None:
        told = dict(self.told.get(table.called, {}))
        last = max(map(int, published), default=0)
        for group, made in groups(session, table):
            says = told.pop(group, None)
            if table in OF_RUN and group not in published:
                if table.model is not _CLEAN or int(group) > last:
                    continue  # nobody sees them, or not yet
            elif says is None and group in unseen:
                continue
            elif says is None and self._unheld(table, group):
                found.unheld[table.called] = found.unheld.get(table.called, 0) + 1
                continue
            if says is None:
                _fault(found, table, group, UNTOLD)
            elif says != made:
                _fault(found, table, group, ALTERED, self.last[table.called, group])
        for group in sorted(told):
            if told[group] != EMPTY and not table.fades:
                _fault(found, table, group, MISSING, self.last[table.called, group])

    def _unheld(self, table: Table, group: str) -> bool:
        """Whether a group that no event tells of by a digest is none that one could."""
        if table in OF_RUN:
            return group in self.before
        return table.fades or group in self.named.get(table.called, ())

    def _verify_jobs(self, session: Session, found: Verified) -> None:
        for job, owner in session.exec(select(Job.id, Job.owner)).all():
            if self.jobs.get(job, owner) != owner:
                found.fault("job", f"The job {job} is not of the one who asked for it.")


_BY_ACT: dict[str, list[Table]] = {}
for _table in TABLES:
    for _act in _table.acts:
        _BY_ACT.setdefault(_act, []).append(_table)


def _groups_of(table: Table, event: LoggedEvent) -> Iterable[str]:
    """The groups that an event told of in homes of before rows were held."""
    if not table.key:
        return [""]
    name = {"batch": "batch", "snapshot": "snapshot", "linkage_model": "kind", "staff": "user"}.get(
        table.called, "id"
    )
    about = getattr(event, name)
    if table.called == "linkage_model":
        return ["person", "family", "household"]
    if table.called == "agreed_callback" and isinstance(about, list):
        return about[:1]
    return about if isinstance(about, list) else [about] if isinstance(about, str) else []


def _fault(found: Verified, table: Table, group: str, how: str, seq: int | None = None) -> None:
    sentence = _SENTENCES[how].format(rows=table.words.format(group=group), seq=seq)
    found.add(Fault("row", sentence, seq, table=table.called, group=group, how=how))
