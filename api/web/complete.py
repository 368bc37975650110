"""Forms that came whole: what is missing is no answer, neither a yes nor a no.

A box that is not ticked is not sent, and a text left empty is sent empty: only what every sending of a form brings is
asked for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from api.web.errors import Told
from api.web.forms import text


def demand(form: Mapping[str, Any], names: Iterable[str]) -> None:
    """Refuse a form without one of these fields, before it changes anything."""
    if any(name not in form for name in names):
        raise Told(422, "errors.incomplete")


def chosen(form: Mapping[str, Any], name: str, among: Iterable[str]) -> str:
    """Which of a few answers a form gives. Refused where it gives none of them."""
    answer = text(form, name, 40)
    if answer not in among:
        raise Told(422, "errors.incomplete")
    return answer
