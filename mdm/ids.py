"""Short ids and digests, as events, file names and pages carry them.

They have 14 hexadecimal digits: one of 16 is now and then all digits, and the audit log, which takes no
NIK or KK number, refuses it (one id in 1,800).
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

LENGTH = 14
AT_ONCE = 512  # ids


def short_id() -> str:
    """A random id of 56 bits: for what is counted in millions, not for secrets."""
    return secrets.token_hex(LENGTH // 2)


def short_ids() -> Iterator[str]:
    """Such ids without end, for one thread that needs many: drawn some at a time, for whoever asks the system for
    randomness lets another thread run first."""
    size = LENGTH // 2
    while True:
        drawn = os.urandom(AT_ONCE * size)
        yield from (drawn[at : at + size].hex() for at in range(0, len(drawn), size))


def short(digest: str) -> str:
    """The beginning of a hexadecimal digest: enough to tell apart what one hub keeps of a sort."""
    return digest[:LENGTH]
