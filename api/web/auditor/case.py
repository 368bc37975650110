"""The case an auditor works on: typed once, kept in a cookie, named in every event of the work."""

from __future__ import annotations

import re

from litestar.datastructures import Cookie

from api.auth.cookies import cookie
from api.context import Connection

NAME = "__Host-dtsen-case"
HOURS = 12
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9./ _-]{0,39}")
_LONG_NUMBER = re.compile(r"(?:\d[ ./_-]?){12}\d")


def good(text: str) -> bool:
    """Whether this may name a case: short, plain, and no place for a NIK."""
    return _CASE.fullmatch(text) is not None and _LONG_NUMBER.search(text) is None


def case_of(connection: Connection) -> str | None:
    """The case in hand, if there is one."""
    text = connection.cookies.get(NAME, "")
    return text if good(text) else None


def to_cookie(case: str) -> Cookie:
    """The cookie that keeps it; nothing takes it away."""
    return cookie(NAME, case, seconds=HOURS * 3600 if case else 0)
