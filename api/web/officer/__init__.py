"""Corrections of households: search, the family's sheet, proposals, the chain's inbox, what became of them."""

from __future__ import annotations

from typing import Any

from api.web.officer import acting, desk, proposing, revoking

HANDLERS: list[Any] = [
    desk.desk,
    desk.search,
    desk.search_by_name,
    desk.family,
    proposing.form,
    proposing.again,
    proposing.send,
    revoking.form,
    revoking.send,
    acting.proposal,
    acting.act,
    acting.evidence,
    acting.return_file,
]
