"""Own forms only: a change that a browser says comes from another site is refused.

Forms of a session carry its token; this guards those before there is one: signing in, the first
account, the language. Browsers say where a request comes from in Sec-Fetch-Site, older ones in
Origin; who says neither is no browser that could be tricked.
"""

from __future__ import annotations

from urllib.parse import urlsplit

from litestar.handlers import BaseRouteHandler

from api.auth.identify import SAFE
from api.context import Connection, hub_of
from api.problems import Problem

_OWN = ("same-origin", "none")


def own_forms(connection: Connection, _handler: BaseRouteHandler) -> None:
    """Problem 403 for a change that another site began."""
    if connection.scope.get("method", "POST") in SAFE:
        return
    site, origin = connection.headers.get("sec-fetch-site"), connection.headers.get("origin")
    foreign = site not in _OWN if site else bool(origin) and not _ours(connection, origin or "")
    if foreign:
        raise Problem(403, "csrf", "The request comes from another site.", "Use the page itself.")


def _ours(connection: Connection, origin: str) -> bool:
    known = urlsplit(hub_of(connection).settings.access.issuer).netloc
    return urlsplit(origin).netloc in (connection.headers.get("host"), known)
