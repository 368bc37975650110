"""Bodies: JSON is read straight into what the route asks for, and no kinder than the description says.

Litestar would take `"5"` for a number and `0` for no; a description that promises numbers must not.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
from litestar import Request
from litestar.datastructures import FormMultiDict, State
from litestar.exceptions import ClientException, ValidationException
from litestar.types import Empty, Receive

from api.context import header
from api.problems import Problem, Wrong
from api.uploads import read_form
from mdm.cli.failures import masked

_NUL = rb"\u0000"  # the one way to write it in JSON


class Asked(Request[Any, Any, State]):
    """A request whose JSON is what its route reads, and whose files stay in memory."""

    async def form(self) -> FormMultiDict:
        """The fields of a form; files never touch the disk."""
        kind, options = self.content_type
        if self._form is Empty and kind == "multipart/form-data" and "boundary" in options:
            fields = read_form(await self.body(), options["boundary"].encode())
            self._form = FormMultiDict.from_form_data(fields)
            self._connection_state.form = fields
        return await super().form()

    async def body(self) -> bytes:
        """The body. One that comes in one piece, as nearly all do, is taken as it is: asked for more, the server
        would say that there is none in a turn of its own."""
        state, announced = self._connection_state, header(self, b"content-length")
        untouched = self._body is Empty and state.body is Empty and self.is_connected
        most = self.route_handler.resolve_request_max_body_size() or 0
        if untouched and announced and announced.isdecimal() and int(announced) <= most:
            event: Any = await self.receive()
            piece = event.get("body", b"")
            if event["type"] == "http.request" and len(piece) == int(announced):
                self._body = state.body = piece
                self.is_connected = False
            else:
                self.receive = _after(event, self.receive)
        return await super().body()

    async def json(self) -> Any:
        """The body as the route's type; as plain values where a route names none."""
        if self._json is Empty:
            field = self.route_handler.parsed_data_field
            wanted = field.annotation if field is not None else Any
            self._json = _read(await self.body() or b"null", wanted)
        return self._json


def _after(first: Any, rest: Receive) -> Receive:
    """What was received already, then the rest."""
    before = [first]

    async def receive() -> Any:
        return before.pop() if before else await rest()

    return receive


def _read(body: bytes, wanted: Any) -> Any:
    if _NUL in body:
        raise ClientException("No text holds a NUL.")  # no database keeps it
    _refuse_repeats(body)
    try:
        try:
            return msgspec.json.decode(body, type=wanted)
        except msgspec.ValidationError as error:
            if "got `float`" not in str(error):
                raise
            return msgspec.convert(_whole(msgspec.json.decode(body)), wanted)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `$.")
        wrong = {"message": message, "key": path.removesuffix("`"), "source": "body"}
        raise ValidationException("The body is not as described.", extra=[wrong]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ClientException("The body is not JSON.") from None


def _refuse_repeats(body: bytes) -> None:
    """Problem where a name stands twice in one object: readers disagree on which of the two values counts."""
    try:
        json.loads(body.decode(), object_pairs_hook=_once, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return  # no JSON: who reads it for its route says so


def _once(pairs: list[tuple[str, Any]]) -> None:
    names = [name for name, _ in pairs]
    if len(set(names)) == len(names):
        return
    name = masked(next(one for at, one in enumerate(names) if one in names[:at]))
    raise Problem(
        400,
        "repeated-field",
        f"{name}: stands more than once in one object.",
        "Send each field once; nothing was changed.",
        errors=[Wrong(name, "stands once", "Send this field once.")],
    )


def _whole(value: Any) -> Any:
    """To JSON 2.0 is a whole number."""
    if isinstance(value, dict):
        return {name: _whole(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_whole(part) for part in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value
