"""Operations and public figures: what the pages say is what the run kept."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator

import httpx
import pytest

from mdm.compose import Hub
from mdm.hub.runs import abandon_run, published_run, start_run
from mdm.hub.tables import Batch
from tests.api.serving import Served, served
from tests.api.world import fill
from tests.web import figures
from tests.web.conftest import Open
from tests.web.people import Member


@pytest.fixture(scope="module")
def workbench(shared_hub: Hub) -> Iterator[Served]:
    """The small hub with figures, served."""
    fill(shared_hub)
    figures.put(shared_hub)
    with served(shared_hub, real_identity=True) as running:
        yield running


def rows(page: httpx.Response) -> list[list[str]]:
    """The cells of the page's tables, row by row."""
    found = []
    for row in re.findall(r"<tr[^>]*>(.*?)</tr>", page.text, re.S):
        cells = re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row, re.S)
        found.append([re.sub(r"<[^>]+>|\s+", " ", cell).strip() for cell in cells])
    return found


def test_runs_sources_and_quality_in_the_words_of_the_language(
    workbench: Served, members: dict[str, Member]
) -> None:
    with members["supervisor"].client(workbench.url) as client:
        runs = client.get("/operasi")
        assert "1 m 15 s" in runs.text
        assert ["Periksa", "1,2 s", "2%", "diterima 3.000 · karantina 4 · perbaikan 2"] in rows(
            runs
        )
        linkage = rows(client.get("/operasi/tautan"))
        assert ["Orang", "Kemensos", "1.000", "90,0%", "87,5%"] in linkage
        quality = client.get("/operasi/mutu?jenis=family")
        assert "99,00%" in quality.text
        assert any(row[:2] == ["Jenis kelamin", "perempuan"] for row in rows(quality))
        findings = rows(client.get("/operasi/sumber"))
        assert any(row[-1] == "39" for row in findings)


def test_rows_of_who_was_erased_have_a_word_and_lower_no_share(
    workbench: Served, members: dict[str, Member]
) -> None:
    one = Batch(
        id="after-an-erasure", source="kemensos", layout="siksng_individu", file="k.csv", checksum="0",
        landed=10, accepted=7, quarantined=1, erased=2,
    )  # fmt: skip
    with workbench.hub.sessions.begin() as session:
        session.add(one)
        run = published_run(session)
        assert run is not None
        run.counts = {**run.counts, "validate": {"landed": 10, "erased": 2}}
    with members["supervisor"].client(workbench.url) as client:
        lines = rows(client.get("/operasi/sumber"))
        assert [row[-2:] for row in lines if "k.csv" in row] == [["87,50%", "1"]]
        assert "masuk 10 · dihapus 2" in client.get("/operasi").text


def test_a_run_is_under_way_only_while_somebody_works(
    workbench: Served, members: dict[str, Member]
) -> None:
    hub = workbench.hub
    with hub.sessions.begin() as session:
        begun = start_run(session, "run", "other facts", "rules")
    with members["supervisor"].client(workbench.url) as client:
        assert f"Proses {begun.seq} terputus" in client.get("/operasi").text
        with hub.lock("run"):
            shown = client.get("/operasi")
        assert f"Proses {begun.seq} sedang berjalan" in shown.text
        assert "terputus" not in shown.text
    with hub.sessions.begin() as session:
        abandon_run(session, begun)


def test_what_another_threshold_would_change(
    workbench: Served, members: dict[str, Member], open_: Open
) -> None:
    with open_(members["steward"]) as page:
        page.goto("/operasi/ambang?jenis=person")
        changed = page.locator("#ambang tbody tr").first
        assert changed.inner_text().split() == ["taut", "720", "720", "0"]
        page.get_by_label("Ambang taut (bit)").fill("5")
        page.keyboard.press("Escape")
        page.keyboard.press("h")  # the key of the button; the region alone is renewed
        # A function, not an expression: the page's policy lets nobody evaluate text, tests included.
        page.wait_for_function(
            "() => document.querySelector('#ambang tbody tr').innerText.includes('700')"
        )
        assert page.locator("#ambang tbody tr").first.inner_text().split() == [
            "taut",
            "720",
            "700",
            "-20",
        ]
        assert "tautkan=5" in page.url
        page.go_back()
        page.wait_for_function(
            "() => !document.querySelector('#ambang tbody tr').innerText.includes('700')"
        )


