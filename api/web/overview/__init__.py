"""First pages, operations, the public page, help."""

from __future__ import annotations

from typing import Any

from api.web.overview import home

HANDLERS: list[Any] = [home.home]
