"""A small published hub and a registered client of it, as another registry would see them."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pyarrow as pa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from sqlmodel import Session, func, select

from mdm.access import Principal
from mdm.access.agreements import Agreement
from mdm.access.assertions import exchange
from mdm.access.clients import register, standing
from mdm.access.keyfiles import make_key, public_of
from mdm.compose import Hub
from mdm.hub.tables import AuditEvent
from mdm.publishing import publish
from mdm.work.progress import Silent
from tests.api.serving import Served
from tests.publish.golden import Golden, begin, content

SITI, BUDI, AGUS, RINA, TONO = (
    "3201154503880002",
    "3201151207750001",
    "3201150101900003",
    "5171014404910004",
    "5171010107110005",
)
TWIN = "3201154503880003"  # on Siti's records too
NOBODY = "3201150101010099"
BOGOR, DENPASAR = "3201150001", "5171010001"
KK = "3201150101010001"
ENTITY = {SITI: "a" * 32, BUDI: "b" * 32, AGUS: "c" * 32, RINA: "d" * 32, TONO: "7" * 32}
FAMILY, OTHER_FAMILY, HOUSEHOLD = "e" * 32, "f" * 32, "9" * 32


def people() -> Golden:
    """Siti and Budi are a family in Bogor in one dwelling, Rina's family is in Denpasar, Agus has
    neither. Of Rina's son Tono the field tells most: that he heads a family of his own."""
    links = {"family": FAMILY, "household": HOUSEHOLD}
    home = {"address": "JL MAWAR 1", "rt": "2", "rw": "5", "village_name": "CIBINONG"}
    return Golden(
        persons={
            ENTITY[SITI]: (
                content(
                    links=links,
                    nik=SITI,
                    name="SITI NURHALIZA",
                    sex="F",
                    birth={"birth_date": "1988-03-05", "birth_date_precision": "day"},
                    relationship="WIFE",
                    marital_status="MARRIED",
                    education="PRIMARY_INCOMPLETE",
                    disability="PHYSICAL",
                    religion="ISLAM",
                    domicile={**home, "region_today": BOGOR, "postal_code": "16911"},
                ),
                [SITI, TWIN],
            ),
            ENTITY[BUDI]: (
                content(
                    links=links,
                    nik=BUDI,
                    name="BUDI SANTOSO",
                    sex="M",
                    birth={"birth_date": "1975-07-12", "birth_date_precision": "day"},
                    relationship="HEAD",
                    disability="NONE",
                    domicile={**home, "region_today": BOGOR},
                ),
                [BUDI],
            ),
            ENTITY[TONO]: (
                content(
                    links={"family": OTHER_FAMILY},
                    nik=TONO,
                    name="TONO",
                    relationship="HEAD",
                    domicile={"region_today": DENPASAR},
                ),
                [TONO],
            ),
            ENTITY[AGUS]: (content(nik=AGUS, name="AGUS"), [AGUS]),
            ENTITY[RINA]: (
                content(
                    links={"family": OTHER_FAMILY},
                    nik=RINA,
                    name="NI LUH RINA",
                    sex="F",
                    domicile={"region_today": DENPASAR},
                ),
                [RINA],
            ),
        },
        families={
            FAMILY: content(
                "family",
                links={"members": [[ENTITY[BUDI], "HEAD"], [ENTITY[SITI], "WIFE"]]},
                kk=KK,
                head_name="BUDI SANTOSO",
                domicile={**home, "region_today": BOGOR},
                ranking={"desil": 2, "desil_period": "2026Q3"},
            ),
            OTHER_FAMILY: content(
                "family",
                links={"members": [[ENTITY[TONO], "CHILD"], [ENTITY[RINA], "HEAD"]]},
                domicile={"region_today": DENPASAR},
                ranking={"desil": 9, "desil_period": "2026Q3"},
            ),
        },
    )


def fill(hub: Hub) -> None:
    """Publish them, with the dwelling of Siti and Budi."""
    engine = hub.engine()
    dwelling = content(
        "household",
        links={"families": [FAMILY]},
        domicile={"address": "JL MAWAR 1", "region_today": BOGOR},
        family_count=1,
    )
    try:
        people().register(engine)
        ids = pa.array([HOUSEHOLD], pa.string())
        none = pa.array([None], pa.string())
        engine.register(
            "household_golden",
            pa.table(
                {
                    "entity_id": ids,
                    "content": pa.array([dwelling], pa.string()),
                    "niks": pa.array([[]], pa.list_(pa.string())),
                }
            ),
        )
        engine.register(
            "household_entities",
            pa.table({"entity_id": ids, "status": ["active"], "merged_into": none}),
        )
        publish(hub, engine, begin(hub), Silent(), ("person", "family", "household"))
    finally:
        engine.close()


