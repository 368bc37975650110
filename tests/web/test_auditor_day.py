"""An auditor's day in a real browser: sign in, trace a value, compare days, prove it offline, search the
log, verify it, draw and examine a sample."""

from __future__ import annotations

import re
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pyotp
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page

from mdm.access import load_rules, login
from mdm.access.directory import used_by
from mdm.access.tally import Used
from mdm.audit import checkpoint, verifier
from mdm.audit.search import Wanted, search
from mdm.compose import Hub
from mdm.hub.dialect import table_of
from mdm.hub.tables import Budget, Staff
from mdm.judgements import RecordRef
from tests.api.serving import Served
from tests.api.world import ENTITY, FAMILY, NOBODY, RINA, SITI
from tests.judged import judge
from tests.web.browser import NARROW, WIDE, axe, fits
from tests.web.conftest import Open
from tests.web.people import PASSWORD, Member, join, one_of

DATABASE = "postgresql"
NAME = "SITI NURHALIZA"


@pytest.fixture(scope="module")
def judged(workbench: Served) -> Served:
    """Somebody judged Siti's record; the log is signed."""
    left = RecordRef("kemendagri", "biodata_wni", SITI)
    right = RecordRef("kemensos", "rumah_tangga", "K-1")
    judge(workbench.hub, "person", left, right, "link", actor="steward 7", reason="seen the papers")
    checkpoint(workbench.hub)
    return workbench


def used(hub: Hub, who: Member) -> Used:
    with hub.sessions.read() as session:
        return used_by(session, [who.id])[who.id]


def newest(hub: Hub, action: str, actor: str) -> dict[str, Any]:
    with hub.sessions.read() as session:
        found = search(session, Wanted(actor=actor, action=action), limit=1).events
    return dict(found[0].details) if found else {}


def test_the_day(judged: Served, open_: Open, tmp_path: Path) -> None:
    who, code = with_second_factor(judged.hub)
    with open_() as page:
        sign_in(page, who.login, code)
        page.get_by_role("link", name="Telusur").click()
        page.get_by_label("NIK", exact=True).fill(SITI)
        page.get_by_label("Nomor perkara").fill("AU-12")
        axe(page)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Orang").wait_for()
        assert SITI not in page.url
        assert NAME not in page.content()
        assert SITI not in page.content()
        page.get_by_text("seen the papers").wait_for()
        axe(page)
        assert newest(judged.hub, "look", who.id)["case"] == "AU-12"
        trace_one_value(page, judged.hub, who)
        download_and_verify(page, tmp_path)
        search_and_verify_the_log(page, judged.hub, who)
        draw_and_examine(page)


def trace_one_value(page: Page, hub: Hub, who: Member) -> None:
    page.locator("a[href$='/nilai/name']").click()
    page.get_by_role("heading", name="Nilai yang tidak terpilih").wait_for()
    assert NAME not in page.content()
    page.keyboard.press("o")
    page.get_by_text(NAME).wait_for()
    assert newest(hub, "trace", who.id)["fields"] == {"person": ["name"]}
    axe(page)
    page.get_by_role("link", name="Kembali ke profil").click()
    page.get_by_role("button", name="Bandingkan").click()
    page.get_by_text("Tidak ada yang berbeda").wait_for()
    axe(page)
    page.get_by_role("link", name="Kembali ke profil").click()
    page.get_by_role("heading", name="Garis waktu").wait_for()


