"""Breach report (UU 27/2022, article 46): whom a key, a client or an officer could have touched.

For a client or an officer the answer is what the audit log says they read. For a key it is what the
key could open: everything that stood in the hub under it in the time asked about. Under the root key stands
everything; under `export` what was told in jobs and to other registries, until it was fetched.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from sqlmodel import Session, col, func, or_, select

from mdm import audit, exchanges, jobs
from mdm.access.named import id_of
from mdm.audit.search import Entry, Wanted, entries
from mdm.compose import Hub
from mdm.errors import InputError, UnknownError
from mdm.hub.runs import PUBLISHED
from mdm.hub.tables import (
    DomainKeyRow,
    EntityKey,
    Exchange,
    Job,
    NikToken,
    Run,
    SealedProfile,
)
from mdm.keys import PURPOSES
from mdm.seal.masking import must_be_purpose
from reference.attributes import dictionary

TOGETHER = 1_000
REVEALING = "revealed"
LOOKING = "looked at, masked"
ABLE = "could be opened"
AT_ONCE = ("export.findings", "export.links")  # name nobody: they are about many
MANY = "Files about many at once were written too, {} in all: whom they name is not counted here."
FIRST = datetime(2000, 1, 1, tzinfo=UTC)  # no hub is older
ROOT = "root"
OPENING = (ROOT, "profile", "identifier", "lake")  # lead to whoever is published


@dataclass(frozen=True)
class Question:
    """Whose breach, and when: `actor` (a client or a member of staff) or `key` (`purpose:version`)."""

    since: datetime
    until: datetime
    actor: str | None = None
    key: str | None = None


@dataclass(frozen=True)
class Touched:
    """One subject: how, how often, first and last; `classes` are those of the data it touched."""

    entity_id: str
    kind: str
    how: str
    times: int
    first: datetime | None
    last: datetime | None
    classes: tuple[str, ...]


@dataclass(frozen=True)
class BreachReport:
    """Whom it could have touched. `subjects`: kind → how many; `classes`: kind → class of data under
    UU 27/2022 → how many subjects; `purposes`: purpose → acts. `notes` say what limits the answer."""

    question: Question
    subjects: dict[str, int]
    classes: dict[str, dict[str, int]]
    purposes: dict[str, int]
    acts: int
    not_found: int
    touched: tuple[Touched, ...]
    notes: tuple[str, ...]


def report(
    hub: Hub, question: Question, *, actor: str, purpose: str, case: str | None = None
) -> BreachReport:
    """Make the report and write the act to the audit log, before it is handed back."""
    must_be_purpose(purpose)
    if question.since >= question.until:
        raise InputError("The time ends before it begins.", "Name since, then until.")
    with hub.sessions.read() as session:
        question = replace(question, actor=_known(session, question.actor))
        found = _of_key(hub, session, question) if question.key else _of_actor(session, question)
    with hub.sessions.begin() as session:
        audit.record(
            session,
            actor,
            "breach-report",
            purpose=purpose,
            case=case,
            user=question.actor,
            id=question.key,
            since=question.since.isoformat(),
            until=question.until.isoformat(),
            counts=found.subjects,
        )
    return found


@dataclass
class _Sum:
    """What is known of one subject so far."""

    times: int = 0
    first: datetime | None = None
    last: datetime | None = None
    revealed: bool = False
    names: frozenset[str] = frozenset()


def _known(session: Session, actor: str | None) -> str | None:
    """The id under which the log speaks of somebody; a client's name and a login will do. UnknownError for whom nobody
    knows: "no subjects" would be an all-clear that nobody can give.
    """
    if actor is None:
        return None
    found = id_of(session, actor)
    if found is None and next(entries(session, Wanted(actor=actor)), None) is None:
        raise UnknownError(
            "There is no client and no member of staff of this id or name.",
            "List them: dtsen admin client list, dtsen admin user list.",
        )
    return found or actor


def _of_actor(session: Session, question: Question) -> BreachReport:
    """From the log: whom somebody read, field by field."""
    if question.actor is None:
        raise InputError("Nobody is named.", "Name a key, a client or a member of staff.")
    sums: defaultdict[str, _Sum] = defaultdict(_Sum)
    purposes: Counter[str] = Counter()
    acts = not_found = files = 0
    for entry in _by(session, question):
        files += entry.action in AT_ONCE
        if "entity_id" not in entry.details and "found" not in entry.details:
            continue
        acts += 1
        purposes[str(entry.details.get("purpose") or "–")] += 1
        ids = _ids(entry)
        not_found += not ids
        for entity_id in ids:
            _add(sums[entity_id], entry)
    kinds = _kinds(session, sums)
    touched = tuple(
        Touched(
            entity_id,
            kinds.get(entity_id, "unknown"),
            REVEALING if one.revealed else LOOKING,
            one.times,
            one.first,
            one.last,
            _classes(kinds.get(entity_id, ""), one.names),
        )
        for entity_id, one in sorted(sums.items())
    )
    notes = (MANY.format(files),) if files else ()
    return _whole(question, touched, purposes=purposes, acts=acts, not_found=not_found, notes=notes)


def _by(session: Session, question: Question) -> Iterator[Entry]:
    return entries(session, Wanted(question.actor, since=question.since, until=question.until))


def _ids(entry: Entry) -> list[str]:
    said = entry.details.get("entity_id")
    return [said] if isinstance(said, str) else list(said or ())


def _add(one: _Sum, entry: Entry) -> None:
    fields: Mapping[str, Any] = entry.details.get("fields") or {}
    one.times += 1
    one.first = min(one.first or entry.at, entry.at)
    one.last = max(one.last or entry.at, entry.at)
    one.revealed |= bool(fields)
    one.names |= {f"{kind}.{name}" for kind, names in fields.items() for name in names}


def _of_key(hub: Hub, session: Session, question: Question) -> BreachReport:
    """What a key could open: profiles sealed under it, tokens made with it, all that landed, answers that waited."""
    purpose, _, number = str(question.key).partition(":")
    if purpose not in (ROOT, *PURPOSES) or not number.isdigit():
        known = ", ".join(f"{name}:1" for name in (ROOT, *PURPOSES))
        raise InputError("A key is named as purpose:version.", f"Such as {known}.")
    version = int(number)
    made, state = _made(hub, session, purpose, version)
    since = f"on {made:%Y-%m-%d %H:%M} UTC" if made else "with the hub"
    notes = [f"The key was made {since} and is {state}."]
    if made is not None and made >= question.until:
        notes.append("It was made after the time asked about.")
    notes.extend(_limits(session, purpose, version))
    if purpose == "export":
        touched = _waited(session, version, question)
        return _whole(question, touched, notes=tuple(notes))
    ids: Iterable[str] = ()
    if (made is None or made < question.until) and purpose in OPENING:
        ids = _under(session, purpose, version, question)
    kinds = _kinds(session, ids)
    touched = tuple(
        Touched(entity_id, kind, ABLE, 1, None, None, _key_classes(purpose, kind))
        for entity_id, kind in sorted(kinds.items())
    )
    if purpose not in OPENING:
        notes.append("This key opens no data about people.")
    return _whole(question, touched, notes=tuple(notes))


def _made(
    hub: Hub, session: Session, purpose: str, version: int
) -> tuple[datetime | None, str | None]:
    """When a version was made (None: with the home) and what it is now. InputError where there is none of it."""
    if purpose != ROOT:
        held = session.get(DomainKeyRow, (purpose, version))
        if held is not None:
            return held.created, held.state
    elif (state := hub.keys.provider.versions().get(version)) is not None:
        made = [
            entry.at
            for entry in entries(session, Wanted(action="rotate-key"))
            if (entry.details.get("kind"), entry.details.get("key_version")) == (ROOT, version)
        ]
        return (min(made) if made else None), state
    raise InputError("There is no such key.", "See `dtsen keys list`.")


def _waited(session: Session, version: int, question: Question) -> tuple[Touched, ...]:
    """Whose answers stood sealed under a version of `export`: those of jobs until they were fetched, those to other
    registries until they were delivered. Of an exchange that is forgotten by now the version is not known: it counts.
    """
    of_jobs = set(session.exec(select(Job.id).where(Job.key_version == version)).all())
    versions = dict(session.exec(select(Exchange.id, Exchange.key_id)).all())
    sums: defaultdict[str, _Sum] = defaultdict(_Sum)
    longest = max(jobs.KEPT, exchanges.KEPT)
    since = max(question.since, FIRST) - longest
    wanted = Wanted(since=since, until=question.until)
    for entry in entries(session, wanted):
        said = entry.details
        if said.get("job") in of_jobs or (
            entry.action.startswith("dci.search")
            and versions.get(str(said.get("case")), version) == version
        ):
            for entity_id in _ids(entry):
                _add(sums[entity_id], entry)
    kinds = _kinds(session, sums)
    return tuple(
        Touched(entity_id, kind, ABLE, one.times, one.first, one.last, _classes(kind, one.names))
        for entity_id, one in sorted(sums.items())
        for kind in [kinds.get(entity_id, "unknown")]
    )


def _under(session: Session, purpose: str, version: int, question: Question) -> set[str]:
    """Entities whose data the key could open, as published before the time ends."""
    seen = select(Run.seq).where(Run.status == PUBLISHED, col(Run.finished) < question.until)
    published = set(session.exec(seen).all())
    if purpose == "identifier":
        rows = session.exec(select(NikToken.entity_id, NikToken.run_seq).distinct()).all()
    elif purpose in (ROOT, "lake"):  # every source record of everybody
        rows = session.exec(select(SealedProfile.entity_id, SealedProfile.run_seq)).all()
    else:
        own = select(EntityKey.entity_id).where(EntityKey.key_id == version)
        query = select(SealedProfile.entity_id, SealedProfile.run_seq).where(
            or_(SealedProfile.key_id == version, col(SealedProfile.entity_id).in_(own))
        )
        rows = session.exec(query).all()
    return {entity_id for entity_id, run_seq in rows if run_seq in published}


def _limits(session: Session, purpose: str, version: int) -> Iterator[str]:
    """What limits what a key could open, and what else it is good for."""
    if purpose == "profile":
        left = session.exec(
            select(func.count()).select_from(EntityKey).where(EntityKey.key_id == version)
        ).one()
        if not left:
            yield "No entity key is wrapped under it any more: it opens old backups only."
    if purpose == "identifier":
        yield "It makes tokens of NIKs, by which a NIK could be tried and its profile be found."
    if purpose == "export":
        yield "Counted is whose answers waited under it, in results of jobs and for other registries."
        yield "It makes the names of people for programmes: with it, lists of two programmes could be joined."
    if purpose == "access":
        yield "It signs tokens: who had it could ask in the name of any client; see what each read."
    if purpose == ROOT:
        yield "It opens every other key, of the database and of its backups; it needs them to open anything."
    else:
        yield "A sealed value needs the root key and the database too; the key alone opens nothing."


def _kinds(session: Session, ids: Iterable[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    rest = sorted(ids)
    for start in range(0, len(rest), TOGETHER):
        some = rest[start : start + TOGETHER]
        query = select(SealedProfile.entity_id, SealedProfile.kind).distinct()
        found.update(session.exec(query.where(col(SealedProfile.entity_id).in_(some))).all())
    return found


def _classes(kind: str, names: Iterable[str]) -> tuple[str, ...]:
    """The classes of the fields of one kind of entity; a group's name stands for its parts."""
    known = dictionary().of(kind) if kind in ("person", "family", "household") else {}
    found = set()
    for name in names:
        of, _, attribute = name.partition(".")
        if of == kind:
            found.add(known[attribute].data_class if attribute in known else "general")
    return tuple(sorted(found))


def _key_classes(purpose: str, kind: str) -> tuple[str, ...]:
    if purpose == "identifier":
        return ("general",)
    return tuple(sorted({one.data_class for one in dictionary().of(kind).values()}))


def _whole(
    question: Question,
    touched: tuple[Touched, ...],
    *,
    purposes: Mapping[str, int] | None = None,
    acts: int = 0,
    not_found: int = 0,
    notes: tuple[str, ...] = (),
) -> BreachReport:
    classes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for one in touched:
        classes[one.kind].update(one.classes)
    return BreachReport(
        question=question,
        subjects=dict(Counter(one.kind for one in touched)),
        classes={kind: dict(counts) for kind, counts in classes.items()},
        purposes=dict(purposes or {}),
        acts=acts,
        not_found=not_found,
        touched=touched,
        notes=notes,
    )
