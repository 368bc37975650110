"""A steward's day in a real browser: from the queue to golden records that show the answers."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, Route, expect
from sqlmodel import Session, col, select

from matching.rules import Kind
from mdm import judgements
from mdm.access import Principal
from mdm.access.budgets import Budgets, Charge
from mdm.access.decide import limits_of
from mdm.compose import Hub
from mdm.hub.columns import now
from mdm.hub.runs import published_seq
from mdm.hub.tables import (
    AuditEvent,
    Judgement,
    ReviewAnswer,
    ReviewTask,
    ReviewTaskEntity,
    Sample,
    SampleItem,
    SealedProfile,
    StaffSession,
)
from mdm.pipeline import run
from mdm.rights import restriction
from mdm.touched import pending
from mdm.tracing.component import look
from tests.api.serving import Served, served
from tests.judged import judge
from tests.run.homes import QUIET, FirstRun, copy_of, deliver, land_all, teach
from tests.web.browser import axe, fits
from tests.web.conftest import Open
from tests.web.people import PASSWORD, Member, join, one_of

DATABASE = "postgresql"
NUMBER = re.compile(r"\b\d{16}\b")
PATIENCE = 30_000  # milliseconds, on a machine that does much else
SEEN = 320  # milliseconds: what is pressed before was not meant for the task that has just come
TASK = re.compile(r"/tinjau/tugas/([0-9a-f]+)")


@pytest.fixture(scope="module")
def delivery(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a population about which something stays open."""
    return deliver(tmp_path_factory.mktemp("review") / "delivery", families=120, seed=8226)


