"""A form that is sent when its session is over: nothing is done, nothing typed is lost, and nobody else sees it."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import httpx
import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from sqlmodel import col, select

from api.auth.left import COOKIE as LEFT
from api.web.refill import refill
from mdm.access import left
from mdm.access.sessions import COOKIE, csrf_of, open_session
from mdm.compose import Hub
from mdm.hub.tables import Correction, LeftForm, StaffSession
from tests.api.serving import Served
from tests.api.world import ENTITY, SITI
from tests.web.browser import axe, fits, put
from tests.web.conftest import Open
from tests.web.people import PASSWORD, Member, join, one_of

FORM = f"/perbaikan/usul/{ENTITY[SITI]}?jenis=correct-value&isian=name"
TYPED, SAID = "SITI AMINAH NURLAELA", "Akta lahir dibawa ke balai desa, rahasia-4711"


def over(hub: Hub, member: Member) -> None:
    """Nobody used this person's sessions for too long."""
    long_ago = datetime.now(UTC) - timedelta(hours=3)
    with hub.sessions.begin() as session:
        mine = col(StaffSession.staff_id) == member.id
        session.execute(sa.update(StaffSession).where(mine).values(seen=long_ago))


def signed_in_again(hub: Hub, member: Member) -> Member:
    with hub.sessions.begin() as session:
        secret = open_session(hub, session, member.id, second_factor=True)
    return Member(member.id, member.login, member.roles, secret)


def sign_in(page: Page, login: str, password: str = PASSWORD) -> None:
    page.get_by_label("Nama pengguna").fill(login)
    page.get_by_label("Kata sandi", exact=True).fill(password)
    page.get_by_role("main").get_by_role("button", name="Masuk").click()


def fill_in(page: Page) -> None:
    page.goto(FORM)
    page.locator("#f-v\\.name, [name='v.name']").first.fill(TYPED)
    page.get_by_label("Tanggal bukti").fill("2026-11-20")
    page.locator("[name=said]").fill(SAID)


def stands_there(page: Page) -> None:
    """The form as it was filled in, and word that nothing was sent."""
    page.get_by_text("Belum ada yang terkirim").wait_for()
    assert page.locator("[name='v.name']").input_value() == TYPED
    assert page.locator("[name=said]").input_value() == SAID
    assert page.get_by_label("Tanggal bukti").input_value() == "2026-11-20"


def proposals(hub: Hub) -> int:
    with hub.sessions.read() as session:
        return len(session.exec(select(Correction)).all())


def kept(hub: Hub, member: Member) -> LeftForm | None:
    with hub.sessions.read() as session:
        return session.get(LeftForm, member.id)


def test_who_types_for_long_stays_signed_in(members: dict[str, Member], open_: Open) -> None:
    """Whoever asked for nothing but typed all the time was not warned, and signed out."""
    with open_(members["steward"]) as page:
        page.clock.install()
        page.goto("/tinjau")
        page.clock.fast_forward("09:00")
        with page.expect_response("**/v1/session") as heard:
            page.keyboard.press("Shift")
        assert heard.value.status == 200


@pytest.mark.parametrize("script", [True, False])
def test_who_signs_in_again_finds_the_form_as_it_was_filled_in(
    workbench: Served, open_: Open, script: bool
) -> None:
    who, hub = one_of(workbench.hub, "desa-operator"), workbench.hub
    before = proposals(hub)
    with open_(who, narrow=True, script=script) as page:
        fill_in(page)
        over(hub, who)
        page.get_by_role("button", name="Periksa").click()
        page.get_by_text("tidak terkirim").wait_for()
        assert "/masuk?" in page.url
        axe(page) if script else None
        fits(page)
        for held in (page.url, page.content(), json.dumps(page.context.cookies())):
            assert SAID not in held
            assert TYPED not in held
        sign_in(page, who.login, "bukan-sandinya-99")
        page.get_by_text("tidak terkirim").wait_for()
        sign_in(page, who.login)
        stands_there(page)
        fits(page)
        if script:
            axe(page)
            assert "Belum ada" in page.evaluate("document.activeElement.innerText")
        page.reload()
        stands_there(page)
        assert proposals(hub) == before
        page.get_by_role("button", name="Periksa").click()
        page.locator("#f-bukti").wait_for()
        assert page.locator("[name=said]").input_value() == SAID
        assert kept(hub, who) is None, "who goes on needs it no more"
        page.goto(FORM)
        expect(page.get_by_text("Belum ada yang terkirim")).to_have_count(0)
        assert page.locator("[name=said]").input_value() == ""
    told = workbench.out.getvalue()
    assert SAID not in told
    assert TYPED not in told


