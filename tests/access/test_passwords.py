"""Passwords as they are kept: dear to guess, and made anew when they were cheaper once."""

from __future__ import annotations

import pytest

from mdm.access import passwords
from mdm.access.passwords import hash_password, outdated, verify_password
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
