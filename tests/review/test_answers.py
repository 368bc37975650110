"""Answers become judgements, once as many agree as must; undo takes them back."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor, wait

import pytest
import sqlalchemy as sa
from sqlmodel import select

from mdm.errors import AccessError, ConflictError, InputError
from mdm.hub.columns import now
from mdm.hub.tables import AuditEvent, ReviewAnswer
from mdm.review.answering import Given
from mdm.review.claims import ChangedError, TakenError, locked
from mdm.review.contents import opened
from mdm.review.contradictions import ContradictedError
from mdm.review.figures import figures
from mdm.review.forgetting import forget
from mdm.review.queue import Filters, next_for
from mdm.review.undoing import last_of, undo
from tests.review.desk import ANI, BUDI, CITRA, HEAD, A, B, C, Desk, E, F, refs


def test_an_answer_is_judgements_one_event_each_and_nothing_open(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.claim(ANI, desk.need(desk.only(), 1))
    done = desk.same(ANI, task, A, B, note="Ibu kandung sama, 3201154503880002")
    assert (done.state, done.judgements) == ("decided", len(desk.words()))
    assert set(desk.standing().values()) == {"link"}
    assert set(desk.reasons()) == {"same_details"}
    assert desk.tasks("decided")
    with desk.hub.sessions.read() as session:
        events = [json.loads(one.event) for one in session.exec(select(AuditEvent)).all()]
        (held,) = session.exec(select(ReviewAnswer)).all()
        dump = session.connection().execute(sa.text("SELECT * FROM review_answer")).all()
    told = [one for one in events if one["action"] == "review"]
    assert told[0]["entity_id"] == sorted([A, B])
    assert told[0]["decision"] == "same"
    assert sum(one["action"] == "judge" for one in events) == done.judgements
    assert held.seconds is not None
    # Nothing of a note or a record stands in the open.
    assert b"3201154503880002" not in repr((dump, events)).encode()
    assert f"{A}-0" not in repr((dump, events))


def test_who_looked_at_something_else_is_told_so_and_nothing_is_written(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 1)
    with pytest.raises(ChangedError):
        desk.same(ANI, task, A, B, version=task.version - 1)
    desk.claim(BUDI, task)
    with pytest.raises(TakenError):
        desk.same(ANI, task, A, B)
    desk.publish((A, B, 0.5), (B, C, 2.0))
    with pytest.raises(ChangedError):
        desk.same(BUDI, task, A, B, C)
    with pytest.raises(InputError, match="reason"):
        desk.same(ANI, desk.only(), A, B, C, reason="because")
    assert desk.words() == []
    desk.same(ANI, desk.need(desk.only(), 1), A, B, C)
    with pytest.raises(ChangedError) as told:
        desk.same(BUDI, desk.task(task.id), A, B, C)
    assert told.value.by == ANI.id


def test_records_of_others_cannot_be_judged_through_a_task(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (E, F, 1.0))
    task = desk.tasks()[frozenset({A, B})]
    from mdm.review.answering import answer  # noqa: PLC0415
    from mdm.review.partitions import part  # noqa: PLC0415

    entities = {ref: one for one in (A, B, E) for ref in refs(one)}
    said = part([list(entities)], of=entities.keys())
    with pytest.raises(ChangedError):
        answer(desk.hub, ANI, Given(task.id, task.version, said, entities, "typing"))
    assert desk.words() == []


def test_the_second_reviewer_decides_without_seeing_the_first(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 2)
    assert desk.same(ANI, task, A, B).state == "waiting"
    assert desk.words() == []
    assert desk.task(task.id).version == task.version
    with pytest.raises(ChangedError):
        desk.same(ANI, task, A, B)
    with desk.hub.sessions.read() as session:
        assert next_for(session, ANI, Filters()) is None
        assert next_for(session, BUDI, Filters()) is not None
    assert desk.same(BUDI, task, A, B).state == "decided"
    assert set(desk.standing().values()) == {"link"}
    with desk.hub.sessions.read() as session:
        seen = figures(session, HEAD, now())
    assert seen.agreement is not None
    assert (seen.agreement.pairs, seen.agreement.same) == (1, 1.0)
    assert seen.decided == 1  # a task, whoever had to agree


def test_a_third_decides_when_two_disagree(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 2)
    desk.same(ANI, task, A, B)
    assert desk.apart(BUDI, task, A, B).state == "waiting"
    assert desk.apart(CITRA, task, A, B).state == "decided"
    assert "non-link" in desk.standing().values()
    with desk.hub.sessions.read() as session:
        states = {one.actor: one.state for one in session.exec(select(ReviewAnswer)).all()}
    assert states == {ANI.id: "outvoted", BUDI.id: "decided", CITRA.id: "decided"}


def test_three_different_answers_wait_for_a_supervisor(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (B, C, 1.0))
    task = desk.need(desk.only(), 2)
    desk.same(ANI, task, A, B, C)
    desk.apart(BUDI, task, A, B, C)
    done = desk.say(CITRA, task, [[*refs(A), *refs(B)], refs(C)])
    assert done.state == "parked"
    assert desk.words() == []
    assert desk.task(task.id).parked == "disagreement"
    with pytest.raises(Exception, match="no such task"):
        desk.claim(ANI, task)
    assert desk.apart(HEAD, desk.task(task.id), A, B, C).state == "decided"


def test_a_large_merge_needs_two_whatever_the_task_asked_for(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (B, C, 1.0), (A, E, 1.0), (E, F, 1.0))
    task = desk.need(desk.only(), 1)
    everybody = (A, B, C, E, F)
    assert desk.same(ANI, task, *everybody).state == "waiting"
    assert desk.same(BUDI, task, *everybody).state == "decided"


def test_who_cannot_say_hands_it_on_and_then_to_a_supervisor(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 1)
    everything = [*refs(A), *refs(B)]
    assert desk.say(ANI, task, [], everything, reason="cannot_tell").state == "unsure"
    with desk.hub.sessions.read() as session:
        assert next_for(session, ANI, Filters()) is None
        assert next_for(session, BUDI, Filters()) is not None
    assert desk.say(BUDI, task, [], everything, reason="cannot_tell").state == "parked"
    assert desk.task(task.id).parked == "unsure"
    assert desk.words() == []


def test_a_contradiction_is_told_before_anything_is_written(desk: Desk) -> None:
    desk.publish((E, F, 0.5))
    desk.apart(CITRA, desk.need(desk.only(), 1), E, F)
    desk.publish((A, B, 0.5))
    desk.apart(ANI, desk.need(desk.only(), 1), A, B, reason="twins")
    desk.publish((A, B, 0.5), (B, C, 0.5))
    task = desk.need(desk.only(), 1)
    before = desk.words()
    with pytest.raises(ContradictedError) as told:
        desk.same(BUDI, task, A, B, C)
    (one,) = told.value.found
    assert one.against is not None
    assert (one.against.actor, one.against.reason, one.against.judgement) == (
        ANI.id, "twins", "non-link",
    )  # fmt: skip
    assert desk.words() == before
    looked_at: set[str] = set()
    sa.event.listen(ReviewAnswer, "load", look := lambda one, _: looked_at.add(one.actor))
    done = desk.same(BUDI, task, A, B, C, overrule=True)
    sa.event.remove(ReviewAnswer, "load", look)
    assert looked_at == {ANI.id}  # whoever answered what is not overruled is left alone
    assert done.state == "decided"
    assert desk.standing()[frozenset((refs(A)[0], refs(B)[0]))] == "link"
    with desk.hub.sessions.read() as session:
        seen = figures(session, HEAD, now())
        assert seen.overruled == 1
        assert {one.actor: one.overruled for one in seen.reviewers}[ANI.id] == 1


def test_undo_gives_back_what_stood_before(desk: Desk) -> None:
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 1)
    desk.apart(ANI, task, A, B)
    stood = desk.standing()
    desk.publish((A, B, 0.5), (B, C, 0.5))
    task = desk.need(desk.only(), 1)
    done = desk.same(BUDI, task, A, B, C, overrule=True)
    with pytest.raises(AccessError):
        undo(desk.hub, ANI, done.answer_id)
    assert undo(desk.hub, BUDI, done.answer_id) > 0
    assert desk.standing() == stood
    again = desk.task(task.id)
    assert (again.status, again.claimed_by, again.version) == ("open", BUDI.id, task.version + 1)
    with pytest.raises(ConflictError):
        undo(desk.hub, BUDI, done.answer_id)
    with desk.hub.sessions.read() as session:
        assert last_of(session, BUDI) is None
    desk.same(BUDI, again, A, B, C, overrule=True)
    with desk.hub.sessions.read() as session:
        last = last_of(session, BUDI)
    assert last is not None
    undo(desk.hub, HEAD, last.id)  # a supervisor's undo counts as overruled
    with desk.hub.sessions.read() as session:
        assert {o.actor: o.overruled for o in figures(session, HEAD, now()).reviewers}[BUDI.id] >= 1


def test_what_an_undo_gave_back_is_its_answers_again(desk: Desk) -> None:
    """The answer that was overruled meanwhile stands once more, and can be taken back as before."""
    desk.publish((A, B, 0.5))
    first = desk.apart(ANI, desk.need(desk.only(), 1), A, B)
    desk.publish((A, B, 0.5), (B, C, 0.5))
    over = desk.same(ANI, desk.need(desk.only(), 1), A, B, C, overrule=True)
    with desk.hub.sessions.read() as session:
        assert (
            figures(session, HEAD, now()).overruled == 0
        )  # who mends an own answer is not overruled
    undo(desk.hub, ANI, over.answer_id)
    with desk.hub.sessions.read() as session:
        assert {o.actor: o.overruled for o in figures(session, HEAD, now()).reviewers}[ANI.id] == 0
    assert undo(desk.hub, ANI, first.answer_id) > 0
    assert not desk.standing()


def test_an_answer_is_taken_back_once_however_often_that_is_asked_at_once(desk: Desk) -> None:
    """As by a double click: the other has read that it stands, and waits for its turn at the task."""
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 1)
    done = desk.same(ANI, task, A, B)
    with ThreadPoolExecutor() as pool:
        with desk.hub.sessions.begin() as session:
            locked(session, ANI, task.id)
            doing = [pool.submit(undo, desk.hub, who, done.answer_id) for who in (ANI, ANI)]
            wait(doing, 0.5)
        refused = [one.exception() for one in doing]
    assert [type(one) for one in refused if one] == [ConflictError]
    assert desk.task(task.id).version == task.version + 1


def test_what_people_settled_is_not_asked_again(desk: Desk) -> None:
    """The decided task is over once a run that knows the answer leaves nothing open."""
    desk.publish((A, B, 0.5))
    task = desk.need(desk.only(), 1)
    done = desk.apart(ANI, task, A, B)
    desk.publish()
    assert desk.task(task.id).status == "closed"
    undo(desk.hub, ANI, done.answer_id)
    desk.publish((A, B, 0.5))
    assert desk.only().id == task.id


def test_an_erased_person_leaves_tasks_and_what_was_said_of_them(desk: Desk) -> None:
    desk.publish((A, B, 0.5), (B, C, 1.0))
    task = desk.need(desk.only(), 2)
    desk.same(ANI, task, A, B, C)
    gone = set(refs(A))
    with desk.hub.sessions.begin() as session:
        assert forget(desk.hub, session, [A], gone.__contains__) == 1
    left = desk.task(task.id)
    assert (set(desk.tasks()), left.records) == ({frozenset({B, C})}, task.records - 10)
    with desk.hub.sessions.read() as session:
        (held,) = session.exec(select(ReviewAnswer)).all()
        assert opened(desk.hub, session, held) is None
    assert desk.same(BUDI, left, B, C).state == "waiting"
    with desk.hub.sessions.begin() as session:
        assert forget(desk.hub, session, [B, C], gone.__contains__) == 0
    assert desk.task(task.id).status == "closed"
