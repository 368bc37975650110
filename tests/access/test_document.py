"""The access document: what it must say before it loads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import yaml

from mdm.access.document import DOCUMENT, AccessRules, load_rules
from mdm.documents import parse
from mdm.errors import RuleError
from reference.documents import read_yaml

TEXT = DOCUMENT.read_text("utf-8")


def rules_of(text: str) -> AccessRules:
    return parse(AccessRules, text, DOCUMENT.name)


def grant(document: dict[str, Any], name: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in document["grants"] if one["name"] == name)
    return found


def test_every_action_is_asked_for_somewhere() -> None:
    """One that nothing asks for promises a rule that nobody keeps."""
    root = DOCUMENT.parents[2]
    texts = [
        path.read_text("utf-8")
        for room in ("api", "mdm")
        for ending in ("*.py", "*.yaml")
        for path in (root / room).rglob(ending)
        if path != DOCUMENT
    ]
    quoted = set(re.findall(r"[a-z-]+[.][a-z-]+", "\n".join(texts)))
    assert load_rules().actions.keys() - quoted == set()


CASES: dict[str, tuple[Callable[[dict[str, Any]], Any], str]] = {
    "an attribute without a position": (
        lambda d: d["attributes"]["person"].pop("religion"),
        "person.religion: no position",
    ),
    "a position missing": (
        lambda d: d["attributes"]["family"]["desil"].pop(),
        "family.desil: 4 positions for 5",
    ),
    "a position that is neither": (
        lambda d: d["attributes"]["family"].update(desil=["show"] * 4 + ["maybe"]),
        "Input should be 'show' or 'hide'",
    ),
    "an attribute nobody knows": (
        lambda d: d["attributes"]["person"].update(shoe_size=["hide"] * 5),
        "person.shoe_size: not in the attribute dictionary",
    ),
    "a column without a sentence": (
        lambda d: d["field_sets"].pop("desk"),
        "columns and field_sets",
    ),
    "an unknown key": (lambda d: d.update(default="allow"), "there is nothing of this name"),
    "an unknown key in a grant": (
        lambda d: grant(d, "users").update(exceptions=[]),
        "there is nothing of this name",
    ),
    "a role nobody defined": (
        lambda d: grant(d, "users")["roles"].append("root"),
        "no role is called 'root'",
    ),
    "an action nobody defined": (
        lambda d: grant(d, "users")["actions"].append("all"),
        "no action is called 'all'",
    ),
    "a purpose nobody defined": (
        lambda d: grant(d, "officer-desk")["purposes"].append("curiosity"),
        "no purpose is called 'curiosity'",
    ),
    "an action that needs a purpose granted without": (
        lambda d: grant(d, "officer-desk").update(purposes=[]),
        "profile.lookup and its purposes do not fit",
    ),
    "personal data without regard to region": (
        lambda d: grant(d, "officer-desk").update(where="anywhere"),
        "may not be shown without regard to region",
    ),
    "an action granted to nobody": (
        lambda d: d["grants"].remove(grant(d, "keys")),
        "key.rotate: granted to nobody",
    ),
    "an open action granted": (
        lambda d: grant(d, "users")["actions"].append("token.ask"),
        "token.ask needs no grant",
    ),
    "a role that may do nothing": (
        lambda d: d["roles"].update(guest=d["roles"]["officer"]),
        "guest: may do nothing",
    ),
    "an approver nobody defined": (
        lambda d: d["actions"]["key.destroy"].update(approvers=["boss"]),
        "no role is called 'boss'",
    ),
    "a reason without words": (
        lambda d: d["reasons"].pop("region-outside"),
        "no sentence for 'region-outside'",
    ),
    "words in one language": (lambda d: d["reasons"]["not-own"].pop("id"), "is missing"),
    "two grants of one name": (
        lambda d: grant(d, "keys").update(name="users"),
        "users: two grants of this name",
    ),
    "limits left out": (lambda d: d["roles"]["officer"].pop("limits"), "is missing"),
}


def test_the_document_in_force_loads_from_its_text() -> None:
    assert rules_of(TEXT) == load_rules()
    assert rules_of(TEXT).digest == load_rules().digest


@pytest.mark.parametrize("case", CASES)
def test_a_document_that_leaves_something_open_does_not_load(case: str) -> None:
    change, said = CASES[case]
    document = read_yaml(TEXT)
    change(document)
    with pytest.raises(RuleError) as caught:
        rules_of(yaml.safe_dump(document))
    assert said in caught.value.message


def test_a_change_of_the_document_changes_the_name_of_the_policy() -> None:
    changed = TEXT.replace("religion:               [hide", "religion:               [show", 1)
    assert changed != TEXT
    assert rules_of(changed).digest != load_rules().digest


def test_what_is_not_yaml_does_not_load() -> None:
    with pytest.raises(RuleError, match="not YAML"):
        rules_of("a: [")