CHARTS = ("stages", "findings", "freshness", "matches", "sizes", "weights-person", "recall-person")


def test_charts_are_drawn_for_who_may_see_them(
    workbench: Served, members: dict[str, Member]
) -> None:
    path = "/operasi/grafik/1/id/{}.svg"
    assert httpx.get(workbench.url + path.format("stages")).status_code == 401
    with members["supervisor"].client(workbench.url) as client:
        for name in CHARTS:
            drawn = client.get(path.format(name))
            assert drawn.status_code == 200, name
            assert drawn.text.startswith("<svg")
            assert "immutable" in drawn.headers["cache-control"]
        assert client.get("/operasi/grafik/99/id/stages.svg").status_code == 404


def test_small_numbers_are_on_no_public_page_and_in_no_file(workbench: Served) -> None:
    with httpx.Client(base_url=workbench.url, headers={"Accept": "text/html"}) as anybody:
        province = anybody.get("/publik?wilayah=32")
        bogor = next(row for row in rows(province) if row and row[0] == "Kabupaten Bogor")
        assert bogor[1] == "977"
        assert bogor[3].split() == ["•", "disembunyikan"]
        for row in rows(province) + rows(anybody.get("/publik?wilayah=3201")):
            assert str(figures.SMALL) not in row
        answer = anybody.get("/publik/angka.csv")
    assert answer.headers["content-disposition"].startswith("attachment")
    table = list(csv.DictReader(io.StringIO(answer.text)))
    numbers = [int(row["jumlah"]) for row in table if row["jumlah"]]
    assert numbers
    assert not [n for n in numbers if 0 < n < 11]
    assert {"orang", "keluarga"} == {row["satuan"] for row in table}
    chart = httpx.get(f"{workbench.url}/publik/grafik/1/id/orang.svg")
    assert chart.text.startswith("<svg")


def test_an_approval_is_given_by_another_person_only(
    workbench: Served, members: dict[str, Member], open_: Open
) -> None:
    from datetime import timedelta  # noqa: PLC0415

    from mdm.access import approvals  # noqa: PLC0415

    one, other = members["supervisor"], members["user-administrator"]
    with workbench.hub.sessions.begin() as session:
        content = {"user": "x", "role": "officer", "region": "32"}
        approvals.request(
            session, one.id, "role.grant", content, summary="officer for x", life=timedelta(hours=1)
        )
    with open_(one) as page:
        page.goto("/persetujuan")
        assert page.get_by_text("Permintaan Anda sendiri").is_visible()
    with open_(other) as page:
        page.goto("/")
        page.keyboard.press("1")
        page.get_by_role("button", name="Setujui").click()
        page.get_by_text("Permintaan disetujui").wait_for()
        assert page.get_by_text("Tidak ada permintaan yang menunggu").is_visible()


def test_keys_are_listed_and_can_be_turned_off(members: dict[str, Member], open_: Open) -> None:
    with open_(members["auditor"]) as page:
        page.goto("/tur")
        page.keyboard.press("?")
        dialog = page.get_by_role("dialog")
        assert "Buka halamannya" in dialog.inner_text()
        dialog.get_by_label("Tombol pintas aktif").uncheck()
        dialog.get_by_role("button", name="Tutup").click()
        page.keyboard.press("5")
        page.wait_for_timeout(100)
        assert page.url.endswith("/tur")
        page.evaluate("localStorage.setItem('keys', 'on')")
        page.keyboard.press("5")
        page.wait_for_url("**/operasi")