def test_signed_out_in_another_tab_with_files_in_the_form(workbench: Served, open_: Open) -> None:
    who, hub = one_of(workbench.hub, "desa-operator"), workbench.hub
    with open_(who) as page:
        fill_in(page)
        page.get_by_role("button", name="Periksa").click()
        page.locator("#f-bukti").set_input_files(
            {"name": "akta.pdf", "mimeType": "application/pdf", "buffer": b"%PDF" * 1_000_000}
        )
        other = page.context.new_page()
        other.goto("/")
        other.get_by_role("button", name="Keluar").click()
        other.get_by_text("Anda sudah keluar").wait_for()
        page.get_by_role("button", name="Kirim usulan").click()
        page.get_by_text("tidak terkirim").wait_for()
        sign_in(page, who.login)
        stands_there(page)
        page.get_by_text("Berkasnya perlu dipilih lagi").wait_for()
    assert proposals(hub) == 0


def test_signed_in_again_in_another_tab(workbench: Served, open_: Open) -> None:
    who, hub = one_of(workbench.hub, "desa-operator"), workbench.hub
    with open_(who) as page:
        fill_in(page)
        over(hub, who)
        other = page.context.new_page()
        other.goto("/")
        sign_in(other, who.login)
        other.get_by_role("heading", name="Yang menunggu Anda").wait_for()
        page.get_by_role("button", name="Periksa").click()
        stands_there(page)
        page.get_by_role("button", name="Periksa").click()
        page.locator("#f-bukti").wait_for()


def test_elsewhere_it_is_said_that_it_is_kept(workbench: Served, open_: Open) -> None:
    """Who comes in by their issuer, or must do something first, is not led back at once."""
    who, hub = one_of(workbench.hub, "desa-operator"), workbench.hub
    with open_(who) as page:
        fill_in(page)
        over(hub, who)
        page.get_by_role("button", name="Periksa").click()
        page.get_by_text("tidak terkirim").wait_for()
        page.goto("/masuk")
        sign_in(page, who.login)
        page.get_by_role("link", name="Kembali ke formulir").click()
        stands_there(page)


def test_nobody_else_gets_it(workbench: Served, open_: Open) -> None:
    who, hub = one_of(workbench.hub, "desa-operator"), workbench.hub
    other = one_of(hub, "desa-operator")
    with open_(who) as page:
        fill_in(page)
        over(hub, who)
        page.get_by_role("button", name="Periksa").click()
        page.get_by_text("tidak terkirim").wait_for()
        (secret,) = [one["value"] for one in page.context.cookies() if one["name"] == LEFT]
        sign_in(page, other.login)
        page.get_by_label("Tanggal bukti").wait_for()
        assert SAID not in page.content()
        expect(page.get_by_text("Belum ada yang terkirim")).to_have_count(0)
    again = signed_in_again(hub, who)
    with again.client(workbench.url) as client:
        assert SAID not in client.get(FORM).text, "another browser of the same person"
        with_secret = {"Cookie": f"{COOKIE}={again.secret}; {LEFT}={secret}"}
        assert SAID in client.get(FORM, headers=with_secret).text
        wrong = {"Cookie": f"{COOKIE}={again.secret}; {LEFT}={'x' * len(secret)}"}
        answer = client.get(FORM, headers=wrong)
        assert SAID not in answer.text
        assert f'{LEFT}=""' in answer.headers["set-cookie"] or "Max-Age=0" in str(answer.headers)
        held = kept(hub, who)
        assert held
        assert SAID.encode() not in held.sealed
        with hub.sessions.begin() as session:
            late = sa.update(LeftForm).values(until=datetime.now(UTC) - timedelta(seconds=1))
            session.execute(late)
        assert SAID not in client.get(FORM, headers=with_secret).text
    signed_in_again(hub, other)
    assert kept(hub, who) is None, "whoever signs in next, what is over is gone"


