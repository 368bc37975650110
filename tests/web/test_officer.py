"""An officer's day in a real browser: from the search to the correction that holds; and what nobody may see."""

from __future__ import annotations

import json
import re
import time
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect
from sqlmodel import select

from api.web.flash import NAME
from api.web.officer import showing
from api.web.officer.fields import regencies
from mdm import rotation
from mdm.access import Principal
from mdm.audit.search import Wanted, entries
from mdm.compose import Hub
from mdm.corrections import store
from mdm.corrections.around import Around, look_around, value_of
from mdm.corrections.chain import agree, propose, send_back
from mdm.corrections.document import load_rules
from mdm.corrections.redrafting import redraft
from mdm.hub.tables import Correction, Entity, SealedProfile
from mdm.pipeline import run
from mdm.touched import Settled, settle, settler
from mdm.touched.verdicts import Verdicts
from mdm.work.progress import Silent
from reference import regions
from tests.api.serving import Served, served
from tests.api.world import BUDI, DENPASAR, ENTITY, FAMILY, RINA, SITI
from tests.corrections.chain import HEAD, OPERATOR, VERIFIER, approve, draft
from tests.run.homes import QUIET, FirstRun, copy_of, deliver, land_all, teach
from tests.templates import Template
from tests.web.browser import axe, fits, window
from tests.web.people import Member, join

PNG = b"\x89PNG\r\n\x1a\n" + b"foto rumah " * 200_000  # more than Litestar would keep in memory


@dataclass(frozen=True)
class Day:
    """A served home with real records, a family in it, and the people of the chain of its regency."""

    hub: Hub
    service: Served
    families: list[Around]
    family: Around
    chain: dict[str, Member]

    @property
    def nik(self) -> str:
        """The NIK of a member."""
        found = (value_of(one, "nik") for one in self.family.members.values())
        return next(str(one) for one in found if one)


@pytest.fixture(scope="module")
def day(
    empty: Template, first: FirstRun, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Day]:
    root = tmp_path_factory.mktemp("day")
    with ExitStack() as open_:
        hub = open_.enter_context(empty.copy(root / "home"))
        with copy_of(first.home, root / "school") as school:
            teach(school, hub)
        land_all(hub, deliver(root / "delivery", families=25, seed=411))
        run(hub, QUIET)
        with hub.sessions.read() as session:
            ids = session.exec(select(Entity.entity_id).where(Entity.kind == "family")).all()
            seen = [found for one in ids if (found := look_around(hub, session, one))]
        seen.sort(key=lambda one: str(value_of(one.target, "kk")))  # ids are others every time
        family = next(
            one
            for one in seen
            if one.region and len(one.members) > 2
            and value_of(one.target, "floor") and value_of(one.target, "ranking")
            and any(value_of(m, "nik") for m in one.members.values())
        )  # fmt: skip
        regency = (family.region or "")[:4]
        roles = ("desa-operator", "dinsos-verifier", "head-of-office")
        chain = {role: join(hub, (role, regency)) for role in roles}
        chain["steward"] = join(hub, ("steward", ""))
        open_.enter_context(pytest.MonkeyPatch.context()).setattr(settler, "LOOK_AGAIN", 3600.0)
        service = open_.enter_context(served(hub, real_identity=True))
        yield Day(hub, service, seen, family, chain)


def settled(hub: Hub) -> None:
    """What was decided stands in the profiles."""
    engine = hub.engine()
    settle(hub, engine, Verdicts(hub))
    engine.close()


def flashed(answer: httpx.Response) -> str:
    """The sentence that an answer leaves to the page after it."""
    held = re.search(rf"{NAME}=([^;]+)", answer.headers["set-cookie"])
    assert held is not None, answer.headers
    return str(json.loads(urlsafe_b64decode(held[1]))["key"])


def search(page: Page, nik: str) -> None:
    page.goto("/perbaikan")
    page.get_by_label("NIK anggota atau nomor KK").fill(nik)
    page.get_by_role("button", name="Cari").click()


