"""The description as it is served: Litestar's, with what requests must look like told exactly.

Litestar leaves out what msgspec demands of the entries of a list, and that unknown fields are
refused; here the schemas of all that is asked come from msgspec, which is what checks them.
"""

from __future__ import annotations

import json
from typing import Any

import msgspec
import yaml
from litestar import Litestar, Request
from litestar.enums import OpenAPIMediaType
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.plugins import OpenAPIRenderPlugin

_REFERENCE = "#/components/schemas/{name}"
_AnyRequest = Request[Any, Any, Any]


class Document(OpenAPIRenderPlugin):
    """The description in one form, made once."""

    def __init__(self, path: list[str], media_type: OpenAPIMediaType) -> None:
        super().__init__(path=path, media_type=media_type)
        self._made: bytes | None = None

    def render(self, request: _AnyRequest, openapi_schema: dict[str, Any]) -> bytes:
        """The description as bytes."""
        if self._made is None:
            self._made = self._write(exact(request.app, openapi_schema))
        return self._made

    def _write(self, said: dict[str, Any]) -> bytes:
        text = json.dumps(_in_their_words(said), ensure_ascii=False, default=str)
        if self.media_type is OpenAPIMediaType.OPENAPI_YAML:
            text = yaml.safe_dump(json.loads(text), allow_unicode=True, sort_keys=False)
        return text.encode()


def exact(app: Litestar, said: dict[str, Any]) -> dict[str, Any]:
    """The description with the schemas of requests as msgspec checks them."""
    _, checked = msgspec.json.schema_components(_asked(app), ref_template=_REFERENCE)
    schemas = said["components"]["schemas"]
    both = {name: {**schemas.get(name, {}), **schema} for name, schema in checked.items()}
    for asked in _asked(app):
        if either := getattr(asked, "either", ()):
            both[asked.__name__]["oneOf"] = [_only(one, either) for one in either]
    return {**said, "components": {**said["components"], "schemas": {**schemas, **both}}}


def _in_their_words(said: Any) -> Any:
    r"""Patterns as JSON Schema writes them: its `$` is our `\Z`, ours lets a line break follow."""
    if isinstance(said, dict):
        pattern = said.get("pattern")
        ends = {"pattern": pattern.replace(r"\Z", "$")} if isinstance(pattern, str) else {}
        return {**{name: _in_their_words(part) for name, part in said.items()}, **ends}
    if isinstance(said, list):
        return [_in_their_words(part) for part in said]
    return said


def _only(field: str, either: tuple[str, ...]) -> dict[str, Any]:
    """This field is given, and none of the others."""
    others = {other: {"type": "null"} for other in either if other != field}
    return {"required": [field], "properties": {field: {"type": "string"}, **others}}


def _asked(app: Litestar) -> list[type]:
    """The types of all bodies that routes take."""
    handlers = {
        handler
        for route in app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and handler.parsed_data_field is not None
    }
    types = {
        handler.parsed_data_field.annotation for handler in handlers if handler.parsed_data_field
    }
    return sorted((one for one in types if isinstance(one, type)), key=lambda one: one.__name__)
