"""What an answer says of real profiles: doubts, restriction, regions, and one as many."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import sqlalchemy as sa

from mdm.access import Limits
from mdm.compose import Hub
from mdm.desk.decoys import draw_decoys
from mdm.desk.errors import BudgetError
from mdm.eligibility.answers import EligibilityAnswer
from mdm.hub.tables import AuditEvent
from mdm.rights import restriction
from tests.decide.asked import many, one, outcomes, plain
from tests.decide.world import (
    DENPASAR,
    NOBODY,
    PROGRAMMES,
    Country,
    Household,
    adult,
    client,
    pupil,
)

HEAD, CHILD = adult(1, sembako=True), pupil(2)
FAMILY = Household(1, [HEAD, CHILD])
FAR = Household(2, [adult(5)], region=DENPASAR)


def events(hub: Hub) -> list[dict[str, object]]:
    with hub.sessions.read() as session:
        query = sa.select(AuditEvent.event).order_by(AuditEvent.seq)
        found = [json.loads(e) for e in session.connection().execute(query).scalars()]
    return [event for event in found if event["action"] == "eligibility"]


def test_an_answer_says_what_it_saw_and_what_it_comes_to(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    answer = one(hub, HEAD.nik, ["PKH", "SEMBAKO"])
    pkh, sembako = answer.answers
    assert (pkh.answer, sembako.answer) == ("eligible", "eligible")
    desil = next(rule for rule in pkh.rules if rule.rule == "desil")
    assert (desil.result, desil.sentence.en) == ("pass", "The family's desil is 1 to 4.")
    assert [(saw.of, saw.attribute, saw.value) for saw in desil.saw] == [("family", "desil", 2)]
    assert pkh.amount is not None
    assert (pkh.amount.sure, pkh.amount.per) == (900_000, "year")
    assert sembako.listed is True
    assert not sembako.keeps_benefit
    assert [len(of.checked_elsewhere) for of in answer.answers] == [4, 4]
    assert answer.identity.confidence == "strong"


@pytest.mark.parametrize(
    ("country", "doubt"),
    [
        (Country([FAMILY, FAR], duplicates=[(HEAD.id, FAR.members[0].id, 4.0)]), "possible_duplicate"),
        (Country([FAMILY, FAR], passed_over=[(HEAD.id, FAR.members[0].id, 9.0)]), "disputed_link"),
        (Country([replace(FAMILY, members=[replace(HEAD, status="conflict"), CHILD])]), "identity_conflict"),
        (Country([FAMILY, Household(3, [replace(HEAD, name="another")])]), "several_carriers"),
    ],
    ids=["duplicate", "passed over", "conflict", "two carriers"],
)  # fmt: skip
def test_doubt_gives_undetermined_and_keeps_what_is_held(
    hub: Hub, country: Country, doubt: str
) -> None:
    country.publish(hub)
    answer = one(hub, HEAD.nik)
    assert set(outcomes(answer).values()) == {"undetermined"}
    for of in answer.answers:
        assert doubt in {d.doubt for d in of.doubts}
        assert of.settles
        assert of.keeps_benefit == (of.listed is not False)
    sembako = answer.answers[PROGRAMMES.index("SEMBAKO")]
    assert sembako.listed
    assert sembako.keeps_benefit_because is not None
    if doubt != "identity_conflict":
        assert answer.identity.under_review or doubt == "disputed_link"


def test_a_number_that_others_got_by_mistake_is_still_whose_it_is(hub: Hub) -> None:
    """A child under the father's number: the father is asked about, and nobody doubts who is meant."""
    others = [replace(adult(serial), also=[HEAD.nik, "3201010101990001"]) for serial in (7, 8)]
    Country([FAMILY, Household(3, others)]).publish(hub)
    answer = one(hub, HEAD.nik, ["SEMBAKO"])
    assert outcomes(answer) == {"SEMBAKO": "eligible"}
    assert not answer.identity.under_review
    # A number that is nobody's own may mean either of the two.
    (nobodys,) = one(hub, "3201010101990001", ["SEMBAKO"]).answers
    assert {doubt.doubt for doubt in nobodys.doubts} == {"several_carriers"}


def test_a_second_opinion_is_told_and_suspends_nothing(hub: Hub) -> None:
    Country([FAMILY], disputed=[(FAMILY.id, 5.0)]).publish(hub)
    answer = one(hub, HEAD.nik, ["SEMBAKO"])
    assert outcomes(answer) == {"SEMBAKO": "eligible"}
    assert answer.identity.under_review
    assert [(d.doubt, d.suspends) for d in answer.answers[0].doubts] == [("second_opinion", False)]


def test_a_weak_link_is_told_and_suspends_nothing(hub: Hub) -> None:
    Country([FAMILY], links={HEAD.id: [4.0]}).publish(hub)
    answer = one(hub, HEAD.nik, ["SEMBAKO"])
    assert outcomes(answer) == {"SEMBAKO": "eligible"}
    assert (answer.identity.confidence, answer.identity.weakest_link) == ("moderate", 4.0)
    assert [d.suspends for d in answer.answers[0].doubts] == [False]


