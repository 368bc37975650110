"""A small country whose doubts a test can set, and people who answer them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlmodel import col, select

from mdm import judgements
from mdm.access import Principal
from mdm.compose import Hub
from mdm.hub.tables import Judgement, ReviewTask, ReviewTaskEntity
from mdm.judgements import RecordRef
from mdm.review.answering import Answered, Given, answer
from mdm.review.claims import claim
from mdm.review.partitions import part
from tests.decide.world import DENPASAR, Country, Household, adult

PEOPLE = [adult(n) for n in range(1, 9)]
A, B, C, D, E, F, G, H = (one.id for one in PEOPLE)
BOGOR_FAMILY = Household(1, PEOPLE[:4])
OTHER_FAMILY = Household(2, PEOPLE[4:6])
FAR_FAMILY = Household(3, PEOPLE[6:], region=DENPASAR)
CALM = Country([BOGOR_FAMILY, OTHER_FAMILY, FAR_FAMILY])


def staff(name: str, role: str = "steward", *regions: str) -> Principal:
    """A member of staff with one role, of the whole country or of regions."""
    return Principal(f"staff:{name}", "staff", frozenset([role]), regions or ("",))


ANI, BUDI, CITRA = staff("ani"), staff("budi"), staff("citra")
HEAD = staff("head", "supervisor")


def refs(entity: str, n: int = 2) -> list[RecordRef]:
    """Records of an entity, of two providers."""
    return [RecordRef(("kemendagri", "kemensos")[k % 2], "rows", f"{entity}-{k}") for k in range(n)]


class Desk:
    """Tasks of one hub, seen and answered."""

    def __init__(self, hub: Hub) -> None:
        self.hub = hub

    def publish(self, *doubts: tuple[str, str, float], **more: Any) -> int:
        """Publish the country with these pairs under review."""
        return replace(CALM, duplicates=doubts, **more).publish(self.hub)

    def tasks(self, status: str = "open") -> dict[frozenset[str], ReviewTask]:
        """Entities → the task about them."""
        with self.hub.sessions.read() as session:
            found = session.exec(select(ReviewTask).where(ReviewTask.status == status)).all()
            rows = session.exec(select(ReviewTaskEntity)).all()
        of = {one.id: {row.entity_id for row in rows if row.task_id == one.id} for one in found}
        return {frozenset(of[one.id]): one for one in found}

    def task(self, task_id: str) -> ReviewTask:
        with self.hub.sessions.read() as session:
            return session.get_one(ReviewTask, task_id)

    def only(self) -> ReviewTask:
        """The one open task."""
        (found,) = self.tasks().values()
        return found

    def need(self, task: ReviewTask, answers: int) -> ReviewTask:
        """Let a task need so many answers."""
        with self.hub.sessions.begin() as session:
            held = session.get_one(ReviewTask, task.id)
            held.needed = answers
            session.add(held)
        return self.task(task.id)

    def claim(self, who: Principal, task: ReviewTask) -> ReviewTask:
        with self.hub.sessions.begin() as session:
            return claim(session, who, task.id)

    def say(
        self,
        who: Principal,
        task: ReviewTask,
        groups: Iterable[Iterable[RecordRef]],
        unsure: Sequence[RecordRef] = (),
        **more: Any,
    ) -> Answered:
        """Answer a task as it is, or as `version` says."""
        with self.hub.sessions.read() as session:
            query = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task.id)
            entities = {ref: one for one in session.exec(query).all() for ref in refs(one)}
        given = Given(
            task_id=task.id,
            version=more.pop("version", task.version),
            partition=part(groups, unsure, of=entities.keys()),
            entities=entities,
            reason=more.pop("reason", "same_details"),
            **more,
        )
        return answer(self.hub, who, given)

    def same(self, who: Principal, task: ReviewTask, *entities: str, **more: Any) -> Answered:
        """All records of these entities are one person."""
        return self.say(who, task, [[ref for one in entities for ref in refs(one)]], **more)

    def apart(self, who: Principal, task: ReviewTask, *entities: str, **more: Any) -> Answered:
        """The entities are what they are."""
        return self.say(who, task, [refs(one) for one in entities], **more)

    def words(self) -> list[tuple[frozenset[RecordRef], str, str]]:
        """(records, judgement, actor) of every judgement, in order."""
        with self.hub.sessions.read() as session:
            return [
                (frozenset(pair), held.judgement, held.actor)
                for held, pair in judgements.pairs(self.hub, session)
            ]

    def standing(self) -> dict[frozenset[RecordRef], str]:
        """Records → the word that stands, those taken back left out."""
        last = {pair: said for pair, said, _ in self.words()}
        return {pair: said for pair, said in last.items() if said != "review"}

    def reasons(self) -> list[str]:
        with self.hub.sessions.read() as session:
            query = select(Judgement.reason).order_by(col(Judgement.seq))
            return list(session.exec(query).all())
