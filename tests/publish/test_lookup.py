"""Looking: masked unless revealed, on record before it is seen, silent about who is absent."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlmodel import select

from mdm.compose import Hub
from mdm.documents import parse
from mdm.errors import AccessError, InputError, RuleError
from mdm.hub.tables import AuditEvent
from mdm.lookup import ProfileView, profile_by_id, profile_by_nik
from mdm.rights.restriction import lift, restrict
from mdm.seal.masking import DOCUMENT, SealingRules
from reference.documents import read_yaml
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden
from tests.templates import Fill, Template

PERSON = content(
    links={"family": "f1", "household": "h1"},
    name="SITI NURHALIZA",
    nik=SITI,
    birth={"birth_date": "1988-03-05", "birth_date_precision": "day"},
    pregnant=True,
    domicile={"region_today": "3201150001", "address": "JL MAWAR 3"},
)
GOLDEN = Golden(
    persons={
        "e1": (PERSON, [SITI, AGUS]),
        "e2": (content(name="BUDI"), [BUDI, SITI]),
    },
    families={"f1": content("family", kk="3201150101010001", ranking={"desil": 2})},
)


@pytest.fixture(scope="module")
def published_once(filled: Callable[[Fill], Template]) -> Template:
    return filled(lambda hub: publish_golden(hub, GOLDEN))


@pytest.fixture
def published(published_once: Template, home: Path) -> Iterator[Hub]:
    """A copy of a hub with three profiles."""
    with published_once.copy(home) as hub:
        yield hub


def events(hub: Hub) -> list[dict[str, Any]]:
    with hub.sessions.read() as session:
        rows = session.exec(select(AuditEvent).order_by(AuditEvent.seq)).all()
    return [json.loads(row.event) for row in rows]


def shown(view: ProfileView | None) -> dict[str, Any]:
    assert view is not None
    return {choice.attribute: choice.value for choice in view.explanation.choices}


def test_a_look_is_masked(published: Hub) -> None:
    view = profile_by_nik(published, SITI, actor="officer")
    assert shown(view) == {
        "name": "S*** N***",
        "nik": "3201************",
        "birth": {"birth_date": "1988-**-**", "birth_date_precision": "day"},
        "pregnant": "***",
        "domicile": {"region_today": "3201150001", "address": "***"},
    }
    assert SITI not in repr(view)


def test_a_reveal_gives_values_reasons_family(published: Hub) -> None:
    view = profile_by_nik(published, SITI, actor="officer", purpose="verification", reveal=True)
    assert shown(view)["name"] == "SITI NURHALIZA"
    assert view is not None
    assert view.explanation.choices[0].record.source == "kemendagri"
    assert shown(view.family)["ranking"] == {"desil": 2}
    assert view.household is None


def test_a_reveal_is_on_record_with_purpose_and_fields(published: Hub) -> None:
    profile_by_nik(
        published, SITI, actor="officer", purpose="grievance", case="2026-11-0001", reveal=True
    )
    event = events(published)[-1]
    assert {key: event[key] for key in ("action", "actor", "purpose", "case", "entity_id")} == {
        "action": "reveal",
        "actor": "officer",
        "purpose": "grievance",
        "case": "2026-11-0001",
        "entity_id": ["e1", "f1"],
    }
    assert event["fields"]["person"] == ["birth", "domicile", "name", "nik", "pregnant"]
    assert SITI not in json.dumps(event)
    assert "NURHALIZA" not in json.dumps(event)


def test_no_record_no_reveal(published: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError

    monkeypatch.setattr("mdm.audit.record", full)
    with pytest.raises(OSError):  # noqa: PT011 - whatever the log says
        profile_by_nik(published, SITI, actor="o", purpose="audit", reveal=True)


@pytest.mark.parametrize("purpose", [None, "", "curiosity"])
def test_a_reveal_without_a_known_purpose_is_refused(published: Hub, purpose: str | None) -> None:
    before = events(published)
    with pytest.raises(AccessError) as error:
        profile_by_nik(published, SITI, actor="o", purpose=purpose, reveal=True)
    assert "verification" in error.value.hint
    assert events(published) == before


def test_who_is_not_there_looks_like_nothing(hub: Hub) -> None:
    assert profile_by_nik(hub, SITI, actor="o") is None
    publish_golden(hub, GOLDEN)
    assert profile_by_nik(hub, "9999990101900001", actor="o") is None
    event = events(hub)[-1]
    assert (event["action"], event["found"]) == ("look", False)
    assert event.keys() == {"at", "actor", "action", "found"}


@pytest.mark.parametrize("whose", ["e1", "f1"])
def test_who_is_restricted_looks_like_nobody_but_for_what_the_law_demands(
    published: Hub, whose: str
) -> None:
    restrict(published, whose, basis="art. 41", actor="s")
    assert profile_by_nik(published, SITI, actor="o") is None
    assert profile_by_id(published, "e1", actor="o", purpose="assistance", reveal=True) is None
    event = events(published)[-1]
    assert (event["found"], event["decision"]) == (False, "restricted")
    assert "entity_id" not in event
    for purpose in ("subject_access", "audit"):
        assert profile_by_nik(published, SITI, actor="o", purpose=purpose, reveal=True)
    assert profile_by_nik(published, BUDI, actor="o")  # another person, whom it does not touch
    lift(published, whose, basis="art. 41", actor="s")
    assert profile_by_nik(published, SITI, actor="o")


def test_what_is_no_nik_is_refused(published: Hub) -> None:
    with pytest.raises(InputError):
        profile_by_nik(published, "32011545", actor="o")


def test_a_shared_nik_shows_whose_golden_nik_it_is_and_that_others_carry_it(
    published: Hub,
) -> None:
    view = profile_by_nik(published, SITI, actor="o")
    assert view is not None
    assert (view.entity_id, view.also_on) == ("e1", 1)
    other = profile_by_nik(published, BUDI, actor="o")
    assert other is not None
    assert (other.entity_id, other.also_on) == ("e2", 0)


def test_a_person_is_found_by_another_nik_of_theirs(published: Hub) -> None:
    view = profile_by_nik(published, AGUS, actor="o")
    assert view is not None
    assert view.entity_id == "e1"


def test_a_merged_id_leads_to_where_it_went(published: Hub) -> None:
    publish_golden(published, Golden({"e1": (PERSON, [SITI])}, GOLDEN.families, {"e2": "e1"}))
    view = profile_by_id(published, "e2", actor="o")
    assert view is not None
    assert (view.entity_id, view.asked) == ("e1", "e2")
    assert profile_by_id(published, "nobody", actor="o") is None


def test_an_actor_that_holds_a_nik_is_not_written_down(published: Hub) -> None:
    with pytest.raises(InputError):
        profile_by_nik(published, SITI, actor=f"{SITI[:6]} {SITI[6:]}")


def document() -> dict[str, Any]:
    return read_yaml(DOCUMENT.read_text("utf-8"))


def test_an_attribute_without_a_mask_does_not_load() -> None:
    body = document()
    del body["attributes"]["person"]["religion"]
    with pytest.raises(RuleError, match=r"person\.religion"):
        parse(SealingRules, yaml.safe_dump(body), DOCUMENT.name)


def test_personal_data_cannot_be_open() -> None:
    body = document()
    body["attributes"]["family"]["desil"] = "open"
    with pytest.raises(RuleError, match=r"family\.desil"):
        parse(SealingRules, yaml.safe_dump(body), DOCUMENT.name)


@pytest.mark.parametrize("where", [(), ("masks",), ("attributes", "person")])
def test_an_unknown_key_does_not_load(where: tuple[str, ...]) -> None:
    body = document()
    part = body
    for name in where:
        part = part[name]
    part["unheard_of"] = "hidden"
    with pytest.raises(RuleError):
        parse(SealingRules, yaml.safe_dump(body), DOCUMENT.name)
