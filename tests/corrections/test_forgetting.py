"""Erasing one person takes what proposals said of them, and leaves what they said of others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from mdm.compose import Hub
from mdm.corrections import chain, lists, retracting, returns, rows, store
from mdm.corrections.searching import finding
from mdm.days import today
from mdm.errors import ConflictError, UnknownError
from mdm.homes import open_home
from mdm.hub.runs import published_seq
from mdm.hub.tables import CorrectionKey, CorrectionPlace, CorrectionReturn
from mdm.rights import erasing, shredlist
from reference.regions import children
from tests.api.world import BUDI, ENTITY, FAMILY, SITI, people
from tests.corrections.chain import (
    HEAD,
    KEMENSOS,
    OPERATOR,
    VERIFIER,
    accepted,
    approve,
    draft,
    retraction,
    revoke,
)
from tests.keys.approving import erase
from tests.publish.golden import publish_golden
from tests.run.homes import QUIET, FirstRun, copy_of, profiles

MOVED = {"address": "JL KENANGA 7", "region_code": children("320115")[0]}
PHONE = "081234567890"


def fill(hub: Hub) -> None:
    """Publish a family of two, each with a source record of their own."""
    golden = people()
    for entity_id, (body, found_by) in golden.persons.items():
        golden.persons[entity_id] = _own(body, entity_id), found_by  # type: ignore[index]
    for entity_id, body in golden.families.items():
        golden.families[entity_id] = _own(body, entity_id)  # type: ignore[index]
    publish_golden(hub, golden)


def _own(body: str, entity_id: str) -> str:
    said = json.loads(body)
    for member in said["links"].get("members", ())[1:]:
        member[1] = "SPOUSE"
    record = [
        "kemendagri",
        "biodata_wni",
        f"record-{entity_id[:1]}",
        "b1",
        "f.csv",
        7,
        "2026-01-02",
    ]
    return json.dumps(said | {"records": [record]}, sort_keys=True, separators=(",", ":"))


def of(hub: Hub, entity_id: str) -> list[dict[str, Any]]:
    """What approved corrections say of somebody, without what every record has."""
    return [
        {name: row[name] for name in ("address", "phone", "relationship") if row.get(name)}
        for row in accepted(hub, entity_id)
        if row["record_key"] in _keys(hub, entity_id)
    ]


def _keys(hub: Hub, entity_id: str) -> set[str]:
    with hub.sessions.read() as session:
        added = rows.approved_of(hub, session, [entity_id])
    return {one.part.key for one in added if one.part.entity_id == entity_id}


def test_what_was_approved_for_others_stays(hub: Hub) -> None:
    fill(hub)
    family = FAMILY[SITI]
    move = approve(hub, draft("move-family", family, values=MOVED))
    other = approve(
        hub, draft("correct-value", ENTITY[BUDI], attribute="phone", values={"phone": PHONE})
    )
    mine = approve(
        hub, draft("correct-value", ENTITY[SITI], attribute="phone", values={"phone": PHONE})
    )
    open_ = chain.propose(hub, OPERATOR, draft("move-family", family, values=MOVED | {"rt": "4"}))
    backs = [retracting.propose(hub, OPERATOR, retraction(one)) for one in (move, mine, other)]
    papers = set((hub.settings.home / "evidence").iterdir())
    before = of(hub, ENTITY[BUDI]), of(hub, family)
    assert all(before)
    backup = hub.settings.home.parent / "backup"
    shutil.copytree(hub.settings.home, backup)

    erase(hub, ENTITY[SITI])
    assert (of(hub, ENTITY[BUDI]), of(hub, family)) == before
    assert of(hub, ENTITY[SITI]) == []
    whole = lists.open_whole(hub, KEMENSOS, move)
    assert SITI not in whole.proposal.model_dump_json()
    assert "SITI" not in whole.proposal.model_dump_json()
    # Words and papers cannot be divided: they might be about her.
    assert (whole.proposal.said, whole.evidence, whole.proposal.unsaid) == ("", [], 4)
    assert lists.open_whole(hub, KEMENSOS, other).evidence
    assert len(papers - set((hub.settings.home / "evidence").iterdir())) == 5
    # What takes back what told of her says no word of it; of her alone, nothing is left to be taken back.
    assert lists.open_whole(hub, KEMENSOS, backs[0]).proposal.said == ""
    assert lists.open_whole(hub, KEMENSOS, backs[2]).proposal.said
    for gone in (mine, backs[1]):
        with pytest.raises(UnknownError):
            lists.open_whole(hub, KEMENSOS, gone)
    with pytest.raises(UnknownError):
        retracting.propose(hub, OPERATOR, retraction(mine))
    with hub.sessions.read() as session:
        assert session.get(CorrectionKey, mine) is None
        assert session.get(CorrectionKey, other) is not None
    # One on its way goes on about the others, for who looks at it anew.
    with pytest.raises(ConflictError):
        chain.agree(hub, VERIFIER, open_, "verify", version=1)
    chain.agree(hub, VERIFIER, open_, "verify", version=2, note="Sudah dilihat.")
    assert [one.note for one in lists.open_whole(hub, HEAD, open_).steps] == ["", "Sudah dilihat."]
    if not hub.dialect.embedded:
        return
    old = open_home(backup)
    lines = shredlist.read_file(shredlist.path_of(hub))
    assert erasing.replay(old, shredlist.opened(old, lines), QUIET, actor="keeper") == 1
    assert (of(old, ENTITY[BUDI]), of(old, family)) == before
    assert of(old, ENTITY[SITI]) == []
    assert lists.open_whole(old, KEMENSOS, move).proposal == whole.proposal
    old.close()


def test_a_part_goes_with_whom_a_run_found_its_record_in(hub: Hub) -> None:
    fill(hub)
    move = approve(hub, draft("move-family", FAMILY[SITI], values=MOVED))
    with hub.sessions.begin() as session:
        key = store.key_of(hub, session, move)
        assert key is not None
        parts = store.opened(key, store.by_id(session, move)).parts
        (his,) = [one.key for one in parts if one.entity_id == ENTITY[BUDI]]
        seq = published_seq(session)
        session.add(CorrectionPlace(record_key=his, run_seq=seq, entity_id=ENTITY[SITI]))
    taken_back = told_in_vain(hub, ENTITY[SITI])
    erase(hub, ENTITY[SITI])
    assert of(hub, ENTITY[BUDI]) == []
    assert of(hub, FAMILY[SITI])
    # What the registry was told of her in vain it is told so all the same, by the number alone.
    (line,) = returns.deliver(hub, "kemendagri", actor="test")
    assert [cell for cell in line.cells if cell] == ["PEMBATALAN", taken_back, today().isoformat()]
    assert returns.deliver(hub, "kemendagri", actor="test") == []


def told_in_vain(hub: Hub, entity_id: str) -> int:
    """The number of a correction that was revoked after the registry had been told of it."""
    values = {"name": "SITI YANG LAIN"}
    made = approve(hub, draft("correct-value", entity_id, attribute="name", values=values))
    with hub.sessions.begin() as session:  # as a file does that was made once a run had brought it
        row = store.by_id(session, made)
        ((_, said),) = store.open_many(hub, session, [row])
        told = {"record_key": said.parts[0].key, "attribute": "name", "correction": made}
        session.add(CorrectionReturn(**told, provider="kemendagri", actor="test"))  # type: ignore[arg-type]
        number = row.number
    revoke(hub, made)
    return number


def test_what_a_head_was_called_goes_with_them(hub: Hub) -> None:
    fill(hub)
    made = approve(hub, draft("change-head", ENTITY[BUDI], members={ENTITY[SITI]: "SPOUSE"}))
    erase(hub, ENTITY[BUDI])
    left = lists.open_whole(hub, KEMENSOS, made).proposal
    assert [(one.entity_id, one.columns) for one in left.parts] == [
        (ENTITY[SITI], {"relationship": "SPOUSE"})
    ]
    assert "BUDI" not in left.model_dump_json()


def test_a_card_leads_to_who_is_left_of_a_family_before_the_next_run(
    first: FirstRun, tmp_path: Path
) -> None:
    with copy_of(first.home, tmp_path / "home") as hub:
        families = [c for c in map(json.loads, profiles(hub).values()) if c["kind"] == "family"]
        card, members = next(
            (c["agreed"]["kk"][0], c["links"]["members"])
            for c in families
            if "kk" in c["agreed"] and len(c["links"]["members"]) > 1
        )
        (head,) = [one for one, relation in members if relation == "HEAD"]
        assert finding(hub, OPERATOR, card).entities == (head,)
        erase(hub, head)
        (found,) = finding(hub, OPERATOR, card).entities
        assert found in {one for one, _ in members} - {head}
