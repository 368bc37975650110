"""What a verification of the log came to: how much was looked at, and every fault in plain words."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST = 100  # faults told one by one


@dataclass(frozen=True)
class Fault:
    """Something that does not hold. `what`: altered, missing, moved, root, signature, tile, index,
    key, witness, profile, digests, number, lake, judgement, role."""

    what: str
    sentence: str
    seq: int | None = None


@dataclass
class Verified:
    """What a verification came to. `unsigned`: events since the last checkpoint."""

    events: int = 0
    checkpoints: int = 0
    profiles: int = 0
    unsigned: int = 0
    root: str = ""
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults that are not told one by one

    @property
    def holds(self) -> bool:
        """Whether nothing was found."""
        return not self.faults

    def fault(self, what: str, sentence: str, seq: int | None = None) -> None:
        """Note what does not hold."""
        if len(self.faults) < MOST:
            self.faults.append(Fault(what, sentence, seq))
        else:
            self.more += 1