def test_who_has_no_number_at_hand_is_found_by_name_and_birth_date(
    day: Day, chrome: Browser
) -> None:
    district = (day.family.region or "")[:6]
    with day.hub.sessions.read() as session:  # a member may live elsewhere than the family
        here = select(SealedProfile.entity_id).where(SealedProfile.region == district)
        living = session.exec(here).all()
    members = sorted(day.family.members.items(), key=lambda of: str(value_of(of[1], "nik")))
    named = [value_of(one, "name") for _, one in members]  # somebody may stand there twice
    person = next(
        one
        for key, one in members
        if key in living and all(value_of(one, name) for name in ("birth", "name", "nik"))
        and named.count(value_of(one, "name")) == 1
    )  # fmt: skip
    with window(chrome, day.service.url, day.chain["desa-operator"], narrow=True) as page:
        page.goto("/perbaikan")
        page.get_by_text("Tanpa nomor").click()
        page.get_by_label("Kecamatan").select_option(district)
        page.get_by_label("Tanggal lahir").fill("1901-02-03")
        page.get_by_label("Nama", exact=True).fill(value_of(person, "name").lower())
        page.get_by_role("button", name="Cari").last.click()
        page.get_by_text("Tidak ada orang dengan nama").wait_for()
        fits(page)
        page.get_by_label("Tanggal lahir").fill(value_of(person, "birth")["birth_date"])
        page.get_by_role("button", name="Cari").last.click()
        page.get_by_role("heading", name="Anggota keluarga").wait_for()
        assert value_of(person, "name") in page.content()
        assert value_of(person, "nik") not in page.url


def test_the_number_on_the_family_card_leads_to_the_family_in_the_own_region_only(
    day: Day, monkeypatch: pytest.MonkeyPatch
) -> None:
    family = day.family.family
    assert family is not None
    card = str(value_of(family, "kk"))
    other = join(day.hub, ("desa-operator", "9171"))

    def found(member: Member, number: str) -> httpx.Response:
        with member.client(day.service.url) as client:
            return client.post("/perbaikan/cari", data={"csrf": member.csrf, "nik": number})

    def leads_to(member: Member) -> str:
        answer = found(member, f"{card[:6]} {card[6:]}")
        assert answer.status_code == 303
        return answer.headers["location"].rpartition("/")[2]

    own = day.chain["desa-operator"]
    assert leads_to(own) in day.family.members
    outside, nobody = found(other, card), found(other, "3201150101010099")
    assert outside.status_code == nobody.status_code == 422
    texts = [re.sub(r'value="[^"]*"', "", one.text) for one in (outside, nobody)]
    assert texts[0] == texts[1]
    with day.hub.sessions.read() as session:
        told = [one.details for one in entries(session, Wanted(actor=own.id, action="find"))]
    assert told[0]["found"]
    assert family.entity_id in told[0]["entity_id"]
    assert card not in str(told)
    monkeypatch.setattr("mdm.keys.KNOWN_SECONDS", 0.0)
    rotation.rotate(day.hub, "identifier", actor="keys")
    assert leads_to(own) in day.family.members
    rotation.rewrap(day.hub, "identifier", actor="keys", progress=Silent())
    assert leads_to(own) in day.family.members
    (_, active) = [one for one in rotation.key_lines(day.hub) if one.purpose == "identifier"]
    assert active.needed, "tokens moved"


def test_a_family_about_which_something_is_open_fits_a_phone(day: Day, chrome: Browser) -> None:
    operator = join(day.hub, ("desa-operator", ""))
    pages = [f"/perbaikan/keluarga/{one.target.entity_id}" for one in day.families]
    with operator.client(day.service.url) as client:
        doubted = next(one for one in pages if "Ada yang masih ditinjau" in client.get(one).text)
    with window(chrome, day.service.url, operator, narrow=True) as page:
        page.goto(doubted)
        page.get_by_text("Ada yang masih ditinjau").first.wait_for()
        fits(page)


def test_the_dwelling_is_shown_with_who_else_lives_in_it(day: Day) -> None:
    def beside(one: Around) -> list[str]:
        named = one.household.body["links"].get("families", ()) if one.household else ()
        return [other for other in named if other != one.target.entity_id]

    shared = next(one for one in day.families if one.region and beside(one))
    alone = next(one for one in day.families if one.region and one.household and not beside(one))
    for family in (shared, alone):
        who = join(day.hub, ("officer", (family.region or "")[:4]))
        with who.client(day.service.url) as client:
            told = client.get(f"/perbaikan/keluarga/{family.target.entity_id}").text
            assert "Rumah yang ditempati" in told
            for other in beside(family):
                assert f'href="/perbaikan/keluarga/{other}"' in told
                assert client.get(f"/perbaikan/keluarga/{other}").status_code == 200
        assert ("Tidak ada keluarga lain" in told) == (family is alone)


