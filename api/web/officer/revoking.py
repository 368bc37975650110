"""Taking an approved step back: the form that proposes it, which says beforehand what goes along with it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from api.actions import declares
from api.web.flash import Flash
from api.web.officer.acting import Line, lines_of
from api.web.officer.desk import HOME, Show
from api.web.officer.sending import FORM_BYTES, brought
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from mdm.access import Principal
from mdm.compose import Hub
from mdm.corrections import retracting
from mdm.corrections.chain import PROPOSE, RefusedError, SentError
from mdm.corrections.document import CorrectionRules, KindRule, load_rules
from mdm.corrections.lists import Whole, open_whole
from mdm.corrections.terms import REVOKE, Check, File, Retraction


@dataclass(frozen=True)
class RevokePage:
    """The form. `checks`: what is to be said; `refused`: some stand in the way, `hopeless`: whatever is filled in;
    `goal`: the field that gets the focus, or `message`; `let_go`: files came with it, and are not kept."""

    rules: CorrectionRules
    rule: KindRule
    whole: Whole
    lines: Sequence[Line]
    checks: Sequence[Check]
    typed: Mapping[str, str]
    refused: bool
    hopeless: bool
    goal: str
    let_go: bool
    show: Any


@declares(PROPOSE)
@get(HOME + "/usulan/{correction:str}/batal", sync_to_thread=True)
def form(
    request: AnyRequest,
    correction: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """The form about one approved proposal, with what the checks say of taking it back."""
    return show_form(request, hub, principal, correction, {})


@declares(PROPOSE)
@post(HOME + "/usulan/{correction:str}/batal", status_code=303, request_max_body_size=FORM_BYTES)
async def send(
    request: AnyRequest,
    correction: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """Send it, or say what stands in the way."""
    typed, files = await brought(request)
    return await to_thread.run_sync(_send, request, hub, principal, correction, typed, files)


def _send(  # noqa: PLR0917 - what the form brought, and for whom
    request: AnyRequest,
    hub: Hub,
    principal: Principal,
    correction: str,
    typed: Mapping[str, str],
    files: Sequence[File],
) -> Response[bytes]:
    draft = Retraction(correction, typed.get("source_date", ""), typed.get("said", ""), files)
    try:
        made = retracting.propose(hub, principal, draft)
    except SentError as sent:
        return see_other(f"{HOME}/usulan/{sent.correction}", Flash("plain", "officer.sent-already"))
    except RefusedError as refused:
        let_go = any(one.content for one in files)
        return _page(
            request, hub, principal, correction, typed, refused.checks, status=422, let_go=let_go
        )
    return see_other(f"{HOME}/usulan/{made}", Flash("good", "officer.sent"))


def show_form(
    request: AnyRequest, hub: Hub, principal: Principal, correction: str, typed: Mapping[str, str]
) -> Response[bytes]:
    """The form before anything is sent; what is not filled in yet is no fault."""
    draft = Retraction(correction, typed.get("source_date", ""), typed.get("said", ""))
    checks = retracting.try_out(hub, principal, draft)
    said = [one for one in checks if not one.column]
    return _page(request, hub, principal, correction, typed, said, status=200)


def _page(  # noqa: PLR0917 - what a page needs, and what was typed
    request: AnyRequest,
    hub: Hub,
    principal: Principal,
    correction: str,
    typed: Mapping[str, str],
    checks: Sequence[Check],
    *,
    status: int,
    let_go: bool = False,
) -> Response[bytes]:
    language = visitor_of(request).language
    whole, rules = open_whole(hub, principal, correction), load_rules()
    refused = [one for one in checks if one.level == "refuse"]
    wrong = [one.column for one in refused]
    fields = {"source_date": "source_date", "said": "said", "evidence": "bukti"}
    goal = next((name for column, name in fields.items() if column in wrong), "message")
    context = RevokePage(
        rules,
        rules.kinds[REVOKE],
        whole,
        lines_of(language, whole.proposal, whole.names, whole.outcomes),
        checks,
        typed,
        bool(refused),
        "" in wrong,
        "message" if "" in wrong else goal,
        let_go,
        Show(language),
    )
    return page(request, "officer/revoke.html", context, status=status)
