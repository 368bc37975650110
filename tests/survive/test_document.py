"""The survivorship document: complete, strict, and speaking both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from mdm.errors import RuleError
from mdm.survivorship import load_rules, parse_rules
from mdm.survivorship.rules import DOCUMENT
from reference.attributes import dictionary
from reference.documents import read_yaml


@pytest.fixture
def document() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(DOCUMENT.read_text(encoding="utf-8"))
    return read


@pytest.mark.parametrize("kind", ["person", "family", "household"])
def test_every_attribute_of_the_dictionary_has_a_position(kind: str) -> None:
    assert load_rules().kind(kind).positions == set(dictionary().of(kind))


def _write(folder: Path, document: dict[str, Any]) -> Path:
    path = folder / "survivorship.yaml"
    path.write_text(yaml.safe_dump(document), encoding="utf-8")
    return path


def test_an_attribute_without_a_position_stops_loading(
    document: dict[str, Any], tmp_path: Path
) -> None:
    del document["kinds"]["person"]["attributes"]["religion"]
    with pytest.raises(RuleError, match="no position on person attributes: religion"):
        load_rules(_write(tmp_path, document))


def test_an_attribute_nobody_defined_stops_loading(
    document: dict[str, Any], tmp_path: Path
) -> None:
    document["kinds"]["person"]["attributes"]["shoe_size"] = {"rule": "free_text"}
    with pytest.raises(RuleError, match="shoe_size"):
        load_rules(_write(tmp_path, document))


def test_the_document_of_a_past_run_still_reads(document: dict[str, Any]) -> None:
    """The dictionary grows; what was chosen before can still say why."""
    del document["kinds"]["person"]["attributes"]["religion"]
    assert "religion" not in parse_rules(document).kind("person").attributes


def test_unknown_keys_rules_and_profiles_are_refused(document: dict[str, Any]) -> None:
    for place, key, value in (
        (document, "extra", 1),
        (document["kinds"]["person"]["attributes"]["name"], "rule", "no_such_rule"),
        (document["rules"]["free_text"], "trust", "no_such_profile"),
        (document["kinds"]["family"]["attributes"]["ranking"], "lesser", "no_such_reason"),
        (document["kinds"]["family"], "identifier", "no_such_attribute"),
        (document["trust"]["identity"]["sources"], "other", {"weight": 501}),
    ):
        before = dict(place)
        place[key] = value
        with pytest.raises(RuleError):
            parse_rules(document)
        place.clear()
        place.update(before)
    parse_rules(document)


def test_a_profile_must_say_what_unnamed_sources_weigh(document: dict[str, Any]) -> None:
    del document["trust"]["contact"]["sources"]["other"]
    with pytest.raises(RuleError, match="other"):
        parse_rules(document)


def test_the_digest_changes_with_the_document(document: dict[str, Any]) -> None:
    before = parse_rules(document).digest
    assert before == load_rules().digest
    document["trust"]["identity"]["sources"]["pemda"]["weight"] = 21
    assert parse_rules(document).digest != before


@pytest.mark.parametrize(
    ("text", "what"),
    [("a: [", "is not YAML"), ("a:\n  b: 1\n  b: 2", r"names a thing twice.* \(line 3\)")],
)
def test_an_unreadable_document_is_named(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "survivorship.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RuleError, match=rf"survivorship\.yaml {what}"):
        load_rules(path)


def test_an_unknown_kind_is_named() -> None:
    with pytest.raises(RuleError, match="vehicle"):
        load_rules().kind("vehicle")
