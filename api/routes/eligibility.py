"""`POST /v1/eligibility`: whether a person or the family is eligible, with every reason; and the same
for up to 10,000 NIKs at once."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody

from api.actions import declares
from api.context import desk_of, helper_of, hub_of, principal_of
from api.guard import require
from api.ready import Ready
from api.schemas.eligibility import BATCH_EXAMPLE, EXAMPLE, BatchQuestion, EligibilityQuestion
from mdm.compose import Hub
from mdm.eligibility import batch, shares
from mdm.eligibility.answers import BatchAnswer, BatchTold, EligibilityAnswer
from mdm.eligibility.asking import Asked, Eligibility
from mdm.eligibility.common import Common
from mdm.eligibility.helper import Helper
from mdm.eligibility.near import ATTRIBUTES, Near, Who, beside

ASK, MANY = "eligibility.ask", shares.ACTION
BODY_BYTES = 16 << 10
BATCH_BYTES = 1 << 20  # ten thousand NIKs are a fifth of it
COMMON = "eligibility_common"  # in the state of the application
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
    request: Request[Any, Any, Any], data: JSONBody[EligibilityQuestion]
) -> Response[bytes]:
    """Whether one person, or the person's family, is eligible by the rules of the programmes named,
    as of a snapshot or of the newest published data.

    Each rule comes with its sentence, the values it saw, and pass, fail or unknown. Whatever is in
    doubt makes the answer undetermined, says what would settle it, and a benefit held is kept. A
    NIK under which there is nobody to see is undetermined too, never `not-eligible`. With `who`, a
    number that is somebody else's makes the answer undetermined, and where it is nobody's, whether a
    person of that name and birth date has one that differs by a slip. The question is in the audit
    log, durably, before the answer leaves.
    """
    principal = principal_of(request)
    require(principal, ASK, data.purpose, data.programmes)
    asked = await _asked(request, data)
    who = Who(data.who.name, data.who.birth_date) if data.who else None
    question = Eligibility(
        principal=principal,
        purpose=data.purpose,
        case=data.case,
        niks=(data.nik,),
        programmes=frozenset(data.programmes),
        seq=asked.as_of.run_seq or None,
        members=asked.needs_members,
        attributes=asked.attributes | (ATTRIBUTES if who else set()),
        asked=asked,
        who=who,
    )
    answer = await desk_of(request).ask(question)
    if who is not None and answer is asked.nobody and await _near(request, question, who):
        answer = asked.near
    return Ready(_encode(answer))


async def _near(request: Request[Any, Any, Any], of: Eligibility, who: Who) -> bool:
    """Whether somebody like that has a number like the one that nobody has."""
    seq = of.asked.as_of.run_seq
    ids, in_vain = await asyncio.to_thread(beside, hub_of(request), of.niks[0], seq)
    question = Near(
        principal=of.principal,
        purpose=of.purpose,
        case=of.case,
        entities=ids,
        in_vain=in_vain,
        programmes=of.programmes,
        seq=seq or None,
        who=who,
        nik=of.niks[0],
    )
    found: bool = await desk_of(request).ask(question)
    return found


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
            examples=[Example(value=BATCH_EXAMPLE)],
        ),
    },
)
async def many(request: Request[Any, Any, Any], data: JSONBody[BatchQuestion]) -> Response[bytes]:
    """The same for up to 10,000 NIKs: answers in the order asked, by the names of rules and doubts;
    their sentences are told once, under `words`. More NIKs go through a job.
    """
    principal = principal_of(request)
    require(principal, MANY, data.purpose, data.programmes)
    asked = await _asked(request, data)
    wanted = batch.Batch(principal, data.purpose, data.niks, asked, data.case)
    helper = helper_of(request)
    body = await asyncio.to_thread(_answer, hub_of(request), wanted, helper)
    return Ready(body)


def _answer(hub: Hub, wanted: batch.Batch, helper: Helper) -> bytes:
    asked, told = wanted.asked, batch.answer(hub, wanted, helper)
    return _encode(BatchTold(asked.told(), asked.words(), told.items))


async def _asked(
    request: Request[Any, Any, Any], data: EligibilityQuestion | BatchQuestion
) -> Asked:
    """As of when and by which rules. A thread is taken only where the hub must be looked at."""
    state = request.app.state
    common: Common | None = state.get(COMMON)
    if common is None:
        common = state[COMMON] = Common(hub_of(request))
    asking = data.programmes, data.snapshot, data.on
    known = common.known(*asking)
    return known if known is not None else await asyncio.to_thread(common.ask, *asking)


router = Router("/", route_handlers=[one, many])
