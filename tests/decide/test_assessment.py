"""The rules of every built-in programme against the oracle, on cases nobody thought of."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from mdm.eligibility import library
from mdm.eligibility.doubts import DOCUMENT, NAME
from mdm.eligibility.library import BUILT_IN
from mdm.eligibility.rules import assess
from mdm.eligibility.terms import Assessment, Case, Doubt, Facts, Outcome
from reference.documents import read_yaml
from tests.decide import oracle
from tests.decide.world import PROGRAMMES

ON = date(2026, 11, 21)
TEXTS = {path.name: path.read_text("utf-8") for path in BUILT_IN.glob("*.yaml")}
LIBRARY = library.read({**TEXTS, NAME: DOCUMENT.read_text("utf-8")})
RAW = {(body := read_yaml(text))["programme"]: body for text in TEXTS.values()}
WORDS = {"pass": oracle.YES, "fail": oracle.NO, "unknown": oracle.DUNNO}

_maybe = lambda *values: st.sampled_from([None, *values])  # noqa: E731
persons = st.fixed_dictionaries(
    {
        "identity_status": st.sampled_from(["verified", "unverified", "conflict"]),
        "age": st.one_of(st.none(), st.integers(0, 100)),
        "alive": _maybe(True, True, False),
        "sex": _maybe("M", "F"),
        "occupation": _maybe("PELAJAR_MAHASISWA", "PEGAWAI_NEGERI_SIPIL", "BELUM_TIDAK_BEKERJA"),
        "education": _maybe("PRIMARY", "UPPER_SECONDARY"),
        "pregnant": _maybe(True, False),
        "disability": _maybe("TUNA NETRA"),
        "pbi": _maybe(True, False),
    }
)
people = st.builds(
    lambda values, sources, doubtful, outdated: Facts(
        "p",
        {k: v for k, v in values.items() if v is not None and k not in outdated},
        frozenset(sources),
        2,
        doubtful,
        outdated=outdated,
    ),
    persons,
    st.lists(st.sampled_from(["kemendagri", "kemensos"]), max_size=2),
    st.booleans(),
    st.sampled_from([{}, {}, {"pregnant": True}]),
)
families = st.builds(
    lambda values: Facts("f", {k: v for k, v in values.items() if v is not None}),
    st.fixed_dictionaries(
        {
            "desil": st.one_of(st.none(), st.integers(1, 10)),
            "village_kind": _maybe("desa", "kelurahan"),
            "listed_pkh": _maybe(True, False),
            "listed_sembako": _maybe(True, False),
        }
    ),
)
doubts = st.lists(
    st.sampled_from(
        [Doubt("possible_duplicate", "person", 4.0), Doubt("weak_link", "person", 5.0)]
    ),
    max_size=1,
)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    members = tuple(draw(st.lists(people, min_size=1, max_size=4)))
    if draw(st.integers(0, 9)) == 0:
        return Case(ON, members[0], None, (members[0],), False, tuple(draw(doubts)))
    complete = draw(st.integers(0, 4)) > 0
    return Case(ON, members[0], draw(families), members, complete, tuple(draw(doubts)))


def said_by_oracle(programme: str, case: Case) -> dict[str, Any]:
    plain = [
        {**m.values, "_sources": m.sources, "_doubtful": m.doubtful, "_outdated": m.outdated}
        for m in case.members
    ]
    family = None
    if case.family is not None:
        family = {**case.family.values, "_sources": case.family.sources}
    return oracle.outcome(
        RAW[programme],
        {
            "person": plain[0],
            "family": family,
            "members": plain,
            "complete": case.complete,
            "suspended": any(one.doubt != "weak_link" for one in case.doubts),
        },
    )


def said(programme: str, case: Case) -> Assessment:
    return assess(LIBRARY.rules(programme, ON), case, LIBRARY.said)


@pytest.mark.parametrize("programme", PROGRAMMES)
@settings(max_examples=120, deadline=None)
@given(case=cases())
def test_every_case_is_decided_as_the_document_reads(programme: str, case: Case) -> None:
    ours, theirs = said(programme, case), said_by_oracle(programme, case)
    assert {r.rule: WORDS[r.result] for r in ours.rules} == theirs["rules"]
    assert ours.answer == theirs["answer"]
    assert (ours.amount_sure, ours.amount_possible) == (theirs["sure"], theirs["possible"])


@pytest.mark.parametrize("programme", PROGRAMMES)
@settings(max_examples=120, deadline=None)
@given(case=cases(), data=st.data())
def test_learning_what_was_unknown_never_flips_a_decided_answer(
    programme: str, case: Case, data: st.DataObject
) -> None:
    before = said(programme, case)
    after = said(programme, learn(case, data))
    if before.answer is not Outcome.UNDETERMINED:
        assert after.answer is before.answer
    known = {r.rule: r.result for r in before.rules if r.result != "unknown"}
    assert known.items() <= {r.rule: r.result for r in after.rules}.items()


def learn(case: Case, data: st.DataObject) -> Case:
    """The same case with some of what was missing filled in, and some doubts settled."""

    def more(facts: Facts, fresh: st.SearchStrategy[Facts]) -> Facts:
        if not data.draw(st.booleans()):
            return facts
        # Silence of a source that has spoken is an answer already: there is nothing to learn.
        spoken = ("pregnant", "disability") if "kemensos" in facts.sources else ()
        filled = {k: v for k, v in data.draw(fresh).values.items() if k not in spoken}
        status = facts.values.get("identity_status")
        if status in ("unverified", "conflict"):
            filled["identity_status"] = "verified"
            values = {**filled, **facts.values, "identity_status": "verified"}
        else:
            values = {**filled, **facts.values}
        return replace(facts, values=values, doubtful=False)

    members = tuple(more(one, people) for one in case.members)
    family = more(case.family, families) if case.family else None
    kept = case.doubts if data.draw(st.booleans()) else ()
    return replace(case, person=members[0], members=members, family=family, doubts=kept)


@pytest.mark.parametrize("programme", PROGRAMMES)
@settings(max_examples=100, deadline=None)
@given(case=cases())
def test_an_open_question_never_says_no_and_takes_nothing_away(programme: str, case: Case) -> None:
    open_ = replace(case, doubts=(Doubt("disputed_link", "family", 3.0),))
    answer = said(programme, open_)
    assert answer.answer is Outcome.UNDETERMINED
    assert answer.keeps_benefit == (answer.listed is not False)


@pytest.mark.parametrize("programme", PROGRAMMES)
def test_nobody_is_undetermined_and_keeps_a_benefit(programme: str) -> None:
    nobody = Case(ON, None, complete=False, doubts=(Doubt("not_found", "person"),))
    answer = said(programme, nobody)
    assert answer.answer is Outcome.UNDETERMINED
    assert answer.keeps_benefit
    assert {r.result for r in answer.rules} == {"unknown"}
    assert not any(r.saw for r in answer.rules)


def person(**values: Any) -> Facts:
    sources = frozenset(["kemendagri", "kemensos"])
    said = {"identity_status": "verified", "alive": True, "sex": "M", **values}
    return Facts("p", {k: v for k, v in said.items() if v is not None}, sources, 2)


def home(*members: Facts, desil: int | None = 2, **values: Any) -> Case:
    ranked = {"desil": desil} if desil else {}
    return Case(ON, members[0], Facts("f", {**ranked, **values}), members)


FARMER = person(age=46, occupation="PETANI_PEKEBUN")


def test_pkh_counts_the_four_highest_components_one_for_each_member() -> None:
    young = [person(age=a, occupation="BELUM_TIDAK_BEKERJA") for a in (1, 2)]
    pupils = [
        person(age=a, occupation="PELAJAR_MAHASISWA", education="PRIMARY") for a in (9, 14, 17)
    ]
    mother = person(age=30, sex="F", pregnant=True, occupation="MENGURUS_RUMAH_TANGGA")
    answer = said("PKH", home(FARMER, mother, *young, *pupils))
    assert answer.answer is Outcome.ELIGIBLE
    assert answer.amount_sure == 3 * 3_000_000 + 2_000_000
    assert {c.component: c.sure for c in answer.components} == {
        "pregnant": 1,
        "early_childhood": 2,
        "sd": 1,
        "smp": 1,
        "sma": 1,
    }


def test_a_family_without_any_component_is_not_eligible_for_pkh() -> None:
    assert said("PKH", home(FARMER)).answer is Outcome.NOT_ELIGIBLE


def test_a_remark_of_disability_leaves_open_how_severe_it_is() -> None:
    answer = said("PKH", home(FARMER, person(age=40, occupation="LAINNYA", disability="STROKE")))
    assert answer.answer is Outcome.UNDETERMINED
    assert (answer.amount_sure, answer.amount_possible) == (0, 2_400_000)


def test_the_dead_do_not_count() -> None:
    dead = person(age=80, occupation="PETANI_PEKEBUN", alive=False)
    assert said("PKH", home(FARMER, dead)).answer is Outcome.NOT_ELIGIBLE
    assert said("SEMBAKO", home(dead)).answer is Outcome.NOT_ELIGIBLE


@pytest.mark.parametrize(
    "occupation", ["PEGAWAI_NEGERI_SIPIL", "TENTARA_NASIONAL_INDONESIA", "KEPOLISIAN_RI"]
)
def test_a_family_of_a_state_employee_is_excluded(occupation: str) -> None:
    other = person(age=30, occupation=occupation)
    answer = said("SEMBAKO", home(FARMER, other))
    assert answer.answer is Outcome.NOT_ELIGIBLE
    rule = next(r for r in answer.rules if r.rule == "state_employee")
    assert (rule.result, [s.value for s in rule.saw]) == ("fail", [30, occupation])


@pytest.mark.parametrize("occupation", ["GURU", "PERAWAT", "KARYAWAN_HONORER"])
@pytest.mark.parametrize("programme", ["PKH", "SEMBAKO"])
def test_who_may_be_a_civil_servant_leaves_it_open(programme: str, occupation: str) -> None:
    """PPPK are civil servants, too, and no occupation says so."""
    other = person(age=30, occupation=occupation)
    answer = said(programme, home(FARMER, other, person(age=3)))
    assert answer.answer is Outcome.UNDETERMINED
    assert seen(answer, "state_employee") == ("unknown", [("age", 30), ("occupation", occupation)])


def seen(answer: Assessment, rule: str) -> tuple[str, list[tuple[str, Any]]]:
    (found,) = (one for one in answer.rules if one.rule == rule)
    return found.result, [(saw.attribute, saw.value) for saw in found.saw]


def test_where_no_member_decides_each_value_that_was_seen_is_told_once() -> None:
    child = person(age=9, occupation="PELAJAR_MAHASISWA")
    answer = said("SEMBAKO", home(FARMER, child, child))
    assert seen(answer, "state_employee") == (
        "pass",
        [
            ("age", 46),
            ("age", 9),
            ("occupation", "PETANI_PEKEBUN"),
            ("occupation", "PELAJAR_MAHASISWA"),
            ("alive", True),
        ],
    )
    gone = said("SEMBAKO", home(person(age=80, alive=False)))
    assert ("fail", [("alive", False)]) in [
        (one.result, [(saw.attribute, saw.value) for saw in one.saw])
        for one in gone.rules
        if all(saw.of == "member" for saw in one.saw)
    ]


def test_of_a_family_with_a_member_nobody_can_see_is_told_what_was_seen() -> None:
    open_ = said("SEMBAKO", replace(home(FARMER), complete=False))
    result, saw = seen(open_, "state_employee")
    assert (result, dict(saw)["occupation"]) == ("unknown", "PETANI_PEKEBUN")


def test_where_no_ground_for_an_amount_is_found_what_was_looked_at_is_told() -> None:
    result, saw = seen(said("PKH", home(FARMER)), "component")
    assert result == "fail"
    assert {("age", 46), ("occupation", "PETANI_PEKEBUN"), ("alive", True)} <= set(saw)
    worker = said("PIP", home(FARMER))
    result, saw = seen(worker, "pupil")
    assert (result, dict(saw)["age"]) == ("fail", 46)


def test_a_doubtful_member_excludes_nobody() -> None:
    other = replace(person(age=30, occupation="KEPOLISIAN_RI"), doubtful=True)
    assert said("SEMBAKO", home(FARMER, other)).answer is Outcome.UNDETERMINED


def test_an_adult_whose_occupation_nobody_knows_leaves_it_open() -> None:
    answer = said("SEMBAKO", home(FARMER, person(age=30)))
    assert [r.rule for r in answer.rules if r.result == "unknown"] == ["state_employee"]


@pytest.mark.parametrize(
    ("desil", "answer"),
    [
        (1, Outcome.ELIGIBLE),
        (4, Outcome.ELIGIBLE),
        (5, Outcome.UNDETERMINED),  # the sources disagree about five
        (6, Outcome.NOT_ELIGIBLE),
        (None, Outcome.UNDETERMINED),
    ],
)
def test_pbi_and_the_bound_that_is_in_dispute(desil: int | None, answer: Outcome) -> None:
    assert said("PBI-JK", home(FARMER, desil=desil)).answer is answer


def test_a_pupil_above_the_bound_may_still_hold_a_card() -> None:
    child = person(age=9, occupation="PELAJAR_MAHASISWA")
    assert said("PIP", home(child, desil=2)).answer is Outcome.ELIGIBLE
    assert said("PIP", home(child, desil=8)).answer is Outcome.UNDETERMINED
    assert said("PIP", home(FARMER, desil=2)).answer is Outcome.NOT_ELIGIBLE


def test_blt_dd_is_for_villages_and_not_for_those_listed_for_pkh() -> None:
    village = {"village_kind": "desa", "listed_pkh": False}
    assert said("BLT-DD", home(FARMER, desil=1, **village)).answer is Outcome.ELIGIBLE
    for changed in ({"village_kind": "kelurahan"}, {"listed_pkh": True}):
        answer = said("BLT-DD", home(FARMER, desil=1, **{**village, **changed}))
        assert answer.answer is Outcome.NOT_ELIGIBLE
    assert said("BLT-DD", home(FARMER, desil=2, **village)).answer is Outcome.NOT_ELIGIBLE


def test_what_cannot_be_seen_of_a_family_may_decide() -> None:
    alone = replace(home(FARMER), complete=False)
    assert said("SEMBAKO", alone).answer is Outcome.UNDETERMINED
    assert said("PBI-JK", alone).answer is Outcome.ELIGIBLE