CLIENT = httpx.Client(verify=False, trust_env=False, timeout=60)  # no TLS here: quick to make


@dataclass
class Sender:
    """A client of the hub: its id, its private key, and how it writes messages."""

    service: Served
    principal: Principal
    jwk: dict[str, Any] = field(repr=False)
    bearer: str | None = field(default=None, repr=False)
    http: httpx.Client = field(default_factory=lambda: CLIENT, repr=False)

    @property
    def key(self) -> Ed25519PrivateKey:
        d = base64.urlsafe_b64decode(self.jwk["d"] + "==")
        return Ed25519PrivateKey.from_private_bytes(d)

    def header(self, action: str = "search", count: int = 1, **more: Any) -> dict[str, Any]:
        return {
            "version": "1.0.0",
            "message_id": secrets.token_hex(8),
            "message_ts": datetime.now(UTC).isoformat(),
            "action": action,
            "sender_id": self.principal.id,
            "total_count": count,
            **more,
        }

    def signed(self, header: Any, message: Any, **how: Any) -> dict[str, Any]:
        """An envelope signed as the documentation says, without any code of the hub."""
        created = int(how.get("created", time.time()))
        expires = int(how.get("expires", created + 300))
        plain = json.dumps(
            {"header": header, "message": message},
            sort_keys=True,
            separators=(",", ":"),
            ensure_ascii=False,
        )
        digest = base64.b64encode(hashlib.sha256(plain.encode()).digest()).decode()
        text = f"(created): {created}\n(expires): {expires}\ndigest: SHA-256={digest}"
        value = base64.b64encode(how.get("key", self.key).sign(text.encode())).decode()
        kid = f"{how.get('sender', self.principal.id)}|{self.jwk['kid']}|ed25519"
        signature = (
            f'Signature: namespace="spdci", kidId="{kid}", algorithm="ed25519", '
            f'created="{created}", expires="{expires}", '
            f'headers="(created) (expires) digest", signature="{value}"'
        )
        return {"signature": signature, "header": header, "message": message}

    def token(self) -> str:
        """A fresh access token, given for an assertion that the client signed."""
        issuer, now = self.service.hub.settings.access.issuer, int(time.time())
        said = {
            "iss": self.principal.id,
            "sub": self.principal.id,
            "aud": issuer,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(24),
        }
        parts = [{"alg": "EdDSA", "kid": self.jwk["kid"]}, said]
        text = b".".join(map(_base64url, (json.dumps(part).encode() for part in parts)))
        assertion = (text + b"." + _base64url(self.key.sign(text))).decode()
        return exchange(self.service.hub, assertion)[0]

    def post(self, path: str, envelope: Any) -> httpx.Response:
        if self.bearer is None:
            self.bearer = self.token()
        headers = {"Authorization": f"Bearer {self.bearer}", "Content-Type": "application/json"}
        body = envelope if isinstance(envelope, bytes) else json.dumps(envelope).encode()
        return self.http.post(self.service.url + path, content=body, headers=headers)

    def search(self, *criteria: Mapping[str, Any], **header: Any) -> httpx.Response:
        """Search at once, one request for each criteria."""
        message = searching(*criteria)
        header = self.header(count=len(criteria), **header)
        answer = self.post("/registry/sync/search", self.signed(header, message))
        assert answer.status_code in (200, 400), answer.text
        return answer

    def found(self, criteria: Mapping[str, Any]) -> list[dict[str, Any]]:
        """The records that a search finds."""
        answer = self.search(criteria)
        assert answer.status_code == 200, answer.text
        assert "message" in answer.json(), answer.text
        item = answer.json()["message"]["search_response"][0]
        assert item["status"] == "succ", item
        records: list[dict[str, Any]] = item["data"]["reg_records"]
        return records

    def reason(self, criteria: Mapping[str, Any]) -> tuple[str, str]:
        """Code and message with which a request is rejected."""
        item = self.search(criteria).json()["message"]["search_response"][0]
        assert item["status"] == "rjct"
        assert "data" not in item
        return item["status_reason_code"], item["status_reason_message"]


