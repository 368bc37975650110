"""Opening many profiles at once, as of the newest run or of an older one."""

from __future__ import annotations

import json

from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.opening import carriers, open_profiles
from mdm.seal.tokens import tokens_for
from tests.publish.golden import AGUS, BUDI, SITI, Golden, content, publish_golden


def names(hub: Hub, ids: list[str], seq: int) -> dict[str, str]:
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, ids, seq)
    return {one: json.loads(of.content)["agreed"]["name"][0] for one, of in opened.items()}


def carried(hub: Hub, nik: str, seq: int) -> list[str]:
    with hub.sessions.read() as session:
        found = carriers(session, tokens_for(hub, nik), seq)
    return [entity_id for ids in found.values() for entity_id in ids]


def test_as_of_an_older_run_the_profiles_and_niks_are_those_of_its_day(hub: Hub) -> None:
    before = {"e1": (content(name="SITI"), [SITI, AGUS]), "e2": (content(name="BUDI"), [BUDI])}
    publish_golden(hub, Golden(persons=before))
    with hub.sessions.read() as session:
        first = published_seq(session)
    after = {"e1": (content(name="SITI AMINAH"), [SITI]), "e3": (content(name="AGUS"), [AGUS])}
    publish_golden(hub, Golden(persons=after, absent=["e2"]))
    with hub.sessions.read() as session:
        second = published_seq(session)
    everyone = ["e1", "e2", "e3", "nobody"]
    assert names(hub, everyone, first) == {"e1": "SITI", "e2": "BUDI"}
    assert names(hub, everyone, second) == {"e1": "SITI AMINAH", "e3": "AGUS"}
    assert carried(hub, AGUS, first) == ["e1"]
    assert carried(hub, AGUS, second) == ["e3"]


def test_more_than_fit_in_one_statement_are_all_opened(hub: Hub) -> None:
    many = {f"e{number}": (content(name=f"N{number}"), []) for number in range(2_345)}
    publish_golden(hub, Golden(persons=many))
    opened = names(hub, list(many), 1)
    assert opened == {f"e{number}": f"N{number}" for number in range(2_345)}