def test_a_family_may_have_moved_to_any_village(day: Day) -> None:
    own = (day.family.region or "")[:4]
    away = next(one for there in regencies().values() for one, _ in there if one != own)
    village = regions.children(regions.children(away)[0])[0]
    path = f"/perbaikan/usul/{day.family.target.entity_id}"
    who = day.chain["desa-operator"]
    with who.client(day.service.url) as client:
        here = client.get(f"{path}?jenis=move-family").text
        assert f'value="{village}"' not in here
        form = {
            "csrf": who.csrf, "jenis": "move-family", "tujuan": away, "langkah": "desa",
            "v.address": "JL. MELATI 4", "v.region_code": "", "source_date": "2026-11-20",
        }  # fmt: skip
        there = client.post(path, files={"bukti": ("", b"")}, data=form)
        assert there.status_code == 200
        assert f'value="{village}"' in there.text
        assert 'value="JL. MELATI 4"' in there.text, "what was typed stands"
        assert "Isian ini wajib." not in there.text, "nothing was checked yet"
        form |= {"v.region_code": village, "langkah": "periksa", "tujuan": own}
        checked = client.post(path, files={"bukti": ("", b"")}, data=form)
    assert checked.status_code == 200
    assert "Usulan dapat dikirim." in checked.text
    assert f'value="{village}" selected' in checked.text
    name = regions.full_name(village).partition(",")[0]
    moved = showing.value("id", "family", "domicile", {"address": "X", "region_code": village})
    assert moved.startswith(f"X, {name}, ")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no-script"])
