"""The DCI façade (see api/dci/)."""

from __future__ import annotations

from api.dci.router import router

__all__ = ["router"]
