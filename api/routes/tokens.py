"""Tokens of clients: `POST /v1/token`, and what a client needs to know to ask and to verify."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Response, Router, get, post
from litestar.di import NamedDependency
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.params import Body

from api.actions import declares
from api.auth.oauth import refuse_token
from api.auth.refused import refusal
from api.description import NEVER
from api.problems import Problem
from api.schemas.auth import IssuerDocument, PublicKey, PublicKeys, TokenAnswer, TokenQuestion
from mdm.access.assertions import exchange
from mdm.access.bearer import LIFE
from mdm.access.errors import NotIdentifiedError
from mdm.access.keys import published_keys
from mdm.compose import Hub

Form = Annotated[TokenQuestion, Body(media_type=RequestEncodingType.URL_ENCODED)]


@declares("token.ask")
@post(
    "/v1/token",
    status_code=200,
    summary="A client's access token",
    request_max_body_size=8192,
    responses={
        400: refusal(
            "The form is not as described. `error` says `invalid_request`, `invalid_client` (of its assertion) or "
            "`unsupported_grant_type`."
        ),
        401: refusal(
            "The assertion is not taken, whatever the reason: `error` says `invalid_client`."
        ),
    },
    opt={NEVER: (422,)},  # a form that is not as described is 400 to OAuth
    exception_handlers={HTTPException: refuse_token, Exception: refuse_token},
    sync_to_thread=True,
)
def token(data: Form, hub: NamedDependency[Hub]) -> Response[TokenAnswer]:
    """Exchange a signed client assertion for a bearer token of five minutes.

    Whatever is wrong with the assertion, the refusal is the same. Every refusal carries `error` and
    `error_description` of RFC 6749 as well; what else a form holds than is described here is passed over.
    """
    try:
        made, held = exchange(hub, data.client_assertion, client_id=data.client_id)
    except NotIdentifiedError:
        raise Problem(
            401,
            "invalid-client",
            "The hub does not take this client assertion.",
            "Sign a new one: aud exactly the issuer, a new jti, exp within five minutes.",
            oauth="invalid_client",
        ) from None
    who = held.principal
    answer = TokenAnswer(
        access_token=made,
        token_type="Bearer",
        expires_in=LIFE,
        programmes=sorted(who.programmes),
        purposes=sorted(who.purposes),
        regions=sorted(who.regions),
        terms=held.terms,
    )
    return Response(answer, headers={"Cache-Control": "no-store"})


@declares("keys.published")
@get("/v1/token/keys", summary="Public keys of access tokens", sync_to_thread=True)
def token_keys(hub: NamedDependency[Hub]) -> PublicKeys:
    """The keys by which anybody can verify an access token, as a JWK Set."""
    return PublicKeys([PublicKey(**key) for key in published_keys(hub)["keys"]])


@declares("documentation.read")
@get(
    "/.well-known/oauth-authorization-server",
    summary="How clients ask for tokens",
    sync_to_thread=False,
)
def issuer_document(hub: NamedDependency[Hub]) -> IssuerDocument:
    """The metadata of RFC 8414."""
    issuer = hub.settings.access.issuer
    return IssuerDocument(
        issuer=issuer,
        token_endpoint=f"{issuer}/v1/token",
        jwks_uri=f"{issuer}/v1/token/keys",
        grant_types_supported=["client_credentials"],
        token_endpoint_auth_methods_supported=["private_key_jwt"],
        token_endpoint_auth_signing_alg_values_supported=["Ed25519", "EdDSA", "ES256"],
        response_types_supported=[],
    )


_HANDLERS: list[Any] = [token, token_keys, issuer_document]
router = Router("/", route_handlers=_HANDLERS, tags=["tokens"])
