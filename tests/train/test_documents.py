"""Rule documents are read strictly, and say where they are wrong."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from matching.model import LevelWeight, Model
from matching.rules import HERE, KINDS, LinkageRules, RuleDocumentError, load_linkage, read_document


def _changed(tmp_path: Path, old: str, new: str, name: str = "family.yaml") -> Path:
    text = (HERE / name).read_text("utf-8")
    assert old in text
    path = tmp_path / name
    path.write_text(text.replace(old, new, 1), "utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("thresholds:", "treshholds: {}\nthresholds:", "treshholds"),
        ("link: 2", "link: -9", "review must not be above link"),
        ("name: head\n", "name: members\n", "two rules have one name"),
        ("blocking:", "blocking: [", "family.yaml is not YAML (line"),
        (
            "{name: same card, sentence: Both carry the same card number., keys: [card],",
            "{name: same card, sentence: Both.,",
            "names no key",
        ),
    ],
)
def test_a_wrong_document_is_refused_with_place_and_reason(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    with pytest.raises(RuleDocumentError) as refused:
        read_document(_changed(tmp_path, old, new), LinkageRules)
    assert "family.yaml" in str(refused.value)
    assert words in str(refused.value)


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("one: [card and number, number]", "one: [card and numbers]", "card and numbers"),
        ("blocks: [same card, same book number]", "blocks: [same book]", "same book"),
        ("block: same meter}", "block: same metre}", "same metre"),
        ("m: 0.96, share", "share", "same meter"),
        ("m_expected: 0.5", "m: 0.5, share: {expected: 1.0, block: same house}", "less than 1"),
    ],
)
def test_what_is_counted_on_must_be_known(tmp_path: Path, old: str, new: str, words: str) -> None:
    with pytest.raises(RuleDocumentError, match=words):
        read_document(_changed(tmp_path, old, new, "household.yaml"), LinkageRules)


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_has_a_name_and_one_sentence(kind: str) -> None:
    rules = load_linkage(kind)  # type: ignore[arg-type]
    levels = [level for comparison in rules.comparisons for level in comparison.levels]
    for rule in [*rules.blocking, *rules.comparisons, *rules.patterns, *levels]:
        assert rule.name
        assert len(rule.sentence.split()) >= 2
        assert rule.sentence.endswith(".")


def test_a_model_learned_before_a_level_was_added_does_not_know_it() -> None:
    rules = load_linkage("person")
    levels = tuple(
        LevelWeight(comparison.name, level.name, 0.9, 0.1)
        for comparison in rules.comparisons
        for level in comparison.levels
        if not level.missing
    )
    whole = Model("person", "20260101T000000Z", "f" * 64, rules.digest, 10, 0.1, levels)
    assert whole.knows(rules)
    assert not replace(whole, levels=levels[:-1]).knows(rules)


@pytest.mark.parametrize(
    ("records", "fits"),
    [
        ({"kemendagri": 100, "kemensos": 40}, True),
        ({"kemendagri": 200, "kemensos": 80}, True),
        ({"kemensos": 3}, True),
        ({"kemendagri": 201, "kemensos": 40}, False),
        ({"kemendagri": 100, "kemensos": 40, "pemda": 1}, False),
    ],
)
def test_a_model_is_for_sources_it_has_seen_and_no_more_than_twice_the_records(
    records: dict[str, int], fits: bool
) -> None:
    seen = {"kemendagri": 100, "kemensos": 40}
    model = Model("person", "20260101T000000Z", "f" * 64, "r", 140, 0.1, (), seen)
    assert model.fits(records) is fits
    again = Model.from_json(model.to_json())
    assert again.fits(records) is fits


def test_a_model_of_before_is_for_as_many_records() -> None:
    told = json.loads(Model("person", "2026", "f", "r", 140, 0.1, ()).to_json())
    del told["strata"]
    model = Model.from_json(json.dumps(told))
    assert model.fits({"kemendagri": 200, "pemda": 80})
    assert not model.fits({"kemendagri": 200, "pemda": 81})