def _base64url(data: bytes) -> bytes:
    return base64.urlsafe_b64encode(data).rstrip(b"=")


def searching(*criteria: Mapping[str, Any]) -> dict[str, Any]:
    """The message of a search."""
    return {
        "transaction_id": secrets.token_hex(8),
        "search_request": [
            {
                "reference_id": f"ref-{place}-{secrets.token_hex(4)}",
                "timestamp": datetime.now(UTC).isoformat(),
                "search_criteria": dict(one),
            }
            for place, one in enumerate(criteria)
        ],
    }


def by_nik(nik: str, **more: Any) -> dict[str, Any]:
    """Criteria: somebody's NIK."""
    return {
        "query_type": "idtype-value",
        "query": {"type": "UIN", "value": nik},
        "authorize": {"purpose": {"code": "assistance"}},
        **more,
    }


def expression(query: Any, **more: Any) -> dict[str, Any]:
    """Criteria: an expression."""
    value = {"expression": {"collection": "Member", "query": query}}
    inner = {"type": "ns:org:QueryType:expression", "value": value}
    return {**by_nik("", **more), "query_type": "expression", "query": inner}


def predicate(*query: Any, **more: Any) -> dict[str, Any]:
    """Criteria: predicates."""
    return {**by_nik("", **more), "query_type": "predicate", "query": list(query)}


def compared(name: str, operator: str, value: Any) -> dict[str, Any]:
    """One expression of a predicate."""
    return {"attribute_name": name, "operator": operator, "attribute_value": value}


def agreement_of(
    session: Session,
    name: str,
    purposes: tuple[str, ...] = ("assistance",),
    regions: tuple[str, ...] = ("",),
    **more: Any,
) -> tuple[dict[str, Any], str]:
    """Register a client under an agreement of two days; its private key and its id."""
    key = make_key()
    agreement = Agreement(
        number="A-2026-1",
        valid_from=datetime.now(UTC) - timedelta(days=1),
        valid_to=datetime.now(UTC) + timedelta(days=1),
        programmes=("PKH",),
        purposes=purposes,
        regions=regions,
        **more,
    )
    return key, register(session, name, agreement, public_of(key), actor="test").id


def enrol(
    service: Served,
    name: str = "pkh-pusat",
    purposes: tuple[str, ...] = ("assistance", "verification"),
    regions: tuple[str, ...] = ("",),
    **more: Any,
) -> Sender:
    """Register a client with a key of its own under an agreement."""
    with service.hub.sessions.begin() as session:
        key, client = agreement_of(
            session, f"{name}-{secrets.token_hex(4)}", purposes, regions, **more
        )
        held = standing(session, client)
    assert held is not None
    sender = Sender(service, held.principal, key)
    sender.bearer = sender.token()
    return sender


def verified(service: Served, envelope: Mapping[str, Any]) -> bool:
    """Whether an envelope of the hub bears a signature by one of its published keys."""
    parts = dict(
        part.strip().split("=", 1)
        for part in envelope["signature"].removeprefix("Signature:").split(", ")
    )
    said = {name: value.strip('"') for name, value in parts.items()}
    sender, kid, _ = said["kidId"].split("|")
    published = CLIENT.get(f"{service.url}/.well-known/jwks.json").json()
    keys = {key["kid"]: key for key in published["keys"]}
    body = {name: envelope[name] for name in ("header", "message") if name in envelope}
    plain = json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    digest = base64.b64encode(hashlib.sha256(plain.encode()).digest()).decode()
    text = f"(created): {said['created']}\n(expires): {said['expires']}\ndigest: SHA-256={digest}"
    public = Ed25519PublicKey.from_public_bytes(base64.urlsafe_b64decode(keys[kid]["x"] + "=="))
    public.verify(base64.b64decode(said["signature"]), text.encode())
    return bool(sender == envelope["header"]["sender_id"])


@contextmanager
def nothing_changes(hub: Hub) -> Iterator[None]:
    """The audit log is as long after the block as before."""

    def events() -> int:
        with hub.sessions.read() as session:
            return session.exec(select(func.count()).select_from(AuditEvent)).one()

    before = events()
    yield
    assert events() == before
