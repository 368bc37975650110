"""Names for what the figures are of: words where we have them, the code itself where we do not."""

from __future__ import annotations

from api.web.texts import texts
from api.web.wording import Wording
from matching.rules import KINDS
from mdm.validation.quality import load_quality
from reference.regions import place_name
from reference.sentences import Language


def kind_name(words: Wording, kind: str) -> str:
    """Persons, families, households."""
    return words.t(f"operations.kind.{kind}")


def source_name(words: Wording, source: str) -> str:
    """A provider's name."""
    return _known(words, "operations.source.", source)


def stage_name(words: Wording, stage: str) -> str:
    """A stage of the path."""
    verb, _, kind = stage.partition(" ")
    named = _known(words, "operations.stage.", verb)
    return f"{named}: {kind_name(words, kind)}" if kind in KINDS else named


def rule_sentence(words: Wording, rule: str) -> str:
    """What a quality rule says; its name where the rule is no longer there."""
    found = next((one for one in load_quality().rules if one.name == rule), None)
    return words.said(found.reason) if found else rule


def group_name(words: Wording, column: str, value: str) -> str:
    """A group of the truth: a province by its name."""
    if column == "province":
        return place_name(value) or value
    if column == "provider":
        return source_name(words, value)
    named = _known(words, "operations.group.", value.lower().replace(" ", "-"), otherwise="")
    return named or value.replace("_", " ")


def column_name(words: Wording, column: str) -> str:
    """What a truth is broken down by."""
    return _known(words, "operations.column.", column, otherwise=column.replace("_", " "))


def count_name(words: Wording, name: str) -> str:
    """What a stage counted: `person sealed`, `pairs`, `passed over`."""
    kind, _, rest = name.partition(" ")
    if kind not in KINDS:
        return _known(words, "operations.count.", name.replace(" ", "-"), otherwise=name)
    counted = _known(words, "operations.count.", rest, otherwise=rest)
    return f"{kind_name(words, kind)} {counted}".strip()


def _known(words: Wording, stem: str, name: str, otherwise: str | None = None) -> str:
    key = stem + name
    return words.t(key) if key in texts() else (name if otherwise is None else otherwise)


def chart_address(name: str, seq: int, language: Language) -> str:
    """Where a chart of a run is: `name`, or `name-kind`."""
    return f"/operasi/grafik/{seq}/{language}/{name}.svg"
