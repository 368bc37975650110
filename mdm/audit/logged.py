"""An event of the log, as verification reads it back."""

from __future__ import annotations

from typing import Any

import msgspec


class LoggedEvent(msgspec.Struct):
    """What verification needs of an event; whatever else it tells is passed over."""

    at: str = ""
    actor: str = ""
    action: str = ""
    entity_id: Any = None
    batch: Any = None
    run: Any = None
    job: Any = None
    id: Any = None
    judgement: Any = None
    kind: Any = None
    region: Any = None
    role: Any = None
    user: Any = None
    rows: Any = None
    run_seq: int | None = None
    sealed: str | None = None
    snapshot: Any = None
    hashes: Any = None
    anew: Any = None
    holds: Any = None
    rules: Any = None
    counts: Any = None
    verifier: str | None = None
    key_version: Any = None
