"""The visitor: who looks at a page, in which language. Open pages are looked at by anybody."""

from __future__ import annotations

from dataclasses import dataclass

from api.auth.identify import visiting
from api.context import PRINCIPAL, Connection, hub_of
from api.web.languages import language_of
from mdm.access import Principal, may
from mdm.access.left import owner_token
from reference.sentences import Language

_VISITOR = "visitor"


@dataclass(frozen=True)
class Visitor:
    """Somebody in front of a browser. `missing`: what must be done before the roles count.

    `principal` is None for who is not signed in. `idle_minutes`: after which the session ends. `owner`: what forms
    say of whom they were drawn for.
    """

    language: Language
    principal: Principal | None = None
    login: str = ""
    csrf: str = ""
    owner: str = ""
    missing: tuple[str, ...] = ()
    idle_minutes: int = 0

    def may(self, action: str) -> bool:
        """Whether there is anything on which this action is allowed, for some purpose."""
        if self.principal is None:
            return False
        decision = may(self.principal, action)
        return decision.allowed or decision.reason == "purpose-missing"

    @property
    def id(self) -> str:
        """Who it is, as the audit log names them. LookupError for nobody."""
        if self.principal is None:
            raise LookupError("nobody is signed in")
        return self.principal.id


def visitor_of(connection: Connection) -> Visitor:
    """Who looks. On an open page it asks the hub once, for a cookie that was sent."""
    state = connection.scope["state"]
    if _VISITOR not in state:
        state[_VISITOR] = _look(connection)
    visitor: Visitor = state[_VISITOR]
    return visitor


def _look(connection: Connection) -> Visitor:
    language = language_of(connection)
    session = visiting(connection)
    if session is None:
        return Visitor(language, connection.scope["state"].get(PRINCIPAL))
    (entered, csrf), hub = session, hub_of(connection)
    return Visitor(
        language,
        entered.principal,
        entered.login,
        csrf,
        owner_token(hub, entered.principal.id, csrf),
        entered.missing,
        hub.settings.access.session_idle_minutes,
    )
