"""Passwords as they are kept: dear to guess, and made anew when they were cheaper once."""

from __future__ import annotations

import pytest

from mdm.access import passwords
from mdm.access.passwords import check_password, hash_password, outdated, verify_password
from mdm.errors import InputError
from tests import quick
from tests.access.people import PASSWORD


def test_a_password_is_kept_as_dear_to_guess_as_owasp_asks(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    cheap = hash_password(PASSWORD)
    monkeypatch.setattr(passwords, "_HASHER", quick.CAREFUL)
    kept = hash_password(PASSWORD)
    _, kind, _, costs, *_ = kept.split("$")
    cost = {name: int(value) for name, value in (part.split("=") for part in costs.split(","))}
    assert kind == "argon2id"
    assert cost["m"] >= 46 * 1024  # KiB, with one pass: OWASP's first choice
    assert cost["t"] >= 1
    assert verify_password(kept, PASSWORD)
    assert not verify_password(kept, PASSWORD + "x")
    assert not verify_password(None, PASSWORD)
    assert not outdated(kept)
    assert outdated(cheap)
    assert verify_password(cheap, PASSWORD)


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("q1w2e3r4t5y6", "common"),
        ("Password1234", "common"),
        ("katasandi1234", "common"),
        ("SAYANGSEKALI", "common"),
        ("justinbieber", "common"),
        ("siti.aminah-123", "login"),
        ("Kemensos-Indonesia-2026", "words of this house"),
        ("dtsen.dtsen.9", "words of this house"),
        ("3201-1503-8801-0002", "NIK"),
        ("hijklmnopqrst", "follow each other"),
        ("kuda-42", "12 to 256"),
    ],
)
def test_a_password_that_is_easy_to_guess_is_refused_with_the_reason(
    password: str, why: str
) -> None:
    with pytest.raises(InputError, match=why) as refused:
        check_password(password, "siti.aminah")
    assert password.lower() not in str(refused.value).lower()


def test_words_that_do_not_belong_together_are_taken() -> None:
    for password in (
        PASSWORD,
        "kucing makan tahu pagi",
        "sitiaminahkudalumping",
        "é" * 3 + "wayang kulit",
    ):
        check_password(password, "siti.aminah")
    check_password(passwords.new_password(), "siti.aminah")
