"""Short ids and digests, as events, file names and pages carry them.

They have 14 hexadecimal digits: one of 16 is now and then all digits, and the audit log, which takes no
NIK or KK number, refuses it (one id in 1,800).
"""

from __future__ import annotations

import secrets

LENGTH = 14


def short_id() -> str:
    """A random id of 56 bits: for what is counted in millions, not for secrets."""
    return secrets.token_hex(LENGTH // 2)


def short(digest: str) -> str:
    """The beginning of a hexadecimal digest: enough to tell apart what one hub keeps of a sort."""
    return digest[:LENGTH]
