"""`POST /v1/eligibility`: whether a person or the family is eligible, with every reason; and the same
for up to 10,000 NIKs at once."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
from litestar import Response, Router, post
from litestar.di import NamedDependency
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody

from api.actions import declares
from api.guard import denied, require
from api.schemas.eligibility import EXAMPLE, BatchQuestion, EligibilityQuestion
from mdm.access import Principal
from mdm.access.decide import decide
from mdm.access.terms import Resource
from mdm.compose import Hub
from mdm.desk import Desk
from mdm.eligibility import asking, batch
from mdm.eligibility.answers import BatchAnswer, EligibilityAnswer

ASK, MANY = "eligibility.ask", batch.ACTION
BODY_BYTES = 16 << 10
BATCH_BYTES = 1 << 20  # ten thousand NIKs are a fifth of it
JSON = "application/json"
_encode = msgspec.json.Encoder().encode


@declares(ASK)
@post(
    "/v1/eligibility",
    summary="Eligibility of one person or family",
    status_code=200,
    request_max_body_size=BODY_BYTES,
    tags=["eligibility"],
    responses={
        200: ResponseSpec(
            EligibilityAnswer,
            generate_examples=False,
            description="Eligible, not eligible or undetermined, each rule with what it saw.",
            examples=[Example(value=EXAMPLE)],
        ),
    },
)
async def one(
    data: JSONBody[EligibilityQuestion],
    principal: NamedDependency[Principal],
    desk: NamedDependency[Desk],
    hub: NamedDependency[Hub],
) -> Response[bytes]:
    """Whether one person, or the person's family, is eligible by the rules of the programmes named,
    as of a snapshot or of the newest published data.

    Each rule comes with its sentence, the values it saw, and pass, fail or unknown. Whatever is in
    doubt makes the answer undetermined, says what would settle it, and a benefit held is kept. A
    NIK under which there is nobody to see is undetermined too, never `not-eligible`. The question
    is in the audit log, durably, before the answer leaves.
    """
    allow(principal, ASK, data.purpose, data.programmes)
    asked = await asyncio.to_thread(_prepare, hub, data)
    question = asking.Eligibility(
        principal=principal,
        purpose=data.purpose,
        case=data.case,
        niks=(data.nik,),
        programmes=frozenset(data.programmes),
        seq=asked.as_of.run_seq or None,
        members=asked.needs_members,
        asked=asked,
    )
    return Response(_encode(await desk.ask(question)), media_type=JSON)


@declares(MANY)
@post(
    "/v1/eligibility/batch",
    summary="Eligibility of up to 10,000 persons or families",
    status_code=200,
    request_max_body_size=BATCH_BYTES,
    tags=["eligibility"],
    responses={
        200: ResponseSpec(
            BatchAnswer,
            generate_examples=False,
            description="Answers by name in the order asked; `words` has the sentences.",
        ),
    },
)
async def many(
    data: JSONBody[BatchQuestion], principal: NamedDependency[Principal], hub: NamedDependency[Hub]
) -> Response[bytes]:
    """The same for up to 10,000 NIKs: answers in the order asked, by the names of rules and doubts;
    their sentences are told once, under `words`. More NIKs go through a job.
    """
    allow(principal, MANY, data.purpose, data.programmes)
    body = await asyncio.to_thread(_answer, hub, principal, data)
    return Response(body, media_type=JSON)


def allow(principal: Principal, action: str, purpose: str, programmes: Sequence[str]) -> None:
    """Problem unless there is anybody about whom this may be asked, for these programmes."""
    require(principal, action, purpose)
    here = next(iter(principal.regions), None)
    wanted = Resource("person", here, programmes=frozenset(programmes))
    decision = decide(principal, action, wanted, purpose)
    if not decision.allowed:
        raise denied(decision.reason)


def _answer(hub: Hub, principal: Principal, data: BatchQuestion) -> bytes:
    asked = _prepare(hub, data)
    wanted = batch.Batch(principal, data.purpose, data.niks, asked, data.case)
    return batch.answer(
        hub, wanted, lambda items: _encode(BatchAnswer(asked.told(), asked.words(), items))
    )


def _prepare(hub: Hub, data: EligibilityQuestion | BatchQuestion) -> asking.Asked:
    """As of when and by which rules; these are kept before they answer."""
    with hub.sessions.read() as session:
        asked = asking.ask(hub, session, data.programmes, snapshot=data.snapshot, on=data.on)
    asking.keep_rules(hub, asked)
    return asked


router = Router("/", route_handlers=[one, many])
