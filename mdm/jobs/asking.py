"""Asking for eligibility by a job: what is fixed then, and who asked, as it is read again later."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from mdm import audit
from mdm.access.clients import standing
from mdm.access.decide import limits_of
from mdm.access.terms import Limits, Principal
from mdm.compose import Hub
from mdm.eligibility.asking import Asked, ask, keep_rules
from mdm.errors import AccessError, ConflictError, InputError
from mdm.hub.tables import Job
from mdm.jobs import KIND, REQUEST, WAITING, WRITING, file_of, remove_files, said_of

MOST = 200_000  # NIKs in one job
PART = 2_000  # NIKs answered between two looks at whether to stop


@dataclass(frozen=True)
class Wish:
    """What is asked of a job: about whom, for what, by which programmes' rules, as of when."""

    principal: Principal
    purpose: str
    programmes: Sequence[str]
    niks: Sequence[str] = field(repr=False)
    case: str | None = None
    snapshot: str | None = None
    on: date | None = None


def submit(hub: Hub, wish: Wish) -> Job:
    """Take a job: its NIKs sealed, its moment fixed. InputError when it cannot be answered, or on no day within the
    budget; ConflictError when an erasure came between."""
    if not 0 < len(wish.niks) <= MOST:
        raise InputError(f"A job asks about 1 to {MOST:,} NIKs.", "Split the list.")
    people, a_day = len(set(wish.niks)), limits_of(wish.principal).niks_per_day
    if people > a_day:  # no day would be long enough
        raise InputError(
            f"The list names {people:,} NIKs; the agreement allows {a_day:,} a day.",
            "Split the list over several days, or have the agreement changed.",
        )
    with hub.sessions.read() as session:
        asked = ask(hub, session, wish.programmes, snapshot=wish.snapshot, on=wish.on)
    keep_rules(hub, asked)
    job = Job(
        id=secrets.token_hex(16),
        kind=KIND,
        owner=wish.principal.id,
        state=WRITING,
        asked=_fixed(wish, asked),
        total=len(wish.niks),
        key_version=hub.keys.domain("export").version,
    )
    # The row first: from its first byte on, the file is known to erasure and to who sweeps up.
    with hub.sessions.begin() as session:
        session.add(job)
    request, end = file_of(hub, job, REQUEST), 0
    for number, start in enumerate(range(0, len(wish.niks), PART)):
        end = request.append(number, "\n".join(wish.niks[start : start + PART]).encode(), end)
    with hub.sessions.begin() as session:
        taken = session.get_one(Job, job.id, with_for_update=True)
        if whole := taken.state == WRITING:
            taken.state = WAITING
            audit.record(session, job.owner, "job.submit", **said_of(job), count=job.total)
    if not whole:
        remove_files(hub, job)
        raise ConflictError(
            "Somebody was erased while the job was being taken.",
            "Ask again: the list may stay as it is.",
        )
    return taken


def _fixed(wish: Wish, asked: Asked) -> dict[str, Any]:
    """All that the answer depends on but the NIKs: nothing in it is about anybody asked for."""
    return {
        "purpose": wish.purpose,
        "case": wish.case,
        "programmes": sorted(set(wish.programmes)),
        "snapshot": wish.snapshot,
        "run_seq": asked.as_of.run_seq,
        "rules": asked.as_of.library.digest,
        "on": asked.as_of.on.isoformat(),
        "principal": _plain(wish.principal),
    }


def _plain(principal: Principal) -> dict[str, Any]:
    fields = principal.fields
    return {
        "id": principal.id,
        "kind": principal.kind,
        "roles": sorted(principal.roles),
        "regions": list(principal.regions),
        "purposes": sorted(principal.purposes),
        "programmes": sorted(principal.programmes),
        "fields": None if fields is None else {kind: sorted(of) for kind, of in fields.items()},
        "agreement": principal.agreement,
        "limits": principal.limits.model_dump() if principal.limits else None,
    }


def asker(hub: Hub, said: Mapping[str, Any]) -> Principal:
    """Who asked: a client as its agreement stands now, staff as they stood. AccessError for a
    client that was disabled since."""
    if said["kind"] == "client":
        with hub.sessions.read() as session:
            found = standing(session, said["id"])
        if found is not None:
            if not found.active:
                raise AccessError("The client that asked is disabled.")
            return found.principal
    fields = said["fields"]
    return Principal(
        id=said["id"],
        kind=said["kind"],
        roles=frozenset(said["roles"]),
        regions=tuple(said["regions"]),
        purposes=frozenset(said["purposes"]),
        programmes=frozenset(said["programmes"]),
        fields=None if fields is None else {kind: frozenset(of) for kind, of in fields.items()},
        agreement=said["agreement"],
        limits=Limits(**said["limits"]) if said["limits"] else None,
    )
