"""Cookies of a session: host-only, sent to this service alone, out of reach of scripts."""

from __future__ import annotations

from typing import Literal

from litestar.datastructures import Cookie

FLOW = "__Host-dtsen-flow"
FLOW_SECONDS = 600
DEVICE = "__Host-dtsen-device"
DEVICE_SECONDS = 180 * 24 * 3600


def cookie(
    name: str, value: str, *, seconds: int, samesite: Literal["lax", "strict"] = "strict"
) -> Cookie:
    """A cookie for so many seconds; 0 takes it away."""
    return Cookie(
        key=name,
        value=value,
        max_age=seconds,
        path="/",
        secure=True,
        httponly=True,
        samesite=samesite,
    )