def test_from_the_search_to_the_correction_that_holds(
    day: Day, chrome: Browser, script: bool
) -> None:
    attribute, label = (
        ("floor", "Jenis lantai terluas") if script else ("wall", "Jenis dinding terluas")
    )
    how = {"narrow": not script, "script": script}
    with window(chrome, day.service.url, day.chain["desa-operator"], **how) as page:
        search(page, day.nik)
        page.get_by_role("heading", name="Anggota keluarga").wait_for()
        assert "Hanya BPS yang menetapkan desil" in page.content()
        axe(page) if script else None
        fits(page)
        page.get_by_role("link", name=f"Perbaiki: {label}").click()
        page.get_by_role("button", name="Periksa").click()
        page.get_by_text("Isian ini wajib.").first.wait_for()
        expect(page.get_by_label(label)).to_be_focused()  # the first field that is wrong, and why
        expect(page.get_by_label(label)).to_have_accessible_description(
            re.compile("Isian ini wajib")
        )
        now = value_of(day.family.target, attribute)
        codes = page.locator("select option").evaluate_all("all => all.map(o => o.value)")
        new = next(code for code in codes if code and code != now)
        if now:
            page.get_by_label(label).select_option(now)
            page.get_by_label("Tanggal bukti").fill("2026-11-20")
            page.get_by_role("button", name="Periksa").click()
            page.get_by_text("Profil sudah berisi nilai ini.").wait_for()
        page.get_by_label(label).select_option(new)
        page.get_by_label("Tanggal bukti").fill("2026-11-20")
        page.get_by_label("Alasan").fill("Dilihat saat kunjungan rumah.")
        page.get_by_role("button", name="Periksa").click()
        page.get_by_text("Usulan dapat dikirim.").wait_for()
        expect(page.get_by_label("Bukti", exact=False).last).to_be_focused()
        axe(page) if script else None
        fits(page)
        page.get_by_role("button", name="Kirim usulan").click()  # no evidence yet
        page.get_by_text("Lampirkan bukti.", exact=True).wait_for()
        page.locator("#f-bukti").set_input_files(
            {"name": "rumah.png", "mimeType": "image/png", "buffer": PNG}
        )
        page.get_by_role("button", name="Kirim usulan").click()
        page.get_by_text("Usulan terkirim.").wait_for()
        assert day.nik not in page.url
        proposal = page.url.rsplit("/", 1)[1]
    if not script:  # what follows is the same; only the forms had to be whole without it
        return
    place = regions.full_name((day.family.region or "")[:6])
    pressed = {
        "dinsos-verifier": "Nyatakan benar",
        "head-of-office": "Sahkan",
        "steward": "Setujui",
    }
    for role, button in pressed.items():
        with window(chrome, day.service.url, day.chain[role], **how) as page:
            page.goto("/")
            page.get_by_role("link", name="usulan perbaikan menunggu").click()
            listed = page.locator("tr", has=page.locator(f"a[href$='{proposal}']"))
            expect(listed).to_contain_text(f"{place} · diusulkan")
            fits(page)
            page.locator(f"a[href$='{proposal}']").click()
            with page.expect_download() as saved:
                page.get_by_role("link", name="Berkas 1").click()
            assert saved.value.path().read_bytes() == PNG
            fits(page)
            page.get_by_role("button", name=button).click()
            page.locator("[data-flash]").wait_for()
    with window(chrome, day.service.url, day.chain["desa-operator"], **how) as page:
        # Approved, it is settled at once, for the settler was woken: it looks by itself once an hour here.
        for _ in range(100):
            page.goto(f"/perbaikan/usulan/{proposal}")
            if page.get_by_text("berlaku dalam profil").count():
                break
            page.wait_for_timeout(200)
        page.get_by_text("berlaku dalam profil").wait_for()
        page.get_by_role("link", name="Buka keluarga").click()
        held = page.locator(".fact", has_text=label)
        held.get_by_text("Perbaikan yang disahkan, 20 Nov 2026").wait_for()
    auditor, value = join(day.hub, ("auditor", "")), f"{day.family.target.entity_id}/nilai/floor"
    with auditor.client(day.service.url) as client:
        rows = client.post(f"/telusur/{value}/baris", data={"csrf": auditor.csrf}).text
    assert "berasal dari usulan perbaikan nomor" in rows, "no row of a file that is gone"
    assert f'href="/log?entitas={proposal}"' in rows
    with day.hub.sessions.read() as session:
        told = [one.action for one in entries(session, Wanted(subjects=(proposal,)))]
    assert {"correction.propose", "correction.open", "correction.evidence"} <= set(told)
    for path in day.hub.settings.home.rglob("*"):
        assert not path.is_file() or b"foto rumah" not in path.read_bytes(), path.name


def test_a_proposal_goes_back_with_a_reason_by_keyboard(day: Day, chrome: Browser) -> None:
    with window(chrome, day.service.url, day.chain["desa-operator"]) as page:
        search(page, day.nik)
        page.locator("details.member summary").first.click()
        page.get_by_role("link", name="Melaporkan kematian").first.click()
        page.get_by_label("Tanggal meninggal").fill("2026-11-01")
        page.get_by_label("Tanggal bukti").fill("2026-11-03")
        page.get_by_role("button", name="Periksa").click()
        page.locator("#f-bukti").set_input_files(
            {"name": "akta.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 akta"}
        )
        page.get_by_role("button", name="Kirim usulan").click()
        page.get_by_text("Usulan terkirim.").wait_for()
        address = page.url
    with window(chrome, day.service.url, day.chain["dinsos-verifier"]) as page:
        page.goto(address)
        page.keyboard.press("k")
        page.get_by_text("Tulis mengapa usulan dikembalikan.").wait_for()
        page.get_by_role("button", name="English").click()  # the same page, not another
        page.get_by_role("heading", name="Your step").wait_for()
        page.get_by_role("button", name="Bahasa Indonesia").click()
        page.get_by_role("heading", name="Langkah Anda").wait_for()  # or the old page hears it
        page.keyboard.press("k")
        expect(page.get_by_label("Komentar")).to_be_focused()
        page.keyboard.type("Akta belum terbaca.")
        page.keyboard.press("Escape")
        page.keyboard.press("k")
        page.get_by_text("Usulan dikembalikan kepada pengusulnya.").wait_for()
    with window(chrome, day.service.url, day.chain["desa-operator"]) as page:
        page.goto("/")  # it waits for its proposer, until proposed anew or given up
        page.get_by_text("usulan Anda dikembalikan untuk diperbaiki").wait_for()
        page.goto(address)
        page.get_by_text("Akta belum terbaca.").wait_for()
        page.get_by_role("link", name="Usulkan lagi").click()
        expect(page.get_by_label("Tanggal meninggal")).to_have_value("2026-11-01")
        page.get_by_label("Tanggal bukti").fill("2026-11-02")
        page.locator("#f-bukti").set_input_files(
            {
                "name": "akta.pdf",
                "mimeType": "application/pdf",
                "buffer": b"%PDF-1.7 akta, readable",
            }
        )
        page.get_by_role("button", name="Kirim usulan").click()
        page.get_by_text("Usulan terkirim.").wait_for()
        assert page.url != address
        page.goto("/")
        expect(page.get_by_text("usulan Anda dikembalikan")).to_have_count(0)
        page.goto(address + "/lagi")
        page.get_by_label("Tanggal meninggal").wait_for()
        page.goto(address)
        page.get_by_role("button", name="Tidak diusulkan lagi").click()
        page.get_by_text("Usulan ditarik.").wait_for()
    with window(chrome, day.service.url, day.chain["dinsos-verifier"]) as page:
        refused = page.goto(address + "/lagi")
        assert refused
        assert refused.status == 403  # only its proposer mends it


