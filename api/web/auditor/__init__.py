"""The auditor's room: trace a value, compare two days, search and verify the log, draw samples."""

from __future__ import annotations

from api.web.auditor import (
    difference,
    export,
    log,
    pairs,
    profile,
    proof,
    rows,
    samples,
    trace,
    verify,
)

HANDLERS = [
    *trace.HANDLERS,
    *profile.HANDLERS,
    *pairs.HANDLERS,
    *rows.HANDLERS,
    *difference.HANDLERS,
    *proof.HANDLERS,
    *log.HANDLERS,
    *export.HANDLERS,
    *samples.HANDLERS,
    *verify.HANDLERS,
]
