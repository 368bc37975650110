"""Questions asked without a server: one at the desk, many at once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import msgspec

from mdm.access import Principal
from mdm.access.decide import decide
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.eligibility import asking, batch
from mdm.eligibility.answers import BatchAnswer, EligibilityAnswer, Item
from tests.decide.world import PROGRAMMES, client


def prepared(
    hub: Hub, programmes: Sequence[str], snapshot: str | None = None, on: date | None = None
) -> asking.Asked:
    with hub.sessions.read() as session:
        asked = asking.ask(hub, session, programmes, snapshot=snapshot, on=on)
    asking.keep_rules(hub, asked)
    return asked


def one(
    hub: Hub,
    nik: str,
    programmes: Sequence[str] = PROGRAMMES,
    *,
    principal: Principal | None = None,
    snapshot: str | None = None,
    on: date | None = None,
) -> EligibilityAnswer:
    asked = prepared(hub, programmes, snapshot, on)
    question = asking.Eligibility(
        principal=principal or client(),
        purpose="assistance",
        niks=(nik,),
        programmes=frozenset(programmes),
        seq=asked.as_of.run_seq or None,
        members=asked.needs_members,
        asked=asked,
    )
    (answer,) = Desk(hub, decide).answer([question])
    if isinstance(answer, BaseException):
        raise answer
    return msgspec.json.decode(msgspec.json.encode(answer), type=EligibilityAnswer)


def many(
    hub: Hub,
    niks: Sequence[str],
    programmes: Sequence[str] = PROGRAMMES,
    *,
    principal: Principal | None = None,
    snapshot: str | None = None,
) -> BatchAnswer:
    asked = prepared(hub, programmes, snapshot)
    wanted = batch.Batch(principal or client(), "assistance", niks, asked)
    items = [msgspec.json.decode(one, type=Item) for one in batch.answer(hub, wanted).items]
    return BatchAnswer(asked.told(), asked.words(), items)


def plain(answer: EligibilityAnswer) -> bytes:
    return msgspec.json.encode(answer)


def outcomes(answer: EligibilityAnswer) -> dict[str, str]:
    return {of.programme: of.answer for of in answer.answers}
