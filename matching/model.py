"""A linkage model: the trained weights of one kind, dated, with the fingerprint of what it was trained on.

A model file is added, never edited. The rules say what is compared; the model says what each level weighs.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import log2
from pathlib import Path

from matching.rules import LinkageRules

#: Records that a stratum may have for each that a model saw of it: a bit of the prior.
GROWN = 2


@dataclass(frozen=True)
class LevelWeight:
    """m: share of matching pairs on this level; u: share of non-matching pairs."""

    comparison: str
    level: str
    m: float
    u: float

    @property
    def bits(self) -> float:
        """What this level adds to a pair's match weight."""
        return log2(self.m / self.u)


@dataclass(frozen=True)
class Model:
    """Weights of one kind. `prior` is the share of all record pairs that match."""

    kind: str
    trained_at: str
    fingerprint: str
    rules: str
    records: int
    prior: float
    levels: tuple[LevelWeight, ...]
    strata: dict[str, int] = field(
        default_factory=dict
    )  # records by stratum; older models kept none

    @property
    def name(self) -> str:
        return f"{self.kind}-{self.trained_at.replace(':', '').replace('-', '')}-{self.fingerprint[:8]}"

    def weight(self, comparison: str, level: str) -> LevelWeight | None:
        """The weight of one level, None if the model does not know it."""
        return next(
            (w for w in self.levels if (w.comparison, w.level) == (comparison, level)), None
        )

    def knows(self, rules: LinkageRules) -> bool:
        """Whether it has a weight for every level of the rules: one learned before a level was added has not."""
        return all(
            self.weight(comparison.name, level.name)
            for comparison in rules.comparisons
            for level in comparison.levels
            if not level.missing
        )

    def fits(self, strata: Mapping[str, int]) -> bool:
        """Whether it was learned from data like these, told by their records per stratum: no stratum has come since,
        or grown to more than twice as many. Of one source alone nothing is learned of how two differ; and how many of
        all pairs match falls as the records grow."""
        if not self.strata:
            return sum(strata.values()) <= GROWN * self.records
        return all(count <= GROWN * self.strata.get(name, 0) for name, count in strata.items())

    def to_json(self) -> str:
        return json.dumps(asdict(self), indent=1, sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Model:
        data = json.loads(text)
        data["levels"] = tuple(LevelWeight(**level) for level in data["levels"])
        return cls(**data)

    def save(self, folder: Path) -> Path:
        """Write the model beside the earlier ones; a model that stands is not overwritten."""
        path = folder / f"{self.name}.json"
        folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(self.to_json() + "\n", encoding="utf-8")
        return path
