"""An approved step is taken back: what it brought stands no more, what sources say stays, later steps are told of."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.corrections import chain, lists, retracting, rows, store
from mdm.corrections.around import Around, carrying, look_around, value_of
from mdm.corrections.chain import RefusedError
from mdm.corrections.revoking import StoppedError
from mdm.corrections.terms import Draft
from mdm.desk.terms import Profile
from mdm.hub.columns import now
from mdm.pipeline import run
from mdm.survivorship import facts
from reference.regions import children
from tests.corrections.chain import (
    CHAIN,
    HEAD,
    KEMENSOS,
    OPERATOR,
    VERIFIER,
    approve,
    draft,
    families,
    of,
    retraction,
    revoke,
)
from tests.run.homes import QUIET, FirstRun, copy_of, profiles
from tests.touched.settled import settled

NIK = "3201154110260001"
BABY = {"name": "BAYI CONTOH", "sex": "F", "birth_date": "2026-10-01"}
Facts = dict[str, object]


@pytest.fixture(scope="module")
def hub(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path_factory.mktemp("revoking") / "home") as hub:
        yield hub


def seen(hub: Hub, entity_id: str) -> Around | None:
    with hub.sessions.read() as session:
        return look_around(hub, session, entity_id)


def held(hub: Hub, entity_id: str, attribute: str) -> object:
    found = seen(hub, entity_id)
    assert found is not None
    return value_of(found.target, attribute)


def state(hub: Hub, correction: str) -> str:
    with hub.sessions.read() as session:
        return store.by_id(session, correction).state


def all_facts(hub: Hub) -> Facts:
    return {one: facts(text) for one, text in profiles(hub).items()}


def other(around: Around, n: int = 0) -> str:
    """A member who is not the head."""
    found = [key for key, relation in around.relations.items() if relation != "HEAD"]
    return sorted(found, key=lambda key: str(value_of(around.members[key], "nik")))[n]


def from_elsewhere(all_: list[Around], here: Around) -> Profile:
    """Somebody of another regency whom the registry knows."""
    return next(
        member
        for one in all_
        if one.region and one.region[:4] != (here.region or "")[:4] and len(one.members) > 2
        for key, member in one.members.items()
        if one.relations[key] != "HEAD"
        and value_of(member, "nik")
        and any(record[0] == "kemendagri" for record in member.body["records"])
    )


def test_what_was_brought_is_gone_at_once_and_for_good(hub: Hub) -> None:
    """In the end all stands as if it had never been."""
    known = [one for one in families(hub) if one.region and one.household]
    known.sort(key=lambda one: str(value_of(one.target, "kk")))  # ids are others every time
    born = next(one for one in known if len(one.members) < 3)
    here, split, valued, *rest = [one for one in known if len(one.members) > 2]
    comes, start = from_elsewhere(rest, here), all_facts(hub)
    who = {name: value_of(comes, name) for name in ("nik", "name", "sex")} | {
        "birth_date": value_of(comes, "birth")["birth_date"]
    }
    steps = {
        "birth": draft("report-birth", born.target.entity_id, values=BABY | {"nik": NIK}),
        "comes": draft(
            "add-member", here.target.entity_id, values={**who, "relationship": "OTHER_RELATIVE"}
        ),
        "splits": draft(
            "split-family",
            split.target.entity_id,
            members={other(split): "HEAD", other(split, 1): "CHILD"},
        ),
        "first": phone(other(valued), "081200000001"),
        "again": phone(other(valued), "081200000002"),
    }
    bogor = of("desa-operator", (here.region or "")[:4])
    made = {
        name: approve(hub, what, bogor if name == "comes" else OPERATOR)
        for name, what in steps.items()
    }
    run(hub, QUIET)
    new = {key: json.loads(text) for key, text in profiles(hub).items() if key not in start}
    (child,) = [key for key, one in new.items() if one["kind"] == "person"]
    (card,) = [
        key for key, one in new.items() if other(split) in dict(one["links"].get("members", ()))
    ]
    assert comes.entity_id in (seen(hub, here.target.entity_id) or here).members

    # What came to build upon them.
    named = draft("correct-value", child, attribute="name", values={"name": "BAYI BENAR"})
    village = children((born.region or "")[:6])[0]
    moves = {"address": "JL BARU 9", "region_code": village}
    later = {
        "named": approve(hub, named),
        "moves": approve(hub, draft("move-family", born.target.entity_id, values=moves)),
    }
    waits = chain.propose(hub, OPERATOR, phone(child, "081200000003"))
    assert not settled(hub).deferred
    assert held(hub, child, "name") == "BAYI BENAR"
    numbers = {name: number(hub, key) for name, key in {**made, **later, "waits": waits}.items()}
    said = {c.code: c.value for c in retracting.try_out(hub, OPERATOR, retraction(made["birth"]))}
    assert said["goes-along"] == str(numbers["named"])
    assert said["later-steps"] == f"{numbers['moves']}, {numbers['waits']}"

    moment = now()
    back = revoke(hub, made["birth"])
    assert not settled(hub).deferred
    assert seen(hub, child) is None
    gone = {made["birth"], later["named"]}
    with hub.sessions.read() as session:
        assert gone.isdisjoint(one.correction for one in rows.approved(hub, session))
        then = rows.approved(hub, session, moment)
        assert gone <= {one.correction for one in then}, "a trace as of then has its records"
        assert carrying(hub, session, OPERATOR, NIK) == [], "its NIK is nobody's"
    assert child not in (seen(hub, born.target.entity_id) or born).members
    assert [state(hub, of_) for of_ in (made["birth"], later["named"], later["moves"])] == [
        "revoked", "revoked", "approved",
    ]  # fmt: skip
    fallen = {one.outcome for one in lists.open_whole(hub, KEMENSOS, later["moves"]).outcomes}
    assert fallen == {"survived", "fallen"}
    for version, (actor, act) in enumerate(CHAIN[:2], 1):  # nobody is left whom it could be about
        chain.agree(hub, actor, waits, act, version=version)
    with pytest.raises(StoppedError):
        chain.agree(hub, KEMENSOS, waits, "approve", version=3)
    assert "gone" in lists.open_whole(hub, HEAD, waits).warnings
    chain.send_back(hub, KEMENSOS, waits, version=3, note="Dasarnya dibatalkan.")
    taken = lists.open_whole(hub, VERIFIER, made["birth"])
    assert [step.step.act for step in taken.steps] == ["propose", "verify", "endorse", "approve", "revoke"]  # fmt: skip
    assert taken.by is not None
    assert taken.by.id == back
    with hub.sessions.read() as session:
        told = [entry.action for entry in entries(session, Wanted(subjects=(made["birth"],)))]
    assert {"correction.propose", "correction.approve", "correction.revoke"} <= set(told)

    # Who was put on a card that only the split tells of must be decided about first.
    upon = chain.propose(hub, OPERATOR, draft("report-birth", card, values=BABY))
    with pytest.raises(RefusedError) as refused:
        retracting.propose(hub, OPERATOR, retraction(made["splits"]))
    assert ("built-upon", str(number(hub, upon))) in {
        (c.code, c.value) for c in refused.value.checks
    }
    chain.withdraw(hub, OPERATOR, upon, version=1)
    for name in ("comes", "splits", "again"):
        revoke(hub, made[name])
    assert not settled(hub).deferred
    assert held(hub, other(valued), "phone") == "081200000001", "what it had taken the place of"
    ended = all_facts(hub)
    parts = {here.target.entity_id, comes.entity_id, split.target.entity_id, *split.members}
    assert {key: ended[key] for key in parts} == {key: start[key] for key in parts}
    assert ended.keys() == start.keys(), "who comes from elsewhere is who the registry says"
    run(hub, QUIET)
    assert all_facts(hub) == ended, "a law of small runs"


def number(hub: Hub, correction: str) -> int:
    with hub.sessions.read() as session:
        return store.by_id(session, correction).number


def phone(who: str, digits: str) -> Draft:
    return draft("correct-value", who, attribute="phone", values={"phone": digits})
