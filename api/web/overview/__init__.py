"""First pages, approvals and alarms, help and the tour."""

from __future__ import annotations

from typing import Any

from api.web.overview import alarms, approvals, help, home

HANDLERS: list[Any] = [
    alarms.alarms_page,
    approvals.approvals_page,
    approvals.answer,
    approvals.withdraw,
    help.contents,
    help.topic,
    help.tour,
    home.home,
]
