"""Tokens of clients: how one is got, what it is good for, and all that makes it good for nothing."""

from __future__ import annotations

import json
import re
import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey, OKPKey

from mdm.access import bearer, clients
from mdm.access.assertions import exchange
from mdm.access.errors import NotIdentifiedError
from mdm.access.gate import Gate
from mdm.access.keyfiles import make_key, public_of
from mdm.access.keys import published_keys, signing_key, verifying_keys
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.hub.columns import now
from tests.access import wire
from tests.access.clients import TestClient, ec_key, make_client
from tests.api.serving import Served


def refused(act: Callable[[], Any]) -> str:
    """Why somebody was not known."""
    with pytest.raises(NotIdentifiedError) as caught:
        act()
    return caught.value.why


def part(token: str, at: int) -> dict[str, Any]:
    text = token.split(".")[at]
    value: dict[str, Any] = json.loads(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return value


def packed(value: dict[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize("key", [None, ec_key()], ids=["Ed25519", "P-256"])
def test_a_signed_assertion_becomes_a_token_over_http(
    service: Served, key: dict[str, Any] | None
) -> None:
    client = make_client(service.hub, regions=("32",), programmes=("PKH",), key=key)
    answer = wire.post(f"{service.url}/v1/token", data=client.form())
    assert answer.status_code == 200, answer.text
    said = answer.json()
    assert said["expires_in"] == 300
    assert said["regions"] == ["32"]
    assert answer.headers["cache-control"] == "no-store"
    headers = {"Authorization": f"Bearer {said['access_token']}"}
    me = wire.get(f"{service.url}/v1/session", headers=headers).json()
    assert (me["id"], me["kind"], me["programmes"]) == (client.id, "client", ["PKH"])
    assert me["csrf"] is None


def test_a_monitor_reads_the_figures_and_nothing_else(service: Served) -> None:
    monitor = make_client(service.hub, programmes=(), purposes=(), regions=())
    token = wire.post(f"{service.url}/v1/token", data=monitor.form()).json()["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    figures = wire.get(f"{service.url}/metrics", headers=headers)
    assert figures.status_code == 200
    assert 'dtsen_requests_total{method="POST",route="/v1/token"' in figures.text
    programme = wire.get(f"{service.url}/metrics", headers=make_client(service.hub).headers)
    assert programme.json()["code"] == "no-role"
    body = {"nik": "3201154503880002", "purpose": "assistance"}
    for path, more in (("profiles/lookup", {}), ("eligibility", {"programmes": ["PKH"]})):
        answer = wire.post(f"{service.url}/v1/{path}", headers=headers, json={**body, **more})
        assert answer.json()["code"] == "no-role"


def test_anybody_can_verify_a_token_with_the_published_keys(service: Served) -> None:
    token = make_client(service.hub).token()
    keys = wire.get(f"{service.url}/v1/token/keys").json()["keys"]
    kid = part(token, 0)["kid"]
    key = next(OKPKey.import_key(key) for key in keys if key["kid"] == kid)
    assert jwt.decode(token, key, algorithms=["Ed25519"]).claims["aud"] == "http://127.0.0.1:8000"
    told = wire.get(f"{service.url}/.well-known/oauth-authorization-server").json()
    assert told["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]


def test_every_wrong_assertion_is_refused_in_the_same_words(service: Served) -> None:
    client, other = make_client(service.hub), make_client(service.hub)
    moment = int(time.time())
    issuer = service.hub.settings.access.issuer
    wrong = {
        "audience is the token route": {"aud": f"{issuer}/v1/token"},
        "audience is a list": {"aud": [issuer]},
        "no audience": {"aud": None},
        "expired": {"exp": moment - 1},
        "good for too long": {"exp": moment + 3600},
        "no end": {"exp": None},
        "end is a text": {"exp": "soon"},
        "end is no number": {"exp": float("nan")},
        "not yet": {"nbf": moment + 600},
        "made later": {"iat": moment + 600},
        "another issuer": {"iss": other.id},
        "another subject": {"sub": other.id},
        "nobody": {"sub": "client-000000000000", "iss": "client-000000000000"},
        "no text that a database keeps": {"sub": "a\0b"},
        "no jti": {"jti": None},
        "short jti": {"jti": "1"},
        "another key": {"header": {"kid": other.key["kid"]}},
        "no such key": {"header": {"kid": "x"}},
        "another type": {"header": {"typ": "at+jwt"}},
    }
    said = set()
    for why, claims in wrong.items():
        answer = wire.post(f"{service.url}/v1/token", data=client.form(**claims))
        assert answer.status_code == 401, why
        said.add((answer.json()["code"], answer.json()["detail"], answer.json()["hint"]))
    deep = urlsafe_b64encode(b"[" * 2_900).rstrip(b"=").decode()
    half = packed({"sub": "\ud800"})  # a letter that no text can hold
    for odd in (f"{deep}.e30.e30", f"{packed({'alg': 'EdDSA'})}.{half}.e30"):
        form = {**client.form(), "client_assertion": odd}
        answer = wire.post(f"{service.url}/v1/token", data=form)
        said.add((answer.json()["code"], answer.json()["detail"], answer.json()["hint"]))
    assert len(said) == 1
    assert answer.json()["error"] == "invalid_client"  # the word that OAuth libraries look for
    bearer_ = {"Authorization": f"Bearer {deep}.e30.{'A' * 86}"}
    assert wire.get(f"{service.url}/v1/session", headers=bearer_).status_code == 401


def test_every_refusal_of_the_token_route_says_the_word_of_oauth(service: Served) -> None:
    good, client = make_client(service.hub).form(), httpx.Client(timeout=60, verify=False)
    plain = re.compile(r"[ !#-\[\]-~]+")

    def without(name: str) -> dict[str, str]:
        return {key: value for key, value in good.items() if key != name}

    form = {"content-type": "application/x-www-form-urlencoded"}
    cases: list[tuple[int, str, dict[str, Any]]] = [
        (400, "invalid_request", {"data": without("grant_type")}),
        (400, "unsupported_grant_type", {"data": {**good, "grant_type": "password"}}),
        (400, "invalid_request", {"data": {**good, "grant_type": ["client_credentials"] * 2}}),
        (400, "invalid_client", {"data": without("client_assertion")}),
        (400, "invalid_client", {"data": without("client_assertion_type")}),
        (400, "invalid_client", {"data": {**good, "client_assertion_type": "password"}}),
        (400, "invalid_request", {"data": {**good, "client_id": "x" * 81}}),
        (400, "invalid_request", {"content": b"\xff=%ff&%zz", "headers": form}),
        (400, "invalid_request", {"content": b"", "headers": form}),
        (400, "invalid_request", {"data": good, "params": {"x": "1"}}),
        (415, "invalid_request", {"json": good}),
        (413, "invalid_request", {"data": {**good, "client_assertion": "x" * 9_000}}),
        (401, "invalid_client", {"data": {**good, "client_id": "client-000000000000"}}),
    ]
    with client:
        for status, word, sent in cases:
            answer = client.post(f"{service.url}/v1/token", **sent)
            said = answer.json()
            assert (answer.status_code, said["status"]) == (status, status), (sent, said)
            assert said["error"] == word, (sent, said)
            assert said["code"]
            assert plain.fullmatch(said["error_description"])
            assert said["detail"].rstrip(".") in said["error_description"]
        # What libraries add, and nobody here knows, is passed over (RFC 6749 §3.2).
        answer = client.post(f"{service.url}/v1/token", data={**good, "audience": "dtsen"})
        assert answer.status_code == 200, answer.text
        assert "error" not in client.get(f"{service.url}/v1/session").json()


def test_the_description_says_what_the_token_route_answers(service: Served) -> None:
    said = httpx.get(f"{service.url}/schema/openapi.json", timeout=60, verify=False).json()
    answers = said["paths"]["/v1/token"]["post"]["responses"]
    assert set(answers) == {"200", "400", "401", "404", "405", "408", "413", "415", "500", "503"}
    for word in ("invalid_request", "invalid_client", "unsupported_grant_type"):
        assert word in answers["400"]["description"]
    assert "invalid_client" in answers["401"]["description"]


def test_an_assertion_is_taken_once(shared: Hub) -> None:
    client = make_client(shared)
    assertion = client.assertion()
    exchange(shared, assertion)
    assert refused(lambda: exchange(shared, assertion)) == "replay"
    # The same jti of another client is another assertion.
    jti = secrets.token_hex(16)
    for one in (make_client(shared), make_client(shared)):
        exchange(shared, one.assertion(jti=jti))


def test_an_assertion_signed_by_another_means_is_refused(shared: Hub) -> None:
    client = make_client(shared)
    kid, said = client.key["kid"], part(client.assertion(), 1)
    public = public_of(client.key)
    # The public key as a shared secret: the classic confusion of algorithms.
    shared_secret = OctKey.import_key(urlsafe_b64decode(public["x"] + "="))
    confused = jwt.encode({"alg": "HS256", "kid": kid}, said, shared_secret, algorithms=["HS256"])
    unsigned = f"{packed({'alg': 'none', 'kid': kid})}.{packed(said)}."
    stranger = OKPKey.import_key(make_key())
    forged = jwt.encode({"alg": "Ed25519", "kid": kid}, said, stranger, algorithms=["Ed25519"])
    for assertion in (confused, unsigned, forged, unsigned + "x", "", "a.b.c", "é.é.é"):
        assert refused(lambda assertion=assertion: exchange(shared, assertion)) in (
            "signature",
            "form",
        )


def test_a_token_made_by_another_means_is_refused(shared: Hub) -> None:
    client = make_client(shared)
    token, issuer = client.token(), shared.settings.access.issuer
    keys, gate = verifying_keys(shared), Gate(shared)
    kid, key = signing_key(shared)
    header, said = part(token, 0), part(token, 1)
    moment = int(time.time())

    def signed(top: dict[str, Any], claims: dict[str, Any], by: Any = key) -> str:
        algorithm = top["alg"]
        return jwt.encode(top, claims, by, algorithms=[algorithm], default_type=None)

    public = OctKey.import_key(key.as_dict(private=False)["x"].encode())
    stranger = OKPKey.import_key(make_key())
    cases = {
        f"{packed({**header, 'alg': 'none'})}.{packed(said)}.": "form",
        signed({**header, "alg": "HS256"}, said, public): "form",
        signed(header, said, stranger): "signature",
        signed({**header, "typ": "JWT"}, said): "header",
        signed({"alg": "Ed25519", "kid": kid}, said): "header",
        signed({**header, "kid": "access-999"}, said): "key",
        signed({**header, "jwk": stranger.as_dict(private=False)}, said): "header",
        signed(header, {**said, "exp": moment - 1}): "expired",
        signed(header, {**said, "nbf": moment + 60}): "too-early",
        signed(header, {**said, "aud": "https://elsewhere"}): "audience",
        signed(header, {**said, "iss": "https://elsewhere"}): "audience",
        signed(header, {**said, "epoch": True}): "claims",
        signed(header, {**said, "admin": "yes"}): "claims",
        client.assertion(): "header",
        token + "=": "form",
        token[:-1]: "form",
    }
    for wrong, why in cases.items():
        assert refused(lambda w=wrong: bearer.verify(w, keys, issuer, now())) == why, wrong
        refused(lambda w=wrong: gate.client(w))
    assert gate.client(token).id == client.id


def test_no_byte_of_a_token_can_be_changed(shared: Hub) -> None:
    token, issuer = make_client(shared).token(), shared.settings.access.issuer
    keys, at = verifying_keys(shared), now()
    assert bearer.verify(token, keys, issuer, at)
    data, undetected = token.encode(), []
    for turn in range(10_000):
        place, change = turn % len(data), 1 + (turn // len(data) * 37 + turn) % 255
        mutated = bytearray(data)
        mutated[place] ^= change
        try:
            bearer.verify(mutated.decode("latin-1"), keys, issuer, at)
            undetected.append((place, change))
        except NotIdentifiedError:
            continue
    assert undetected == []


def test_a_token_ends_with_its_five_minutes(shared: Hub) -> None:
    token, keys = make_client(shared).token(), verifying_keys(shared)
    issuer = shared.settings.access.issuer
    assert bearer.verify(token, keys, issuer, now() + timedelta(seconds=298))
    late = now() + timedelta(seconds=301)
    assert refused(lambda: bearer.verify(token, keys, issuer, late)) == "expired"


def test_a_disabled_client_is_refused_within_a_second(service: Served) -> None:
    client = make_client(service.hub)
    headers = client.headers
    assert wire.get(f"{service.url}/v1/session", headers=headers).status_code == 200
    with service.hub.sessions.begin() as session:
        clients.disable(session, clients.find(session, client.name), actor="test")
    time.sleep(1.05)
    assert wire.get(f"{service.url}/v1/session", headers=headers).status_code == 401
    assert wire.post(f"{service.url}/v1/token", data=client.form()).status_code == 401


def test_a_new_key_ends_tokens_and_assertions_of_the_old_one(shared: Hub) -> None:
    client, gate = make_client(shared), Gate(shared)
    token, fresh = client.token(), make_key()
    assert gate.client(token).id == client.id
    with shared.sessions.begin() as session:
        clients.rotate_key(
            session, clients.find(session, client.id), public_of(fresh), actor="test"
        )
    gate = Gate(shared)  # another, which knows nothing of before
    assert refused(lambda: gate.client(token)) == "outdated"
    assert refused(client.token) == "key"
    renewed = TestClient(shared, client.id, client.name, fresh)
    assert gate.client(renewed.token()).id == client.id
    old = public_of(client.key)
    with shared.sessions.begin() as session:
        held = clients.find(session, client.id)
        with pytest.raises(InputError, match="this key before"):
            clients.rotate_key(session, held, old, actor="test")
        session.rollback()


def test_tokens_outlive_a_rotation_of_the_signing_key_but_not_its_destruction(hub: Hub) -> None:
    client, gate = make_client(hub), Gate(hub)
    token = client.token()
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "access")
    gate = Gate(hub)  # another, which knows nothing of before
    assert gate.client(token).id == client.id
    newer = client.token()
    assert part(newer, 0)["kid"] != part(token, 0)["kid"]
    assert len(published_keys(hub)["keys"]) == 2
    with hub.sessions.begin() as session:
        hub.keys.destroy(session, "access", 1)
    gate = Gate(hub)  # another, which knows nothing of before
    assert refused(lambda: gate.client(token)) == "key"
    assert gate.client(newer).id == client.id


@pytest.mark.parametrize(("start", "end"), [(1, 2), (-2, -1)])
def test_outside_the_time_of_its_agreement_a_client_gets_no_token(
    shared: Hub, start: float, end: float
) -> None:
    client = make_client(shared, from_days=start, to_days=end)
    assert refused(client.token) == "client"


def test_a_client_cannot_be_registered_with_a_private_or_unfit_key(shared: Hub) -> None:
    private = make_key()
    for jwk in (
        private,
        {"kty": "oct", "k": "c2VjcmV0"},
        {"kty": "RSA", "n": "AQAB", "e": "AQAB"},
        {"kty": "OKP", "crv": "X25519", "x": private["x"]},
        {"kty": "OKP", "crv": "Ed25519", "x": "AAAA"},
        {"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"},
        {},
    ):
        with pytest.raises(InputError):
            clients.public_jwk(jwk)
