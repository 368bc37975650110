"""`POST /v1/profiles/lookup`: one person's profile by NIK, for a purpose."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import cache
from typing import Any

import msgspec
from litestar import Request, Response, Router, post
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import Example
from litestar.params import JSONBody

from api.actions import declares
from api.context import desk_of, hub_of, principal_of
from api.guard import require
from api.problems import NOT_LISTED, Problem, Wrong, invalid
from api.ready import Ready
from api.refusals import respond
from api.schemas.lookup import EXAMPLE, FIELDS, Found, Identity, LookupQuestion, Source
from mdm import questions
from mdm.access import Principal
from mdm.compose import Hub
from mdm.desk import Moment
from mdm.desk.revealing import Lookup, Revealed, sources
from mdm.eligibility import snapshots
from mdm.seal.pseudonyms import Pseudonyms
from mdm.survivorship import load_rules as load_survivorship
from reference.sentences import Sentence

ACTION = "profile.lookup"
BODY_BYTES = 16 << 10
_FIELDS = frozenset(FIELDS)
_encode = msgspec.json.Encoder().encode

NOBODY = Problem(
    404,
    "nobody",
    "There is no profile to show under this NIK for this purpose.",
    "Check the number. What lies outside your regions or is restricted looks the same.",
)


class Renderer:
    """Turns what may be seen into the bytes that are sent, for one principal."""

    def __init__(
        self, hub: Hub, principal: Principal, *, sources: bool, snapshot: str | None = None
    ) -> None:
        # Staff call an entity by its id; a programme by a name that only it uses.
        self._names = Pseudonyms(hub.keys, principal.id) if principal.kind == "client" else None
        self._sources = sources
        self._snapshot = snapshot

    def __call__(self, moment: Moment, seen: Revealed) -> bytes:
        shown, entity_id = seen.shown, seen.person.person.entity_id
        told = Found(
            subject=self._names.of(entity_id) if self._names else entity_id,
            identity=_identity(seen),
            person=shown["person"],
            family=shown.get("family"),
            household=shown.get("household"),
            run=moment.seq,
            as_of=moment.at.isoformat() if moment.at else None,
            snapshot=self._snapshot,
            withheld=seen.withheld,
        )
        if self._sources:
            told.sources = _sources(seen)
        return _encode(told)


def _identity(seen: Revealed) -> Identity:
    person = seen.person
    own = person.person
    status = own.body["identity_status"]
    open_ = person.open.get(own.entity_id, ())
    return Identity(
        status=status,
        sentence=_statuses().get(status) or Sentence(status, status),
        confidence=questions.confidence(len(own.body["records"]), open_).name,
        under_review=person.doubt is not None or person.also_on > 0,
    )


@cache
def _statuses() -> dict[str, Sentence]:
    """Identity status → what it means."""
    return load_survivorship().statuses


def _sources(seen: Revealed) -> dict[str, dict[str, Source]]:
    person = seen.person
    return {
        one.kind: {name: Source(*said) for name, said in sources(one, seen.shown[one.kind]).items()}
        for one in (person.person, person.family, person.household)
        if one is not None
    }


@declares(ACTION)
@post(
    "/v1/profiles/lookup",
    summary="One person's profile by NIK",
    status_code=200,
    request_max_body_size=BODY_BYTES,
    tags=["profiles"],
    responses={
        200: ResponseSpec(
            Found,
            generate_examples=False,
            description="The fields that may be seen, as of the run named.",
            examples=[Example(value=EXAMPLE)],
        ),
    },
)
async def lookup(
    request: Request[Any, Any, Any], data: JSONBody[LookupQuestion]
) -> Response[bytes]:
    """The person behind a NIK with family and household: the fields that this client or member of
    staff may see for this purpose, each with source and date on request; as of a snapshot or of the
    newest published data.

    The reveal is in the audit log, durably, before the answer leaves.
    """
    principal = principal_of(request)
    require(principal, ACTION, data.purpose)
    _refuse_unknown(data.fields or ())
    name = data.snapshot
    seq = None if name is None else await asyncio.to_thread(_run_of, hub_of(request), name)
    question = Lookup(
        principal=principal,
        seq=seq,
        snapshot=name,
        purpose=data.purpose,
        niks=(data.nik,),
        case=data.case,
        asked=frozenset(data.fields) if data.fields else None,
        render=Renderer(hub_of(request), principal, sources="sources" in data.with_, snapshot=name),
    )
    body = await desk_of(request).ask(question)
    if body is None:
        return respond(request, NOBODY)
    return Ready(body)


def _refuse_unknown(fields: Sequence[str]) -> None:
    """Problem for names that nothing has: beside what is withheld they would look like it."""
    wrong = [
        Wrong(f"fields[{place}]", NOT_LISTED, f"It is one of: {', '.join(_alike(name))}.")
        for place, name in enumerate(fields)
        if name not in _FIELDS
    ]
    if wrong:
        raise invalid(wrong)


def _alike(name: str) -> Sequence[str]:
    """The names of the same kind; all, where the kind is none."""
    kind, _, _ = name.partition(".")
    return [one for one in FIELDS if one.startswith(f"{kind}.")] or FIELDS


def _run_of(hub: Hub, name: str) -> int:
    """The run that a snapshot froze. UnknownError where there is none of this name."""
    with hub.sessions.read() as session:
        return snapshots.find(session, name).run_seq


router = Router("/", route_handlers=[lookup])
