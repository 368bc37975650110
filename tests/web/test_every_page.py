"""Every page there is, as every role: who may sees it whole, who may not is told so in words."""

from __future__ import annotations

import gzip
import re
from collections.abc import Iterator

import pytest

from api.web.overview.alarms import SHOWN
from mdm.access import Principal, is_open, may
from mdm.compose import Hub
from mdm.hub.tables import Alarm
from tests.api.serving import Served, served
from tests.api.world import fill
from tests.web import figures
from tests.web.browser import axe, fits
from tests.web.conftest import Open
from tests.web.people import ROLES, Member, one_of

MACHINES = ("/v1", "/registry", "/schema", "/health", "/metrics", "/aset", "/.well-known")
WIRE_BYTES = 150_000  # of a page, packed
#: What the policy of the pages refuses, and no page may hold.
INLINE = re.compile(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=|javascript:", re.I)


@pytest.fixture(scope="module")
def workbench(shared_hub: Hub) -> Iterator[Served]:
    """The small hub with figures, served."""
    fill(shared_hub)
    figures.put(shared_hub)
    with served(shared_hub, real_identity=True) as running:
        yield running


def pages(service: Served) -> list[tuple[str, str]]:
    """Path and action of every page that no other page must lead to."""
    return sorted(
        {
            (path, action)
            for method, path, action in service.routes
            if method == "GET" and not path.startswith(MACHINES) and "{" not in path
        }
    )


def addresses(service: Served) -> list[tuple[re.Pattern[str], str]]:
    """What addresses look like, and the action each asks for."""
    return [
        (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + r"\Z"), action)
        for method, path, action in service.routes
        if method == "GET"
    ]


def offered(text: str, routes: list[tuple[re.Pattern[str], str]]) -> Iterator[tuple[str, str]]:
    """The links of a page, with the action of each."""
    for link in dict.fromkeys(re.findall(r'href="(/[^"#?]*)', text)):
        yield from ((link, action) for pattern, action in routes if pattern.match(link))


def allowed(principal: Principal, action: str) -> bool:
    """Whether somebody may follow a link; for a purpose, where one is asked."""
    decision = may(principal, action)
    return is_open(action) or decision.allowed or decision.reason == "purpose-missing"


@pytest.mark.parametrize("role", sorted(ROLES))
def test_every_page_as_every_role(workbench: Served, members: dict[str, Member], role: str) -> None:
    member = members[role]
    principal = Principal(member.id, "staff", frozenset(member.roles), ROLES[role])
    routes = addresses(workbench)
    with member.client(workbench.url) as client:
        for path, action in pages(workbench):
            answer = client.get(path)
            if not allowed(principal, action):
                assert answer.status_code == 403, path
                assert "Tidak diizinkan" in answer.text, path
                continue
            assert answer.status_code in (200, 303, 404), (path, answer.status_code, answer.text)
            if answer.headers.get("content-type", "").startswith("text/html"):
                assert not INLINE.search(answer.text), path
                assert len(gzip.compress(answer.content)) <= WIRE_BYTES, path
                for link, wanted in offered(answer.text, routes):
                    assert allowed(principal, wanted), f"{path} offers {link}"


def test_a_stranger_sees_the_open_pages_and_is_asked_in_for_others(workbench: Served) -> None:
    with workbench.client(Accept="text/html") as stranger:
        for path, action in pages(workbench):
            answer = stranger.get(path)
            if is_open(action):
                assert answer.status_code in (200, 303), path
            else:
                assert answer.status_code == 303, path
                assert answer.headers["location"].startswith("/masuk"), path


#: What the fields of forms and queries are called.
FIELDS = """login password code nik entitas nama lahir kecamatan peran wilayah keadaan sesudah kunci alamat nomor aktor
    tindakan tujuan soal sebab sumber jawaban langkah versi apa atribut jenis persetujuan buka pada perkara"""


@pytest.mark.parametrize("role", sorted(ROLES))
def test_a_nul_ends_in_no_fault(workbench: Served, members: dict[str, Member], role: str) -> None:
    """PostgreSQL keeps none in a text, and had failed over it, for strangers at the door, too."""
    who, nul = members[role], dict.fromkeys(FIELDS, "a\x00b")
    with who.client(workbench.url) as client:
        for method, path, _ in workbench.routes:
            if path.startswith(MACHINES) or path == "/keluar":
                continue
            odd = re.sub(r"\{[^}]*\}", "a%00b", re.sub(r"\{[^}]*:int\}", "1", path))
            plain, body = re.sub(r"\{[^}]*\}", "1", path), {"csrf": who.csrf}
            if method == "GET":
                answers = client.get(odd), client.get(plain, params=nul)
            else:
                answers = client.post(odd, data=body), client.post(plain, data={**body, **nul})
            assert max(one.status_code for one in answers) < 500, (method, path)


@pytest.mark.parametrize("odd", ["a%0d%0aX-Evil:%201", "%E0%B8%81", "%00", "a%20b"])
def test_an_odd_address_leads_to_what_stands_above_it(workbench: Served, odd: str) -> None:
    who = one_of(workbench.hub, "supervisor")
    with who.client(workbench.url) as client:
        answer = client.get(f"/persetujuan/{odd}/tarik")  # where only a form leads
    assert (answer.status_code, "x-evil" in answer.headers) == (303, False)
    assert answer.headers["location"].lower() == f"/persetujuan/{odd}".lower()


OURS = (
    "/",
    "/operasi",
    "/operasi/sumber",
    "/operasi/tautan",
    "/operasi/mutu",
    "/operasi/ambang",
    "/persetujuan",
    "/alarm",
    "/publik",
    "/publik?wilayah=32&satuan=keluarga",
    "/publik/hak-anda",
    "/bantuan",
    "/bantuan/operasi",
    "/tur",
)


def test_pages_are_within_reach_of_everybody(members: dict[str, Member], open_: Open) -> None:
    with open_(members["auditor"]) as page:
        for path in OURS:
            page.goto(path)
            axe(page)
            page.set_viewport_size({"width": 360, "height": 740})
            fits(page)
            page.set_viewport_size({"width": 1280, "height": 800})


def test_only_regions_are_drawn_alone(workbench: Served) -> None:
    """A block around them stands on what the page imports: asked for, it had been a fault of ours."""
    with one_of(workbench.hub, "desa-operator").client(workbench.url) as client:
        for block in ("main", "title", "scripts"):
            answer = client.get("/perbaikan", headers={"X-Partial": block})
            assert (answer.status_code, answer.text[:15]) == (200, "<!doctype html>"), block


def test_the_page_of_alarms_says_when_it_shows_the_newest_alone(
    workbench: Served, members: dict[str, Member]
) -> None:
    def page() -> str:
        with members["user-administrator"].client(workbench.url) as client:
            return client.get("/alarm").text

    with workbench.hub.sessions.begin() as session:
        session.add(Alarm(id="alarm-0", kind="honey", principal="p0"))
    assert "alarm terbaru" not in page()
    with workbench.hub.sessions.begin() as session:
        session.add_all(
            Alarm(id=f"alarm-{n}", kind="honey", principal=f"p{n}") for n in range(1, SHOWN + 1)
        )
    assert f"{SHOWN} alarm terbaru" in page()


def test_an_empty_queue_speaks_of_filters_where_some_are_set(
    workbench: Served, members: dict[str, Member]
) -> None:
    with members["steward"].client(workbench.url) as client:
        assert "Tidak ada tugas yang menunggu jawaban." in client.get("/tinjau").text
        assert "Tidak ada tugas dengan saringan ini." in client.get("/tinjau?dari=400").text