def test_a_missing_desil_says_who_would_settle_it(hub: Hub) -> None:
    Country([replace(FAMILY, desil=None)]).publish(hub)
    (answer,) = one(hub, HEAD.nik, ["SEMBAKO"]).answers
    assert answer.answer == "undetermined"
    assert [s.en for s in answer.settles] == ["The family's desil from BPS for the current period."]
    assert answer.keeps_benefit


def same_but_for_the_nik(*answers: EligibilityAnswer) -> bool:
    return len({plain(answer) for answer in answers}) == 1


def test_nobody_another_region_and_restricted_look_the_same(hub: Hub) -> None:
    Country([FAMILY, FAR, Household(3, [adult(8)])]).publish(hub)
    restriction.restrict(hub, adult(8).id, basis="UU 27/2022 art. 41", actor="test")
    bogor = client("3201")
    nobody, far, restricted = (
        one(hub, nik, principal=bogor) for nik in (NOBODY, FAR.members[0].nik, adult(8).nik)
    )
    assert same_but_for_the_nik(nobody, far, restricted)
    assert set(outcomes(nobody).values()) == {"undetermined"}
    assert all(of.keeps_benefit for of in nobody.answers)
    assert [d.doubt for d in nobody.answers[0].doubts] == ["not_found"]
    assert "civil registry" in nobody.answers[0].settles[0].en
    together = many(hub, [NOBODY, FAR.members[0].nik, adult(8).nik, HEAD.nik], principal=bogor)
    assert len({str(item.answers) + str(item.identity) for item in together.items[:3]}) == 1
    assert together.items[3].identity.status == "verified"
    many(hub, [FAR.members[0].nik], principal=bogor)
    assert events(hub)[-1]["decision"] == "region-outside", "the log keeps who was not to be seen"


def test_a_restricted_member_is_not_looked_at(hub: Hub) -> None:
    policeman = adult(9, occupation="KEPOLISIAN_RI")
    Country([Household(1, [HEAD, policeman])]).publish(hub)
    assert outcomes(one(hub, HEAD.nik, ["SEMBAKO"])) == {"SEMBAKO": "not-eligible"}
    restriction.restrict(hub, policeman.id, basis="UU 27/2022 art. 41", actor="test")
    assert outcomes(one(hub, HEAD.nik, ["SEMBAKO"])) == {"SEMBAKO": "undetermined"}


