"""Signatures: what holds, and what does not."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dci.refusals import MessageError
from api.dci.signature import PublicKey, sign, signing_string, verify

KEY = Ed25519PrivateKey.generate()
EC_KEY = ec.generate_private_key(ec.SECP256R1())
BODY = {"header": {"message_id": "1"}, "message": {"nama": "Ayu", "n": 1.5}}
NOW = 1_800_000_000  # fixed: parameters carry it, and every process of the tests must read the same


class Ring:
    """Two keys of one sender."""

    def find(self, sender_id: str, key_id: str) -> PublicKey | None:
        keys: dict[str, PublicKey] = {"k1": KEY.public_key(), "k2": EC_KEY.public_key()}
        return keys.get(key_id) if sender_id == "pkh" else None


def signed(**more: Any) -> dict[str, Any]:
    return {**BODY, "signature": sign(KEY, "pkh", "k1", BODY, NOW), **more}


def refused(envelope: Any, now: int = NOW) -> str:
    with pytest.raises(MessageError) as error:
        verify(envelope, Ring(), now)
    return error.value.code.value


def test_what_was_signed_holds() -> None:
    found = verify(signed(), Ring(), NOW)
    assert (found.sender_id, found.key_id) == ("pkh", "k1")


def test_it_holds_whatever_the_order_of_the_parts() -> None:
    head, _, rest = signed()["signature"].partition(": ")
    parts = ", ".join(reversed(rest.split(", ")))
    assert verify(signed(signature=f"{head}: {parts}"), Ring(), NOW)
    assert verify(signed(signature=parts), Ring(), NOW)


def test_ecdsa_holds_too() -> None:
    text = signing_string(NOW, NOW + 60, BODY["header"], BODY["message"])
    r, s = decode_dss_signature(EC_KEY.sign(text, ec.ECDSA(SHA256())))
    import base64  # noqa: PLC0415

    value = base64.b64encode(r.to_bytes(32) + s.to_bytes(32)).decode()
    signature = (
        f'Signature: namespace="spdci", kidId="pkh|k2|ES256", algorithm="ES256", '
        f'created="{NOW}", expires="{NOW + 60}", headers="(created) (expires) digest", '
        f'signature="{value}"'
    )
    assert verify(signed(signature=signature), Ring(), NOW)


@pytest.mark.parametrize("part", ["header", "message"])
def test_a_changed_part_does_not_hold(part: str) -> None:
    assert refused(signed(**{part: {"message_id": "2"}})) == "err.signature.invalid"


@pytest.mark.parametrize("signature", [None, "", "  "])
def test_a_missing_signature(signature: Any) -> None:
    assert refused(signed(signature=signature)) == "err.signature.missing"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('namespace="spdci"', 'namespace="g2p"'),
        ("pkh|", "other|"),
        ("|k1|", "|k9|"),
        ("|k1|", "|k2|"),
        ("|ed25519", ""),
        ('algorithm="ed25519"', 'algorithm="none"'),
        ("(created) (expires) digest", "digest"),
        (f'created="{NOW}"', 'created="now"'),
        (f'expires="{NOW + 300}"', f'expires="{NOW + 301}"'),
        (f'expires="{NOW + 300}"', f'expires="{NOW + 999_999}"'),
        ('signature="', 'signature="!'),
        (', headers="', ', headers="x", headers="'),
        (", created=", ', more="x", created='),
    ],
)
def test_what_is_not_as_agreed_does_not_hold(old: str, new: str) -> None:
    text = signed()["signature"]
    assert old in text
    assert refused(signed(signature=text.replace(old, new))) == "err.signature.invalid"


def test_it_holds_for_its_time_only() -> None:
    assert verify(signed(), Ring(), NOW + 299)
    # From then on its message id may be forgotten, and the same message would be taken again.
    assert refused(signed(), NOW + 300) == "err.signature.invalid"
    assert refused(signed(), NOW - 61) == "err.signature.invalid"
    assert verify(signed(), Ring(), NOW - 30)


@pytest.mark.parametrize("text", ["unsigned-stub", "abc", "!@#$%^&*()", "eyJhbGciOiJSUzI1NiJ9."])
def test_the_stubs_of_the_compliance_suite_do_not_hold(text: str) -> None:
    assert refused(signed(signature=text)) == "err.signature.invalid"


@settings(deadline=None)
@given(st.text(max_size=300))
def test_no_text_is_more_than_refused(text: str) -> None:
    assert refused(signed(signature=text)).startswith("err.signature")
