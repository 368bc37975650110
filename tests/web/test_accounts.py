"""Administrators' pages as they are used: accounts, roles, clients, keys and agreements, with four eyes."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from api.web.accounts.agreeing import KINDS, LIMITS
from mdm.access import staff
from mdm.access.directory import PAGE
from mdm.access.errors import NotIdentifiedError
from mdm.access.gate import Gate
from mdm.access.keyfiles import make_key, public_of
from mdm.compose import Hub
from mdm.hub.tables import Staff
from tests.access.clients import make_client
from tests.api.serving import Served, served
from tests.web.browser import axe, fits, tab_to
from tests.web.conftest import Open
from tests.web.people import Member, join, one_of

DATABASE = "postgresql"


class Desk:
    """Somebody in front of these pages, without a script: sends the forms that stand there."""

    def __init__(self, service: Served, member: Member) -> None:
        self.member, self.http = member, member.client(service.url)

    def see(self, path: str) -> str:
        answer = self.http.get(path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.text

    def send(self, path: str, **fields: str) -> httpx.Response:
        return self.http.post(path, data={"csrf": self.member.csrf, **fields})

    def done(self, path: str, **fields: str) -> str:
        """Send a form; the page it leads to."""
        answer = self.send(path, **fields)
        assert answer.status_code == 303, (path, answer.status_code, answer.text)
        flash = answer.headers.get("set-cookie", "").partition(";")[0]
        cookies = f"{self.http.headers['cookie']}; {flash}"
        return self.http.get(answer.headers["location"], headers={"Cookie": cookies}).text

    def approve(self, text: str = "setuju") -> httpx.Response:
        """Answer the one request that stands there with a button."""
        (number,) = re.findall(r'action="(/persetujuan/approval-\w+)"', self.see("/persetujuan"))
        return self.send(number, jawaban=text)

    def carry_out(self, path: str) -> httpx.Response:
        """Press the button of the one request that is approved, on a page where it stands."""
        ((place, number),) = re.findall(
            r'action="([^"]+)">.{,400}?name="persetujuan" value="([^"]+)"', self.see(path), re.S
        )
        return self.send(place, persetujuan=number)


@pytest.fixture(scope="module")
def workbench(shared_hub: Hub) -> Iterator[Served]:
    """An empty hub, served."""
    with served(shared_hub, real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(workbench: Served) -> Desk:
    return Desk(workbench, one_of(workbench.hub, "user-administrator"))


@pytest.fixture(scope="module")
def second(workbench: Served) -> Desk:
    return Desk(workbench, one_of(workbench.hub, "user-administrator"))


def test_somebody_is_given_an_account_and_a_role_by_two(
    workbench: Served, administrator: Desk, second: Desk
) -> None:
    said = administrator.send("/kelola/petugas/baru", login="Siti")
    assert (said.status_code, "huruf kecil" in said.text) == (422, True)
    said = administrator.send("/kelola/petugas/baru", login="n3201-1545.0388_0002")
    assert (said.status_code, "memuat NIK" in said.text) == (422, True)
    made = administrator.send("/kelola/petugas/baru", login="siti.aminah")
    assert made.status_code == 200
    (password,) = re.findall(r'<code class="big">([^<]+)</code>', made.text)
    (path,) = re.findall(r'href="(/kelola/petugas/staff-\w+)"', made.text)
    assert password not in administrator.see(path)  # shown once
    assert 'action="/bahasa"' not in made.text, (
        "another language is another page: without the password"
    )
    assert "Berlaku sampai" in made.text
    assert "Berlaku sampai" in administrator.see(path)
    again = administrator.send("/kelola/petugas/baru", login="siti.aminah")
    assert (again.status_code, "Pilih yang lain" in again.text) == (409, True)
    wrong = administrator.send(f"{path}/peran", peran="officer", wilayah="3299")
    assert wrong.status_code == 422
    assert 'value="3299"' in wrong.text
    assert "Tidak ada wilayah" in wrong.text
    waits = administrator.done(f"{path}/peran", peran="officer", wilayah="32.01")
    assert "menunggu persetujuan orang kedua" in waits
    assert "menunggu orang kedua" in waits
    assert "Belum memegang peran" in waits
    # The other reads all of it, and who asked is told that it is theirs.
    assert "Bogor" in second.see("/persetujuan")
    assert "Permintaan Anda sendiri" in administrator.see("/persetujuan")
    assert second.approve().status_code == 303
    assert "siap dilaksanakan" in administrator.see("/")
    done = administrator.carry_out("/persetujuan")
    assert done.status_code == 303
    page = administrator.see(path)
    assert "Petugas daerah" in page
    assert "Bogor" in page
    assert "Membuat akun petugas" in page  # the log in words
    assert "Memberi peran" in page
    listed = administrator.see("/kelola?peran=officer&wilayah=32")
    assert "siti.aminah" in listed
    assert "siti.aminah" not in administrator.see("/kelola?wilayah=33")
    assert "siti.aminah" in administrator.send("/kelola", nama="aminah").text
    gone = administrator.done(f"{path}/peran/cabut", peran="officer", wilayah="3201")
    assert "Belum memegang peran" in gone
    assert "siti.aminah" not in json.dumps(workbench.lines)  # no login, in no address


def test_who_gets_a_role_never_approves_it(administrator: Desk, workbench: Served) -> None:
    supervisor = join(workbench.hub, ("supervisor", "32"))
    path = f"/kelola/petugas/{supervisor.id}"
    administrator.done(f"{path}/peran", peran="supervisor", wilayah="33")
    gaining, other = (
        Desk(workbench, supervisor),
        Desk(workbench, one_of(workbench.hub, "supervisor")),
    )
    seen = gaining.see("/persetujuan")
    assert "Menyangkut Anda sendiri" in seen
    (number,) = re.findall(r"/persetujuan/approval-\w+", other.see("/persetujuan"))
    assert "/persetujuan/approval-" not in seen
    assert gaining.send(number, jawaban="setuju").status_code == 403
    assert other.send(number, jawaban="setuju").status_code == 303
    # Only who asked can do it, and it does what was approved, whatever the form says.
    approval = number.rpartition("/")[2]
    assert second_try(other, path, approval) == 403
    done = administrator.send(f"{path}/peran", persetujuan=approval, peran="auditor", wilayah="")
    assert done.status_code == 303
    page = administrator.see(path)
    assert "Jawa Tengah" in page
    assert '<th scope="row">Pemeriksa' not in page
    pressed_twice = administrator.send(f"{path}/peran", persetujuan=approval)
    assert (pressed_twice.status_code, "sudah dilaksanakan" in pressed_twice.text) == (422, True)


def test_who_cannot_answer_for_a_region_is_offered_no_answer(
    administrator: Desk, workbench: Served
) -> None:
    path = f"/kelola/petugas/{join(workbench.hub).id}"
    administrator.done(f"{path}/peran", peran="supervisor", wilayah="34")
    (number,) = re.findall(r"/persetujuan/approval-\w+/tarik", administrator.see("/persetujuan"))
    elsewhere = Desk(workbench, join(workbench.hub, ("supervisor", "33")))
    seen = elsewhere.see("/persetujuan")
    assert "Menunggu peran lain" in seen
    assert "setuju" not in re.findall(r'value="(\w+)"', seen)
    assert '"figure">0</span>permintaan menunggu persetujuan Anda' in elsewhere.see("/")
    administrator.done(number)


def second_try(desk: Desk, path: str, approval: str) -> int:
    return desk.send(f"{path}/peran", persetujuan=approval).status_code


def test_a_request_is_taken_back_by_who_made_it(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    path = f"/kelola/petugas/{join(workbench.hub).id}"
    administrator.done(f"{path}/peran", peran="officer", wilayah="3201")
    (number,) = re.findall(
        r'action="(/persetujuan/approval-\w+)/tarik"', administrator.see("/persetujuan")
    )
    assert f"{number}/tarik" not in second.see("/persetujuan")
    assert "Tidak ada yang diubah" in second.done(f"{number}/tarik")
    assert second.approve().status_code == 303
    # Who answers what another answered a moment ago is told so, and not that there is no such page.
    assert "sudah dijawab" in second.done(number, jawaban="setuju")
    assert "ditarik" in administrator.done(f"{number}/tarik")
    form = {"persetujuan": number.rpartition("/")[2]}
    assert administrator.send(f"{path}/peran", **form).status_code == 422  # also once approved
    assert "Belum memegang peran" in administrator.see(path)
    assert "Menarik permintaan" in administrator.see(path)


def test_a_form_that_did_not_come_whole_is_no_answer(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    path = f"/kelola/petugas/{join(workbench.hub, ('supervisor', '')).id}"

    def refused(who: Desk, where: str, **fields: str) -> bool:
        answer = who.send(where, **fields)
        assert "masih ada" not in answer.text, "browsers keep nothing of such a page"
        return answer.status_code == 422 and "tidak terkirim utuh" in answer.text

    # A region left out had been the whole country, whether a role was given or taken away.
    assert refused(administrator, f"{path}/peran", peran="supervisor")
    assert refused(administrator, f"{path}/peran/cabut", peran="supervisor")
    assert "Penyelia" in administrator.see(path)
    # An agreement without its list of attributes, or of regions, had been one on all of them.
    for missing in ("wilayah", "bidang-person", "batas-niks_per_day"):
        rest = {name: value for name, value in agreement().items() if name != missing}
        assert refused(administrator, "/kelola/klien/baru", nama="pkh-x", kunci="{}", **rest)
    path = f"/kelola/petugas/{join(workbench.hub).id}"
    administrator.done(f"{path}/peran", peran="officer", wilayah="3201")
    (number,) = re.findall(r'action="(/persetujuan/approval-\w+)"', second.see("/persetujuan"))
    # Neither had been a no, for ever.
    assert refused(second, number)
    assert refused(second, number, jawaban="ya")
    assert second.approve().status_code == 303
    assert administrator.carry_out("/persetujuan").status_code == 303
    assert refused(administrator, "/bahasa", balik="/")


def test_closing_takes_one_and_opening_two(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    who = join(workbench.hub, ("officer", "3201"))
    path = f"/kelola/petugas/{who.id}"
    with who.client(workbench.url) as theirs:
        assert theirs.get("/").status_code == 200
        assert "1 sesi berjalan" in administrator.see(path)
        administrator.done(f"{path}/keluarkan")
        assert theirs.get("/").status_code == 303
    assert "nonaktif" in administrator.done(f"{path}/nonaktif")
    assert "menunggu" in administrator.done(f"{path}/aktif")
    assert second.approve().status_code == 303
    assert administrator.carry_out(path).status_code == 303
    assert "Akun aktif kembali" in administrator.see(path) or "aktif" in administrator.see(path)
    assert "disetujui" in administrator.see(path)
    reset = administrator.send(f"{path}/atur-ulang")
    assert reset.status_code == 200
    (password,) = re.findall(r'<code class="big">([^<]+)</code>', reset.text)
    form = {"login": who.login, "password": password}
    entered = httpx.post(f"{workbench.url}/masuk", data=form, headers={"Accept": "text/html"})
    assert entered.status_code == 303
    assert administrator.send("/kelola/petugas/tidak-ada/nonaktif").status_code == 404


def test_a_guarded_account_is_reset_by_two_and_the_password_shown_to_who_asked(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    path = f"/kelola/petugas/{one_of(workbench.hub, 'auditor').id}"
    assert "menunggu persetujuan" in administrator.done(f"{path}/atur-ulang")
    assert second.approve().status_code == 303
    assert "Laksanakan" not in second.see(path)
    shown = administrator.carry_out(path)
    assert (shown.status_code, len(re.findall(r'class="big"', shown.text))) == (200, 1)
    assert "Laksanakan" not in administrator.see(path)  # once


def agreement(**changes: str) -> dict[str, str]:
    fields = {
        "nomor": "PKS/2026/014",
        "dari": "2026-01-01",
        "sampai": "2027-12-31",
        "program-PKH": "1",
        "tujuan-assistance": "1",
        "wilayah": "32, 33.74",
        **{f"batas-{name}": "" for name in LIMITS},
        **{f"bidang-{kind}": "" for kind in KINDS},
    }
    return {**fields, **changes}


def test_a_client_is_registered_amended_and_keyed_by_two(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    pair = Ed25519PrivateKey.generate()
    public = pair.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    private = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    new = "/kelola/klien/baru"
    for key, status, told in (
        (private.decode(), 422, "kunci pribadi"),
        ("x", 422, "JWK atau PEM"),
        ("[" * 16_000, 422, "JWK atau PEM"),
    ):
        answer = administrator.send(new, nama="pkh-jabar", kunci=key, **agreement())
        assert (answer.status_code, told in answer.text) == (status, True)
        assert "PRIVATE KEY" not in answer.text
    late = administrator.send(new, nama="a-b", kunci="{}", **agreement(sampai="2025-01-01"))
    assert (late.status_code, "mendahului" in late.text) == (422, True)
    waits = administrator.done(new, nama="pkh-jabar", kunci=public.decode(), **agreement())
    assert "pkh-jabar" in waits
    shown = second.see("/persetujuan")
    for said in ("PKS/2026/014", "Jawa Barat", "penyaluran bantuan", "31 Des 2027"):
        assert said in shown, said
    assert second.approve().status_code == 303
    assert administrator.carry_out("/kelola/klien").status_code == 303
    (path,) = re.findall(
        r'href="(/kelola/klien/client-\w+)">pkh-jabar', administrator.see("/kelola/klien")
    )
    page = administrator.see(path)
    assert "Ed25519" in page
    assert "100.000" in page  # the limit of the role
    # Amended by two, with what it said before kept; the same again is refused in words.
    unchanged = administrator.send(f"{path}/perjanjian", **agreement())
    assert (unchanged.status_code, "sudah berbunyi demikian" in unchanged.text) == (409, True)
    wider = agreement(wilayah="32", **{"batas-niks_per_day": "50"})
    few = administrator.send(f"{path}/perjanjian", **wider)
    assert (few.status_code, "keempat batas" in few.text) == (422, True)
    administrator.done(f"{path}/perjanjian", **agreement(wilayah=""))
    assert "seluruh Indonesia" in second.see("/persetujuan")
    second.approve()
    assert administrator.carry_out(path).status_code == 303
    page = administrator.see(path)
    assert "seluruh Indonesia" in page
    assert "Jawa Barat" in page  # what it said before
    # A new key by pasting it, shown to the second person by its fingerprint.
    key = make_key()
    assert administrator.send(f"{path}/kunci", kunci=json.dumps(key)).status_code == 422
    administrator.done(f"{path}/kunci", kunci=json.dumps(public_of(key)))
    assert key["kid"] in second.see("/persetujuan")
    second.approve()
    assert administrator.carry_out(path).status_code == 303
    page = administrator.see(path)
    assert f'name="kunci" value="{key["kid"]}"' in page
    assert "dicabut" in page


def test_an_address_for_answers_is_agreed_on_by_two_and_withdrawn_by_one(
    administrator: Desk, second: Desk, workbench: Served
) -> None:
    client, uri = make_client(workbench.hub), "https://pkh.example.go.id/on-search"
    path = f"/kelola/klien/{client.id}"
    assert "Belum ada alamat" in administrator.see(path)
    unsafe = administrator.send(f"{path}/alamat", alamat="http://pkh.example.go.id/x")
    assert (unsafe.status_code, "tanpa nama pengguna" in unsafe.text) == (422, True)
    assert 'value="http://pkh.example.go.id/x"' in unsafe.text
    administrator.done(f"{path}/alamat", alamat=uri)
    assert "Belum ada alamat" in administrator.see(path)
    assert uri in second.see("/persetujuan")
    assert second.approve().status_code == 303
    assert administrator.carry_out(path).status_code == 303
    page = administrator.see(path)
    assert f'value="{uri}"' in page
    assert "Menyepakati alamat jawaban klien" in page  # the log in words
    again = administrator.send(f"{path}/alamat", alamat=uri)
    assert (again.status_code, "sudah disepakati" in again.text) == (409, True)
    gone = administrator.done(f"{path}/alamat/cabut", alamat=uri)
    assert "Belum ada alamat" in gone


def test_a_key_is_withdrawn_and_the_client_is_out(administrator: Desk, workbench: Served) -> None:
    client = make_client(workbench.hub)
    token = client.token()
    assert Gate(workbench.hub).client(token).id == client.id
    path = f"/kelola/klien/{client.id}"
    (kid,) = set(re.findall(r'name="kunci" value="([^"]+)"', administrator.see(path)))
    assert "dicabut" in administrator.done(f"{path}/kunci/cabut", kunci=kid)
    with pytest.raises(NotIdentifiedError):
        Gate(workbench.hub).client(token)
    assert "tanpa kunci" in administrator.see("/kelola/klien")
    assert administrator.send(f"{path}/kunci/cabut", kunci=kid).status_code == 422
    assert "nonaktif" in administrator.done(f"{path}/nonaktif")
    assert "PKS" in administrator.see("/kelola/perjanjian")


def test_many_accounts_come_a_page_at_a_time(administrator: Desk, workbench: Served) -> None:
    ids = [staff.new_id() for _ in range(PAGE + 5)]
    with workbench.hub.sessions.begin() as session:
        for n, one in enumerate(ids):
            session.add(Staff(id=one, login=f"massal.{n:03d}", state=staff.ACTIVE))
    seen, path = [], "/kelola?keadaan=without-role"
    while path:
        page = administrator.see(path)
        seen += re.findall(r"/kelola/petugas/(staff-\w+)", page)
        more = re.search(r'href="(/kelola\?[^"]*sesudah=[^"]*)"', page)
        path = html.unescape(more[1]) if more else ""
    assert [one for one in seen if one in set(ids)] == ids  # by login, each once
    assert len(seen) == len(set(seen))
    some = administrator.send("/kelola", nama="massal").text
    assert (f"{PAGE + 5} akun" in some, "ketik lebih banyak huruf" in some) == (True, True)
    assert "massal.001" not in administrator.see("/kelola?peran=officer")
    assert "massal" not in json.dumps(workbench.lines)


def test_who_may_only_look_is_offered_nothing_to_press(workbench: Served) -> None:
    auditor = Desk(workbench, one_of(workbench.hub, "auditor"))
    client = make_client(workbench.hub)
    for path in (f"/kelola/petugas/{auditor.member.id}", f"/kelola/klien/{client.id}", "/kelola"):
        forms = re.findall(r'<form method="post" action="([^"]+)"', auditor.see(path))
        assert set(forms) <= {"/bahasa", "/keluar", "/kelola"}
    assert auditor.send(f"/kelola/klien/{client.id}/nonaktif").status_code == 403


def test_a_form_that_is_slow_is_sent_once(administrator: Desk, open_: Open) -> None:
    """Pressed again after five seconds it was sent again, and the password shown to nobody."""
    with open_(administrator.member) as page:
        page.clock.install()
        page.goto("/kelola/petugas/baru")
        form = page.locator("main form")
        page.locator("[name=login]").fill("lambat.sekali")
        page.evaluate(
            "addEventListener('submit', event => event.preventDefault())"
        )  # leads nowhere
        assert form.evaluate("form => { form.requestSubmit(); return form.dataset.sent; }") == "yes"
        page.clock.fast_forward("00:06")
        assert form.evaluate("form => form.dataset.sent") == "yes"
        page.clock.fast_forward("00:20")
        assert form.evaluate("form => form.dataset.sent ?? 'again'") == "again"


def test_these_pages_are_within_reach_of_everybody(
    administrator: Desk, workbench: Served, open_: Open
) -> None:
    who, client = join(workbench.hub, ("officer", "3201")), make_client(workbench.hub)
    paths = ["/kelola", "/kelola/petugas/baru", "/kelola/klien", "/kelola/klien/baru"]
    paths += ["/kelola/perjanjian", f"/kelola/petugas/{who.id}", f"/kelola/klien/{client.id}"]
    with open_(administrator.member, narrow=True) as page:
        for path in paths:
            page.goto(path)
            axe(page)
            fits(page)
    with open_(administrator.member, narrow=True, script=False) as page:
        page.goto(f"/kelola/petugas/{who.id}")
        tab_to(page, "Cabut")  # the table, which scrolls by keyboard
        for pressed in ("Cabut", "Ya, lakukan"):  # what closes is pressed twice
            tab_to(page, pressed)
            page.keyboard.press("Enter")
        page.get_by_text("Peran dicabut.").wait_for()
