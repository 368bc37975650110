"""Programme documents: what is written is checked, in words that help whoever wrote it."""

from __future__ import annotations

import csv
import re
from datetime import date
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from mdm.eligibility import library
from mdm.eligibility.documents import parse_programme
from mdm.eligibility.doubts import DOCUMENT, NAME, load_eligibility, parse_eligibility
from mdm.eligibility.kleene import both, either, negated
from mdm.eligibility.library import BUILT_IN
from mdm.errors import InputError, RuleError
from reference.documents import read_yaml
from reference.files import read_text
from tests.decide.world import PROGRAMMES

SEMBAKO = (BUILT_IN / "sembako.yaml").read_text("utf-8")
TEXTS = {path.name: path.read_text("utf-8") for path in BUILT_IN.glob("*.yaml")}
WITH = {**TEXTS, NAME: DOCUMENT.read_text("utf-8")}

truths = st.lists(st.sampled_from([True, False, None]), max_size=5)


@given(truths)
def test_kleene_and_and_or_mirror_each_other(parts: list[bool | None]) -> None:
    assert negated(both(parts)) is either([negated(part) for part in parts])


@given(truths, st.booleans())
def test_kleene_never_takes_a_decided_value_back(parts: list[bool | None], learned: bool) -> None:
    known = [learned if part is None else part for part in parts]
    for combined in (both, either):
        assert combined(parts) in (None, combined(known))


def changed(**over: Any) -> str:
    body = read_yaml(SEMBAKO)
    body.update(over)
    return yaml.safe_dump(body)


def rule(that: dict[str, Any]) -> dict[str, Any]:
    sentence = {"id": "Sebuah aturan saja.", "en": "A rule, no more."}
    return {"name": "tried", "sentence": sentence, "settles": sentence, "that": that}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (changed(surprise=1), "surprise"),
        (changed(valid_to=date(2020, 1, 1)), "before valid_from"),
        (changed(listed="nothing"), "no attribute of a person"),
        (changed(amount={"number": "nowhere", "per": "month"}), "no number is called nowhere"),
        (changed(exclusions=[rule({"of": "person", "attribute": "shoe_size", "is": 1})]), "shoe_size"),
        (changed(exclusions=[rule({"of": "person", "attribute": "life", "is": 1})]), "'life'"),
        (changed(exclusions=[rule({"of": "person", "attribute": "occupation", "in": ["BAKER"]})]), "BAKER"),
        (changed(exclusions=[rule({"of": "person", "attribute": "sex", "between": ["desil_to", None]})]), "not a num"),
        (changed(exclusions=[rule({"of": "member", "attribute": "sex", "is": "F"})]), "some_member"),
        (changed(exclusions=[rule({"all": [], "any": []})]), "exactly one"),
        (changed(exclusions=[rule({"of": "person", "attribute": "sex"})]), "one test"),
        (changed(requirements=[rule({"of": "person", "attribute": "sex", "is": "F"})] * 2), "two rules"),
        ("a: [", "YAML"),
    ],
)  # fmt: skip
def test_a_wrong_document_is_refused_and_says_where(text: str, says: str) -> None:
    with pytest.raises(RuleError, match=re.escape(says)) as refused:
        parse_programme(text, "sembako.yaml")
    assert "sembako.yaml" in refused.value.message


def test_a_number_nobody_uses_is_a_slip() -> None:
    body = read_yaml(SEMBAKO)
    body["numbers"]["idle"] = body["numbers"]["desil_to"]
    with pytest.raises(RuleError, match="no rule uses the number idle"):
        parse_programme(yaml.safe_dump(body), "sembako.yaml")


def test_two_editions_in_force_on_one_day_are_refused() -> None:
    later = changed(edition="2027.1", valid_from=date(2027, 1, 1))
    with pytest.raises(RuleError, match="2027-01-01"):
        library.read({**WITH, "sembako-2027.yaml": later})
    ended = changed(valid_to=date(2026, 12, 31))
    both_ = library.read({**WITH, "sembako.yaml": ended, "sembako-2027.yaml": later})
    assert both_.rules("SEMBAKO", date(2026, 12, 31)).document.edition == "2026.1"
    assert both_.rules("SEMBAKO", date(2027, 1, 1)).document.edition == "2027.1"


def test_a_programme_or_a_day_without_rules_says_what_there_is() -> None:
    held = library.read(WITH)
    with pytest.raises(InputError) as unknown:
        held.rules("BSPS", date(2026, 11, 1))
    assert "SEMBAKO" in unknown.value.hint
    with pytest.raises(InputError, match="2020-01-01"):
        held.rules("SEMBAKO", date(2020, 1, 1))


def test_the_built_in_documents_agree_with_the_table_of_programmes() -> None:
    held = library.read(WITH)
    assert held.names == PROGRAMMES
    rows = {
        row["programme"]: row
        for row in csv.DictReader(StringIO(read_text("eligibility_rules.csv")))
    }
    names = {"SEMBAKO (BPNT)": "SEMBAKO"}
    for name, row in rows.items():
        if names.get(name, name) in PROGRAMMES:
            numbers = held.rules(names.get(name, name), date(2026, 11, 1)).document.numbers
            assert numbers["desil_from"].value == int(row["desil_min"])
            assert numbers["desil_to"].value == int(row["desil_max"])


def test_sources_that_disagree_are_noted() -> None:
    held = library.read(WITH)
    on = date(2026, 11, 1)
    pbi = held.rules("PBI-JK", on).document.numbers["desil_to"]
    assert (pbi.value, pbi.also_said[0].value, pbi.disputed) == (4, 5, True)
    pkh = held.rules("PKH", on).document.numbers
    assert (pkh["elderly_from"].value, pkh["elderly_from"].also_said[0].value) == (60, 70)
    assert pkh["amount_elderly"].also_said[0].value == 3_000_000


def test_every_sentence_speaks_two_languages_and_promises_nothing() -> None:
    said = load_eligibility()
    for outcome in said.outcomes.values():
        assert "receives" not in outcome.en.replace("not yet receiving", "")
        assert "menerima" not in outcome.id.replace("belum berarti menerima", "")
    for text in TEXTS.values():
        for sentence in re.findall(r"\ben: (.+)", text):
            assert "will receive" not in sentence


def test_the_eligibility_document_leaves_no_doubt_without_words() -> None:
    body = read_yaml(DOCUMENT.read_text("utf-8"))
    del body["doubts"]["not_found"]
    with pytest.raises(RuleError, match="not_found"):
        parse_eligibility(yaml.safe_dump(body))


def test_documents_of_before_the_second_opinion_had_a_name_suspend_for_it() -> None:
    body = read_yaml(DOCUMENT.read_text("utf-8"))
    del body["doubts"]["second_opinion"]
    assert parse_eligibility(yaml.safe_dump(body)).doubts["second_opinion"].suspends


def test_a_home_changes_the_rules_with_a_file_of_its_own(hub: Any) -> None:
    before = library.current(hub)
    own = Path(hub.settings.home) / "programmes"
    own.mkdir()
    (own / "sembako.yaml").write_text(SEMBAKO.replace("value: 200000", "value: 250000"), "utf-8")
    after = library.current(hub)
    amount = after.rules("SEMBAKO", date(2026, 11, 1)).document.numbers["amount_monthly"]
    assert amount.value == 250_000
    assert before.digest != after.digest
