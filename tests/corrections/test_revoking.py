"""An approved step is taken back: what it brought stands no more, what sources say stays, and later steps are told."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mdm.compose import Hub
from mdm.corrections import chain, lists, retracting, revoking, store
from mdm.corrections.around import Around, look_around, value_of
from mdm.corrections.chain import RefusedError, SentError
from mdm.corrections.terms import Retraction
from mdm.pipeline import run
from mdm.survivorship import facts
from mdm.touched import Settled, settle
from mdm.touched.verdicts import Verdicts
from reference.codes import labels
from tests.corrections.chain import CHAIN, KEMENSOS, OPERATOR, PDF, approve, draft, families
from tests.run.homes import QUIET, FirstRun, copy_of, profiles

BABY = {"name": "BAYI CONTOH", "sex": "F", "birth_date": "2026-10-01"}


@pytest.fixture(scope="module")
def hub(first: FirstRun, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    with copy_of(first.home, tmp_path_factory.mktemp("revoking") / "home") as hub:
        yield hub


def retraction(correction: str, **more: Any) -> Retraction:
    return Retraction(
        correction,
        **{"source_date": "2026-11-21", "said": "Salah keluarga.", "files": [PDF]} | more,
    )


def revoke(hub: Hub, correction: str) -> str:
    """Take a step back, through the whole chain."""
    made = retracting.propose(hub, OPERATOR, retraction(correction))
    for version, (who, act) in enumerate(CHAIN, 1):
        chain.agree(hub, who, made, act, version=version)
    return made


def settled(hub: Hub) -> Settled:
    engine = hub.engine()
    try:
        done = settle(hub, engine, Verdicts(hub))
    finally:
        engine.close()
    assert isinstance(done, Settled), done
    return done


def now(hub: Hub, entity_id: str) -> Around | None:
    with hub.sessions.read() as session:
        return look_around(hub, session, entity_id)


def state(hub: Hub, correction: str) -> str:
    with hub.sessions.read() as session:
        return store.by_id(session, correction).state


def same(hub: Hub, before: dict[str, str], ids: set[str]) -> None:
    after = profiles(hub)
    for one in ids:
        a, b = facts(after[one]), facts(before[one])
        assert a == b, (a, b)


def test_what_was_brought_is_gone_at_once_and_for_good(hub: Hub) -> None:
    large = [one for one in families(hub) if len(one.members) >= 3]
    born, joined, there, left, split, moved, value, twice, headed, dead = large[:10]

    def other(around: Around, n: int = 0) -> str:
        return [key for key, relation in around.relations.items() if relation != "HEAD"][n]

    start = profiles(hub)
    made = {
        "birth": approve(hub, draft("report-birth", born.target.entity_id, values=BABY)),
        "join": approve(
            hub,
            draft(
                "add-member",
                joined.target.entity_id,
                values={
                    "nik": next(n for m in there.members.values() if (n := value_of(m, "nik"))),
                    "relationship": "OTHER_RELATIVE",
                },
            ),
        ),
        "leave": approve(hub, draft("remove-member", other(left))),
        "split": approve(
            hub,
            draft(
                "split-family",
                split.target.entity_id,
                members={other(split): "HEAD", other(split, 1): "CHILD"},
            ),
        ),
        "value": approve(
            hub,
            draft("correct-value", other(value), attribute="phone", values={"phone": "0812000001"}),
        ),
        "death": approve(
            hub, draft("report-death", other(dead), values={"death_date": "2026-11-01"})
        ),
        "first": approve(
            hub,
            draft("correct-value", other(twice), attribute="phone", values={"phone": "0812000002"}),
        ),
        "second": approve(
            hub,
            draft("correct-value", other(twice), attribute="phone", values={"phone": "0812000003"}),
        ),
    }
    run(hub, QUIET)
    mid = profiles(hub)
    new = {one: json.loads(mid[one])["kind"] for one in mid.keys() - start.keys()}
    print(new)
    (child,) = [one for one, kind in new.items() if kind == "person"]
    changed = {one for one in start if facts(start[one]) != facts(mid[one])}
    for name in ("birth", "join", "leave", "split", "value", "death"):
        revoke(hub, made[name])
        print(
            name,
            settled(hub).entities,
        )
    after = profiles(hub)
    print("new left", {one: k for one, k in new.items() if one in after})
    for one in changed:
        if one not in (other(twice),) and facts(after[one]) != facts(start[one]):
            print("DIFF", json.loads(after[one])["kind"], one)
            print(start[one])
            print(after[one])
    revoke(hub, made["second"])
    settled(hub)
    print(value_of(now(hub, other(twice)).target, "phone"))
    after = profiles(hub)
    run(hub, QUIET)
    end = profiles(hub)
    print({one for one in end if end[one] != after.get(one)}, after.keys() ^ end.keys())
    for one in end:
        if end[one] != after.get(one):
            print(after.get(one))
            print(end[one])
    assert 0
