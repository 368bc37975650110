"""The pairs of an entity: what was judged of them, and the waterfall of each match weight."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, cast

from litestar import Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, QueryParameter
from litestar.types import ControllerRouterHandler

from api.actions import declares
from api.web.auditor.sight import ACTION, Sight, find, find_then, looked
from api.web.evidence import reason
from api.web.forms import MOMENT, moment_of, typed
from api.web.pages import AnyRequest, page
from api.web.visitor import visitor_of
from api.web.waterfall import Bar, waterfall
from api.web.wording import IN, Wording
from matching.rules import Kind, LinkageRules, Thresholds
from mdm.compose import Hub
from mdm.errors import HubError
from mdm.hub.columns import now as clock
from mdm.touched.components import TooFarError
from mdm.tracing.component import Component, ComponentPair, look
from mdm.tracing.outline import places_of
from mdm.tracing.pairs import rules_then
from mdm.tracing.reasons import BY_WEIGHT
from mdm.tracing.values import Key


@dataclass(frozen=True)
class ShownPair:
    """Two records that were compared, by the numbers that sentences call them."""

    left: int
    right: int
    pair: ComponentPair
    reason: str
    bounds: Thresholds
    waterfall: tuple[Bar, ...]


@dataclass(frozen=True)
class PairsPage:
    """The pairs as of a moment, the heaviest first; None where the run kept none that can be shown. `run`: what
    readers saw then; None where nothing was published, or known of the entity."""

    entity_id: str
    on: datetime
    typed: str
    past: bool
    run: int | None
    pairs: list[ShownPair] | None
    unread: bool


@declares(ACTION)
@get("/telusur/{entity_id:str}/pasangan", sync_to_thread=True)
def pairs(
    request: AnyRequest,
    entity_id: FromPath[str],
    hub: NamedDependency[Hub],
    pada: Annotated[str | None, QueryParameter(name="pada", max_length=MOMENT)] = None,
) -> Response[bytes]:
    """Weights and words, as of a moment: nobody's values."""
    at = clock()
    asked = moment_of(pada or "")
    moment = asked or at
    with hub.sessions.read() as session:
        now = find(hub, session, request, entity_id=entity_id)
        sight = now if moment >= at else find_then(hub, session, request, now, moment)
        kind = cast(Kind, now.kind)
        rules = rules_then(session, (sight or now).target.run, kind)
    looked(hub, request, sight or now)
    context = PairsPage(
        now.entity_id,
        moment,
        typed(moment),
        moment < at,
        sight.target.run.seq if sight else None,
        _shown(IN[visitor_of(request).language], hub, sight, rules) if sight else [],
        unread=bool(pada) and asked is None,
    )
    return page(request, "auditor/pairs.html", context, status=422 if context.unread else 200)


def _shown(words: Wording, hub: Hub, sight: Sight, rules: LinkageRules) -> list[ShownPair] | None:
    """The pairs of what is looked at; None where the run kept none."""
    numbers = {key: at + 1 for key, at in places_of(sight.target.explanation).items()}
    component = _component(hub, sight, rules)
    if component is None:
        return None
    return [
        ShownPair(
            numbers[_key(component, one.left)],
            numbers[_key(component, one.right)],
            one,
            _reason(words, one),
            bounds := rules.held_to(one.reason),
            waterfall(one, rules.kind, words, bounds),
        )
        for one in sorted(component.pairs, key=lambda one: -(one.match_weight or 0))
        if _key(component, one.left) in numbers and _key(component, one.right) in numbers
    ]


def _reason(words: Wording, pair: ComponentPair) -> str:
    """Why it was judged so: by weight, by a guard, by a steward."""
    if pair.reason == BY_WEIGHT:
        return words.t(f"auditor.pairs.by-weight.{pair.judgement}")
    return reason(words, pair.reason)


def _component(hub: Hub, sight: Sight, rules: LinkageRules) -> Component | None:
    """The entity's records and pairs; None where the run, of an older version, kept none."""
    try:
        return look(hub, rules.kind, [sight.entity_id], run=sight.target.run, rules=rules)
    except (HubError, TooFarError):
        return None


def _key(component: Component, at: int) -> Key:
    source, layout, record_key = component.records[at].ref
    return source, layout, record_key


HANDLERS: list[ControllerRouterHandler] = [pairs]
