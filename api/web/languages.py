"""Languages: Indonesian first, English one click away; kept in a cookie that says nothing else."""

from __future__ import annotations

from typing import get_args

from api.context import Connection
from reference.sentences import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
FIRST: Language = "id"
COOKIE = "__Host-dtsen-language"
SECONDS = 365 * 24 * 3600


def language_of(connection: Connection) -> Language:
    """The language that a browser chose; Indonesian until it did."""
    chosen = connection.cookies.get(COOKIE)
    return chosen if chosen in LANGUAGES else FIRST
