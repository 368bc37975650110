"""Pictures of every page of every role, to be looked at: `python -m tests.web.screenshots OUT [HOME [LANGUAGE]]`.

Goes through the workbench of a demonstration's home (default: `demo`, which is copied, not touched) as
each role, from link to link, one page per route, at 1280 and 360 px; then the walks that rooms add
in WALKS, for what no link leads to. Says what axe, the width or the console have against a page.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

from litestar import Litestar
from playwright.sync_api import Error, Page

from api.actions import declared
from api.app import create_app
from mdm.compose import Hub
from mdm.homes import open_home
from tests.api.serving import served
from tests.web.browser import NARROW, WIDE, axe, browser, fits, window
from tests.web.people import demo_members

Walk = Callable[[Page], None]
#: Role → name → what to do to get there, from the first page on. Rooms add theirs.
WALKS: dict[str, dict[str, Walk]] = {}


def walk(role: str, name: str) -> Callable[[Walk], Walk]:
    """Name a walk."""

    def named(way: Walk) -> Walk:
        WALKS.setdefault(role, {})[name] = way
        return way

    return named


@walk("user-administrator", "account made")
def _made(page: Page) -> None:
    page.goto("/kelola/petugas/baru")
    page.locator("[name=login]").fill("akun.contoh")
    page.locator("main form button").click()
    page.locator("code.big").wait_for()


@walk("user-administrator", "role asked for")
def _asked(page: Page) -> None:
    page.goto("/kelola")
    page.get_by_role("link", name="petugas", exact=True).click()
    page.locator("select[name=peran]").select_option("officer")
    page.locator("input[name=wilayah][list]").fill("3374")
    page.locator("form:has(select[name=peran]) button").click()
    page.locator("#pesan > *").first.wait_for()


@walk("auditor", "traced value")
def _traced(page: Page) -> None:
    """A value out of a sample, opened, with its rows and pairs."""
    page.goto("/contoh")
    page.locator("input[name=apa][value=values]").locator("..").get_by_role("button").click()
    page.locator("a[data-key=j]").click()
    page.locator("[name=putusan]").first.wait_for()
    page.goto(page.locator("a[href^='/telusur/']").first.get_attribute("href") or "/telusur")
    for key, shown in (
        ("o", ".winner .big:not(.masked)"),
        ("r", "#baris h2"),
        ("p", "#pasangan details, #pasangan .empty, #pasangan .message"),
    ):
        page.keyboard.press(key)
        page.locator(shown).first.wait_for()


@walk("auditor", "verified log")
def _verified(page: Page) -> None:
    page.goto("/verifikasi")
    page.locator("main input[type=checkbox]").check()
    page.keyboard.press("v")
    page.locator("#hasil .message").wait_for()


@walk("auditor", "copy of the log")
def _copied(page: Page) -> None:
    page.goto("/log/salinan")
    page.keyboard.press("m")
    page.locator("#hasil .message").wait_for()


@walk("auditor", "compared days")
def _compared(page: Page) -> None:
    page.goto("/contoh")
    page.locator("input[name=apa][value=values]").locator("..").get_by_role("button").click()
    page.locator("a[data-key=j]").click()
    page.locator("[name=putusan]").first.wait_for()
    value = page.locator("a[href^='/telusur/']").first.get_attribute("href") or ""
    page.goto(value.partition("/nilai")[0])
    page.locator("form[action$='/beda'] button").click()
    page.get_by_role("heading", level=1).wait_for()


@walk("steward", "opened task")
def _opened(page: Page) -> None:
    page.goto("/tinjau/lanjut")
    page.keyboard.press("o")
    page.locator("[data-key=o]").wait_for(state="detached")


@walk("steward", "answered task")
def _answered(page: Page) -> None:
    page.goto("/tinjau/lanjut")
    page.keyboard.press("c")
    page.locator("#pesan > *").first.wait_for()


@walk("desa-operator", "nobody found")
def _nobody(page: Page) -> None:
    page.goto("/perbaikan")
    page.locator("[name=nik]").fill("5108010101800001")
    page.keyboard.press("Enter")
    page.locator(".field.wrong").wait_for()


@walk("desa-operator", "checked proposal")
def _checked(page: Page) -> None:
    """A number that cannot be, with the word of the checks beside the field."""
    page.goto("/perbaikan")
    page.locator("a[href^='/perbaikan/usulan/']").first.click()
    page.locator("main a[href^='/perbaikan/keluarga/']").first.click()
    page.locator("a[href*='jenis=correct-value']").first.click()
    page.locator("main form input[type=text], main form input:not([type])").first.fill("12")
    page.locator("main form input[type=date]").first.fill("2026-11-20")
    page.locator("main form.panel button").first.click()
    page.locator(".check").first.wait_for()


@walk("desa-operator", "member opened")
def _member(page: Page) -> None:
    page.goto("/perbaikan")
    page.locator("a[href^='/perbaikan/usulan/']").first.click()
    page.locator("main a[href^='/perbaikan/keluarga/']").first.click()
    page.locator(".member summary").first.click()


@walk("desa-operator", "new member")
def _added(page: Page) -> None:
    page.goto("/perbaikan")
    page.locator("a[href^='/perbaikan/usulan/']").first.click()
    page.locator("main a[href^='/perbaikan/keluarga/']").first.click()
    page.locator("a[href*='jenis=add-member']").click()
    page.locator("main form.panel button").first.wait_for()


STRANGER = "stranger"


def main(out: Path, home: Path, language: str = "id") -> int:
    """Take the pictures; how many pages have something wrong."""
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as open_:
        copy = Path(open_.enter_context(tempfile.TemporaryDirectory())) / "home"
        shutil.copytree(home, copy, ignore=shutil.ignore_patterns("delivery"))
        hub = open_home(copy)
        open_.callback(hub.close)
        service = open_.enter_context(served(hub, real_identity=True))
        running = open_.enter_context(browser())
        wrong = 0
        for role, member in [(STRANGER, None), *sorted(demo_members(hub).items())]:
            with window(running, service.url, member, strict=False, language=language) as page:
                for name, faults in _pictures(page, role, templates(hub), out):
                    wrong += bool(faults)
                    print(f"{'✗' if faults else '✓'} {name}", *faults, sep="\n    ")  # noqa: T201
    return wrong


def templates(hub: Hub) -> list[tuple[re.Pattern[str], str]]:
    """The routes that are pages: what an address looks like, and a name for it."""
    app: Litestar = create_app(hub)
    machines = ("/v1", "/registry", "/schema", "/health", "/metrics", "/aset", "/.well-known")
    paths = {path for method, path, _ in declared(app) if method == "GET"}
    return [
        (re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path) + r"\Z"), path)
        for path in sorted(paths)
        if not path.startswith(machines)
    ]


def _pictures(
    page: Page, role: str, known: list[tuple[re.Pattern[str], str]], out: Path
) -> Iterator[tuple[str, list[str]]]:
    start = "/publik" if role == STRANGER else "/"
    waiting, seen = [start, "/masuk", "/tidak-ada"], set[str]()
    while waiting:
        address = waiting.pop(0)
        path = urlsplit(address).path
        template = next((name for pattern, name in known if pattern.match(path)), path)
        if template in seen or (role != STRANGER and template == "/masuk"):
            continue
        seen.add(template)
        try:
            answer = page.goto(address)
        except Error:  # a download
            continue
        if answer is None or "text/html" not in (answer.headers.get("content-type") or ""):
            continue
        links = page.eval_on_selector_all(
            "a[href^='/']:not([download])", "all => all.map(a => a.getAttribute('href'))"
        )
        waiting += [link for link in links if not link.startswith(("/aset", "/v1", "/schema"))]
        yield _picture(page, f"{role} {template}", out)
    for name, walk in WALKS.get(role, {}).items():
        page.goto("/")
        try:
            walk(page)
        except Error as error:  # the other pages are to be looked at all the same
            yield f"{role} {name}", [error.message.partition("\n")[0]]
        else:
            yield _picture(page, f"{role} {name}", out)


def _picture(page: Page, name: str, out: Path) -> tuple[str, list[str]]:
    file = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    faults = []
    page.eval_on_selector_all("img[loading]", "all => all.forEach(one => one.loading = 'eager')")
    page.wait_for_load_state("networkidle")
    for size in (WIDE, NARROW):
        page.set_viewport_size(size)
        page.screenshot(path=out / f"{file}-{size['width']}.png", full_page=True)
        for check in (fits, axe):
            try:
                check(page)
            except AssertionError as error:
                faults.append(f"{size['width']}: {error}")
    return name, faults


if __name__ == "__main__":
    folder, home, language = (sys.argv[1:] + ["", "demo", "id"][len(sys.argv) - 1 :])[:3]
    sys.exit(1 if main(Path(folder), Path(home), language) else 0)