def test_the_return_file_is_for_who_answers_for_the_country(day: Day) -> None:
    national = join(day.hub, ("supervisor", ""))
    regional = join(day.hub, ("supervisor", (day.family.region or "")[:4]))
    with national.client(day.service.url) as client:
        assert "Data balikan untuk Kemendagri" in client.get("/perbaikan").text
        answer = client.post("/perbaikan/balikan", data={"csrf": national.csrf})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text.lstrip("\ufeff").startswith("JENIS,NOMOR_KOREKSI,LAYOUT,KUNCI_CATATAN,KOLOM")
    with regional.client(day.service.url) as client:
        assert "Data balikan" not in client.get("/perbaikan").text
        assert client.post("/perbaikan/balikan", data={"csrf": regional.csrf}).status_code == 403


@pytest.fixture(scope="module")
def chain(workbench: Served) -> dict[str, Member]:
    """People of the chain in Bogor, and one in Denpasar."""
    hub = workbench.hub
    return {
        "operator": join(hub, ("desa-operator", "3201")),
        "verifier": join(hub, ("dinsos-verifier", "3201")),
        "elsewhere": join(hub, ("desa-operator", "5171")),
        "auditor": join(hub, ("auditor", "")),
    }


def get(workbench: Served, member: Member, path: str) -> httpx.Response:
    with member.client(workbench.url) as client:
        return client.get(path)


def test_another_region_looks_like_nobody(workbench: Served, chain: dict[str, Member]) -> None:
    def found(member: Member, nik: str) -> httpx.Response:
        with member.client(workbench.url) as client:
            return client.post("/perbaikan/cari", data={"csrf": member.csrf, "nik": nik})

    assert found(chain["operator"], SITI).status_code == 303
    outside, nobody = found(chain["operator"], RINA), found(chain["operator"], "3201150101010099")
    assert outside.status_code == nobody.status_code == 422
    plain = [re.sub(r'value="[^"]*"', "", one.text) for one in (outside, nobody)]
    assert plain[0] == plain[1]
    assert RINA not in outside.text
    for path in (f"/perbaikan/keluarga/{FAMILY[SITI]}", f"/perbaikan/usul/{ENTITY[SITI]}"):
        told = [get(workbench, chain["elsewhere"], one) for one in (path, path[:-4] + "0000")]
        assert told[0].status_code == told[1].status_code == 404
        assert "SITI" not in told[0].text
    assert get(workbench, chain["auditor"], "/perbaikan").status_code == 403
    assert get(workbench, chain["verifier"], f"/perbaikan/usul/{ENTITY[SITI]}").status_code == 403


