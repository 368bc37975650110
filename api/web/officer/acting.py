"""One proposal: the value when proposed beside the proposed one, checks, evidence, steps; and the reader's own step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.guard import denied
from api.web.flash import Flash
from api.web.forms import text
from api.web.officer import showing
from api.web.officer.desk import HOME, Show
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from api.web.wording import IN
from mdm.access import Principal, Resource, decide
from mdm.compose import Hub
from mdm.corrections import chain, returns
from mdm.corrections.building import REGISTRY
from mdm.corrections.chain import READ, DoneError
from mdm.corrections.document import CorrectionRules, load_rules
from mdm.corrections.lists import Whole, open_evidence, open_whole
from mdm.corrections.outcomes import Outcome
from mdm.corrections.revoking import StoppedError
from mdm.corrections.terms import PURPOSE, Proposal
from mdm.days import today
from mdm.errors import AccessError, ConflictError, InputError
from mdm.touched import Settler

_Form = URLEncodedBody[dict[str, Any]]


@dataclass(frozen=True)
class Line:
    """One attribute of a proposal: whom it is about, the value when proposed, the proposed one, what became of it."""

    who: str
    label: str
    was: str
    proposed: str
    outcome: Outcome | None


@dataclass(frozen=True)
class Beside:
    """What two profiles that are said to be one held of the same: its name, and both values."""

    label: str
    values: tuple[str, str]


@dataclass(frozen=True)
class ProposalPage:
    """One proposal, whole; of one that takes another back, the lines of that. `beside`: the two of a merge."""

    rules: CorrectionRules
    whole: Whole
    lines: Sequence[Line]
    beside: Sequence[Beside]
    show: Any
    wrong: str = ""


@declares(READ)
@get(HOME + "/usulan/{correction:str}", sync_to_thread=True)
def proposal(
    request: AnyRequest,
    correction: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """The proposal. Opening it is in the audit log before it is shown."""
    whole = open_whole(hub, principal, correction)
    if whole.step == load_rules().chain[-1]:
        settler.ask()  # warm by the time it is approved
    return _page(request, whole)


@declares(READ)
@post(
    HOME + "/usulan/{correction:str}",
    status_code=303,
    request_max_body_size=16_384,
    sync_to_thread=True,
)
def act(
    request: AnyRequest,
    correction: FromPath[str],
    *,
    data: _Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """Agree, send back, or withdraw. What the last one approves goes into the golden records at once."""
    what, note = text(data, "langkah", 20), text(data, "catatan", chain.LONGEST_NOTE)
    version = text(data, "versi", 9)
    seen = int(version) if version.isdecimal() else 0
    here = f"{HOME}/usulan/{correction}"
    try:
        if what == "tarik":
            chain.withdraw(hub, principal, correction, version=seen)
            return see_other(HOME, Flash("plain", "officer.withdrawn"))
        if what == "kembalikan":
            chain.send_back(hub, principal, correction, version=seen, note=note)
            return see_other(HOME, Flash("plain", "officer.sent-back"))
        if what not in {step.act for step in load_rules().chain}:
            raise NotFoundException
        chain.agree(hub, principal, correction, what, version=seen, note=note)
        if what == load_rules().chain[-1].act:
            settler.ask()
    except (ConflictError, AccessError) as error:
        return see_other(here, _why_not(error))
    except InputError:
        if what != "kembalikan" or note.strip():
            raise
        return _page(request, open_whole(hub, principal, correction), "officer.must-say-why", 422)
    return see_other(HOME, Flash("good", f"officer.agreed.{what}"))


def _why_not(error: ConflictError | AccessError) -> Flash:
    """Why a step was not taken, as true as can be told."""
    if isinstance(error, DoneError):
        return Flash("plain", "officer.done-already")
    if isinstance(error, StoppedError):
        numbers = str(error.check.value or "")
        return Flash("bad", f"officer.stopped.{error.check.code}", {"numbers": numbers})
    return Flash(
        "bad", "officer.meanwhile" if isinstance(error, ConflictError) else "officer.four-eyes"
    )


@declares(READ)
@get(HOME + "/usulan/{correction:str}/bukti/{file:str}", sync_to_thread=True)
def evidence(
    correction: FromPath[str],
    file: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """One file of evidence, to be saved; the opening is in the audit log before."""
    found = open_evidence(hub, principal, correction, file)
    headers = {"Content-Disposition": f"attachment; filename*=UTF-8''{quote(found.name)}"}
    return Response(found.content, media_type=found.media_type, headers=headers)


@declares("correction.deliver")
@post(HOME + "/balikan", status_code=200, request_max_body_size=4096, sync_to_thread=True)
def return_file(
    hub: NamedDependency[Hub], principal: NamedDependency[Principal]
) -> Response[bytes]:
    """The return file for Kemendagri; what it tells is marked as told and watched from now on."""
    decision = decide(principal, "correction.deliver", Resource("correction"), PURPOSE)
    if not decision.allowed:
        raise denied(decision.reason)
    lines = returns.deliver(hub, REGISTRY, actor=principal.id)
    name = f"data-balikan-{today():%Y%m%d}.csv"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(returns.as_csv(lines), media_type="text/csv; charset=utf-8", headers=headers)


def _page(request: AnyRequest, whole: Whole, wrong: str = "", status: int = 200) -> Response[bytes]:
    language = visitor_of(request).language
    taken = whole.taken
    shown = taken or whole
    lines = lines_of(language, shown.proposal, shown.names, whole.outcomes)
    beside = _beside(language, shown.proposal)
    context = ProposalPage(load_rules(), whole, lines, beside, Show(language), wrong)
    return page(request, "officer/proposal.html", context, status=status)


def _beside(language: Any, proposal: Proposal) -> list[Beside]:
    merge = proposal.merge
    if merge is None:
        return []
    first, second = merge.was
    return [
        Beside(
            IN[language].label(merge.kind, name),
            (
                showing.value(language, merge.kind, name, value),
                showing.value(language, merge.kind, name, second.get(name)),
            ),
        )
        for name, value in first.items()
    ]


def lines_of(
    language: Any, proposal: Proposal, names: Mapping[str, str], outcomes: Sequence[Outcome]
) -> list[Line]:
    """What a proposal says, attribute by attribute, in words."""
    rules, words = load_rules(), IN[language]
    became = {(one.part.key, one.attribute): one for one in outcomes}
    found = []
    for part in proposal.parts:
        who = names.get(part.entity_id or "") or str(part.columns.get("name") or "")
        if part.kind == "family":
            who = words.t("officer.family")
        for attribute in part.attributes:
            said = {
                name: part.columns[name]
                for name in rules.columns(part.kind, attribute)
                if part.columns.get(name) is not None
            }
            whole_said = said if len(rules.columns(part.kind, attribute)) > 1 else None
            value = whole_said or next(iter(said.values()), None)
            shown = showing.value(language, part.kind, attribute, value)
            if attribute == "kk" and str(value).startswith("0"):
                shown = words.t("officer.no-card")
            if attribute == "birth":
                shown = showing.value(language, part.kind, attribute, {"birth_date": value})
            found.append(
                Line(
                    who,
                    words.label(part.kind, attribute),
                    showing.value(language, part.kind, attribute, part.was.get(attribute)),
                    shown,
                    became.get((part.key, attribute)),
                )
            )
    return found
