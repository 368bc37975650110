"""Events: who did what, as exact bytes with their RFC 9162 leaf hash, in order, for ever.

An event is written in the unit of work of the act it records, when that ends: whoever has the log's turn waits for
nobody else, so that no two units of work wait for each other over it. For a reveal that is before the values leave.
An event never carries personal data: names of fields, not their values; ids that say nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlmodel import Session

from mdm.audit import changes
from mdm.audit.verifier import leaf_hash
from mdm.audit.vouched import Holds
from mdm.errors import InputError
from mdm.hub.columns import now
from mdm.hub.dialect import dialect_of
from mdm.hub.lists import Prepared
from mdm.hub.sessions import at_the_end
from mdm.hub.tables import AuditEvent

#: Details whose values the hub makes itself: ids, digests, counts, moments, names of rules.
_MADE = frozenset(
    {
        "anew",
        "as_of",
        "at_size",
        "batch",
        "budget",
        "count",
        "counts",
        "decision",
        "entity_id",
        "fields",
        "found",
        "hashes",
        "holds",
        "id",
        "job",
        "judgement",
        "key_version",
        "kind",
        "misses",
        "model",
        "policy",
        "programmes",
        "request",
        "revealed",
        "root",
        "rows",
        "rules",
        "run",
        "run_seq",
        "sealed",
        "seed",
        "since",
        "until",
        "verifier",
    }
)
#: Details that people name or type: nothing in them may be a long number.
_TYPED = frozenset(
    {
        "agreement",
        "approved_by",
        "case",
        "client",
        "layout",
        "programme",
        "purpose",
        "reason",
        "region",
        "requested_by",
        "role",
        "snapshot",
        "source",
        "user",
    }
)
#: What an event may say beside its time, actor and action.
DETAILS = _MADE | _TYPED
#: Details whose values an event is found by later (see search.py).
SUBJECTS = ("entity_id", "batch", "run", "job", "id")

#: A NIK or KK number, however it is spaced: what is kept in the log, or as long as it, holds none.
LONG_NUMBER = re.compile(r"(?:\d[ .\-]?){15}\d")
# As long a run of digits and what stands between them is rare; so written it is quick to see.
_MARKED = bytes(ord("#" if chr(n) in "0123456789 .-" else "_") for n in range(256))
_LONG_RUN = b"#" * 16
_LAST = Prepared(sa.text("SELECT max(seq) FROM audit_event"))  # asked for with every group of looks
_EVENT = ("seq", "event", "leaf_hash")
_RECORDED = "events of the log"  # in a session: not appended yet
Row = tuple[int, bytes, bytes]
_encoder = msgspec.json.Encoder(order="sorted")


@dataclass(frozen=True)
class Event:
    """An act to be recorded. `details` may be any of DETAILS; those that are None are left out."""

    actor: str
    action: str
    details: Mapping[str, Any] = field(default_factory=dict)


def record(session: Session, actor: str, action: str, **details: Any) -> None:
    """Append one event, at the end of the caller's unit of work.

    ValueError for a detail that events do not carry; InputError when what people typed (actor,
    purpose, case, region, …) holds a long number.
    """
    record_many(session, [Event(actor, action, details)])


def record_many(session: Session, events: Sequence[Event]) -> None:
    """Append events in their order, behind those recorded before, at the end of the caller's unit of work.

    Errors as in `record`; then none of them is.
    """
    for event in events:
        _check(event)
        _bytes_of(event, "")
    _recorded(session).extend(_telling(session, events))


def append(session: Session, events: Sequence[Event] = ()) -> list[Row]:
    """Append what was recorded and these events behind it, for whoever does nothing else in this unit of work;
    sequence number, bytes and leaf hash of each. Errors as in `record`."""
    for event in events:
        _check(event)
    behind = _telling(session, events)
    appended = [*session.info.pop(_RECORDED, ()), *behind]
    if not appended:
        return []
    connection = session.connection()
    dialect = dialect_of(connection)
    dialect.exclusive(connection, "audit")
    first, at = size(session), now().isoformat()
    rows = []
    for seq, event in enumerate(appended, first):
        data = _bytes_of(event, at)
        rows.append((seq, data, leaf_hash(data)))
    dialect.load(connection, AuditEvent, _EVENT, rows)
    return rows


@at_the_end
def _end(session: Session) -> None:
    """What was recorded is appended; with it what was changed of rows that the log holds, and no event told."""
    if (held := changes.told(session)) is not None:
        record(session, "system", "hold", holds=held)
    append(session)


def _telling(session: Session, events: Sequence[Event]) -> Sequence[Event]:
    """The events, the last of which tells what the caller has changed since it recorded anything."""
    if not events:
        return events
    session.flush()
    held = changes.told(session)
    return events if held is None else [*events[:-1], _holding(events[-1], held)]


def _recorded(session: Session) -> list[Event]:
    """The events of a unit of work that are not appended yet."""
    found: list[Event] = session.info.setdefault(_RECORDED, [])
    return found


def _holding(event: Event, held: Holds) -> Event:
    """The event, telling of rows that were changed beside what it tells itself."""
    own = event.details.get("holds") or {}
    both = {name: {**own.get(name, {}), **held.get(name, {})} for name in {*own, *held}}
    return replace(event, details={**event.details, "holds": both})


def size(session: Session) -> int:
    """How many events the log holds. Sequence numbers are gapless from 0."""
    ((last,),) = _LAST.rows(session.connection(), {})
    return 0 if last is None else int(last) + 1


def subjects_of(details: Mapping[str, Any]) -> set[str]:
    """The entities, batches, runs, … that an event is about: what it is found by."""
    found: set[str] = set()
    for name in SUBJECTS:
        said = details.get(name)
        if isinstance(said, str):
            found.add(said)
        elif isinstance(said, (list, tuple, set, frozenset)):
            found.update(one for one in said if isinstance(one, str))
    return found


def _bytes_of(event: Event, at: str) -> bytes:
    """The event as canonical JSON: keys sorted, no blanks."""
    said = {name: value for name, value in event.details.items() if value is not None}
    data = _encoder.encode({"at": at, "actor": event.actor, "action": event.action, **said})
    # One quick look at the whole; a careful one only where it sees something: a digest may by
    # chance have many digits in a row.
    if _LONG_RUN in data.translate(_MARKED) and LONG_NUMBER.search(data.decode()):
        _refuse_numbers(event)
    return data


def _check(event: Event) -> None:
    unknown = event.details.keys() - DETAILS
    if unknown:
        raise ValueError(f"an audit event does not say {', '.join(sorted(unknown))}")


def _refuse_numbers(event: Event) -> None:
    looks: list[tuple[str, Callable[[str], object]]] = [
        (event.actor, LONG_NUMBER.search),
        (event.action, LONG_NUMBER.search),
    ]
    for name, value in event.details.items():
        look = LONG_NUMBER.search if name in _TYPED else LONG_NUMBER.fullmatch
        looks += [(text, look) for text in _texts(value)]
    if any(look(text) for text, look in looks):
        raise InputError("The audit log takes no NIK or KK number.", "Leave the number out.")


def _texts(value: Any) -> Iterator[str]:
    """Every text and whole number in a detail, as text."""
    match value:
        case str():
            yield value
        case bool() | float() | None:
            return
        case int():
            yield str(value)
        case Mapping():
            for key, inner in value.items():
                yield from _texts(key)
                yield from _texts(inner)
        case list() | tuple() | set() | frozenset():
            for inner in value:
                yield from _texts(inner)