def test_a_page_shows_what_the_role_may_see_and_the_log_says_so(
    workbench: Served, chain: dict[str, Member]
) -> None:
    shown = get(workbench, chain["operator"], f"/perbaikan/keluarga/{FAMILY[SITI]}")
    assert shown.status_code == 200
    assert "SITI NURHALIZA" in shown.text
    assert "AMINAH" in shown.text
    assert "ISLAM" not in shown.text.upper(), "religion is not for the desk"
    with workbench.hub.sessions.read() as session:
        wanted = Wanted(actor=chain["operator"].id, subjects=(FAMILY[SITI],), action="reveal")
        told = [one.details for one in entries(session, wanted)]
    assert told
    assert all(one["purpose"] == "correction" for one in told)
    assert "religion" not in told[0]["fields"]["person"]
    form = get(workbench, chain["operator"], f"/perbaikan/usul/{ENTITY[SITI]}?isian=religion")
    assert "ISLAM" not in form.text.upper()


def test_broken_forms_are_refused_and_change_nothing(
    workbench: Served, chain: dict[str, Member]
) -> None:
    member, path = chain["operator"], f"/perbaikan/usul/{ENTITY[SITI]}"

    def count() -> int:
        with workbench.hub.sessions.read() as session:
            return len(session.exec(select(Correction.id)).all())

    before = count()
    with member.client(workbench.url) as client:
        no_kind = client.post(path, data={"csrf": member.csrf, "jenis": "no-such"})
        nothing = client.post(
            path, data={"csrf": member.csrf, "jenis": "report-death", "langkah": "kirim"}
        )
        headers = {"Content-Type": "multipart/form-data; boundary=x"}
        broken = client.post(path, content=b"--x\r\nno", headers=headers)
        stranger = client.post(path, data={"jenis": "report-death"})
    assert no_kind.status_code == 404
    assert nothing.status_code == 422
    assert "Isian ini wajib." in nothing.text
    assert broken.status_code in (400, 403)
    assert stranger.status_code == 403
    assert count() == before


def test_who_proposes_and_who_decides_hear_that_a_family_loses_its_head(
    workbench: Served, chain: dict[str, Member]
) -> None:
    operator, path = chain["operator"], f"/perbaikan/usul/{ENTITY[SITI]}?jenis=remove-member"
    form = {"csrf": operator.csrf, "jenis": "remove-member", "source_date": "2026-11-20"}
    told = "kehilangan kepala keluarganya", "Kepala keluarga sesudahnya: BUDI SANTOSO."
    with operator.client(workbench.url) as client:
        checked = client.post(path, data=form | {"langkah": "periksa"})
        assert (checked.status_code, all(one in checked.text for one in told)) == (200, True)
        files = {"bukti": ("surat.pdf", b"%PDF-1.7 surat", "application/pdf")}
        sent = client.post(path, data=form | {"langkah": "kirim"}, files=files)
        assert sent.status_code == 303
    seen = get(workbench, chain["verifier"], sent.headers["location"]).text
    assert all(one in seen for one in told)
    with operator.client(workbench.url) as client:  # for the tests after this one
        form = {"csrf": operator.csrf, "versi": "1", "langkah": "tarik"}
        assert client.post(sent.headers["location"], data=form).status_code == 303


def test_who_decides_on_double_entries_sees_whom_they_are_about(
    workbench: Served, chain: dict[str, Member]
) -> None:
    one = draft("merge-doubles", ENTITY[SITI], values={"nik": BUDI})
    made = propose(workbench.hub, OPERATOR, one)
    told = get(workbench, chain["verifier"], f"/perbaikan/usulan/{made}").text
    for said in (SITI, BUDI, "SITI NURHALIZA", "Data kedua"):
        assert said in told
    send_back(workbench.hub, VERIFIER, made, version=1, note="Bukan orang yang sama.")
    with workbench.hub.sessions.read() as session:
        ((_, kept),) = store.open_many(workbench.hub, session, [store.by_id(session, made)])
    again = redraft(load_rules(), kept)
    assert again is not None
    assert again.values == {"nik": BUDI}, "it can be proposed again without typing the number anew"


