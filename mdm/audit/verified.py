"""What a verification of the log came to: how much was looked at, and every fault in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

MOST = 100  # faults told one by one
What = Literal[
    "altered", "missing", "moved", "root", "signature", "tile", "index", "key", "witness", "profile", "digests",
    "number", "lake", "judgement", "role", "factor", "rules", "entity", "job",
    "erased", "row",
]  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """Something that does not hold. Of a row: the `table` it stands in, the `group` of rows there, and `how` it differs
    (altered, gone, untold, between)."""

    what: What
    sentence: str
    seq: int | None = None
    table: str = ""
    group: str = ""
    how: str = ""


@dataclass
class Verified:
    """What a verification came to. `unsigned`: events since the last checkpoint; `unheld`: by table, how many groups of
    rows no event holds, for they were written before the log held rows."""

    events: int = 0
    checkpoints: int = 0
    profiles: int = 0
    unsigned: int = 0
    root: str = ""
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults that are not told one by one
    unheld: dict[str, int] = field(default_factory=dict)

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def fault(self, what: What, sentence: str, seq: int | None = None) -> None:
        """Note what does not hold."""
        self.add(Fault(what, sentence, seq))

    def add(self, fault: Fault) -> None:
        """Note what does not hold."""
        if len(self.faults) < MOST:
            self.faults.append(fault)
        else:
            self.more += 1
