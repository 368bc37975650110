"""The audit log for auditors: traces, search, proofs, verification, reports on breaches.

Nobody carries the number, somebody of another region carries it: both look the same.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from litestar import Router, get, post
from litestar.di import NamedDependency
from litestar.params import JSONBody, Parameter

from api.actions import declares
from api.guard import denied, require
from api.problems import Problem, Wrong
from api.schemas.audit import (
    BreachQuestion,
    Checkpoints,
    CheckpointView,
    ConsistencyQuestion,
    ConsistencyView,
    EventsPage,
    EventsQuestion,
    EventView,
    FaultView,
    ProofQuestion,
    ProofView,
    SubjectQuestion,
    TraceQuestion,
    VerifiedView,
    VerifyQuestion,
)
from api.whom import asked_for, may_see
from mdm import audit, tracing
from mdm.access import Principal, decide
from mdm.access.named import as_logged
from mdm.access.terms import Resource
from mdm.audit import Checkpoint
from mdm.audit.checkpoints import checkpoints, verifier_keys
from mdm.audit.proofs import prove, prove_growth
from mdm.audit.search import Wanted, search
from mdm.audit.verifying import verify
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.subjects import SubjectReport, breach
from mdm.subjects import report as subject_report
from mdm.subjects.breach import BreachReport
from mdm.tracing.facts import Trace
from mdm.work.progress import Silent

_BODY = 16 << 10
_MOST = 50_000  # events looked at for one page
_AGE = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))

Who = NamedDependency[Principal]
Where = NamedDependency[Hub]


def _post(path: str, summary: str) -> post:
    """A route that reads a question and changes nothing but the log."""
    return post(
        path, status_code=200, summary=summary, request_max_body_size=_BODY, sync_to_thread=True
    )


@declares("audit.trace")
@_post("/v1/audit/trace", "From golden values back to the rows they came from")
def trace(data: JSONBody[TraceQuestion], principal: Who, hub: Where) -> Trace:
    """Rule and losers, source records, judgements, pairs with weights and evidence, batch, file and
    row, rules and models, as of any moment. The act is in the audit log before the answer leaves."""
    require(principal, "audit.trace", data.purpose)
    request = tracing.TraceRequest(
        nik=data.nik,
        entity_id=data.subject,
        attributes=data.attributes,
        kind=data.kind,
        as_of=_moment(data.as_of),
        evidence=data.evidence,
        whole_records=data.whole_records,
    )
    _exactly_one(("nik", request.nik), ("subject", request.entity_id))
    act = ("audit.trace", data.purpose)
    target, decision = asked_for(hub, principal, act, request)
    request = may_see(target, decision, request)
    tracing.write_down(
        hub, target, request, actor=principal.id, purpose=data.purpose, case=data.case
    )
    return tracing.trace(hub, target, request, Silent())


@declares("subject.report")
@_post("/v1/subjects/report", "Everything held about one person, and who read it")
def report(data: JSONBody[SubjectQuestion], principal: Who, hub: Where) -> SubjectReport:
    """Values with sources and reasons, decisions about the records, answers given, everyone who read
    (UU 27/2022, articles 7 and 32). The act is in the audit log before the answer leaves."""
    require(principal, "subject.report", data.purpose)
    request = tracing.TraceRequest(nik=data.nik, entity_id=data.subject)
    _exactly_one(("nik", request.nik), ("subject", request.entity_id))
    act = ("subject.report", data.purpose)
    target, _ = asked_for(hub, principal, act, request)
    return subject_report(
        hub, target, Silent(), actor=principal.id, purpose=data.purpose, case=data.case
    )


@declares("breach.report")
@_post("/v1/audit/breach", "Whom a key, a client or a member of staff could have touched")
def report_breach(data: JSONBody[BreachQuestion], principal: Who, hub: Where) -> BreachReport:
    """Subjects, with counts by class of data, from the log (UU 27/2022, article 46)."""
    require(principal, "breach.report", data.purpose)
    decision = decide(principal, "breach.report", Resource("audit"), data.purpose)
    if not decision.allowed:
        raise denied(decision.reason)
    _exactly_one(("actor", data.actor), ("key", data.key))
    since, until = _moment(data.since), _moment(data.until)
    assert since is not None
    assert until is not None
    question = breach.Question(since, until, data.actor, data.key)
    return breach.report(hub, question, actor=principal.id, purpose=data.purpose, case=data.case)


@declares("audit.verify")
@_post("/v1/audit/events", "Search the audit log")
def events(data: JSONBody[EventsQuestion], principal: Who, hub: Where) -> EventsPage:
    """Events by actor, subject, action, purpose and time, the newest first. A page ends after as many
    events looked at, too, and may be empty: `before` leads on. A search is an event of its own, found
    by its subject too."""
    with hub.sessions.read() as session:
        wanted = Wanted(
            as_logged(session, data.actor),
            (data.subject,) if data.subject else (),
            data.action,
            data.purpose,
            _moment(data.since),
            _moment(data.until),
        )
        page = search(session, wanted, before=data.before, limit=data.limit, most=_MOST)
    with hub.sessions.begin() as session:
        audit.record(
            session,
            principal.id,
            "audit-search",
            user=data.actor,
            entity_id=data.subject,
            count=len(page.events),
        )
    seen = [EventView(e.seq, e.at, e.actor, e.action, e.details) for e in page.events]
    return EventsPage(seen, page.before)


@declares("audit.verify")
@get("/v1/audit/checkpoints", summary="Signed checkpoints, the newest first", sync_to_thread=True)
def list_checkpoints(
    hub: Where,
    below: Annotated[int, Parameter(ge=1, le=1 << 53, description="Of a smaller size.")] = 1 << 53,
    limit: Annotated[int, Parameter(ge=1, le=1000)] = 100,
) -> Checkpoints:
    """What was signed, and with which keys: keep a copy outside, and the log cannot be rewritten
    unseen."""
    with hub.sessions.read() as session:
        found = checkpoints(session, below=below, limit=limit)
        return Checkpoints([_shown(one) for one in found], verifier_keys(session))


@declares("audit.verify")
@post(
    "/v1/audit/checkpoints",
    status_code=201,
    summary="Sign the log as it stands",
    sync_to_thread=True,
)
def sign(hub: Where) -> CheckpointView:
    """A new checkpoint, for a witness; the standing one when nothing came since."""
    return _shown(audit.checkpoint(hub))


@declares("audit.verify")
@_post("/v1/audit/proof", "Prove that an event is in the log")
def proof(data: JSONBody[ProofQuestion], hub: Where) -> ProofView:
    """An inclusion proof under a signed checkpoint, for the offline verifier."""
    with hub.sessions.read() as session:
        try:
            shown = prove(session, data.event)
        except InputError as error:
            raise Problem(404, "no-such-event", error.message, error.hint) from None
    return ProofView(
        shown.seq,
        shown.event,
        shown.leaf_hash,
        shown.path,
        _shown(shown.checkpoint),
        shown.proof,
    )


@declares("audit.verify")
@_post("/v1/audit/consistency", "Prove that the log only grew")
def consistency(data: JSONBody[ConsistencyQuestion], hub: Where) -> ConsistencyView:
    """A consistency proof between two checkpoints."""
    with hub.sessions.read() as session:
        try:
            grown = prove_growth(session, data.old, data.new)
        except InputError as error:
            raise Problem(404, "no-such-checkpoint", error.message, error.hint) from None
    return ConsistencyView(_shown(grown.old), _shown(grown.new), grown.path)


@declares("audit.verify")
@_post("/v1/audit/verify", "Verify the whole log")
def verify_log(data: JSONBody[VerifyQuestion], hub: Where) -> VerifiedView:
    """Every event, every kept hash, every signature; with `profiles`, also every sealed profile, the index of NIKs and
    KKs, and the files of the lake."""
    found = verify(hub, Silent(), profiles=data.profiles)
    return VerifiedView(
        found.holds,
        found.events,
        found.checkpoints,
        found.profiles,
        found.unsigned,
        found.root,
        [FaultView(fault.what, fault.sentence, fault.seq) for fault in found.faults],
    )


def _exactly_one(*given: tuple[str, object]) -> None:
    if sum(value is not None for _, value in given) != 1:
        names = " or ".join(name for name, _ in given)
        wrong = Wrong(given[0][0], f"either {names}", "Send exactly one of the two.")
        raise Problem(422, "invalid", f"{wrong.field}: {wrong.rule}", wrong.hint, errors=[wrong])


def _moment(value: datetime | None) -> datetime | None:
    """The nearest moment of this age, which holds all that is in the log: others cannot be told in
    every time zone, nor in every database."""
    return value and min(max(value, _AGE[0]), _AGE[1])


def _shown(one: Checkpoint) -> CheckpointView:
    return CheckpointView(one.size, one.root, one.at, one.note)


_HANDLERS: list[Any] = [
    trace,
    report,
    report_breach,
    events,
    list_checkpoints,
    sign,
    proof,
    consistency,
    verify_log,
]
router = Router("/", route_handlers=_HANDLERS, tags=["audit"])