def test_a_restricted_family_is_not_there_for_one_nik_nor_for_many(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    restriction.restrict(hub, FAMILY.id, basis="UU 27/2022 art. 41", actor="test")
    alone = one(hub, HEAD.nik, ["SEMBAKO"])
    (among,) = many(hub, [HEAD.nik], ["SEMBAKO"]).items
    assert alone.identity == among.identity
    assert [doubt.doubt for doubt in alone.answers[0].doubts] == ["not_found"]
    assert [doubt.doubt for doubt in among.answers["SEMBAKO"].doubts] == ["not_found"]


def test_who_cannot_be_seen_may_be_the_one_who_is_listed(hub: Hub) -> None:
    """A wife gets PKH; when her data are restricted, nothing says that the family gets none."""
    wife = adult(9, sex="F", relationship="WIFE", pkh=True)
    Country([Household(1, [adult(1), wife], desil=1)]).publish(hub)
    assert outcomes(one(hub, adult(1).nik, ["BLT-DD"])) == {"BLT-DD": "not-eligible"}
    restriction.restrict(hub, wife.id, basis="UU 27/2022 art. 41", actor="test")
    village, pkh = one(hub, adult(1).nik, ["BLT-DD", "PKH"]).answers
    assert village.answer == "undetermined"
    assert [s.en for s in village.settles] == ["The list of PKH receivers from Kemensos."]
    assert (pkh.answer, pkh.listed, pkh.keeps_benefit) == ("undetermined", None, True)


def test_a_member_in_doubt_takes_nothing_from_the_others(hub: Hub) -> None:
    wife = replace(adult(9, sex="F", relationship="WIFE", pkh=True), status="conflict")
    Country([Household(1, [adult(1), wife], desil=1)]).publish(hub)
    assert outcomes(one(hub, adult(1).nik, ["BLT-DD"])) == {"BLT-DD": "undetermined"}
    # Of herself she is asked, and her own list is hers.
    (answer,) = one(hub, wife.nik, ["PKH"]).answers
    assert (answer.answer, answer.listed) == ("undetermined", True)
    together = many(hub, [wife.nik, adult(1).nik], ["BLT-DD", "PKH"])
    assert [item.answers["PKH"].listed for item in together.items] == [True, None]


def test_one_nik_and_ten_thousand_are_answered_alike(hub: Hub) -> None:
    families = [
        Household(n, [adult(10 * n, sembako=n % 2 == 0), pupil(10 * n + 1)], desil=n % 10 + 1)
        for n in range(1, 15)
    ]
    country = Country(
        families,
        duplicates=[(families[0].members[0].id, families[3].members[0].id, 2.0)],
        disputed=[(families[5].id, 3.0)],
        links={families[7].members[1].id: [5.0]},
    )
    country.publish(hub)
    niks = [m.nik for f in families for m in f.members] + [NOBODY]
    together = many(hub, niks)
    assert [item.index for item in together.items] == list(range(len(niks)))
    for nik, item in zip(niks, together.items, strict=True):
        alone = one(hub, nik)
        assert alone.identity == item.identity
        for of in alone.answers:
            brief = item.answers[of.programme]
            assert (of.answer, of.listed, of.keeps_benefit) == (
                brief.answer,
                brief.listed,
                brief.keeps_benefit,
            )
            assert [(r.rule, r.result, r.saw) for r in of.rules] == [
                (r.rule, r.result, r.saw) for r in brief.rules
            ]
            assert of.amount == brief.amount
            words = together.words.programmes[of.programme]
            assert {r.rule: r.sentence for r in of.rules} == {
                r.rule: r.sentence for r in words.rules
            }


def test_values_outside_the_agreement_are_withheld_and_the_answer_stands(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    narrow = client(
        fields={"person": frozenset(["alive"]), "family": frozenset(), "household": frozenset()}
    )
    answer = one(hub, HEAD.nik, ["SEMBAKO"], principal=narrow).answers[0]
    assert answer.answer == "eligible"
    assert answer.listed is None
    desil = next(rule for rule in answer.rules if rule.rule == "desil")
    assert [(saw.value, saw.withheld) for saw in desil.saw] == [(None, True)]
    nobody = next(rule for rule in answer.rules if rule.rule == "state_employee")
    assert [(saw.attribute, saw.value, saw.withheld) for saw in nobody.saw] == [
        ("age", None, True),  # two members, and no word on how many ages
        ("occupation", None, True),
        ("alive", True, False),
    ]


def test_what_was_asked_is_in_the_log_by_name_and_never_by_value(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    one(hub, HEAD.nik, ["SEMBAKO"])
    many(hub, [HEAD.nik, CHILD.nik, NOBODY], ["SEMBAKO"])
    alone, together = events(hub)
    for event in (alone, together):
        assert {HEAD.id, CHILD.id, FAMILY.id} <= set(event["entity_id"])
        assert event["programmes"] == ["SEMBAKO"]
        assert event["fields"]["family"] == ["desil", "desil_period"]
        assert event["fields"]["person"] == [
            "alive",
            "birth_date",
            "identity_status",
            "occupation",
            "sembako",
        ]
        assert HEAD.nik not in json.dumps(event)
    assert (together["count"], together["misses"]) == (3, 1)


def test_a_batch_over_its_budget_gives_nothing_away(hub: Hub) -> None:
    Country([FAMILY]).publish(hub)
    few = client(
        limits=Limits(requests_per_minute=9, niks_per_day=2, miss_percent=100, miss_floor=1)
    )
    many(hub, [HEAD.nik, CHILD.nik], principal=few)
    with pytest.raises(BudgetError):
        many(hub, [HEAD.nik, NOBODY], principal=few)
    assert events(hub)[-1]["decision"] == "niks-per-day"
    assert "entity_id" not in events(hub)[-1] or events(hub)[-1]["entity_id"] == []


def test_for_everybody_who_is_not_there_somebody_is_opened_in_vain(hub: Hub) -> None:
    Country([FAMILY, FAR]).publish(hub)
    people = {one.id for family in (FAMILY, FAR) for one in family.members}
    with hub.sessions.read() as session:
        starts = [f"{n:032x}" for n in range(2**120, 2**128, 2**120)]
        found = draw_decoys(session, 1, starts)
        assert len(found) == len(starts) == 255
        assert set(found) == people
        assert found == draw_decoys(session, 1, starts)  # the same people again
        assert draw_decoys(session, 1, []) == draw_decoys(session, 0, starts) == []
    item = many(hub, [NOBODY]).items[0]
    assert item.identity.status is None


def test_before_anything_is_published_everybody_is_undetermined(hub: Hub) -> None:
    assert set(outcomes(one(hub, HEAD.nik)).values()) == {"undetermined"}
    assert many(hub, [HEAD.nik]).items[0].identity.status is None


def test_that_the_person_asked_about_died_is_told_and_the_family_is_assessed(hub: Hub) -> None:
    dead = adult(1, alive=False)
    Country([Household(1, [dead, adult(2)])]).publish(hub)
    family, own = one(hub, dead.nik, ["SEMBAKO", "PBI-JK"]).answers[::-1]
    assert (family.answer, own.answer) == ("eligible", "not-eligible")
    assert [(d.doubt, d.suspends) for d in family.doubts] == [("person_died", False)]
    (widow,) = one(hub, adult(2).nik, ["SEMBAKO"]).answers
    assert (widow.answer, widow.doubts) == ("eligible", [])
