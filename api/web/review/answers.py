"""An answer from a page becomes judgements; the golden record shows it before the next task is asked."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import wait
from typing import Any

from litestar import Response, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.actions import declares
from api.web.complete import chosen
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, done, page, see_other
from api.web.review.asked import NEXT, QUEUE, TASK, UNDO, asked_of
from api.web.review.elsewhere import elsewhere
from api.web.review.showing import Taken, take, task_page
from api.web.review.tasks import TEMPLATE, Form, groups_of
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import Principal
from mdm.compose import Hub
from mdm.errors import AccessError, ConflictError, UnknownError
from mdm.hub.tables import ReviewAnswer, ReviewTask
from mdm.judgements import RecordRef
from mdm.review import queue
from mdm.review.answering import LONGEST_NOTE, Given, answer
from mdm.review.claims import ChangedError, TakenError
from mdm.review.contradictions import ContradictedError
from mdm.review.partitions import Partition, different, part
from mdm.review.undoing import last_of, undo
from mdm.review.words import LINK
from mdm.touched import TOO_FAR, Settler, Waiting

VISIBLE, LATER, NEXT_RUN = "visible", "later", "next-run"
SETTLE_SECONDS = 20.0  # a run of the whole country may be under way: then it waits
CANNOT_SAY = "?"
_ANSWERS = ("sama", "beda", "ragu", "bagi")  # the last: the groups as they were arranged
#: Where the reviewer names none, what the answer itself says.
_REASONS = {"sama": "same_details", "beda": "other_details", "bagi": "other_person"}


@declares("review.decide")
@post(TASK + "{task_id:str}", status_code=303, sync_to_thread=True)
def answered(
    request: AnyRequest,
    *,
    task_id: FromPath[str],
    data: Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """Take the answer; a contradiction is shown before anything is written."""
    # Who overrules what contradicts sends the groups as they stand.
    action = "bagi" if text(data, "tindih") == "ya" else chosen(data, "aksi", _ANSWERS)
    try:
        taken = take(hub, principal, task_id)
        groups = groups_of(taken, data)
        said = _partition(taken, data, groups)
        given = answer(hub, principal, _given(taken, data, said))
    except (TakenError, ChangedError, UnknownError) as error:
        return elsewhere(request, hub, principal, task_id, error)
    except ContradictedError as error:
        context = task_page(
            request, hub, principal, taken,
            groups=_as_groups(taken, said), note=text(data, "catatan", LONGEST_NOTE + 1),
            reason_given=text(data, "alasan"), contradicted=error.found,
        )  # fmt: skip
        return page(request, TEMPLATE, context, status=409)
    seen = when_seen(settler) if given.judgements else VISIBLE
    key = f"reviewing.answered.{given.state if given.state != 'decided' else seen}"
    words = IN[visitor_of(request).language]
    told = words.t(f"reviewing.answer.{action}")
    flash = Flash("good", key, {"answer": told})
    return done(request, _next(request, hub, principal, taken.task), flash)


@declares("review.decide")
@post(UNDO, status_code=303, sync_to_thread=True)
def undone(
    request: AnyRequest,
    data: Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """Take the last answer back, or the one named; its task is in hand again."""
    query = asked_of(request).query
    with hub.sessions.read() as session:
        if "jawaban" in data:
            last = session.get(ReviewAnswer, text(data, "jawaban", 64))
        else:
            last = last_of(session, principal)
    if last is None:
        return see_other(QUEUE + query, Flash("plain", "reviewing.undo.nothing"))
    try:
        if undo(hub, principal, last.id):
            when_seen(settler)
    except (AccessError, ConflictError, UnknownError):
        return see_other(QUEUE + query, Flash("bad", "reviewing.undo.failed"))
    return see_other(TASK + last.task_id + query, Flash("good", "reviewing.undo.done"))


def _next(request: AnyRequest, hub: Hub, principal: Principal, done: ReviewTask) -> str:
    asked = asked_of(request)
    with hub.sessions.read() as session:
        found = queue.following(session, principal, asked.filters, done)
    return (TASK + found.id if found else NEXT) + asked.query


def when_seen(settler: Settler) -> str:
    """When readers see it. The answer is kept in any case: what must wait, or failed (the settler tells of that), is
    settled later by itself; what reaches too far, by the next whole run."""
    asked = settler.ask()
    wait([asked], SETTLE_SECONDS)
    if not asked.done() or asked.exception() is not None:
        return LATER
    done = asked.result()
    if isinstance(done, Waiting) and done.reason != TOO_FAR:
        return LATER
    too_far = isinstance(done, Waiting) or (done is not None and done.deferred > 0)
    return NEXT_RUN if too_far else VISIBLE


def _given(taken: Taken, data: Mapping[str, Any], said: Partition) -> Given:
    records = taken.component.records
    places = sorted(range(len(records)), key=lambda place: records[place].ref)
    order = {place: at for at, place in enumerate(places)}
    evidence = [
        [order[pair.left], order[pair.right], pair.match_weight, pair.reason]
        for pair in taken.component.pairs
    ]
    version = text(data, "versi")
    action = text(data, "aksi")
    return Given(
        task_id=taken.task.id,
        version=int(version) if version.isdecimal() else -1,
        partition=said,
        entities=_entities(taken),
        reason=text(data, "alasan")
        or ("cannot_tell" if not said.groups else _REASONS.get(action, "other_person")),
        note=text(data, "catatan", LONGEST_NOTE + 1) or None,
        evidence=evidence,
        overrule=text(data, "tindih") == "ya",
    )


def _partition(taken: Taken, data: Mapping[str, Any], groups: Mapping[int, str]) -> Partition:
    refs: list[RecordRef] = [record.ref for record in taken.component.records]
    action = text(data, "aksi")
    if action == "ragu":
        return part([], refs, of=refs)
    if action == "sama":
        return part([refs], of=refs)
    if action == "beda":
        return part(different(_entities(taken), _links(taken)), of=refs)
    by: dict[str, list[RecordRef]] = {}
    for place, ref in enumerate(refs):
        by.setdefault(groups[place], []).append(ref)
    return part(
        (of for name, of in by.items() if name != CANNOT_SAY), by.get(CANNOT_SAY, ()), of=refs
    )


def _entities(taken: Taken) -> dict[RecordRef, str]:
    return {record.ref: record.entity_id for record in taken.component.records}


def _links(taken: Taken) -> list[tuple[RecordRef, RecordRef, float | None]]:
    """The links that hold, a human's without a weight, as those among records that nothing parts here."""
    refs = [record.ref for record in taken.component.records]
    bound = [
        (refs[lead], refs[at], None) for at, lead in enumerate(taken.component.leads) if lead != at
    ]
    return bound + [
        (refs[pair.left], refs[pair.right], None if pair.reason == "human" else pair.match_weight)
        for pair in taken.component.pairs
        if pair.judgement == LINK and not pair.passed_over
    ]


def _as_groups(taken: Taken, said: Partition) -> dict[int, str]:
    """The groups of an answer as the form shows them."""
    place = {ref: str(at) for at, group in enumerate(said.groups, 1) for ref in group}
    return {
        at: place.get(record.ref, CANNOT_SAY) for at, record in enumerate(taken.component.records)
    }
