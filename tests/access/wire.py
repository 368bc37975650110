"""Requests to a service of this machine, each on a connection of its own and without a cookie jar.

The service speaks plain HTTP here, so no certificates are loaded: that alone takes 50 ms a client.
"""

from __future__ import annotations

from typing import Any

import httpx


def request(method: str, url: str, **more: Any) -> httpx.Response:
    """One request and its answer; redirects are not followed."""
    with httpx.Client(verify=False, timeout=60) as client:
        return client.request(method, url, **more)


def get(url: str, **more: Any) -> httpx.Response:
    """GET."""
    return request("GET", url, **more)


def post(url: str, **more: Any) -> httpx.Response:
    """POST."""
    return request("POST", url, **more)
