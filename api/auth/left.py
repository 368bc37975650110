"""Left forms: a form that comes when the session it was drawn in is over is kept for whoever it was drawn for.

Only a form that says by its owner's token that the hub drew it is kept, or read to its end; of its files nothing is
held.
What is kept: `mdm/access/left.py`; how it is shown again: `api/web/left.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from anyio import to_thread
from litestar import Request
from litestar.datastructures import UploadFile
from litestar.exceptions import HTTPException
from multipart import (  # type: ignore[import-untyped]
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)

from api.actions import action_of
from api.context import Connection, hub_of
from api.uploads import MOST_PARTS
from mdm.access import left
from mdm.access.left import MOST, Left

COOKIE = "__Host-dtsen-left"
SECONDS = int(left.LIFE.total_seconds())
CSRF_FIELD, OWNER_FIELD = "csrf", "pemilik"
URL_ENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
_STATE = "left"
_BODY = 4 * MOST  # bytes of a body: as much text as is kept, escaped
_SIGNING = "session."  # actions whose forms hold passwords and codes: never kept

_AnyRequest = Request[Any, Any, Any]
_Fields = Sequence[tuple[str, str]]


async def put_by(connection: Connection, only: str | None = None) -> None:
    """Keep the form of a request that is about to be refused. `only`: if it is this person's, who is there."""
    action = action_of(connection.scope["route_handler"]) or ""
    if not isinstance(connection, Request) or action.startswith(_SIGNING):
        return
    try:
        found = await _read(connection, whole=only is not None)
    except (HTTPException, MultipartError, UnicodeDecodeError, LookupError):
        return  # broken, too large, or whoever sent it is gone
    owner = _owner(connection, found[0]) if found else None
    if found is None or owner is None or only not in (None, owner):
        return
    fields = [(name, value) for name, value in found[0] if name not in (CSRF_FIELD, OWNER_FIELD)]
    if sum(len(name) + len(value) for name, value in fields) > MOST:
        return
    query = connection.url.query
    path = connection.url.path + (f"?{query}" if query else "")
    one, hub = Left(path, fields, found[1]), hub_of(connection)
    connection.scope["state"][_STATE] = await to_thread.run_sync(left.keep, hub, owner, one)


def put_by_now(connection: Connection) -> str | None:
    """The secret of what this request left, for its browser; None where it left nothing."""
    secret: str | None = connection.scope["state"].get(_STATE)
    return secret


async def gone_on(connection: Connection, staff_id: str) -> None:
    """A form of this session was sent: what was left before is not asked for any more."""
    if COOKIE in connection.cookies:
        await to_thread.run_sync(left.drop, hub_of(connection), staff_id)


async def _read(request: _AnyRequest, *, whole: bool) -> tuple[_Fields, bool] | None:
    """The fields of a form, and whether files came with it; None for what is none of ours. `whole`: as for any form of
    somebody who is signed in."""
    kind, options = request.content_type
    if kind == MULTIPART and not whole:
        return await _passing_files_over(request, options.get("boundary", "").encode())
    length = request.headers.get("content-length", "")
    if kind != MULTIPART and not (
        kind == URL_ENCODED and length.isdecimal() and int(length) <= _BODY
    ):
        return None
    sent = (await request.form()).multi_items()
    fields = [(name, value) for name, value in sent if isinstance(value, str)]
    return fields, any(isinstance(value, UploadFile) for _, value in sent)


async def _passing_files_over(request: _AnyRequest, boundary: bytes) -> tuple[_Fields, bool] | None:
    """So that the browser, which goes on sending them, hears the answer."""
    form, ours = _Texts(boundary), False
    async with aclosing(request.stream()) as chunks:
        async for chunk in chunks:
            form.take(chunk)
            if form.files and not ours:
                ours = _owner(request, form.fields) is not None
            if form.size > _BODY or (form.files and not ours):
                return None
    return form.fields, form.files


class _Texts:
    """The texts of a form with files, as it comes. Of a file only that there is one."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: list[tuple[str, str]] = []
        self.files, self.size = False, 0
        self._parser = PushMultipartParser(boundary, max_segment_count=MOST_PARTS)
        self._segment: MultipartSegment | None = None
        self._content = bytearray()

    def take(self, chunk: bytes) -> None:
        """The next piece of the body; an empty one ends it."""
        for part in self._parser.parse(chunk):
            if isinstance(part, MultipartSegment):
                self._segment, self._content = part, bytearray()
                self.files = self.files or bool(part.filename)
            elif self._segment is None or self._segment.filename:
                continue
            elif part:
                self.size += len(part)
                self._content += part
            else:
                text = self._content.decode(self._segment.charset or "utf-8")
                self.fields.append((self._segment.name, text))


def _owner(connection: Connection, fields: _Fields) -> str | None:
    said = dict(fields)
    token, csrf = said.get(OWNER_FIELD, ""), said.get(CSRF_FIELD, "")
    return left.owner_of(hub_of(connection), token, csrf)
