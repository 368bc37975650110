"""The eligibility document: which doubts suspend an answer, what cannot last, and what answers say in words."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field

from mdm import documents
from mdm.documents import Document, RequiredSentence
from mdm.eligibility.lasting import Lasts, check
from mdm.eligibility.terms import Outcome
from mdm.errors import RuleError

NAME = "eligibility.yaml"
DOCUMENT = Path(__file__).parents[1] / "rules" / NAME

DoubtName = Literal[
    "not_found",
    "several_carriers",
    "possible_duplicate",
    "disputed_link",
    "second_opinion",
    "weak_link",
    "identity_conflict",
    "person_died",
    "near_number",
    "other_person",
]
#: Documents of before do not know of these: their answers do not tell them.
UNSAID = {"person_died", "near_number", "other_person"}
ConfidenceName = Literal["single-record", "strong", "moderate"]


class DoubtRule(Document):
    """One kind of doubt: whether it suspends the answer, what it is, what would settle it."""

    suspends: bool
    sentence: RequiredSentence
    settles: RequiredSentence


class EligibilityRules(Document):
    """The whole document. `lasts`: attribute → its state that cannot last. Documents of before, by which old
    questions are answered, say nothing of it: their answers tell no dates, then as now."""

    version: Literal[1]
    weak_link_bits: float = Field(gt=0)
    lasts: dict[str, Lasts] | None = None
    doubts: dict[DoubtName, DoubtRule]
    outcomes: dict[Outcome, RequiredSentence]
    keeps_benefit: RequiredSentence
    confidence: dict[ConfidenceName, RequiredSentence]

    def model_post_init(self, _context: object) -> None:
        # Documents of before this name, which old questions are answered by, called it a disputed link.
        if "disputed_link" in self.doubts:
            self.doubts.setdefault("second_opinion", self.doubts["disputed_link"])
        check(self.lasts or {})
        for said, wanted in (
            (set(self.doubts), set(DoubtName.__args__) - UNSAID),  # type: ignore[attr-defined]
            (set(self.outcomes), set(Outcome)),
            (set(self.confidence), set(ConfidenceName.__args__)),  # type: ignore[attr-defined]
        ):
            if missing := sorted(wanted - said):
                raise ValueError(f"nothing is said of {', '.join(missing)}")


@lru_cache(maxsize=16)
def parse_eligibility(text: str) -> EligibilityRules:
    """The document from YAML; RuleError names the first wrong place."""
    return documents.parse(EligibilityRules, text, NAME)


def load_eligibility(home: Path | None = None) -> EligibilityRules:
    """The document in force: the home's own, or the built-in one."""
    own = home / NAME if home else None
    path = own if own and own.exists() else DOCUMENT
    return parse_eligibility(path.read_text(encoding="utf-8"))


def advice(home: Path) -> list[str]:
    """What a home's own document does without, that the built-in one has: since it was written, both went on."""
    if not (home / NAME).exists():
        return []
    try:
        own = load_eligibility(home)
    except RuleError as error:
        return [f"{error.message} {error.hint or ''}".strip()]
    built_in = load_eligibility()
    found = []
    if missing := sorted((built_in.lasts or {}).keys() - (own.lasts or {}).keys()):
        found.append(
            f"{NAME} of this home has no `lasts` for {', '.join(missing)}: however old, their values decide. "
            "See docs/eligibility.md."
        )
    if missing := sorted(built_in.doubts.keys() - own.doubts.keys()):
        found.append(
            f"{NAME} of this home says nothing of {', '.join(missing)}: answers do not tell it."
        )
    return found