@pytest.fixture(scope="module")
def workbench(
    shared_hub: Hub, delivery: Path, first: FirstRun, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A hub after its first whole run, served; every task needs one answer."""
    with copy_of(first.home, tmp_path_factory.mktemp("school") / "home") as school:
        teach(school, shared_hub)
    land_all(shared_hub, delivery)
    run(shared_hub, QUIET)
    with shared_hub.sessions.begin() as session:
        for task in session.exec(select(ReviewTask)).all():
            task.needed = 1
            session.add(task)
    with served(shared_hub, real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def steward(workbench: Served) -> Member:
    return one_of(workbench.hub, "steward")


def tasks(hub: Hub, status: str = "open", kind: str = "person") -> list[ReviewTask]:
    with hub.sessions.read() as session:
        query = select(ReviewTask).where(ReviewTask.status == status, ReviewTask.kind == kind)
        return list(session.exec(query.order_by(col(ReviewTask.rank).desc())).all())


def answers_of(hub: Hub, task_id: str) -> list[ReviewAnswer]:
    with hub.sessions.read() as session:
        query = select(ReviewAnswer).where(ReviewAnswer.task_id == task_id)
        return list(session.exec(query.order_by(col(ReviewAnswer.at))).all())


def give_back(hub: Hub) -> None:
    """Nobody has a task in hand."""
    with hub.sessions.begin() as session:
        for task in session.exec(select(ReviewTask)).all():
            task.claimed_by = task.claimed = task.claimed_until = None
            session.add(task)


def events(hub: Hub, action: str) -> list[dict[str, object]]:
    with hub.sessions.read() as session:
        rows = session.exec(select(AuditEvent.event).order_by(col(AuditEvent.seq))).all()
    return [one for row in rows if (one := json.loads(row))["action"] == action]


def entities(session: Session, task_id: str) -> list[str]:
    query = select(ReviewTaskEntity.entity_id).where(ReviewTaskEntity.task_id == task_id)
    return sorted(session.exec(query).all())


def settle(hub: Hub) -> None:
    """Wait until readers see every judgement."""
    until = time.monotonic() + PATIENCE / 1000
    while pending(hub):
        assert time.monotonic() < until
        time.sleep(0.1)


def on_task(page: Page) -> str:
    found = TASK.search(page.url)
    assert found, page.url
    return found[1]


def press(page: Page, key: str, said: str = "Jawaban tersimpan") -> None:
    """Answer by key, and wait until the hub has said what came of it."""
    before = page.url
    page.wait_for_timeout(SEEN)
    page.keyboard.press(key)
    moved(page, before)
    page.locator("[data-flash]", has_text=said).wait_for(timeout=PATIENCE)


def moved(page: Page, before: str) -> None:
    """Wait for the next task; where none was fetched ahead, that takes as long as settling."""
    page.wait_for_function("before => location.href !== before", arg=before, timeout=PATIENCE)


def test_a_stewards_day_by_keyboard(workbench: Served, steward: Member, open_: Open) -> None:
    hub = workbench.hub
    with open_(steward) as page:
        page.set_default_timeout(PATIENCE)
        page.goto("/")
        page.get_by_text("tugas tinjauan menunggu").click()
        page.get_by_role("heading", name="Antrean tinjauan").wait_for()
        axe(page)
        page.goto("/tinjau?jenis=person")
        page.keyboard.press("m")
        page.locator("form[data-task]").wait_for()
        first = on_task(page)
        axe(page)
        # Masked at first: no number stands in the page. Each opening is on record before it shows.
        assert not NUMBER.search(page.content())
        assert first in {one["id"] for one in events(hub, "look")}
        revealed = len(events(hub, "reveal"))
        page.keyboard.press("o")
        page.get_by_text("Nilai terbuka").wait_for()
        assert NUMBER.search(page.content())
        with hub.sessions.read() as session:
            about = entities(session, first)
        told = events(hub, "reveal")
        assert (len(told), told[-1]["entity_id"]) == (revealed + 1, about)
        assert (told[-1]["actor"], told[-1]["purpose"]) == (steward.id, "review")
        # A group by key: the first record is a person of its own.
        page.keyboard.press("ArrowRight")
        page.keyboard.press("2")
        assert page.locator("[data-group='0']").input_value() == "2"
        page.keyboard.press("1")
        page.keyboard.press("?")
        for listed in ("Sesuai pembagian", "memilih catatan", "menulis komentar"):
            expect(page.locator("#tombol")).to_contain_text(listed)
        page.keyboard.press("Escape")
        page.keyboard.press("n")
        page.keyboard.type("Ibu kandung sama")
        page.keyboard.press("Escape")
        with hub.sessions.read() as session:
            before = published_seq(session)
        press(page, "s", "Jawaban tersimpan: Sama.")  # who hit the wrong key reads so
        assert on_task(page) != first
        settle(hub)
        with hub.sessions.read() as session:
            # The golden record shows it: a small run is published, all records are of one entity.
            assert published_seq(session) > before
            said = session.exec(select(Judgement)).all()
        assert {one.actor for one in said} == {steward.id}
        assert len({one.entity_id for one in look(hub, "person", about).records}) == 1
        # Undone, it is in hand again, and the golden record is as before.
        press(page, "u", "ditarik kembali")
        settle(hub)
        assert on_task(page) == first
        press(page, "d", "Jawaban tersimpan: Beda.")
        while TASK.search(page.url):  # without waiting for what the hub says
            answered = page.url
            page.wait_for_timeout(SEEN)
            page.keyboard.press("d")
            moved(page, answered)
        expect(page.get_by_text("Tidak ada tugas lagi")).to_be_visible()


def test_on_a_phone_without_the_script(workbench: Served, open_: Open) -> None:
    who = join(workbench.hub, ("steward", ""))
    with open_(who, narrow=True, script=False) as page:
        page.set_default_timeout(PATIENCE)
        page.goto("/tinjau?jenis=family")
        fits(page)
        page.get_by_role("link", name="Mulai meninjau").click()
        task = on_task(page)
        fits(page)
        page.get_by_role("button", name="Buka nilai").click()
        page.get_by_text("Nilai terbuka").wait_for()
        fits(page)
        with workbench.hub.sessions.read() as session:
            # One entity falls apart at its weakest link; two stay as they are.
            outcome = "different" if len(entities(session, task)) > 1 else "split"
        page.get_by_role("button", name="Beda").click()
        page.get_by_text("Jawaban tersimpan").wait_for()
    with workbench.hub.sessions.read() as session:
        answer = session.exec(select(ReviewAnswer).where(ReviewAnswer.task_id == task)).one()
    assert (answer.actor, answer.outcome, answer.state) == (who.id, outcome, "decided")
    assert answer.seconds is not None
    colleague, path = one_of(workbench.hub, "steward"), f"/tinjau/tugas/{task}"
    said = {"different": "semuanya berbeda", "split": "dibagi"}[outcome]
    with colleague.client(workbench.url) as late:
        looked = late.get(path).text
        sent = late.post(path, data={"csrf": colleague.csrf, "versi": "1", "aksi": "sama"}).text
    for told, lost in ((looked, False), (sent, True)):
        assert who.login in told
        assert said in told
        assert ("tidak disimpan" in told) == lost


def test_records_of_one_family_go_to_one_house_together(workbench: Served, steward: Member) -> None:
    """Who says that a house and a family are two says nothing of the family's own records."""
    hub = workbench.hub
    give_back(hub)
    with hub.sessions.read() as session:
        query = select(SealedProfile.entity_id).where(SealedProfile.kind == "household").distinct()
        seen = ((one, look(hub, "household", [one])) for one in sorted(session.exec(query).all()))
        entity, component = next(
            one for one in seen if len(set(one[1].leads)) == 2 and len(one[1].records) == 3
        )
        before = max(session.exec(select(Judgement.seq)).all(), default=0)
    task = ReviewTask(
        id="abc", kind="household", status="open", version=1, opened_run=1, opened=now(), run_seq=1, region="",
        reasons="", questions="|weak_link|", sources="", entities=1, records=3, benefit=False, boundary=False,
        correction=False,
    )  # fmt: skip
    with hub.sessions.begin() as session:
        session.add(task)
        session.flush()
        session.add(ReviewTaskEntity(task_id="abc", entity_id=entity, records=3))
    chosen = {f"g{place}": "1" for place in component.leads}
    form = {"csrf": steward.csrf, "versi": "1", "aksi": "beda", **chosen}
    with steward.client(workbench.url) as client:
        page = client.get("/tinjau/tugas/abc").text
        assert (page.count('<select id="g'), page.count("satu keluarga dengan")) == (2, 1)
        assert client.post("/tinjau/tugas/abc", data=form).status_code == 303
    with hub.sessions.read() as session:
        said = [(one.judgement, pair) for one, pair in judgements.pairs(hub, session, before)]
    lead = {one.ref: component.leads[at] for at, one in enumerate(component.records)}
    assert {word for word, (left, right) in said if lead[left] != lead[right]} == {"non-link"}, (
        "the family's first record had stayed with the house"
    )


def test_conflict_is_told_kindly_and_other_regions_are_not_there(
    workbench: Served, steward: Member
) -> None:
    hub = workbench.hub
    give_back(hub)
    task = tasks(hub, kind="family")[0]
    other = join(hub, ("steward", ""), login="wayan.lain")
    far = join(hub, ("steward", "94"))
    path = f"/tinjau/tugas/{task.id}"
    with steward.client(workbench.url) as mine:
        assert mine.get(path).status_code == 200
        with other.client(workbench.url) as theirs:
            told = theirs.get(path)
            assert (told.status_code, steward.login in told.text) == (409, True)
            form = {"csrf": other.csrf, "versi": str(task.version), "aksi": "sama", "g0": "1"}
            assert theirs.post(path, data=form).status_code == 409
        with far.client(workbench.url) as away:
            assert "0 tugas menunggu" in away.get("/tinjau").text
            unknown, nothing = away.get(path), away.get("/tinjau/tugas/0000")
            assert unknown.status_code == nothing.status_code == 404
            for part in ("buka", "lepas"):
                assert away.post(f"{path}/{part}", data={"csrf": far.csrf}).status_code in (
                    403,
                    404,
                )
        # What came without an answer is none: it had been taken for the groups as they stood.
        every = dict(
            re.findall(
                r'<select id="(g\d+)".*?<option value="([^"]+)" selected', mine.get(path).text, re.S
            )
        )
        form = {"csrf": steward.csrf, "versi": str(task.version), **every}
        assert every
        for word in ({}, {"aksi": "entah"}):
            assert mine.post(path, data=form | word).status_code == 422
        assert not answers_of(hub, task.id)
        # What was asked for with too few groups is no answer.
        form = {"csrf": steward.csrf, "versi": str(task.version), "aksi": "sama"}
        assert mine.post(path, data=form).status_code == 409
        assert mine.post(f"{path}/lepas", data={"csrf": steward.csrf}).status_code == 303
    for role in ("officer", "auditor"):
        with one_of(hub, role).client(workbench.url) as client:
            assert client.get("/tinjau").status_code == 403
            assert client.get(path).status_code == 403


def test_a_contradiction_is_explained_and_may_be_overruled(workbench: Served, open_: Open) -> None:
    hub = workbench.hub
    who = join(hub, ("steward", ""), login="nyoman.dua")
    give_back(hub)
    settle(hub)
    task = next(one for one in tasks(hub, kind="family") if one.records > 1)
    with hub.sessions.read() as session:
        records = look(hub, "family", entities(session, task.id)).records
    with hub.lock("test"), open_(who, strict=False) as page:
        page.goto(f"/tinjau/tugas/{task.id}")
        judge(
            hub, "family", records[0].ref, records[1].ref, "non-link", actor=who.id, reason="twins"
        )
        page.keyboard.press("s")
        page.get_by_text("bertentangan dengan putusan").wait_for()
        expect(page.get_by_role("alert").first).to_contain_text("nyoman.dua")
        axe(page)
        page.get_by_role("button", name="Gantikan putusan itu").click()
        page.locator("[data-flash]", has_text="menyusul").wait_for()


def test_opened_values_count_on_the_budget_that_lookups_have(workbench: Served) -> None:
    hub = workbench.hub
    who = join(hub, ("steward", ""))
    give_back(hub)
    path = f"/tinjau/tugas/{tasks(hub, kind='family')[0].id}"
    asker = Principal(who.id, "staff", frozenset({"steward"}))
    with who.client(workbench.url) as client:
        form = {"csrf": who.csrf} | dict.fromkeys(_groups(client.get(path).text), "1")
        assert client.post(f"{path}/buka", data=form).status_code == 200
        with hub.sessions.begin() as session:
            left = limits_of(asker).niks_per_day - len(entities(session, path.rpartition("/")[2]))
            others = [f"{n:016}" for n in range(left)]
            Budgets(hub).charge(session, [Charge(asker, others)])
        give_back(hub)
        revealed = len(events(hub, "reveal"))
        other = next(one.id for one in tasks(hub, kind="family") if one.id not in path)
        told = client.post(f"/tinjau/tugas/{other}/buka", data=form)
    assert told.status_code == 429
    assert "dalam sehari sudah tercapai" in told.text, "in the language of the page, and until when"
    assert "07.00 WIB" in told.text
    assert "Pesan asli" not in told.text
    assert len(events(hub, "reveal")) == revealed


def test_a_relative_whose_processing_is_restricted_is_not_shown_around_a_record(
    workbench: Served,
) -> None:
    hub = workbench.hub
    who = join(hub, ("steward", ""))
    give_back(hub)

    def relatives(task: ReviewTask) -> list[str]:
        with hub.sessions.read() as session:
            own = entities(session, task.id)
        families = look(hub, cast(Kind, task.kind), own).families.values()
        return sorted({one.entity_id for members in families for one in members} - set(own))

    waiting = [*tasks(hub), *tasks(hub, kind="family")]
    of = next(one for one in waiting if relatives(one))
    task, hidden = of.id, relatives(of)[0]
    with who.client(workbench.url) as client:
        before = client.get(f"/tinjau/tugas/{task}").text
        restriction.restrict(hub, hidden, basis="disputed", actor="officer")
        after = client.get(f"/tinjau/tugas/{task}").text
        restriction.lift(hub, hidden, basis="settled", actor="officer")
        again = client.get(f"/tinjau/tugas/{task}").text
    shown = [len(_RELATIVE.findall(one)) for one in (before, after, again)]
    assert shown[1] < shown[0] == shown[2]


_RELATIVE = re.compile(r"<li(?: class=.here.)?><strong>")


def _groups(text: str) -> list[str]:
    return re.findall(r'name="(g[0-9]+)"', text)


_SHOWN = """() => {
  window.shown = [];
  addEventListener("app:renewed", () => window.shown.push(location.pathname));
}"""


def test_a_refused_answer_comes_back_after_the_next_task_was_shown(
    workbench: Served, open_: Open
) -> None:
    hub = workbench.hub
    who = join(hub, ("steward", ""), login="ketut.tiga")
    give_back(hub)
    settle(hub)
    with open_(who, strict=False) as page:
        page.set_default_timeout(PATIENCE)
        page.goto("/tinjau/lanjut")
        task = on_task(page)
        page.wait_for_load_state("networkidle")  # the next one is fetched ahead
        page.evaluate(_SHOWN)
        with hub.sessions.begin() as session:
            row = session.get_one(ReviewTask, task)
            row.version += 1  # somebody else's run has changed it
            session.add(row)
        page.keyboard.press("s")
        page.get_by_text("berubah").first.wait_for()
        shown = page.evaluate("window.shown")
        assert [task in one for one in shown] == [False, True]
        page.keyboard.press("s")  # meant for the task that stood here: answers nothing
        # A line that is down takes nothing away either.
        page.goto("/tinjau/lanjut")
        held = on_task(page)
        page.wait_for_load_state("networkidle")
        page.context.set_offline(True)
        page.keyboard.press("d")
        page.get_by_role("alert").wait_for()
        assert on_task(page) == held
        assert page.locator("form[data-task]").get_attribute("action") == f"/tinjau/tugas/{held}"
    with hub.sessions.read() as session:
        given = session.exec(select(ReviewAnswer).where(ReviewAnswer.actor == who.id)).all()
    assert not given


def test_a_refusal_that_comes_late_is_not_covered_by_the_task_after_the_next(
    workbench: Served, open_: Open
) -> None:
    """The first answer was slow, and refused after the second was sent: nobody heard of it."""
    hub = workbench.hub
    who = join(hub, ("steward", ""))
    give_back(hub)
    settle(hub)
    with open_(who, strict=False) as page:
        page.goto("/tinjau/lanjut")
        first, held = on_task(page), list[Route]()
        page.wait_for_load_state("networkidle")  # the second is fetched ahead
        page.route(
            f"**/tinjau/tugas/{first}",
            lambda route: (
                held.append(route) if route.request.method == "POST" else route.fallback()
            ),
        )
        with hub.sessions.begin() as session:
            row = session.get_one(ReviewTask, first)
            row.version += 1
            session.add(row)
        page.keyboard.press("c")
        page.wait_for_function("first => !location.href.includes(first)", arg=first)
        second = on_task(page)
        page.wait_for_timeout(SEEN)
        page.keyboard.press("c")
        page.wait_for_timeout(SEEN)
        held[0].continue_()
        page.locator("#tugas").get_by_text("berubah").wait_for()
        page.locator("[data-flash]", has_text="Jawaban tersimpan").wait_for()
        page.wait_for_timeout(1_200)  # what was to be fetched ahead has come
        assert page.locator("#tugas").get_by_text("berubah").is_visible()
        assert on_task(page) == first
    assert [one.actor for one in answers_of(hub, second)][-1:] == [who.id]
    give_back(hub)


def test_a_task_that_somebody_else_took_meanwhile_is_passed_over(
    workbench: Served, open_: Open
) -> None:
    hub = workbench.hub
    who, other = (join(hub, ("steward", ""), login=login) for login in ("putu.lima", "made.lima"))
    give_back(hub)
    settle(hub)
    with open_(who, strict=False) as page, other.client(workbench.url) as theirs:
        page.set_default_timeout(PATIENCE)
        page.goto("/tinjau/lanjut")
        first = on_task(page)
        page.wait_for_load_state(
            "networkidle"
        )  # the second is fetched ahead, and leads to the third
        second = page.locator("[data-next]").first.get_attribute("data-next") or ""
        ahead = page.request.get(workbench.url + second).text()
        third = ahead.partition('data-next="')[2].partition('"')[0]
        assert first not in third
        assert theirs.get(third).status_code == 200
        press(page, "c")
        assert page.url.endswith(second)
        page.wait_for_load_state("networkidle")
        press(page, "c")
        page.locator("form[data-task]").wait_for()
        assert on_task(page) not in (first, third.rpartition("/")[2], second.rpartition("/")[2])


def test_a_key_pressed_twice_or_held_down_answers_one_task(workbench: Served, open_: Open) -> None:
    """The next task stood there after six hundredths of a second, and the second press answered it unseen."""
    hub = workbench.hub
    who = join(hub, ("steward", ""))
    give_back(hub)
    settle(hub)

    def given() -> int:
        with hub.sessions.read() as session:
            query = select(ReviewAnswer).where(ReviewAnswer.actor == who.id)
            return len(session.exec(query).all())

    with open_(who) as page:
        page.goto("/tinjau/lanjut")
        for key, presses in (("c", 2), ("Enter", 9)):
            page.wait_for_load_state("networkidle")  # the next one is fetched ahead
            page.wait_for_timeout(SEEN)
            before, stood = given(), page.url
            for _ in range(presses):
                page.keyboard.down(key)  # the second time as a key that is held does
                if key == "c":
                    page.keyboard.up(key)
                page.wait_for_timeout(50)
            page.keyboard.up(key)
            moved(page, stood)
            page.locator("[data-flash]", has_text="Jawaban tersimpan").wait_for()
            page.wait_for_timeout(800)  # in which another answer would have come
            assert given() == before + 1, key
            shown = page.locator("h1").inner_text()
            assert page.title().startswith(shown), "of the task that stands here"
        # Letters are the same keys with the capitals locked.
        page.evaluate(
            "document.body.dispatchEvent(new KeyboardEvent('keydown', "
            "{key: 'N', bubbles: true, modifierCapsLock: true}))"
        )
        assert page.evaluate("document.activeElement.id") == "f-catatan"
        # To jump to the content loads nothing, and what was typed stays.
        page.keyboard.type("Tetangganya tahu")
        page.locator("a.skip").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**#isi")
        page.wait_for_load_state("networkidle")
        assert page.get_by_label("Komentar").input_value() == "Tetangganya tahu"
        # Enter presses what has the focus, on the page that knows it as a key of its own, too.
        with hub.sessions.read() as session:
            answered = session.exec(
                select(ReviewAnswer.task_id).where(ReviewAnswer.actor == who.id)
            ).first()
        page.goto(f"/tinjau/tugas/{answered}")
        page.get_by_role("link", name="Ke antrean").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Antrean tinjauan").wait_for()
    give_back(hub)


def test_every_record_of_a_large_task_keeps_its_group(workbench: Served, steward: Member) -> None:
    """From the tenth person on the row of answers had said the first, and "as grouped" had made them one."""
    hub = workbench.hub
    give_back(hub)
    with hub.sessions.begin() as session:
        query = select(SealedProfile.entity_id).where(SealedProfile.kind == "person").distinct()
        some = sorted(session.exec(query).all())[:11]
        session.add(
            ReviewTask(
                id="abd", kind="person", status="open", version=1, opened_run=1, opened=now(), run_seq=1, region="",
                reasons="", questions="|weak_link|", sources="", entities=11, records=11, benefit=False,
                boundary=False, correction=False,
            )
        )  # fmt: skip
        session.flush()
        for one in some:
            session.add(ReviewTaskEntity(task_id="abd", entity_id=one, records=1))
    with steward.client(workbench.url) as client:
        text = client.get("/tinjau/tugas/abd").text
    with hub.sessions.begin() as session:
        about = col(ReviewTaskEntity.task_id) == "abd"
        session.execute(sa.delete(ReviewTaskEntity).where(about))
        session.execute(sa.delete(ReviewTask).where(col(ReviewTask.id) == "abd"))
    answers = re.findall(r'<select id="g\d+".*?</select>', text, re.S)
    chosen = [re.search(r'value="(\d+)" selected', one) for one in answers]
    assert {found and found[1] for found in chosen} == {str(n) for n in range(1, 12)}


def test_the_supervisor_sees_how_it_goes(workbench: Served, open_: Open) -> None:
    hub = workbench.hub
    who, supervisor = join(hub, ("steward", ""), login="made.dua"), one_of(hub, "supervisor")
    give_back(hub)
    with open_(who) as page:
        page.goto("/tinjau/lanjut")
        press(page, "c", said="")
    with open_(supervisor, language="en") as page:
        page.goto("/tinjau/penyelia")
        page.get_by_role("heading", name="Supervision of reviewing").wait_for()
        expect(page.get_by_role("table").first).to_contain_text("made.dua")
        axe(page)
    with one_of(workbench.hub, "steward").client(workbench.url) as client:
        assert client.get("/tinjau/penyelia").status_code == 403


def test_a_filter_that_is_no_number_is_said_beside_its_field(workbench: Served) -> None:
    with one_of(workbench.hub, "steward").client(workbench.url) as client:
        answer = client.get("/tinjau?dari=tinggi")
        assert (answer.status_code, answer.text.count("Ini bukan angka")) == (422, 1)
        assert 'value="tinggi"' in answer.text
        assert client.get("/tinjau?dari=2,5&sampai=").status_code == 200
        for filters in ("jenis=orang", "wilayah=x", "sebab=x", "sumber=x", "keadaan=x", "soal=x"):
            assert client.get(f"/tinjau?{filters}").status_code == 200  # typed by hand
        bits = client.get("/operasi/ambang?tautkan=99")
        assert (bits.status_code, "dari -10 sampai 30" in bits.text) == (422, True)


def test_a_supervisor_hears_the_reviewers_of_a_parked_task(workbench: Served) -> None:
    hub, note = workbench.hub, "Tetangga bernama Sarinah tahu"
    give_back(hub)
    settle(hub)
    task = tasks(hub, kind="family")[-1]
    path = f"/tinjau/tugas/{task.id}"
    supervisor, reviewers = one_of(hub, "supervisor"), [join(hub, ("steward", "")) for _ in "ab"]
    for who, noted in zip(reviewers, ("", note), strict=True):
        with who.client(workbench.url) as client:
            form = {"csrf": who.csrf, "versi": str(task.version), "aksi": "ragu", "catatan": noted}
            form |= dict.fromkeys(_groups(client.get(path).text), "1")
            assert client.post(path, data=form).status_code == 303
            assert "sebagai penyelia" not in client.get("/").text
            assert 'action="/tinjau/urung' in client.get("/tinjau").text
    with supervisor.client(workbench.url) as client:
        assert "menunggu putusan Anda sebagai penyelia" in client.get("/").text
        masked = client.get(path).text
        assert all(who.login in masked for who in reviewers)
        assert "tampil sesudah nilai dibuka" in masked
        assert note not in masked
        form = {"csrf": supervisor.csrf} | dict.fromkeys(_groups(masked), "1")
        assert note in client.post(f"{path}/buka", data=form).text
        form |= {"versi": str(task.version), "aksi": "beda"}
        assert client.post(path, data=form).status_code == 303
        assert 'action="/tinjau/urung' in client.get("/tinjau").text
        # An answer that there is not is not one's last.
        stood = [one.state for one in answers_of(hub, task.id)]
        client.post("/tinjau/urung", data={"csrf": supervisor.csrf, "jawaban": "none"})
        assert [one.state for one in answers_of(hub, task.id)] == stood
    # Whoever supervises takes anybody's answer back; a reviewer only their own.
    with reviewers[0].client(workbench.url) as client:
        assert 'name="jawaban"' not in client.get(path).text
        said = answers_of(hub, task.id)[-1]
        told = client.post("/tinjau/urung", data={"csrf": reviewers[0].csrf, "jawaban": said.id})
        assert (told.status_code, told.headers["location"]) == (303, "/tinjau")
    with one_of(hub, "supervisor").client(workbench.url) as client:
        assert f'name="jawaban" value="{said.id}"' in client.get(path).text


def test_a_supervisor_examines_automatic_links_of_the_region(workbench: Served) -> None:
    hub, path = workbench.hub, "/tinjau/penyelia/contoh"
    settle(hub)
    who = one_of(hub, "supervisor")
    with who.client(workbench.url) as client:

        def post(to: str, **form: str) -> httpx.Response:
            return client.post(to, data={"csrf": who.csrf, **form})

        assert path in client.get("/tinjau/penyelia").text
        drawn = post(path, jenis="person", jumlah="4")
        assert drawn.status_code == 303, drawn.text
        sample = drawn.headers["location"]
        # A decision made since may have parted one of them.
        pages = {n: client.get(f"{sample}/{n}").text for n in (1, 2, 3, 4)}
        standing, masked = next((n, text) for n, text in pages.items() if "m-equal" in text)
        assert not any(NUMBER.search(text) for text in pages.values())
        revealed = len(events(hub, "reveal"))
        plain = post(f"{sample}/{standing}/buka")
        assert plain.status_code == 200
        assert plain.text != masked
        assert [one["actor"] for one in events(hub, "reveal")[revealed:]] == [who.id]
        onward = client.get(post(f"{sample}/1", putusan="wrong").headers["location"]).text
        assert f'href="{sample}/2" data-key="j"' in onward, "on to the next, not back to the list"
        for n in (1, 2, 3):
            assert post(f"{sample}/{n}", putusan="right").headers["location"].endswith(f"/{n + 1}")
        wrong = post(f"{sample}/4", putusan="wrong", catatan="dua orang")
        again = client.get(wrong.headers["location"]).text
        first_wrong = client.get(post(f"{sample}/3", putusan="wrong").headers["location"]).text
        assert f'href="{sample}" data-key="j"' in first_wrong, "all the others are examined"
        assert ("/tinjau/tugas/" in again) != ("Tidak ada tugas tinjauan untuk tautan ini" in again)
        told = client.get(sample).text
        assert "dua orang" in told
        assert "Bagian benar" in told
        assert "selesai diperiksa" in told
        assert "4 dari 4" in client.get(path).text
        assert post(path, jenis="dog", jumlah="4").status_code == 422
        many = post(path, jenis="family", jumlah="9000", benih="biji")
        assert (many.status_code, many.text.count("Isi angka 1 sampai 500.")) == (422, 1)
        for stands in ('value="9000"', 'value="biji"', '"family" selected', "autofocus"):
            assert stands in many.text, stands
        told = post(f"{sample}/1", putusan="right", catatan="NIK 3201150101010099 salah")
        assert "tidak boleh memuat NIK" in told.text
        assert "3201150101010099 salah" in told.text, "what was typed stands"
        assert "belum pasti" in post(f"{sample}/{standing}/buka", catatan="belum pasti").text
    with hub.sessions.read() as session:
        ref = (
            session.exec(
                select(SampleItem).where(SampleItem.sample_id == sample.rpartition("/")[2])
            )
            .all()[0]
            .ref
        )
        profiles = select(SealedProfile).where(SealedProfile.entity_id == ref["entity_id"])
        home = str(session.exec(profiles).all()[-1].region)[:4]
        lived = {str(one)[:2] for one in session.exec(select(SealedProfile.region)).all()}
    empty = next(code for code in ("11", "53", "72", "81", "91", "92") if code not in lived)
    near, far = join(hub, ("supervisor", home)), join(hub, ("supervisor", empty))
    for other in (near, far):
        with other.client(workbench.url) as client:
            assert client.get(sample).status_code == client.get(f"{sample}/1").status_code == 404
            answer = client.post(
                path, data={"csrf": other.csrf, "jenis": "person", "jumlah": "500"}
            )
            assert answer.status_code == (303 if other is near else 422)
    with hub.sessions.read() as session:
        mine = select(SampleItem.ref).join(Sample, col(Sample.id) == SampleItem.sample_id)
        ids = {one["entity_id"] for one in session.exec(mine.where(Sample.actor == near.id)).all()}
        held = select(SealedProfile.entity_id, SealedProfile.region).order_by(
            col(SealedProfile.version)
        )
        regions = dict(session.exec(held).all())
    assert ids
    assert all(str(regions[one]).startswith(home) for one in ids)
    with one_of(hub, "steward").client(workbench.url) as client:
        assert client.get(path).status_code == client.get(f"{sample}/1").status_code == 403


def test_an_answer_sent_when_the_session_is_over_stands_in_the_form_again(
    workbench: Served, open_: Open
) -> None:
    """The script shows the next task meanwhile, and sends the answer behind it."""
    hub = workbench.hub
    give_back(hub)
    who = one_of(hub, "steward")
    still_open = [one for kind in ("family", "person") for one in tasks(hub, kind=kind)]
    with open_(who) as page:
        page.set_default_timeout(PATIENCE)
        page.goto(f"/tinjau/tugas/{still_open[-1].id}")
        page.locator("form[data-task]").wait_for()
        page.wait_for_load_state("networkidle")
        task = on_task(page)
        page.get_by_label("Komentar").fill("Ibu kandungnya sama, kata pendamping.")
        chosen = page.locator("select[data-group]").last
        chosen.select_option("?")
        page.locator("#f-alasan").select_option(index=1)
        with hub.sessions.begin() as session:
            session.execute(sa.delete(StaffSession).where(col(StaffSession.staff_id) == who.id))
        page.get_by_role("button", name="Sesuai pembagian").click()
        page.get_by_text("tidak terkirim").wait_for()
        assert "Ibu" not in page.url
        page.get_by_label("Nama pengguna").fill(who.login)
        page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        page.keyboard.press("Enter")
        page.get_by_text("Belum ada yang terkirim").wait_for()
        assert on_task(page) == task
        assert page.get_by_label("Komentar").input_value().startswith("Ibu kandungnya")
        assert chosen.input_value() == "?"
        assert page.locator("#f-alasan").input_value()
        assert page.locator("[data-column].g9").count() == 1, "as the script draws it"
        assert not answers_of(hub, task)
        press(page, "c")
        assert len(answers_of(hub, task)) == 1
    give_back(hub)


def test_an_auditor_prints_what_is_folded_away(workbench: Served, open_: Open) -> None:
    hub = workbench.hub
    with hub.sessions.read() as session:
        kinds = select(SealedProfile.entity_id).where(SealedProfile.kind == "person").distinct()
        some = sorted(session.exec(kinds).all())
    entity = next(one for one in some if len(look(hub, "person", [one]).pairs) > 1)
    with open_(one_of(hub, "auditor")) as page:
        page.goto(f"/telusur/{entity}/pasangan")
        evidence = page.locator("details.pair table").last
        expect(evidence).to_be_hidden()
        page.emulate_media(media="print")
        expect(evidence).to_be_visible()
