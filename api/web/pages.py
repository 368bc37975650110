"""Pages: a template and its context become an answer, in the visitor's language.

    return page(request, "overview/home.html", HomePage(waiting=…))

A context is a frozen dataclass; its fields are the names that the template knows, beside those of
`_common` and the macros `ui`. Where the script asks for one region (`X-Partial: name`), only the
block `name` of the template is drawn; so a block sets and imports for itself what it needs.
"""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

from jinja2 import Environment
from litestar import Request, Response
from litestar.datastructures import Cookie

from api.web import assets, back, left
from api.web.flash import Flash, flash_of, gone, to_cookie
from api.web.navigation import areas_for
from api.web.visitor import visitor_of
from api.web.wording import IN, Wording
from mdm.templates import templates_in

TEMPLATES = Path(__file__).parent / "templates"
HTML = "text/html; charset=utf-8"
PARTIAL = "x-partial"
_MESSAGES = '<div id="pesan">'  # of the layout
_AROUND = frozenset(
    ("title", "head", "scripts", "keys", "help", "language", "main")
)  # blocks that are no region
_WORTH_PACKING = 1024  # bytes
_IN_ADDRESSES = "/?#%&=:@+,;!$'()*~"  # all else of a path that was asked for is written as %…

AnyRequest = Request[Any, Any, Any]


@cache
def environment() -> Environment:
    """The templates: everything escaped, an unknown name is an error."""
    made = templates_in(TEMPLATES)
    made.globals["asset"] = assets.address
    return made


def warm() -> None:
    """Read every template, so that nobody waits for the first."""
    for path in TEMPLATES.rglob("*.html"):
        environment().get_template(path.relative_to(TEMPLATES).as_posix())


def page(
    request: AnyRequest,
    template: str,
    context: Any = None,
    *,
    status: int = 200,
    cookies: Sequence[Cookie] = (),
    headers: Mapping[str, str] | None = None,
) -> Response[bytes]:
    """The page, whole or one region of it; packed where the browser takes that."""
    html = render(request, template, context, part=request.headers.get(PARTIAL))
    html = _with_left(request, html)
    held = [*cookies, *left.spent(request)]
    if flash_of(request) is not None:
        held.append(gone())
    return _send(request, html, status, held, headers or {})


def see_other(
    path: str, flash: Flash | None = None, *, cookies: Sequence[Cookie] = ()
) -> Response[bytes]:
    """After a change: on to the page that shows it."""
    held = [*cookies, to_cookie(flash)] if flash else list(cookies)
    headers = {"Location": quote(path, safe=_IN_ADDRESSES)}
    return Response(b"", status_code=303, headers=headers, cookies=held)


def done(request: AnyRequest, path: str, flash: Flash) -> Response[bytes]:
    """As `see_other`; where the script shows the page after it already (`X-Ahead`), the sentence alone."""
    if left.AHEAD not in request.headers:
        return see_other(path, flash)
    names = {**_common(request), "flash": flash}
    return _send(request, environment().get_template("flash.html").render(names), 200, [], {})


def render(request: AnyRequest, template: str, context: Any = None, part: str | None = None) -> str:
    """The text of a page, or of its block `part` with the page's title and the flash message beside it."""
    names = {**_common(request), **_fields(context)}
    names["ui"] = environment().get_template("macros.html").make_module(names)
    found = environment().get_template(template)
    if part is None or part in _AROUND or part not in found.blocks:
        return found.render(names)
    title, drawn = ("".join(found.blocks[one](found.new_context(names))) for one in ("title", part))
    drawn = f"<title>{title} · {names['t']('layout.name')}</title>{drawn}"
    return drawn + environment().get_template("flash.html").render(names)


def _with_left(request: AnyRequest, html: str) -> str:
    """The page with the form that was sent when the session had ended, as it was filled in."""
    html, again = left.shown_again(request, html)
    if again is None or (PARTIAL in request.headers and not again.here):
        return html
    names = {**_common(request), "again": again}
    said = environment().get_template("left.html").render(names)
    before, place, after = html.partition(_MESSAGES)
    return f"{before}{place}{said}{after}" if place else html + said


def _fields(context: Any) -> dict[str, Any]:
    if context is None:
        return {}
    return {field.name: getattr(context, field.name) for field in fields(context)}


def _common(request: AnyRequest) -> dict[str, Any]:
    """What every template knows."""
    visitor = visitor_of(request)
    words: Wording = IN[visitor.language]
    return {
        "visitor": visitor,
        "may": visitor.may,
        "lang": visitor.language,
        "areas": areas_for(visitor),
        "path": request.url.path,
        "here": back.here(request),
        "flash": flash_of(request),
        "t": words.t,
        "rich": words.rich,
        "said": words.said,
        "label": words.label,
        "number": words.number,
        "share": words.share,
        "day": words.day,
        "month": words.month,
        "clock": words.clock,
        "moment": words.moment,
        "duration": words.duration,
    }


def _send(
    request: AnyRequest, html: str, status: int, cookies: list[Cookie], more: Mapping[str, str]
) -> Response[bytes]:
    body = html.encode()
    headers = {**more, "Vary": "Accept-Encoding, Cookie, X-Partial"}
    # What a page holds of the session (the CSRF token) is safe from guesses at its packed length:
    # the cookie is SameSite=Strict, so another site's request gets the page of nobody.
    if len(body) >= _WORTH_PACKING and "gzip" in request.headers.get("accept-encoding", ""):
        body = gzip.compress(body, 5, mtime=0)
        headers["Content-Encoding"] = "gzip"
    return Response(body, status_code=status, media_type=HTML, headers=headers, cookies=cookies)