def test_a_form_that_comes_back_leads_nowhere_else(
    workbench: Served, chain: dict[str, Member]
) -> None:
    """Another language, a session that ended, an address reloaded: all lead to the form again, of the same kind."""
    member, path = chain["operator"], f"/perbaikan/usul/{ENTITY[SITI]}"
    own = f"{path}?jenis=report-death"
    form = {"csrf": member.csrf, "jenis": "report-death", "langkah": "kirim"}
    paper = {"bukti": ("akta.pdf", b"%PDF-1.7 akta", "application/pdf")}
    with member.client(workbench.url) as client:
        back = client.post(own, data=form, files=paper)
        assert f'name="balik" value="{own}"' in back.text
        assert "Pilih lagi berkasnya" in back.text
        listed = client.get("/perbaikan/cari")
        assert (listed.status_code, listed.headers["location"]) == (303, "/perbaikan")
    with httpx.Client(base_url=workbench.url, headers={"Accept": "text/html"}) as nobody:
        lost = nobody.post(own, data=form)
    assert lost.headers["location"] == "/masuk?" + urlencode({"balik": own}, safe="/")


def test_who_lives_elsewhere_is_left_to_the_officers_there(day: Day) -> None:
    """No way to a correction leads nowhere: a member who moved to another region is shown, without one."""
    family = next(
        one
        for one in reversed(day.families)
        if one.region and len(one.members) > 2 and one is not day.family
    )
    own = (family.region or "")[:4]
    gone = next(one for one in family.members if family.relations[one] != "HEAD")
    there = {"address": "JALAN BARU 1", "region_code": "3578261003" if own != "3578" else DENPASAR}
    approve(day.hub, draft("correct-value", gone, attribute="domicile", values=there))
    engine = day.hub.engine()
    assert isinstance(settle(day.hub, engine, Verdicts(day.hub)), Settled)
    engine.close()
    who = join(day.hub, ("desa-operator", own))
    with who.client(day.service.url) as client:
        told = client.get(f"/perbaikan/keluarga/{family.target.entity_id}").text
        ways = set(re.findall(r'href="/perbaikan/usul/([0-9a-f]{32})\?', told))
        assert len(ways) == len(family.members)  # the family, and all members but one
        assert gone not in ways
        assert {client.get(f"/perbaikan/usul/{one}?isian=name").status_code for one in ways} == {
            200
        }
        assert client.get(f"/perbaikan/usul/{gone}?isian=name").status_code == 404
    assert told.count("Menurut domisilinya, orang ini berada di") == 1


def test_lists_say_what_became_of_two_that_are_said_to_be_one(day: Day, chrome: Browser) -> None:
    """Who proposed it and who decided see the outcome in their lists, and the way to the one profile."""
    own = (day.family.region or "")[:4]
    people = [
        (key, member)
        for one in day.families
        if (one.region or "")[:4] == own and one is not day.family
        for key, member in sorted(one.members.items())
        if value_of(member, "nik")
    ]
    (one, _), (_, other) = people[0], people[-1]
    said = {role: Principal(who.id, "staff", frozenset(who.roles), ("",) if role == "steward" else (own,))
            for role, who in day.chain.items()}  # fmt: skip
    merge = draft("merge-doubles", one, values={"nik": value_of(other, "nik")})
    made = propose(day.hub, said["desa-operator"], merge)
    for version, (role, act) in enumerate(
        [("dinsos-verifier", "verify"), ("head-of-office", "endorse"), ("steward", "approve")], 1
    ):
        agree(day.hub, said[role], made, act, version=version)
    settled(day.hub)
    for role in ("desa-operator", "dinsos-verifier", "steward"):
        with window(chrome, day.service.url, day.chain[role], narrow=role == "steward") as page:
            page.goto("/perbaikan")
            row = page.get_by_role("row").filter(has=page.locator(f"a[href$='{made}']"))
            row.get_by_text("sudah menjadi satu profil").wait_for()
            fits(page)
            axe(page)
            row.get_by_role("link").click()
            page.get_by_text("sudah menjadi satu profil").wait_for()
            fits(page)
            page.get_by_role("link", name="Buka profilnya").click()
            page.get_by_role("heading", name="Anggota keluarga").wait_for()


