"""One task: taken, shown, opened, given back."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, cast

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, URLEncodedBody

from api.actions import declares
from api.web.flash import Flash
from api.web.forms import text
from api.web.pages import AnyRequest, page, see_other
from api.web.review.asked import NEXT, QUEUE, TASK, asked_of
from api.web.review.elsewhere import TEMPLATE as ELSEWHERE
from api.web.review.elsewhere import ElsewherePage, elsewhere
from api.web.review.showing import Taken, charge, take, task_page
from matching.rules import Kind
from mdm.access import Principal
from mdm.compose import Hub
from mdm.errors import UnknownError
from mdm.review import claims, queue
from mdm.review.answering import LONGEST_NOTE
from mdm.review.claims import ChangedError, TakenError
from mdm.touched import Settler

Form = URLEncodedBody[dict[str, Any]]
TEMPLATE = "review/task.html"


@declares("review.decide")
@get(NEXT, sync_to_thread=True)
def start(
    request: AnyRequest,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """On to the next task; a kind word when none is left."""
    settler.ask()  # warm by the time of the first answer
    asked = asked_of(request)
    with hub.sessions.read() as session:
        found = queue.next_for(session, principal, asked.filters)
    if found is not None:
        return see_other(TASK + found.id + asked.query)
    return page(request, ELSEWHERE, ElsewherePage("none", QUEUE + asked.query))


@declares("review.decide")
@get(TASK + "{task_id:str}", sync_to_thread=True)
def show(
    request: AnyRequest,
    task_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
    settler: NamedDependency[Settler],
) -> Response[bytes]:
    """The task, values masked. What its answer will read is read meanwhile."""
    try:
        taken = take(hub, principal, task_id)
    except (TakenError, ChangedError, UnknownError) as error:
        return elsewhere(request, hub, principal, task_id, error)
    settler.expect(cast(Kind, taken.task.kind), taken.ids)
    return page(request, TEMPLATE, task_page(request, hub, principal, taken))


@declares("review.open")
@post(TASK + "{task_id:str}/buka", status_code=200, sync_to_thread=True)
def opened(
    request: AnyRequest,
    task_id: FromPath[str],
    data: Form,
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """The task with its values plain: a reveal, on record before it leaves. What was arranged and
    noted stays. Whom it opens is counted on the reviewer's budget."""
    charge(hub, principal, task_id)
    try:
        taken = take(hub, principal, task_id, opened=True)
        groups = groups_of(taken, data)
    except (TakenError, ChangedError, UnknownError) as error:
        return elsewhere(request, hub, principal, task_id, error)
    context = task_page(
        request, hub, principal, taken, opened=True,
        groups=groups, note=text(data, "catatan", LONGEST_NOTE + 1), reason_given=text(data, "alasan"),
    )  # fmt: skip
    return page(request, TEMPLATE, context)


@declares("review.decide")
@post(TASK + "{task_id:str}/lepas", status_code=303, sync_to_thread=True)
def released(
    request: AnyRequest,
    task_id: FromPath[str],
    hub: NamedDependency[Hub],
    principal: NamedDependency[Principal],
) -> Response[bytes]:
    """Give the task back."""
    with hub.sessions.begin() as session:
        claims.release(session, principal, task_id)
    return see_other(QUEUE + asked_of(request).query, Flash("plain", "reviewing.released"))


def groups_of(taken: Taken, data: Mapping[str, Any]) -> dict[int, str]:
    """Place of a record → the group it was put into, or the record that leads it. ChangedError when the page showed
    others."""
    leads = taken.component.leads
    found = {place: text(data, f"g{lead}") for place, lead in enumerate(leads)}
    asked = {name for name in data if re.fullmatch(r"g\d+", name)}
    if not all(found.values()) or asked != {f"g{lead}" for lead in leads}:
        raise ChangedError
    return found
