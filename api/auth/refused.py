"""Refusals of routes that need nobody known, described."""

from __future__ import annotations

from litestar.openapi import ResponseSpec

from api.problems import MEDIA_TYPE, ProblemDocument


def refusal(what: str) -> ResponseSpec:
    """How one refusal reads in the description of the service."""
    return ResponseSpec(
        ProblemDocument, generate_examples=False, description=what, media_type=MEDIA_TYPE
    )