def test_an_approved_step_is_taken_back_and_whatever_is_sent_twice_is_told_so(
    day: Day, chrome: Browser
) -> None:
    own, verifier = day.chain["desa-operator"], day.chain["dinsos-verifier"]
    who = sorted(day.family.members)[0]
    values = {"occupation_text": "NELAYAN"}
    made = approve(day.hub, draft("correct-value", who, attribute="occupation_text", values=values))
    settled(day.hub)
    address = f"/perbaikan/usulan/{made}"

    def now() -> object:
        with day.hub.sessions.read() as session:
            found = look_around(day.hub, session, who)
        assert found is not None
        return value_of(found.target, "occupation_text")

    assert now() == "NELAYAN"
    with window(chrome, day.service.url, own, narrow=True) as page:
        page.goto(address)
        page.get_by_role("link", name="Batalkan usulan ini").focus()
        page.keyboard.press("Enter")
        page.get_by_role("heading", name="Membatalkan usulan nomor").wait_for()
        axe(page)
        fits(page)
        page.get_by_role("button", name="Kirim usulan").click()  # nothing is filled in
        page.get_by_text("Usulan belum dapat dikirim.").wait_for()
        expect(page.get_by_label("Tanggal bukti")).to_be_focused()
        expect(page.get_by_label("Mengapa dibatalkan")).to_have_accessible_description(
            re.compile("Isian ini wajib")
        )
        axe(page)
        page.get_by_role("button", name="English").click()
        page.get_by_role("heading", name="Take back proposal").wait_for()
        page.get_by_role("button", name="Bahasa Indonesia").click()
        page.get_by_label("Mengapa dibatalkan").fill("Tertukar dengan tetangganya.")
        page.get_by_label("Tanggal bukti").fill("2026-11-21")
        page.locator("#f-bukti").set_input_files(
            {"name": "ba.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7 berita acara"}
        )
        page.get_by_role("button", name="Kirim usulan").click()
        page.get_by_text("Usulan terkirim.").wait_for()
        page.get_by_text("Yang dibatalkan:").wait_for()
        axe(page)
        fits(page)
        back = page.url.rpartition("/")[2]
    form = {"csrf": own.csrf, "source_date": "2026-11-21", "said": "Tertukar.", "langkah": "kirim"}
    paper = {"bukti": ("ba.pdf", b"%PDF-1.7 berita acara", "application/pdf")}
    with own.client(day.service.url) as client:  # the answer was lost: sent once more
        again = client.post(f"{address}/batal", data=form, files=paper)
        assert again.headers["location"].endswith(back)
        assert flashed(again) == "officer.sent-already"
        birth = form | {
            "csrf": own.csrf, "jenis": "report-birth", "v.name": "BAYI DUA KALI", "v.sex": "F",
            "v.birth_date": "2026-11-01",
        }  # fmt: skip
        path = f"/perbaikan/usul/{day.family.target.entity_id}"
        twice = [client.post(path, data=birth, files=paper) for _ in range(2)]
        assert twice[0].headers["location"] == twice[1].headers["location"]
        assert [flashed(one) for one in twice] == ["officer.sent", "officer.sent-already"]
        step = {"csrf": own.csrf, "langkah": "tarik", "versi": "1"}
        drawn = [client.post(twice[0].headers["location"], data=step) for _ in range(2)]
        assert [flashed(one) for one in drawn] == ["officer.withdrawn", "officer.done-already"]
    with verifier.client(day.service.url) as client:
        step = {"csrf": verifier.csrf, "langkah": "verify", "versi": "1"}
        twice = [client.post(f"/perbaikan/usulan/{back}", data=step) for _ in range(2)]
        assert [flashed(one) for one in twice] == ["officer.agreed.verify", "officer.done-already"]
        assert client.get(f"{address}/batal").status_code == 403
    agree(day.hub, HEAD, back, "endorse", version=2)
    with window(chrome, day.service.url, day.chain["steward"]) as page:
        page.goto(f"/perbaikan/usulan/{back}")
        page.keyboard.press("s")
        page.get_by_text("Usulan disetujui.").wait_for()
        page.goto(address)
        page.get_by_text("Usulan ini tidak berlaku lagi.").wait_for()
        axe(page)
        expect(page.get_by_role("link", name="Batalkan usulan ini")).to_have_count(0)
    ends = time.monotonic() + 20
    while now() == "NELAYAN" and time.monotonic() < ends:
        time.sleep(0.05)
    assert now() != "NELAYAN"
    with own.client(day.service.url) as client:
        assert "Usulan ini sudah dibatalkan." in client.get(f"{address}/batal").text
