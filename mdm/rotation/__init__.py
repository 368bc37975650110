"""The life of keys: rotate, wrap anew, destroy. Every act is on record.

A rotation is quick and harms nobody: what was sealed before still opens. Then the data keys are
wrapped anew (`mdm.rotation.wrapping`), tokens filed anew (`mdm.rotation.tokens`), lake files written anew
(`mdm.rotation.lake`), and when nothing needs the old version any more, it can be destroyed.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, cast

from sqlmodel import col, func, select

from mdm import audit, exchanges, jobs, keys
from mdm.access import approvals
from mdm.compose import Hub
from mdm.errors import AccessError, UnknownError, UsageError
from mdm.hub.tables import (
    CorrectionKey,
    DomainKeyRow,
    EntityKey,
    Exchange,
    HoneyNik,
    Job,
    JudgementKey,
    NikToken,
    SampleKey,
    Staff,
)
from mdm.keys import PURPOSES
from mdm.rights import shredlist
from mdm.rotation.lake import files_of, rewrite_lake
from mdm.rotation.tokens import refile
from mdm.rotation.wrapping import reseal_second_factors, rewrap_entity_keys
from mdm.work.progress import Progress

ROOT = "root"
State = Literal["active", "decrypt-only", "destroyed"]
DESTROY = "key.destroy"

#: What brings everything under a new version. The root key does so when it is rotated; under `audit` and
#: `export` nothing has to be brought.
BRINGING: Mapping[str, str] = {
    "profile": "rewrap profile",
    "identifier": "refile",
    "lake": "rewrap lake",
    "access": "rewrap access",
}

#: Columns that say which version of a domain key a row was sealed or made with.
NEEDING: Mapping[str, tuple[Any, ...]] = {
    "profile": (EntityKey.key_id, JudgementKey.key_id, SampleKey.key_id, CorrectionKey.key_id),
    "identifier": (NikToken.key_id,),
    "access": (Staff.totp_key, HoneyNik.key_id),
    "export": (Exchange.key_id, Job.key_version),
    "audit": (),  # signs checkpoints: the old ones are verified with the public key alone
}


@dataclass(frozen=True)
class KeyLine:
    """One version of one key. `needed`: how much is still sealed or made with it."""

    purpose: str
    version: int
    state: State
    created: datetime | None
    needed: int


def key_lines(hub: Hub) -> list[KeyLine]:
    """Every version of every key, the root key first; nothing secret."""
    hub.keys.refresh()
    lines = [
        KeyLine(ROOT, version, cast(State, state), None, _needed(hub, ROOT, version, state))
        for version, state in hub.keys.provider.versions().items()
    ]
    return lines + [
        KeyLine(
            one.purpose, one.version, cast(State, one.state), one.created,
            _needed(hub, one.purpose, one.version, one.state),
        )
        for one in hub.keys.listing()
    ]  # fmt: skip


def rotate(hub: Hub, purpose: str, *, actor: str) -> int:
    """Make a new version of a key and use it from now on; return it. Takes no lock, but for the root key: its rotation
    adds a line to the shred list, as an erasure does, which has its line on disk before it is done."""
    _check(purpose)
    if purpose == ROOT:
        with hub.lock("keys rotate root"):
            return _rotate_root(hub, actor)
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "domain keys")
        version = hub.keys.rotate(session, purpose)
        audit.record(session, actor, "rotate-key", kind=purpose, key_version=version)
    hub.keys.refresh()
    return version


def rewrap(hub: Hub, purpose: str, *, actor: str, progress: Progress) -> Mapping[str, int]:
    """Bring everything under the newest version of a key; what that came to.

    Call it under the work lock. Killed and called again, it goes on where it stopped.
    """
    _check(purpose)
    work: dict[str, Callable[[], dict[str, int]]] = {
        ROOT: lambda: {"keys": _rewrap_root(hub, actor)},
        "profile": lambda: {"keys": rewrap_entity_keys(hub, actor=actor, progress=progress)},
        "lake": lambda: {"files": rewrite_lake(hub, actor=actor, progress=progress)},
        "identifier": lambda: _refile(hub, actor, progress),
        "access": lambda: {"secrets": reseal_second_factors(hub, actor=actor)},
    }
    return work[purpose]() if purpose in work else {}


def destroy(
    hub: Hub, purpose: str, version: int, *, actor: str, approval: str | None = None
) -> None:
    """Forget an old version for ever. Call it under the work lock.

    UnknownError for one that is not there, AccessError for the active one and while anything needs it;
    SecondPersonError until another person has approved it.
    Readers that began before end first: it takes seconds.
    """
    _check(purpose)
    _refuse_needed(hub, purpose, version)
    content = {"purpose": purpose, "version": version}
    summary = f"destroy version {version} of the {purpose} key"
    approvals.demand(hub, actor, DESTROY, content, summary=summary, approval=approval)
    assert approval is not None
    time.sleep(keys.KNOWN_SECONDS)
    _refuse_needed(hub, purpose, version)
    with hub.sessions.begin() as session:
        approver = approvals.use(session, actor, DESTROY, content, approval=approval)
        if purpose != ROOT:
            hub.keys.destroy(session, purpose, version)
        audit.record(
            session, actor, "destroy-key", kind=purpose, key_version=version,
            approved_by=approver,
        )  # fmt: skip
    if purpose == ROOT:
        # On record first: a destruction that nobody wrote down would be worse than the reverse.
        hub.keys.provider.destroy(version)
    hub.sessions.scrub("domain_key")


def _refuse_needed(hub: Hub, purpose: str, version: int) -> None:
    state = {(one.purpose, one.version): one.state for one in key_lines(hub)}
    found = state.get((purpose, version))
    if found is None:
        raise UnknownError(
            f"There is no such version of the {purpose} key.", "See `dtsen keys list`."
        )
    if found != "decrypt-only":
        raise AccessError("Only a decrypt-only key version can be destroyed.", "Rotate first.")
    if needed := _needed(hub, purpose, version, found):
        raise AccessError(
            f"{needed} things are still sealed under this version.", _what_then(purpose)
        )


def _what_then(purpose: str) -> str:
    if purpose == "export":
        return (
            f"They end by themselves: results of jobs within {jobs.KEPT.days} days, what is kept of "
            f"messages of other registries within {exchanges.KEPT.days}."
        )
    return f"Bring them over first: dtsen keys {BRINGING.get(purpose, f'rewrap {purpose}')}."


def _needed(hub: Hub, purpose: str, version: int, state: str) -> int:
    """How many keys, tokens, files, secrets need a version."""
    if state == "destroyed":
        return 0
    if purpose == ROOT:
        return _wrapped_by_root(hub, version)
    if purpose == "lake":
        return len(files_of(hub, version))
    with hub.sessions.read() as session:
        return sum(
            session.exec(select(func.count()).where(col(column) == version, *_still(column))).one()
            for column in NEEDING[purpose]
        )


def _still(column: Any) -> Iterator[Any]:
    """Which rows need their version still: of a job that has ended, nothing is left to be opened."""
    if column is Job.key_version:
        yield col(Job.state).in_(jobs.LIVE)


def _wrapped_by_root(hub: Hub, version: int) -> int:
    with hub.sessions.read() as session:
        wrapped = [one for one in session.exec(select(DomainKeyRow.wrapped)).all() if one]
        listed = shredlist.wrapped_key(session)
    return sum(hub.keys.provider.version_of(one) == version for one in [*wrapped, *listed] if one)


def _rotate_root(hub: Hub, actor: str) -> int:
    version = hub.keys.provider.rotate()
    with hub.sessions.begin() as session:
        audit.record(session, actor, "rotate-key", kind=ROOT, key_version=version)
    _rewrap_root(hub, actor)
    return version


def _rewrap_root(hub: Hub, actor: str) -> int:
    """Wrap the domain keys, and the key of the shred list, under the newest root version."""
    with hub.sessions.begin() as session:
        hub.dialect.exclusive(session.connection(), "domain keys")
        done = hub.keys.rewrap(session) + shredlist.rewrap(hub, session)
        audit.record(
            session, actor, "rewrap", kind=ROOT, key_version=hub.keys.provider.version, rows=done
        )
    shredlist.mend_file(hub)
    return done


def _refile(hub: Hub, actor: str, progress: Progress) -> dict[str, int]:
    done = refile(hub, actor=actor, progress=progress)
    return {"tokens": done.tokens, "left": done.left}


def _check(purpose: str) -> None:
    if purpose not in (ROOT, *PURPOSES):
        raise UsageError(
            f"There is no key for '{purpose}'.", f"Name one of: {', '.join((ROOT, *PURPOSES))}."
        )
