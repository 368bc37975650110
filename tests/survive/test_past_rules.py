"""A profile says why by the rules of its own day, and is shown even where a sentence is lost."""

from __future__ import annotations

from typing import Any

import yaml

from matching.engines.duckdb import DuckDBEngine
from mdm.compose import Hub
from mdm.hub.runs import start_run
from mdm.hub.tables import RuleSet
from mdm.lookup import SURVIVORSHIP, profile_by_id
from mdm.survivorship import UNSAID, Choice, Explanation, explain, parse_rules, survive
from mdm.survivorship.rules import DOCUMENT
from reference.documents import read_yaml
from tests.publish.golden import Golden, publish_golden
from tests.survive.tables import golden, load, record

NIK = "3201154503880002"


def _document() -> dict[str, Any]:
    read: dict[str, Any] = read_yaml(DOCUMENT.read_text(encoding="utf-8"))
    return read


def _older() -> dict[str, Any]:
    """The document as it stood before: an attribute since dropped, a sentence since reworded."""
    document = _document()
    document["kinds"]["person"]["attributes"]["old_flag"] = {
        "rule": "programme_flag",
        "value": "pkh",
    }
    document["rules"]["registry_first_fuller"]["sentence"]["en"] = "As it was said before."
    return document


def _content(engine: DuckDBEngine, document: dict[str, Any]) -> str:
    rows = [
        record("kemendagri", "K1", nik=NIK, name="SITI AMINAH", religion="ISLAM"),
        record("kemensos", "S1", pkh=True),
        record("pemda", "P1", name="SITI A", religion="ISLAM"),
    ]
    load(engine, "person", rows)
    survive(engine, "person", parse_rules(document))
    return golden(engine, "person")["E"]


def _choice(found: Explanation, attribute: str) -> Choice:
    return next(c for c in found.choices if c.attribute == attribute)


def _publish(hub: Hub, content: str, document: dict[str, Any], entity: str) -> None:
    text = yaml.safe_dump(document)
    with hub.sessions.begin() as session:
        digest = parse_rules(document).digest
        session.merge(RuleSet(digest=digest, documents={SURVIVORSHIP: text}))
        run = start_run(session, "run", entity, rules=digest)
    publish_golden(hub, Golden(persons={entity: (content, [NIK])}), run)


def test_a_missing_rule_reason_or_status_is_said_and_never_raises(engine: DuckDBEngine) -> None:
    content = _content(engine, _document())
    document = _document()
    del document["kinds"]["person"]["attributes"]["religion"]
    del document["reasons"]["lower_priority"]
    del document["statuses"]["unverified"]
    found = explain(content, parse_rules(document))
    assert _choice(found, "religion").value == "ISLAM"
    assert _choice(found, "religion").sentence == UNSAID
    assert _choice(found, "name").losers[0].because == UNSAID
    assert found.status_sentence == UNSAID
    assert _choice(found, "name").sentence != UNSAID


def test_a_kind_or_attribute_nobody_knows_any_more_is_still_shown(engine: DuckDBEngine) -> None:
    content = _content(engine, _older())
    found = _choice(explain(content), "old_flag")
    assert (found.value, found.label.en, found.sentence) == (True, "old flag", UNSAID)
    document = _document()
    del document["kinds"]["person"]
    assert _choice(explain(content, parse_rules(document)), "pkh").sentence == UNSAID


def test_a_published_profile_speaks_by_the_rules_of_its_run(hub: Hub, engine: DuckDBEngine) -> None:
    """Not by today's document, and not by those of a run that is not published yet."""
    _publish(hub, _content(engine, _older()), _older(), "e1")
    with hub.sessions.begin() as session:
        start_run(session, "run", "later", rules="digest of rules not kept")
    view = profile_by_id(hub, "e1", actor="officer")
    assert view is not None
    assert _choice(view.explanation, "name").sentence.en == "As it was said before."
    assert _choice(view.explanation, "old_flag").sentence != UNSAID


def test_rules_that_no_longer_read_do_not_hide_the_profile(hub: Hub, engine: DuckDBEngine) -> None:
    content = _content(engine, _document())
    _publish(hub, content, _document(), "e1")
    with hub.sessions.begin() as session:
        kept = session.get_one(RuleSet, parse_rules(_document()).digest)
        kept.documents = {SURVIVORSHIP: "a key nobody knows any more: 1"}
    view = profile_by_id(hub, "e1", actor="officer")
    assert view is not None
    assert view.explanation.choices
