"""The service described: OpenAPI 3.1 at /schema, as JSON and YAML."""

from __future__ import annotations

from importlib.metadata import version

from litestar import Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin, YamlRenderPlugin
from litestar.openapi.spec import Components, Contact, License, SecurityScheme

TEXT = """\
Golden profiles of persons, families and households, and what programmes may decide with them.

A NIK is sent in the body, never in a URL. Every reveal names a purpose of use and is written to the
audit log before the answer leaves. Nobody found, another region and a restricted person look the
same. Every refusal is `application/problem+json` with a stable `code` and what to do.
"""


def description() -> OpenAPIConfig:
    """What /schema serves."""
    return OpenAPIConfig(
        title="DTSEN Hub",
        version=version("dtsen-hub"),
        description=TEXT,
        contact=Contact(name="Who runs this hub"),
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
        use_handler_docstrings=True,
        components=Components(
            security_schemes={
                "client": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    bearer_format="JWT",
                    description="A client's access token, five minutes long, asked for at the "
                    "token route with private_key_jwt.",
                ),
                "staff": SecurityScheme(
                    type="apiKey",
                    name="__Host-dtsen",
                    security_scheme_in="cookie",
                    description="A staff session after sign-in.",
                ),
            }
        ),
        security=[{"client": []}, {"staff": []}],
        openapi_router=Router("/schema", route_handlers=[], opt={"action": "documentation.read"}),
        render_plugins=[
            JsonRenderPlugin(path=["/", "/openapi.json"]),
            YamlRenderPlugin(path=["/openapi.yaml", "/openapi.yml"]),
        ],
    )