def sent(workbench: Served, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
    return httpx.post(
        workbench.url + path, data=fields, headers={"Accept": "text/html", **headers}, timeout=60
    )


def test_only_a_form_the_hub_drew_for_somebody_is_kept(workbench: Served) -> None:
    who, hub = one_of(workbench.hub, "user-administrator"), workbench.hub
    other = one_of(hub, "user-administrator")
    csrf, path = csrf_of(who.secret), f"/kelola/petugas/{other.id}/peran"
    owner = left.owner_token(hub, who.id, csrf)
    over(hub, who)
    forged = [
        {"csrf": csrf},
        {"csrf": csrf, "pemilik": owner[:-1] + ("A" if owner[-1] != "A" else "B")},
        {"csrf": csrf_of(other.secret), "pemilik": owner},
        {"csrf": csrf, "pemilik": other.id + owner[len(who.id) :]},
        {"csrf": csrf, "pemilik": owner, "wilayah": "3" * 70_000},
    ]
    for one in forged:
        answer = sent(workbench, path, {"wilayah": "3201", **one})
        assert answer.status_code in (303, 413)
        assert "set-cookie" not in answer.headers
        assert kept(hub, who) is None
    # Nor a password, nor a form of one account sent in the session of another.
    form = {"csrf": csrf, "pemilik": owner, "old": PASSWORD, "new": "x", "again": "x"}
    assert "set-cookie" not in sent(workbench, "/akun/sandi", form).headers
    mine = {"Cookie": f"{COOKIE}={other.secret}"}
    refused = sent(workbench, path, {"wilayah": "3201", "csrf": csrf, "pemilik": owner}, **mine)
    assert refused.status_code == 403
    assert "Muat ulang halaman formulir" in refused.text
    assert kept(hub, who) is None
    answer = sent(workbench, path, {"wilayah": "3201", "csrf": csrf, "pemilik": owner})
    assert answer.status_code == 303
    assert answer.headers["location"] == f"/masuk?balik={path}"
    assert "HttpOnly" in answer.headers["set-cookie"]
    assert "SameSite=strict" in answer.headers["set-cookie"].replace("Strict", "strict")
    assert kept(hub, who)


def test_a_form_that_leads_elsewhere_stands_on_its_page_again(
    workbench: Served, open_: Open
) -> None:
    hub = workbench.hub
    who, other = join(hub, ("user-administrator", "")), one_of(hub, "desa-operator")
    with open_(who) as page:
        page.goto(f"/kelola/petugas/{other.id}")
        region = page.locator("form[action$='/peran'] [name=wilayah]")
        region.fill("3204")
        picked = page.locator("select[name=peran]").first
        picked.select_option("officer")
        again = signed_in_again(hub, who)
        put(page.context, workbench.url, COOKIE, again.secret)
        page.locator("form[action$='/peran'] button[type=submit]").first.click()
        page.get_by_text("Belum ada yang terkirim").wait_for()
        assert page.url.endswith(f"/kelola/petugas/{other.id}")
        assert region.input_value() == "3204"
        assert picked.input_value() == "officer"


PAGE = """<p>A &amp; B</p><form action="/x"><input type="hidden" name="n" value="1"><input name="a"></form>
<details class="k"><summary>S</summary><form method="post" action="/x?b=1&amp;c=2">
<input type="hidden" name="n" value="2"><input type=password name=p><input name="a" value="old" required>
<textarea name="t" rows="2">old</textarea><input type="checkbox" name="k" value="1">
<input type="checkbox" name="k" value="2" checked>
<select name="s"><option value="1" selected>one</option><option>two</option></select>
<select name="u"><option value="1" selected>one</option></select>
<button formaction="/y" name="a" value="b">Go</button></form></details>"""


def test_a_form_is_filled_in_where_it_stands() -> None:
    typed = [("n", "2"), ("a", '<"\'&'), ("t", "</textarea>\n&lt;"), ("k", "1"), ("s", "two"),
             ("u", "none of these"), ("p", "secret")]  # fmt: skip
    filled = refill(PAGE, "/x?b=1&c=2", typed)
    assert filled is not None
    assert 'value="&lt;&quot;&#x27;&amp;"' in filled
    assert "\n&lt;/textarea&gt;\n&amp;lt;</textarea>" in filled
    assert '<input type="checkbox" name="k" value="1" checked>' in filled
    assert '<input type="checkbox" name="k" value="2">' in filled
    assert "<option selected>two" in filled
    assert '<option value="1">one' in filled
    assert '<select name="u"><option value="1" selected>' in filled
    assert '<details class="k" open>' in filled
    assert "secret" not in filled
    assert filled.startswith(PAGE.partition("<details")[0]), "no other form"
    assert refill(PAGE, "/y", typed) == filled
    assert refill(PAGE, "/z", typed) is None
