"""Proposing: a form per kind, checked first, then sent with its evidence. It works without the script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from anyio import to_thread
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery

from api.actions import declares
from api.web.flash import Flash
from api.web.left import left_by
from api.web.officer.desk import HOME, Show
from api.web.officer.fields import MEMBER, REGENCY, VALUE, Asked, ask, regencies, regency_of
from api.web.officer.revoking import show_form
from api.web.officer.sending import FORM_BYTES, LONGEST, brought
from api.web.pages import AnyRequest, page, see_other
from api.web.visitor import visitor_of
from mdm.access import Principal
from mdm.compose import Hub
from mdm.corrections import chain
from mdm.corrections.chain import PROPOSE, RefusedError, SentError
from mdm.corrections.document import CorrectionRules, KindRule, load_rules
from mdm.corrections.lists import open_whole
from mdm.corrections.redrafting import redraft
from mdm.corrections.sheet import Entry, Sheet, open_sheet
from mdm.corrections.terms import REVOKE, Check, Draft, File

VILLAGES = "desa"  # the step that only offers the villages of another regency


@dataclass(frozen=True)
class FormPage:
    """A form. `checks`: by column, what is to be said; `refused`: some stand in the way; `checked`: it may be sent now,
    with evidence; `going`: the regency whose villages are offered, `regencies` those there are, where a village is
    asked for; `goal`: the field that gets the focus, or `message`; `let_go`: files came with it, and are not kept."""

    rules: CorrectionRules
    kind: str
    rule: KindRule
    attribute: str
    sheet: Sheet
    asked: Asked
    checks: Sequence[Check]
    typed: Mapping[str, str]
    refused: bool
    checked: bool
    show: Any
    going: str
    goal: str
    let_go: bool
    regencies: Mapping[str, Sequence[tuple[str, str]]]


@declares(PROPOSE)
@get(HOME + "/usul/{entity_id:str}", sync_to_thread=True)
def form(  # noqa: PLR0917 - what the service brings, and what is asked for
    request: AnyRequest,
    entity_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    jenis: FromQuery[str] = "correct-value",
    isian: FromQuery[str] = "",
) -> Response[bytes]:
    """The form of one kind about a person or a family."""
    sheet = open_sheet(hub, principal, entity_id, PROPOSE)
    # A form left when a session ended: the villages it chose from are offered again.
    before = left_by(request)
    here = before is not None and before.path.partition("?")[0] == request.url.path
    typed = {name: value[:LONGEST] for name, value in before.fields} if before and here else {}
    return _page(request, sheet, entity_id, jenis, isian, typed, None)


@declares(PROPOSE)
@get(HOME + "/usulan/{correction:str}/lagi", sync_to_thread=True)
def again(
    request: AnyRequest,
    correction: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """The form of one's own proposal that came back, as it was filled in, with what the checks say today."""
    whole = open_whole(hub, principal, correction)
    if whole.back and (revokes := whole.proposal.revokes) is not None:
        typed = {"source_date": str(whole.proposal.source_date), "said": whole.proposal.said}
        return show_form(request, hub, principal, revokes.correction, typed)
    draft = redraft(load_rules(), whole.proposal) if whole.back else None
    if draft is None:
        raise NotFoundException
    checks = _but_evidence(chain.try_out(hub, principal, draft))
    sheet = open_sheet(hub, principal, draft.entity_id, PROPOSE)
    typed = {"source_date": draft.source_date, "said": draft.said}
    typed |= {VALUE + column: value for column, value in draft.values.items()}
    typed |= {MEMBER + one: relation for one, relation in draft.members.items()}
    return _page(
        request,
        sheet,
        draft.entity_id,
        draft.kind,
        draft.attribute or "",
        typed,
        checks,
        status=200,
    )


