"""Proposals on their way, on both databases: checks at once, four eyes, conflicts told, all on record."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Event

import pytest
from sqlmodel import col, select

from mdm import judgements
from mdm.access import Limits, Principal
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.corrections import chain, evidence, lists, retracting, store
from mdm.corrections.chain import DoneError, RefusedError, SentError
from mdm.corrections.deadlines import clock, month_of
from mdm.corrections.document import load_rules
from mdm.corrections.lists import open_evidence, open_whole
from mdm.corrections.sheet import open_sheet
from mdm.corrections.terms import File, Retraction
from mdm.desk.errors import BudgetError
from mdm.errors import AccessError, ConflictError, InputError, UnknownError
from mdm.hub.columns import now
from mdm.hub.tables import (
    Budget,
    Correction,
    CorrectionEvidence,
    CorrectionStep,
    Judgement,
    ReviewTask,
    ReviewTaskEntity,
)
from mdm.judgements import RecordRef
from mdm.rights import restriction
from mdm.rotation.wrapping import rewrap_entity_keys
from mdm.subjects import breach
from tests.api.world import BUDI, ENTITY, FAMILY, NOBODY, RINA, SITI, fill
from tests.corrections.chain import (
    CHAIN,
    HEAD,
    KEMENSOS,
    OPERATOR,
    VERIFIER,
    accepted,
    approve,
    draft,
    of,
    retraction,
    revoke,
)

PHONE = "081234567890"


@pytest.fixture(scope="module")
def hub(shared_hub: Hub) -> Hub:
    """A published hub: a family of two in Bogor, one person elsewhere."""
    return fill(shared_hub)


def row(hub: Hub, identity: str) -> Correction:
    with hub.sessions.read() as session:
        return store.by_id(session, identity)


def codes(refused: pytest.ExceptionInfo[RefusedError]) -> set[str]:
    return {check.code for check in refused.value.checks}


def test_from_a_village_to_kemensos_with_every_step_on_record(hub: Hub) -> None:
    made = approve(
        hub,
        draft("correct-value", ENTITY[SITI], attribute="phone", values={"phone": PHONE}),
    )
    held = row(hub, made)
    assert (held.state, held.version, held.region) == ("approved", 4, "320115")
    with hub.sessions.read() as session:
        steps = chain.steps_of(session, made)
        told = [entry.action for entry in entries(session, Wanted(subjects=(made,)))]
        judged = session.exec(select(Judgement.reason)).all()
    assert [step.act for step in steps] == ["propose", "verify", "endorse", "approve"]
    assert len({step.actor for step in steps}) == 4
    assert sorted(told) == sorted(f"correction.{step.act}" for step in steps)
    assert f"correction {held.number}" in judged
    (said,) = accepted(hub, ENTITY[SITI])
    assert said.pop("phone") == PHONE
    assert {said["source"], said["layout"], said["file"]} == {"correction", "person", "koreksi"}
    assert (said["row"], said["record_key"], said["batch"]) == (held.number, made, made)
    assert len(said) == 7, "it speaks of the phone alone"


def test_nothing_personal_stands_open_on_disk(hub: Hub) -> None:
    secret = b"%PDF-1.7 RAHASIA 081299998888"
    one = draft(
        "correct-value",
        ENTITY[BUDI],
        attribute="phone",
        values={"phone": "081299998888"},
        files=[File("ktp budi.pdf", "application/pdf", secret)],
        said="Telepon Budi berganti",
    )
    made = chain.propose(hub, OPERATOR, one)
    chain.send_back(hub, VERIFIER, made, version=1, note="Surat atas nama Budi kurang jelas")
    held = row(hub, made)
    with hub.sessions.read() as session:
        key = store.key_of(hub, session, made)
        assert key is not None
        (file,) = session.exec(
            select(CorrectionEvidence).where(CorrectionEvidence.correction == made)
        ).all()
        note = session.get_one(CorrectionStep, (made, 2)).note
        assert note is not None
        assert "Surat" in store.open_note(key, made, 2, note)
    assert evidence.read(hub, file, key).content == secret
    for path in hub.settings.home.rglob("*"):
        kept = path.read_bytes() if path.is_file() else b""
        for word in (b"RAHASIA", b"081299998888", b"ktp budi", b"kurang jelas", b"berganti"):
            assert word not in kept, path.name
    assert b"081299998888" not in held.content


def test_nobody_acts_twice_and_nobody_acts_unseen(hub: Hub) -> None:
    made = chain.propose(hub, OPERATOR, draft("report-death", ENTITY[BUDI], values=DEATH))
    twice = of("dinsos-verifier", name=OPERATOR.id)
    with pytest.raises(AccessError, match="already"):
        chain.agree(hub, twice, made, "verify", version=1)
    chain.agree(hub, VERIFIER, made, "verify", version=1)
    with pytest.raises(ConflictError, match="meanwhile"):
        chain.agree(hub, of("dinsos-verifier", name="late"), made, "verify", version=1)
    with pytest.raises(AccessError):
        chain.agree(hub, of("head-of-office", name=VERIFIER.id), made, "endorse", version=2)
    with pytest.raises(ConflictError):  # not yet for Kemensos
        chain.agree(hub, KEMENSOS, made, "approve", version=2)
    elsewhere = of("head-of-office", "5171", name="elsewhere")
    with pytest.raises(UnknownError):
        chain.agree(hub, elsewhere, made, "endorse", version=2)
    with pytest.raises(InputError, match="why"):
        chain.send_back(hub, HEAD, made, version=2, note=" ")
    with pytest.raises(UnknownError):
        chain.withdraw(hub, of("desa-operator", name="other"), made, version=2)
    chain.withdraw(hub, OPERATOR, made, version=2)
    assert row(hub, made).state == "withdrawn"


DEATH = {"death_date": "2026-11-02"}


@pytest.mark.parametrize(
    ("kind", "who", "more", "code"),
    [
        (
            "correct-value",
            FAMILY[SITI],
            {"attribute": "desil", "values": {"desil": "1"}},
            "only-bps",
        ),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "pkh", "values": {"pkh": "ya"}},
            "not-touchable",
        ),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "name", "values": {"name": "S1TI"}},
            "not-a-name",
        ),
        ("correct-value", ENTITY[SITI], {"attribute": "name", "values": {}}, "missing"),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "name", "values": {"name": "siti nurhaliza"}},
            "unchanged",
        ),
        ("correct-value", ENTITY[SITI], {"attribute": "nik", "values": {"nik": "32"}}, "not-a-nik"),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "nik", "values": {"nik": BUDI}},
            "nik-of-another",
        ),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "sex", "values": {"sex": "X"}},
            "not-in-list",
        ),
        ("report-death", ENTITY[SITI], {"values": {"death_date": "2999-01-01"}}, "in-future"),
        ("report-death", ENTITY[SITI], {"values": {"death_date": "kemarin"}}, "not-a-date"),
        ("report-death", ENTITY[SITI], {"values": DEATH, "files": []}, "evidence-missing"),
        (
            "report-death",
            ENTITY[SITI],
            {"values": DEATH, "files": [File("a.exe", "application/pdf", b"MZ")]},
            "evidence-type",
        ),
        ("report-death", FAMILY[SITI], {"values": DEATH}, "not-touchable"),
        (
            "add-member",
            FAMILY[SITI],
            {"values": {"nik": RINA, "relationship": "CHILD"}},
            "family-no-card",
        ),
        ("report-birth", FAMILY[SITI], {"values": {"name": "BAYI"}}, "family-no-card"),
        ("merge-doubles", ENTITY[SITI], {"values": {"nik": SITI}}, "same-entity"),
        ("split-family", FAMILY[SITI], {"members": {}}, "some-go"),
        (
            "correct-value",
            FAMILY[SITI],
            {"attribute": "motorcycles", "values": {"motorcycles": "100"}},
            "not-a-number",
        ),
        ("split-family", FAMILY[SITI], {"members": {ENTITY[BUDI]: "CHILD"}}, "one-head"),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "phone", "values": {"phone": "ada"}},
            "not-a-phone",
        ),
        (
            "correct-value",
            FAMILY[SITI],
            {"attribute": "pln_id", "values": {"pln_id": "12"}},
            "not-a-pln-id",
        ),
        (
            "move-family",
            FAMILY[SITI],
            {"values": {"address": "JL BARU", "postal_code": "xyz", "region_code": "3201152001"}},
            "not-a-postal-code",
        ),
        (
            "correct-value",
            ENTITY[SITI],
            {"attribute": "life", "values": {"alive": "ya", **DEATH}},
            "alive-and-dead",
        ),
        (
            "move-family",
            FAMILY[SITI],
            {"values": {"address": "JL BARU", "region_code": "3200000000"}},
            "not-a-place",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_once(
    hub: Hub, kind: str, who: str, more: dict[str, object], code: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        chain.propose(hub, OPERATOR, draft(kind, who, **more))
    assert code in codes(refused)


def test_all_that_is_wrong_is_said_at_once_and_nothing_twice(hub: Hub) -> None:
    def said(kind: str, about: str, **more: object) -> list[tuple[str, str]]:
        checks = chain.try_out(hub, OPERATOR, draft(kind, about, **more))
        return sorted((one.column, one.code) for one in checks)

    wrong = {"nik": "123", "name": "99", "birth_date": "2999-01-01"}
    told = said("add-member", FAMILY[SITI], values=wrong)
    assert {("nik", "not-a-nik"), ("name", "not-a-name"), ("birth_date", "in-future")} <= set(told)
    assert ("relationship", "missing") in told
    assert said("merge-doubles", ENTITY[SITI]) == [("nik", "missing")]
    follows = ("", "head-follows")  # Siti is head, too
    first, note = said("split-family", FAMILY[SITI], members={ENTITY[BUDI]: "HEAD"})
    assert first == follows
    assert note == ("kk", "no-card")
    unread = said("split-family", FAMILY[SITI], members={ENTITY[BUDI]: "HEAD"}, values={"kk": "1"})
    assert unread == [follows, ("kk", "not-a-kk")]


def test_a_number_is_kept_as_its_digits(hub: Hub) -> None:
    one = draft(
        "correct-value", ENTITY[SITI], attribute="phone", values={"phone": "+62 812-3456 7890"}
    )
    made = chain.propose(hub, OPERATOR, one)
    with hub.sessions.read() as session:
        ((_, kept),) = store.open_many(hub, session, [store.by_id(session, made)])
    assert kept.parts[0].columns == {"phone": "6281234567890"}
    chain.withdraw(hub, OPERATOR, made, version=1)


def test_a_form_that_is_refused_stays_on_record_and_on_the_budget(hub: Hub) -> None:
    """Its checks tell of whom they looked at, and of the numbers typed."""
    curious = of("desa-operator", "3201", name="curious")
    one = draft("correct-value", ENTITY[SITI], attribute="nik", values={"nik": BUDI}, files=[])
    with pytest.raises(RefusedError) as refused:
        chain.propose(hub, curious, one)
    assert "nik-of-another" in codes(refused)
    with hub.sessions.read() as session:
        (told,) = entries(session, Wanted(actor=curious.id))
        used = session.get(Budget, curious.id)
    assert (told.action, told.details["entity_id"]) == ("correction.check", [ENTITY[SITI]])
    assert used is not None
    assert used.niks == 1


def test_sheets_are_opened_within_the_budget(hub: Hub) -> None:
    bounds = Limits(requests_per_minute=9, niks_per_day=1, miss_percent=50, miss_floor=9)
    hasty = replace(of("officer", name="hasty"), limits=bounds)
    for one in (SITI, BUDI):  # of one family
        assert open_sheet(hub, hasty, ENTITY[one]).entity_id == FAMILY[SITI]
    with pytest.raises(BudgetError):
        open_sheet(hub, hasty, ENTITY[RINA])
    with hub.sessions.read() as session:
        told = [one.details for one in entries(session, Wanted(actor=hasty.id))]
    opened = [(one["found"], "entity_id" in one, one["decision"]) for one in told]
    assert opened == [(False, False, "niks-per-day")] + [(True, True, "corrections-read")] * 2


def test_whom_papers_and_proposals_show_is_told_of_who_opened_them(hub: Hub) -> None:
    one = draft("correct-value", ENTITY[SITI], attribute="phone", values={"phone": "0813000000"})
    made, reader = chain.propose(hub, OPERATOR, one), of("dinsos-verifier", "3201", name="reader")
    with hub.sessions.read() as session:
        (paper,) = evidence.of(session, made)
    begun = now()
    open_evidence(hub, reader, made, paper.id)
    found = breach.report(
        hub,
        breach.Question(begun, now() + timedelta(seconds=1), actor=reader.id),
        actor="test",
        purpose="breach",
    )
    told = {one.entity_id: one for one in found.touched}
    assert told[ENTITY[SITI]].how == breach.REVEALING
    assert told[ENTITY[SITI]].classes == ("general",)
    open_whole(hub, reader, made)
    with hub.sessions.read() as session:
        opened, shown = entries(session, Wanted(actor=reader.id))
    assert opened.details["fields"] == shown.details["fields"] == {"person": ["phone"]}
    chain.withdraw(hub, OPERATOR, made, version=1)


def test_whose_data_are_restricted_is_not_there(hub: Hub) -> None:
    waits = draft("correct-value", ENTITY[BUDI], attribute="phone", values={"phone": "0812000001"})
    made, before = chain.propose(hub, OPERATOR, waits), lists.count_waiting(hub, VERIFIER)[0]
    (paper,) = lists.open_whole(hub, VERIFIER, made).evidence
    restriction.restrict(hub, ENTITY[BUDI], basis="uu27-2022-art41", actor="test")
    one = draft("correct-value", ENTITY[BUDI], attribute="phone", values={"phone": "0812000000"})
    for ask in (chain.try_out, chain.propose):
        with pytest.raises(UnknownError):
            ask(hub, OPERATOR, one)
    for act in (  # what was proposed before rests
        lambda: lists.open_whole(hub, OPERATOR, made),
        lambda: lists.open_evidence(hub, VERIFIER, made, paper.id),
        lambda: chain.agree(hub, VERIFIER, made, "verify", version=1),
        lambda: chain.send_back(hub, VERIFIER, made, version=1, note="Buktinya kurang."),
        lambda: chain.withdraw(hub, OPERATOR, made, version=1),
    ):
        with pytest.raises(UnknownError):
            act()
    assert lists.count_waiting(hub, VERIFIER)[0] == before - 1
    told = (lists.inbox(hub, VERIFIER), lists.mine(hub, OPERATOR))
    told += (lists.about(hub, OPERATOR, [ENTITY[BUDI]]),)
    assert made not in {listed.row.id for some in told for listed in some}
    restriction.lift(hub, ENTITY[BUDI], basis="uu27-2022-art41", actor="test")
    assert made in {listed.row.id for listed in lists.inbox(hub, VERIFIER)}
    chain.withdraw(hub, OPERATOR, made, version=1)
    assert chain.try_out(hub, OPERATOR, one) == []


def test_a_family_moves_without_whose_data_are_restricted(hub: Hub) -> None:
    moves = {"address": "JL KENANGA 2", "region_code": "3201152001"}
    moving = draft("move-family", FAMILY[SITI], values=moves)
    before = chain.propose(hub, OPERATOR, moving)
    restriction.restrict(hub, ENTITY[BUDI], basis="uu27-2022-art41", actor="test")
    family = open_sheet(hub, OPERATOR, FAMILY[SITI]).family
    assert family is not None
    assert not family.proposals  # what rests stands in nobody's way
    made = chain.propose(hub, OPERATOR, moving)
    parts = lists.open_whole(hub, VERIFIER, made).proposal.parts
    assert {part.entity_id for part in parts} == {FAMILY[SITI], ENTITY[SITI]}
    comes = draft("add-member", FAMILY[RINA], values={"nik": BUDI, "relationship": "CHILD"})
    found = [chain.try_out(hub, OPERATOR, comes)]  # nor is anybody told that the number is theirs
    comes = replace(comes, values={**comes.values, "nik": NOBODY})
    found += [chain.try_out(hub, OPERATOR, comes)]
    assert found[0] == found[1]
    restriction.lift(hub, ENTITY[BUDI], basis="uu27-2022-art41", actor="test")
    for one in (before, made):
        chain.withdraw(hub, OPERATOR, one, version=1)


def test_what_the_registry_says_otherwise_is_a_warning(hub: Hub) -> None:
    one = draft("correct-value", ENTITY[SITI], attribute="name", values={"name": "SITI AMINAH"})
    found = {check.code: check for check in chain.try_out(hub, OPERATOR, one)}
    assert found["registry-differs"].level == "warn"
    assert found["registry-differs"].value == "SITI NURHALIZA"


def test_two_proposals_about_one_thing_meet_kindly(hub: Hub) -> None:
    one = draft(
        "correct-value",
        ENTITY[SITI],
        attribute="occupation_text",
        values={"occupation_text": "TANI"},
    )
    made = chain.propose(hub, OPERATOR, one)
    with pytest.raises(RefusedError) as refused:
        chain.propose(hub, of("officer", name="other"), one)
    (said,) = [check for check in refused.value.checks if check.code == "open-elsewhere"]
    assert said.value == row(hub, made).number
    early = chain.try_out(hub, of("officer", name="other"), replace(one, files=[]))
    assert said in early, "before any evidence is handed in"
    chain.withdraw(hub, OPERATOR, made, version=1)
    chain.withdraw(hub, OPERATOR, chain.propose(hub, OPERATOR, one), version=1)


def test_a_step_is_taken_back_once_by_others_of_its_region_and_whatever_is_sent_twice_is_told_so(
    hub: Hub,
) -> None:
    about = draft("correct-value", ENTITY[RINA], attribute="phone", values={"phone": "0812000009"})
    denpasar, bogor = of("desa-operator", "5171"), of("desa-operator", "3201")

    def codes_of(correction: str, by: Principal = denpasar) -> set[str]:
        return {one.code for one in retracting.try_out(hub, by, retraction(correction))}

    open_ = chain.propose(hub, denpasar, about)
    with pytest.raises(SentError) as sent:
        chain.propose(hub, denpasar, about)
    assert sent.value.correction == open_
    assert codes_of(open_) == {"not-approved"}
    chain.withdraw(hub, denpasar, open_, version=1)
    with pytest.raises(DoneError):
        chain.withdraw(hub, denpasar, open_, version=1)
    made = approve(hub, about, denpasar)
    for who in (bogor, of("desa-operator", "3201", name=denpasar.id)):
        with pytest.raises(UnknownError):
            retracting.propose(hub, who, retraction(made))
    with pytest.raises(RefusedError) as bare:
        retracting.propose(hub, denpasar, Retraction(made))
    assert {(one.column, one.code) for one in bare.value.checks} >= {
        ("source_date", "missing"), ("said", "missing"), ("evidence", "evidence-missing"),
    }  # fmt: skip
    restriction.restrict(hub, ENTITY[RINA], basis="uu27-2022-art41", actor="test")
    with pytest.raises(UnknownError):
        retracting.try_out(hub, denpasar, retraction(made))
    restriction.lift(hub, ENTITY[RINA], basis="uu27-2022-art41", actor="test")
    back = retracting.propose(hub, denpasar, retraction(made))
    with pytest.raises(SentError) as sent:
        retracting.propose(hub, denpasar, retraction(made))
    assert sent.value.correction == back
    assert codes_of(made, of("officer", "5171", name="other")) == {"open-elsewhere"}
    with pytest.raises(RefusedError) as refused:  # what is about to be given up is not said anew
        chain.propose(hub, denpasar, replace(about, values={"phone": "0812000010"}))
    assert "open-elsewhere" in codes(refused)
    with pytest.raises(AccessError):  # the proposer never decides
        chain.agree(hub, of("dinsos-verifier", name=denpasar.id), back, "verify", version=1)
    chain.agree(hub, VERIFIER, back, "verify", version=1)
    with pytest.raises(DoneError):
        chain.agree(hub, VERIFIER, back, "verify", version=1)
    chain.send_back(hub, HEAD, back, version=2, note="Buktinya kurang.")
    assert row(hub, made).state == "approved"
    assert accepted(hub, ENTITY[RINA])
    chain.withdraw(hub, denpasar, back, version=3)
    again = revoke(hub, made, denpasar)
    assert (row(hub, made).state, row(hub, again).state) == ("revoked", "approved")
    assert accepted(hub, ENTITY[RINA]) == []
    assert codes_of(made) == {"revoked-already"}
    assert codes_of(again) == {"not-approved"}, "that is answered by proposing the step anew"
    with hub.sessions.read() as session:
        last = session.exec(select(Judgement).order_by(col(Judgement.seq).desc())).first()
    assert last is not None
    assert (last.judgement, last.reason) == ("review", f"correction {row(hub, again).number}")


def test_only_people_of_the_own_region_can_be_corrected(hub: Hub) -> None:
    denpasar = of("desa-operator", "5171")
    one = draft("correct-value", ENTITY[SITI], attribute="phone", values={"phone": "0812000000"})
    with pytest.raises(UnknownError) as outside:
        chain.propose(hub, denpasar, one)
    with pytest.raises(UnknownError) as nobody:
        chain.propose(hub, denpasar, draft("report-death", "0" * 32, values=DEATH))
    assert str(outside.value) == str(nobody.value)
    rina = draft("report-death", ENTITY[RINA], values=DEATH)
    chain.withdraw(hub, denpasar, chain.propose(hub, denpasar, rina), version=1)


def test_deadlines_and_the_monthly_cut_off(hub: Hub) -> None:
    made = chain.propose(
        hub,
        OPERATOR,
        draft("correct-value", ENTITY[RINA], attribute="phone", values={"phone": PHONE}),
    )
    held, rules = row(hub, made), load_rules()
    now = clock(rules, held, held.proposed)
    assert now.open
    assert not now.late
    assert now.lawful - held.proposed == timedelta(hours=72)
    assert clock(rules, held, held.due + timedelta(minutes=1)).late
    # The 17th ends where the cut-off is counted, seven hours before it ends in Greenwich.
    assert month_of(rules, datetime(2026, 12, 17, 16, 59, tzinfo=UTC)) == "2026-12"
    assert month_of(rules, datetime(2026, 12, 17, 17, 0, tzinfo=UTC)) == "2027-01"


def test_a_new_profile_key_wraps_proposals_anew(hub: Hub) -> None:
    made = chain.propose(
        hub,
        OPERATOR,
        draft(
            "correct-value", ENTITY[BUDI], attribute="birth_place", values={"birth_place": "BOGOR"}
        ),
    )
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "profile")
    rewrap_entity_keys(hub, actor="test")
    with hub.sessions.read() as session:
        ((_, proposal),) = store.open_many(hub, session, [store.by_id(session, made)])
    assert proposal.parts[0].columns == {"birth_place": "BOGOR"}


def test_a_typed_number_tells_nothing_of_another_region(hub: Hub) -> None:
    bogor = of("desa-operator", "3201")

    def said(nik: str) -> set[str]:
        one = draft("correct-value", ENTITY[SITI], attribute="nik", values={"nik": nik})
        return {check.code for check in chain.try_out(hub, bogor, one)}

    assert "nik-of-another" in said(BUDI)
    assert said(RINA) == said(UNUSED)
    country = chain.try_out(
        hub, OPERATOR, draft("correct-value", ENTITY[SITI], attribute="nik", values={"nik": RINA})
    )
    assert "nik-of-another" in {check.code for check in country}


UNUSED = "5171014404910099"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_who_approves_waits_for_who_answers_a_task_about_the_same_and_not_they_for_each_other(
    hub: Hub,
) -> None:
    about = draft(
        "correct-value", ENTITY[SITI], attribute="phone", values={"phone": "081234560000"}
    )
    with hub.sessions.begin() as session:
        session.add(
            ReviewTask(
                id="task", kind="person", status="open", version=1, opened_run=1, opened=now(), run_seq=1,
                region="", reasons="", questions="", sources="", entities=1, records=1, benefit=False,
                boundary=False, correction=False,
            )
        )  # fmt: skip
        session.add(ReviewTaskEntity(task_id="task", entity_id=ENTITY[SITI], records=1))
    made = chain.propose(hub, OPERATOR, about)
    for version, (who, act) in enumerate(CHAIN[:2], 1):
        chain.agree(hub, who, made, act, version=version)
    answers = Event()

    def answer() -> None:
        with hub.sessions.begin() as session:
            session.get_one(ReviewTask, "task", with_for_update=True)
            answers.set()
            time.sleep(0.5)  # the other comes as far as it can
            left, right = RecordRef("a", "b", "1"), RecordRef("a", "b", "2")
            judgements.add(hub, session, "person", [(left, right, "link")], actor="s", reason="r")

    def agree() -> None:
        assert answers.wait(10)
        who, act = CHAIN[2]
        assert chain.agree(hub, who, made, act, version=3) == "approved"

    with ThreadPoolExecutor(2) as both:
        for one in [both.submit(answer), both.submit(agree)]:
            one.result()
