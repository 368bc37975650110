"""The corrected specification (reference/data/dci), as schemas to hold messages against."""

from __future__ import annotations

from functools import cache
from typing import Any

from jsonschema import Draft202012Validator

from reference.documents import read_yaml
from reference.files import DATA

SOCIAL = "openspp_fixed_social_api_v1.0.0.yaml"
JWKS = "spdci_release_jwks_core_api_v1.0.0.yaml"


@cache
def document(name: str = SOCIAL) -> dict[str, Any]:
    """The whole specification."""
    loaded: dict[str, Any] = read_yaml((DATA / "dci" / name).read_text("utf-8"))
    return loaded


def validator(pointer: str, name: str = SOCIAL) -> Draft202012Validator:
    """A validator of one schema of the specification."""
    return Draft202012Validator({**document(name), "$ref": f"#{pointer}"})


def request(path: str) -> Draft202012Validator:
    """Of what is sent to a path."""
    escaped = path.replace("/", "~1")
    return validator(f"/paths/{escaped}/post/requestBody/content/application~1json/schema")


def reply(path: str) -> Draft202012Validator:
    """Of what a path answers."""
    responses = document()["paths"][path]["post"]["responses"]["default"]
    if "$ref" in responses:
        return validator(f"{responses['$ref'].removeprefix('#')}/content/application~1json/schema")
    escaped = path.replace("/", "~1")
    return validator(f"/paths/{escaped}/post/responses/default/content/application~1json/schema")


def http_error() -> Draft202012Validator:
    """Of an error of the transport."""
    return validator("/components/responses/HttpErrorResponse/content/application~1json/schema")