@declares(PROPOSE)
@post(HOME + "/usul/{entity_id:str}", status_code=303, request_max_body_size=FORM_BYTES)
async def send(
    request: AnyRequest,
    entity_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """Check it, send it, or offer the villages of another regency for it."""
    typed, files = await brought(request)
    return await to_thread.run_sync(_act, request, entity_id, hub, principal, typed, files)


def _act(  # noqa: PLR0917 - what the form brought, and for whom
    request: AnyRequest,
    entity_id: str,
    hub: Hub,
    principal: Principal,
    typed: Mapping[str, str],
    files: Sequence[File],
) -> Response[bytes]:
    kind, attribute = typed.get("jenis", ""), typed.get("isian", "")
    if kind not in load_rules().kinds or kind == REVOKE:
        raise NotFoundException
    draft = Draft(
        kind,
        entity_id,
        attribute or None,
        _named(typed, VALUE),
        _named(typed, MEMBER),
        typed.get("source_date", ""),
        typed.get("said", ""),
        files,
    )
    checks: Sequence[Check] | None
    if typed.get("langkah") == VILLAGES:
        checks = None
    elif typed.get("langkah") == "kirim":
        try:
            made = chain.propose(hub, principal, draft)
        except SentError as sent:
            return see_other(
                f"{HOME}/usulan/{sent.correction}", Flash("plain", "officer.sent-already")
            )
        except RefusedError as refused:
            checks = refused.checks
        else:
            return see_other(f"{HOME}/usulan/{made}", Flash("good", "officer.sent"))
    else:
        checks = _but_evidence(chain.try_out(hub, principal, draft))
    sheet = open_sheet(hub, principal, entity_id, PROPOSE)
    let_go = any(one.content for one in files)
    return _page(request, sheet, entity_id, kind, attribute, typed, checks, let_go=let_go)


def _page(  # noqa: PLR0917 - all that a form shows
    request: AnyRequest,
    sheet: Sheet,
    entity_id: str,
    kind: str,
    attribute: str,
    typed: Mapping[str, str],
    checks: Sequence[Check] | None,
    status: int | None = None,
    *,
    let_go: bool = False,
) -> Response[bytes]:
    """`checks`: None where nothing was asked of them yet."""
    rules, language = load_rules(), visitor_of(request).language
    entry = _entry(sheet, entity_id)
    if kind not in rules.kinds or kind == REVOKE or entry is None:
        raise NotFoundException
    checked, checks = checks is not None, checks or ()
    village = typed.get(VALUE + "region_code", "") if checked else ""
    going = regency_of(sheet, village[:REGENCY] or typed.get("tujuan", ""))
    asked = ask(rules, language, sheet, entry, kind, attribute, typed, checks, going)
    villages = any(one.name == VALUE + "region_code" for one in asked.fields)
    refused = [one for one in checks if one.level == "refuse"]
    checked = checked and all(one.column == "evidence" for one in refused)
    context = FormPage(
        rules,
        kind,
        rules.kinds[kind],
        attribute,
        sheet,
        asked,
        checks,
        typed,
        bool(refused),
        checked,
        Show(language),
        going,
        _goal(asked, refused, checks, checked=checked) if checks or checked else _next(typed),
        let_go,
        regencies() if villages else {},
    )
    return page(request, "officer/form.html", context, status=status or (422 if refused else 200))


def _next(typed: Mapping[str, str]) -> str:
    return VALUE + "region_code" if typed else ""


def _goal(asked: Asked, refused: Sequence[Check], checks: Sequence[Check], *, checked: bool) -> str:
    """Where the focus goes after a check: the first field that stands in the way, else what was said, else the
    evidence."""
    wrong = {one.column for one in refused}
    for field in (*asked.fields, *asked.members):
        if any(one.level == "refuse" for one in field.checks):
            return field.name
    if "members" in wrong and asked.members:
        return asked.members[0].name
    if "source_date" in wrong:
        return "source_date"
    if checked and (wrong or not checks):
        return "bukti"
    return "message"


def _but_evidence(checks: Sequence[Check]) -> list[Check]:
    """It is asked for when all else is well."""
    return [one for one in checks if one.column != "evidence"]


def _entry(sheet: Sheet, entity_id: str) -> Entry | None:
    held = (sheet.family, *sheet.members)
    return next((one for one in held if one and one.entity_id == entity_id), None)


def _named(typed: Mapping[str, str], start: str) -> dict[str, str]:
    return {name.removeprefix(start): one for name, one in typed.items() if name.startswith(start)}
