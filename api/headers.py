"""Security headers, on every answer. Pages and scripts come from this origin only, none inline."""

from __future__ import annotations

Header = tuple[bytes, bytes]

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
SECURITY: tuple[Header, ...] = (
    (b"content-security-policy", _POLICY.encode()),
    (b"strict-transport-security", b"max-age=63072000; includeSubDomains"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
)
NO_STORE: Header = (b"cache-control", b"no-store")


def with_security(headers: list[Header], request_id: str) -> list[Header]:
    """The headers of an answer, with what every answer carries; no-store unless it says otherwise."""
    named = {name for name, _ in headers}
    more = [header for header in SECURITY if header[0] not in named]
    if NO_STORE[0] not in named:
        more.append(NO_STORE)
    return [*headers, *more, (b"x-request-id", request_id.encode())]