def download_and_verify(page: Page, folder: Path) -> None:
    with page.expect_download() as proof:
        page.keyboard.press("b")
    proof.value.save_as(folder / "proof.txt")
    page.goto("/verifikasi")
    with page.expect_download() as tool:
        page.get_by_role("link", name="verifier.py").click()
    tool.value.save_as(folder / "verifier.py")
    assert (folder / "verifier.py").read_bytes() == Path(verifier.__file__).read_bytes()
    done = subprocess.run(
        [sys.executable, "-I", str(folder / "verifier.py"), str(folder / "proof.txt")],
        capture_output=True, text=True, timeout=60, check=False, cwd=folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "steward 7 judge" in done.stdout
    key = done.stdout.splitlines()[-1].strip()
    assert page.get_by_text(key).count() == 1


@contextmanager
def altered(hub: Hub, whose: Member) -> Iterator[None]:
    """Somebody who can write to the database gives an account another name, past the hub, for a while."""

    def call(name: str) -> None:
        with hub.sessions.begin() as session:
            here = sa.update(table_of(Staff)).where(table_of(Staff).c.id == whose.id)
            session.connection().execute(here.values(login=name))

    call(f"bukan.{whose.login}")
    try:
        yield
    finally:
        call(whose.login)


def search_and_verify_the_log(page: Page, hub: Hub, who: Member) -> None:
    page.keyboard.press("v")
    page.get_by_role("heading", name="Sedang dikerjakan").wait_for()
    page.get_by_role("progressbar").wait_for()
    axe(page)
    page.locator("#hasil").get_by_text("Semuanya utuh").wait_for()
    axe(page)
    with altered(hub, who):
        page.keyboard.press("v")
        fault = page.locator("#hasil").get_by_text(f"Akun {who.id}: diubah langsung di basis data")
        fault.wait_for()
        page.get_by_role("alert").get_by_text("Ada 1 hal yang tidak cocok.").wait_for()
        assert (
            page.get_by_role("link", name="Peristiwa tentangnya").get_attribute("href")
            == f"/log?entitas={who.id}"
        )
        axe(page)
        page.set_viewport_size(NARROW)
        fits(page)
        page.get_by_role("button", name="English").click()
        page.get_by_text(f"Account {who.id}: altered in the database since").wait_for()
        fits(page)
        page.set_viewport_size(WIDE)
        page.get_by_role("button", name="Bahasa Indonesia").click()
    page.get_by_role("link", name="Log audit").first.click()
    take_a_copy(page)
    page.get_by_role("link", name="Log audit").first.click()
    page.get_by_label("Pelaku").fill(who.id)
    page.get_by_label("Tindakan").select_option(label="Menelusuri nilai profil")
    page.get_by_role("button", name="Cari").first.click()
    page.get_by_role("table").get_by_text("AU-12").wait_for()
    assert page.get_by_role("table").get_by_role("link", name=who.login, exact=True).count()
    assert who.id not in page.get_by_role("table").inner_text()
    axe(page)
    page.get_by_role("table").get_by_role("link").first.click()
    page.get_by_role("heading", name="Isi peristiwa").wait_for()
    axe(page)
    page.goto("/log")
    page.get_by_text("Cari menurut NIK").click()
    page.get_by_label("NIK", exact=True).fill(SITI)
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/log?entitas={ENTITY[SITI]}")
    assert page.get_by_role("table").get_by_role("row").count() > 3


def take_a_copy(page: Page) -> None:
    page.wait_for_url("**/log", wait_until="domcontentloaded")
    page.keyboard.press("s")
    page.get_by_role("button", name="Buat salinan").click()
    fetch = page.get_by_role("button", name="Unduh audit-log.zip")
    fetch.wait_for()
    axe(page)
    with page.expect_download() as copy:
        fetch.click()
    with zipfile.ZipFile(copy.value.path()) as held:
        assert {"events.log", "verifier.py"} <= set(held.namelist())
    page.reload()
    page.get_by_text("sudah diunduh").wait_for()
    axe(page)


def draw_and_examine(page: Page) -> None:
    page.get_by_role("link", name="Sampel").click()
    card = page.locator("form.card", has_text="Peristiwa log")
    card.get_by_label("Jumlah").fill("3")
    card.get_by_role("button").click()
    page.get_by_role("link", name="Lanjut memeriksa").click()
    axe(page)
    for key in "121":
        page.get_by_role("heading", name="Butir").wait_for()
        page.keyboard.press(key)
        page.get_by_text("tersimpan").wait_for()
    page.get_by_text("selesai diperiksa").wait_for()
    page.get_by_text("33,3%").first.wait_for()
    axe(page)


def sign_in(page: Page, name: str, code: str) -> None:
    page.goto("/masuk")
    page.get_by_label("Nama pengguna").fill(name)
    page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
    page.get_by_label("Kode faktor kedua").fill(code)
    page.get_by_role("main").get_by_role("button", name="Masuk").click()
    page.get_by_role("heading", name="Yang menunggu Anda").wait_for()


def with_second_factor(hub: Hub) -> tuple[Member, str]:
    """An auditor whose second factor is set up; and the code to sign in with, the one after."""
    member = join(hub, ("auditor", ""))
    secret, _ = login.begin_second_factor(hub, member.id)
    login.confirm_second_factor(hub, member.id, pyotp.TOTP(secret).now())
    return member, pyotp.TOTP(secret).at(time.time() + 30)


def test_nothing_is_shown_that_was_not_opened(judged: Served) -> None:
    who = one_of(judged.hub, "auditor")
    with who.client(judged.url) as client:
        profile = client.get(f"/telusur/{ENTITY[SITI]}")
        value = client.get(f"/telusur/{ENTITY[SITI]}/nilai/name")
        family = client.get(f"/telusur/{FAMILY[SITI]}")
        beda = client.get(f"/telusur/{ENTITY[SITI]}/beda")
        for answer in (profile, value, family, beda):
            assert answer.status_code == 200, answer.text
            for secret in (NAME, SITI, "AMINAH", "JL MAWAR", "1988-03-05"):
                assert secret not in answer.text
        for answer in (profile, beda):  # a moment is asked for to the second
            (field,) = re.findall(r'type="datetime-local" value="([^"]*)"', answer.text)
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d", field)
        opened = post(client, who, f"/telusur/{ENTITY[SITI]}", buka="religion")
        assert "Islam" in opened.text
        assert NAME not in opened.text
        every = post(client, who, f"/telusur/{ENTITY[SITI]}", buka="semua")
        assert {one for one in (NAME, "AMINAH", SITI) if one in every.text} == {
            NAME,
            "AMINAH",
            SITI,
        }
        assert set(newest(judged.hub, "trace", who.id)["fields"]["person"]) >= {"name", "nik"}
        assert client.get("/telusur/unknown").status_code == 404
        assert post(client, who, f"/telusur/{ENTITY[SITI]}/nilai/name/baris").status_code == 200


def test_whom_a_number_leads_to_counts_and_is_on_record_before_it_is_told(judged: Served) -> None:
    who = join(judged.hub, ("auditor", ""))
    with who.client(judged.url) as client:
        for path in ("/log", "/telusur"):  # and no further: where it leads to tells enough
            assert ENTITY[SITI] in post(client, who, path, nik=SITI).headers["location"]
            assert newest(judged.hub, "look", who.id)["entity_id"] == ENTITY[SITI]
            assert post(client, who, path, nik=NOBODY).status_code == 404
            assert newest(judged.hub, "look", who.id)["found"] is False
    assert used(judged.hub, who) == Used(requests=4, niks=2, asked=2, missed=1)


def test_values_are_opened_within_the_budget(judged: Served) -> None:
    who = join(judged.hub, ("auditor", ""))
    ways = ("", "/nilai/name", "/nilai/name/baris", "/beda")
    with who.client(judged.url) as client:
        for way in ways:
            opened = post(client, who, f"/telusur/{ENTITY[SITI]}{way}", buka="semua")
            assert opened.status_code == 200
        assert used(judged.hub, who).niks == 1
        with judged.hub.sessions.begin() as session:
            session.get_one(Budget, who.id).niks = load_rules().roles["auditor"].limits.niks_per_day
        for way in ways:
            refused = post(client, who, f"/telusur/{ENTITY[RINA]}{way}", buka="semua")
            assert (refused.status_code, RINA in refused.text) == (429, False)
        assert client.get(f"/telusur/{ENTITY[RINA]}").status_code == 200  # masked


def test_the_log_takes_no_number_from_a_search(judged: Served) -> None:
    who = join(judged.hub, ("auditor", ""))
    with who.client(judged.url) as client:
        for typed in (SITI, f"NIK {SITI}", f"{SITI[:6]}-{SITI[6:]}."):
            for field in ("entitas", "aktor"):
                told = client.get("/log", params={field: typed})
                assert (told.status_code, "NIK tidak ditulis" in told.text) == (422, True), field
        assert client.get("/log", params={"entitas": "0" * 32}).status_code == 200
    searched = newest(judged.hub, "audit-search", who.id)
    assert (searched["entity_id"], searched["count"]) == ("0" * 32, 0)


def test_another_region_looks_like_nobody(judged: Served) -> None:
    who = join(judged.hub, ("auditor", "3201"))
    with who.client(judged.url) as client:
        pages = [post(client, who, "/telusur", nik=nik) for nik in (RINA, NOBODY)]
        pages += [client.get(f"/telusur/{one}") for one in (ENTITY[RINA], "0" * 32)]
        pages += [client.get(f"/telusur/{ENTITY[RINA]}/{part}") for part in ("bukti", "pasangan")]
        assert {page.status_code for page in pages} == {404}
        assert all(RINA not in page.text for page in pages)
        assert post(client, who, "/log", nik=RINA).status_code == 404
        sample = post(client, who, "/contoh", apa="values", jenis="person", jumlah="9")
        drawn = client.get(sample.headers["location"])
        assert ENTITY[RINA][:8] not in drawn.text
        assert ENTITY[SITI][:8] in drawn.text


@pytest.mark.parametrize("role", ["officer", "steward", "supervisor", "key-administrator"])
def test_others_have_no_business_here(
    judged: Served, role: str, members: dict[str, Member]
) -> None:
    with members[role].client(judged.url) as client:
        for path in (
            "/telusur",
            f"/telusur/{ENTITY[SITI]}",
            "/log",
            "/contoh",
            "/verifikasi",
            "/log/salinan",
        ):
            assert client.get(path).status_code == 403


def test_on_a_phone_without_the_script_by_keyboard(judged: Served, open_: Open) -> None:
    who = one_of(judged.hub, "auditor")
    with open_(who, narrow=True, script=False, language="en") as page:
        page.goto("/telusur")
        page.get_by_label("NIK", exact=True).focus()
        page.keyboard.type(SITI)
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Person").wait_for()
        for path in ("", "/nilai/name", "/beda", "/pasangan"):
            page.goto(f"/telusur/{ENTITY[SITI]}{path}")
            fits(page)
        page.goto(f"/telusur/{ENTITY[SITI]}/nilai/name")
        page.get_by_role("button", name="Open this value").press("Enter")
        page.get_by_text(NAME).wait_for()
        page.goto(f"/telusur/{ENTITY[SITI]}/pasangan")
        page.get_by_label("As of").fill("2001-02-03T04:05")
        page.get_by_role("button", name="Show").press("Enter")
        page.get_by_text("was not published yet").wait_for()
        for path in ("/log", "/log/0", "/log/salinan", "/contoh", "/verifikasi"):
            page.goto(path)
            fits(page)
        verify_now(page)
        page.get_by_text("Everything holds").wait_for()
        page.get_by_text("came after it, the one about this verification among them").wait_for()


def verify_now(page: Page) -> None:
    """Ask for a verification, and look again until it is done."""
    with page.expect_navigation():
        page.get_by_role("button", name="Verify now").press("Enter")
    again = page.get_by_role("link", name="Look again")
    while again.count():
        page.wait_for_timeout(500)
        with page.expect_navigation():
            again.press("Enter")


@pytest.mark.parametrize(
    ("path", "form", "status"),
    [
        ("/telusur", {}, 422),
        ("/telusur", {"nik": "12"}, 422),
        ("/telusur", {"nik": SITI, "entitas": "a"}, 422),
        ("/telusur", {"nik": SITI, "perkara": SITI}, 422),
        ("/log", {"nik": "12"}, 422),
        ("/contoh", {"apa": "events", "jumlah": "100000"}, 422),
        ("/contoh", {"apa": "values", "jenis": "dog", "jumlah": "5"}, 422),
        ("/contoh", {"apa": "events", "jumlah": "5", "dari": "kemarin"}, 422),
        ("/contoh/none/1", {"putusan": "right"}, 404),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    judged: Served, path: str, form: dict[str, str], status: int
) -> None:
    who = one_of(judged.hub, "auditor")
    with who.client(judged.url) as client:
        answer = post(client, who, path, **form)
    assert answer.status_code == status
    assert SITI not in answer.text


def test_what_is_no_date_is_said_beside_its_field(judged: Served) -> None:
    who = one_of(judged.hub, "auditor")
    with who.client(judged.url) as client:
        for path in ("/log?dari=2026-13-01", "/log?sampai=besok"):
            answer = client.get(path)
            assert (answer.status_code, answer.text.count("Ini bukan tanggal")) == (422, 1)
        assert client.get("/log?dari=2026-01-01&sampai=").status_code == 200
        of_siti = post(client, who, "/log", nik=SITI).headers["location"].partition("entitas=")[2]
        moment = client.get(f"/telusur/{of_siti}/beda?pada=lusa")
        assert (moment.status_code, "Ini bukan tanggal" in moment.text) == (422, True)


def test_an_actor_whom_nobody_knows_is_said_to_be_so(judged: Served) -> None:
    who, unknown = one_of(judged.hub, "auditor"), "bernama ini di log"
    with who.client(judged.url) as client:
        assert unknown in client.get("/log?aktor=penyelja").text
        assert unknown not in client.get(f"/log?aktor={who.login}&dari=2099-01-01").text
        assert unknown not in client.get("/log?aktor=&dari=2099-01-01").text


def post(client: httpx.Client, who: Member, path: str, **form: str) -> httpx.Response:
    return client.post(path, data={"csrf": who.csrf, **form})
