"""Signing in and out as people do it, in a real browser, and what a stranger meets."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import httpx
import pyotp
import pytest
from playwright.sync_api import Page

from mdm.access.sessions import COOKIE
from mdm.access.setup import write_token
from tests.api.serving import Served
from tests.web.browser import axe, fits, tab_to
from tests.web.conftest import Open
from tests.web.people import PASSWORD, Member, join

HTML = {"Accept": "text/html"}


def sign_in(page: Page, login: str, password: str = PASSWORD, code: str = "") -> None:
    page.get_by_label("Nama pengguna").fill(login)
    page.get_by_label("Kata sandi", exact=True).fill(password)
    page.get_by_label("Kode faktor kedua").fill(code)
    page.get_by_role("main").get_by_role("button", name="Masuk").click()


def test_the_first_account_is_made_with_the_token(workbench: Served, open_: Open) -> None:
    token = write_token(workbench.hub).read_text().strip()
    with open_() as page:
        page.goto("/")
        page.get_by_role("link", name="Penyiapan pertama").click()
        page.get_by_label("Token penyiapan").fill(token)
        page.get_by_label("Nama pengguna").fill("rini.first")
        page.get_by_label("Kata sandi", exact=True).fill(PASSWORD)
        axe(page)
        page.get_by_role("button", name="Buat akun").click()
        page.get_by_text("Akun sudah dibuat").wait_for()
        sign_in(page, "rini.first")
        # An administrator of users: nothing counts before the second factor is set up.
        page.get_by_role("button", name="Mulai").click()
        secret = page.locator("code").inner_text()
        assert page.locator("figure svg").bounding_box()
        assert not page.locator('form[action="/bahasa"]').count(), "it would begin anew"
        axe(page)
        page.get_by_label("2. Ketik kode").fill("000000")
        page.get_by_role("button", name="Konfirmasi").click()
        page.get_by_text("Kode tidak cocok").wait_for()
        page.get_by_label("2. Ketik kode").fill(pyotp.TOTP(secret).now())
        page.get_by_role("button", name="Konfirmasi").click()
        page.get_by_role("heading", name="Yang menunggu Anda").wait_for()
        page.get_by_role("button", name="Keluar").click()
        page.get_by_text("Anda sudah keluar").wait_for()
        code = pyotp.TOTP(secret).at(time.time() + 30)  # the one after the one just used
        sign_in(page, "rini.first", code=code)
        page.get_by_role("heading", name="Yang menunggu Anda").wait_for()


def test_by_keyboard_alone_without_the_script_on_a_phone(workbench: Served, open_: Open) -> None:
    who = join(workbench.hub, ("steward", ""))
    with open_(narrow=True, script=False) as page:
        page.goto("/operasi")
        assert re.search(r"/masuk\?balik=/operasi$", page.url)
        fits(page)
        page.get_by_label("Nama pengguna").focus()
        page.keyboard.type(who.login)
        page.keyboard.press("Tab")
        page.keyboard.type(PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/operasi")


def test_what_is_wrong_is_never_said(workbench: Served, open_: Open) -> None:
    who = join(workbench.hub, ("steward", ""))
    with open_() as page:
        said = []
        for login, password in ((who.login, "salah-sekali-sandinya"), ("tidak.ada", PASSWORD)):
            page.goto("/masuk")
            sign_in(page, login, password)
            said.append(page.get_by_role("alert").inner_text())
        assert said[0] == said[1]
        axe(page)


def test_an_initial_password_is_changed_before_anything_else(
    workbench: Served, open_: Open
) -> None:
    from mdm.access import staff  # noqa: PLC0415

    login = "baru.sekali"
    with workbench.hub.sessions.begin() as session:
        staff.create(
            session, login, PASSWORD, actor="test", until=datetime.now(UTC) + timedelta(hours=1)
        )
    with open_() as page:
        page.goto("/masuk")
        sign_in(page, login)
        page.get_by_role("heading", name="Ganti kata sandi").wait_for()
        page.goto("/")
        page.get_by_role("heading", name="Ganti kata sandi").wait_for()
        for new, again, told in (
            ("gunung-merbabu-77", "gunung-merapi-77", "tidak sama"),
            ("katasandi1234", "katasandi1234", "kata sandi paling umum"),
            ("gunung-merbabu-77", "gunung-merbabu-77", None),
        ):
            page.get_by_label("Kata sandi sekarang").fill(PASSWORD)
            page.get_by_label("Kata sandi baru", exact=True).fill(new)
            page.get_by_label("Kata sandi baru sekali lagi").fill(again)
            page.get_by_role("button", name="Simpan").click()
            if told:
                page.get_by_text(told).wait_for()
        page.get_by_role("heading", name="Yang menunggu Anda").wait_for()


def test_a_one_time_password_that_came_too_late_says_whom_to_ask(
    workbench: Served, members: dict[str, Member], open_: Open
) -> None:
    from mdm.access import staff  # noqa: PLC0415

    login, over = "terlalu.lama", datetime.now(UTC) - timedelta(minutes=1)
    with workbench.hub.sessions.begin() as session:
        late = staff.create(session, login, PASSWORD, actor="test", until=over).id
    with open_() as page:
        page.goto("/masuk")
        sign_in(page, login, "bukan-sandinya-44")
        assert "sandi sekali pakai" not in page.get_by_role("alert").inner_text().lower()
        sign_in(page, login)
        said = page.get_by_role("alert").inner_text()
        assert "sekali pakai ini sudah lewat" in said
        assert "mengatur ulang" in said
    with open_(members["user-administrator"]) as page:
        page.goto(f"/kelola/petugas/{late}")
        page.get_by_text("sudah lewat waktu").first.wait_for()
        page.get_by_role("cell", name="Masuk dengan kata sandi sekali pakai").first.wait_for()


def test_english_is_one_click_away_and_stays(members: dict[str, Member], open_: Open) -> None:
    with open_(members["supervisor"]) as page:
        page.goto("/")
        assert page.get_attribute("html", "lang") == "id"
        tab_to(page, "English")
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="What waits for you").wait_for()
        assert page.get_attribute("html", "lang") == "en"
        page.goto("/tidak-ada")
        page.get_by_role("heading", name="Not found").wait_for()
        axe(page)


def test_who_may_not_is_told_so_kindly(members: dict[str, Member], workbench: Served) -> None:
    with members["officer"].client(workbench.url) as client:
        denied = client.get("/operasi")
    assert denied.status_code == 403
    assert "Peran Anda tidak mencakup tindakan ini." in denied.text
    assert denied.headers["content-type"].startswith("text/html")


def test_a_machine_gets_the_problem_document_still(workbench: Served) -> None:
    for path, accept in (("/", "*/*"), ("/v1/session", "text/html"), ("/no", "application/json")):
        answer = httpx.get(workbench.url + path, headers={"Accept": accept})
        assert answer.status_code in (401, 404)
        assert answer.headers["content-type"].startswith("application/problem+json")


def test_a_session_that_ended_is_told_and_leads_back(workbench: Served) -> None:
    ended = {"Cookie": f"{COOKIE}=x{'y' * 42}", **HTML}
    answer = httpx.get(f"{workbench.url}/operasi?urut=baru", headers=ended)
    assert answer.status_code == 303
    location = answer.headers["location"]
    assert location.startswith("/masuk?")
    assert "sesi=berakhir" in location
    assert (
        "Sesi Anda sudah berakhir. Masuk lagi"
        in httpx.get(workbench.url + location, headers=HTML).text
    )


@pytest.mark.parametrize(
    "elsewhere",
    ["https://jahat.example/", "//jahat.example", "/\\jahat.example", "javascript:1", "/a\nb"],
)
def test_nobody_is_sent_to_another_place(workbench: Served, elsewhere: str) -> None:
    answer = httpx.post(
        f"{workbench.url}/bahasa", data={"balik": elsewhere, "bahasa": "en"}, headers=HTML
    )
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"


def test_a_form_of_another_session_changes_nothing(
    workbench: Served, members: dict[str, Member]
) -> None:
    with members["steward"].client(workbench.url) as client:
        for token in ("", members["supervisor"].csrf):
            answer = client.post("/keluar", data={"csrf": token})
            assert answer.status_code == 403
            assert "sesi yang sudah berakhir" in answer.text
        assert client.get("/").status_code == 200


@pytest.mark.parametrize(
    "told", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://jahat.example"}]
)
def test_nobody_is_signed_in_from_another_site(workbench: Served, told: dict[str, str]) -> None:
    form = {"login": "siapa.saja", "password": PASSWORD}
    answer = httpx.post(f"{workbench.url}/masuk", data=form, headers={**HTML, **told})
    assert answer.status_code == 403


def test_what_never_changes_is_kept_by_the_browser(workbench: Served) -> None:
    sheet = re.search(r'href="(/aset/\w+/app\.css)"', httpx.get(workbench.url + "/masuk").text)
    assert sheet
    answer = httpx.get(workbench.url + sheet[1])
    assert "immutable" in answer.headers["cache-control"]
    again = httpx.get(workbench.url + sheet[1], headers={"If-None-Match": answer.headers["etag"]})
    assert again.status_code == 304
    assert not again.content
    assert "style-src 'self';" in answer.headers["content-security-policy"]
