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


_ALWAYS = (*SECURITY, NO_STORE)
_NAMES = frozenset(name for name, _ in _ALWAYS)


def with_security(headers: list[Header], request_id: str) -> list[Header]:
    """The headers of an answer, with what every answer carries; no-store unless it says otherwise."""
    own = _NAMES.intersection([name for name, _ in headers])
    more = [one for one in _ALWAYS if one[0] not in own] if own else _ALWAYS
    return [*headers, *more, (b"x-request-id", request_id.encode())]
