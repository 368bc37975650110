"""A real browser for tests: the machine's Chromium, driven by Playwright.

A page counts what goes wrong in it (script errors, refused styles, failed loads); `healthy` says so.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from mdm.access.sessions import COOKIE
from tests.web.people import Member

WIDE, NARROW = {"width": 1280, "height": 800}, {"width": 360, "height": 740}
_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
GRAVE = ("serious", "critical")
MILLISECONDS = 30_000  # that anything may take to appear, on a machine that others use
# The first draws no window, for two thirds of the work.
_NAMES = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def chromium() -> Path | None:
    """The machine's browser; None where there is none."""
    found = next((path for name in _NAMES if (path := shutil.which(name))), None)
    return Path(found) if found else None


@contextmanager
def browser() -> Iterator[Browser]:
    """A browser of its own process."""
    path = chromium()
    assert path is not None
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=_FLAGS)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def window(
    browser: Browser,
    url: str,
    member: Member | None = None,
    *,
    narrow: bool = False,
    script: bool = True,
    language: str = "id",
    strict: bool = True,
) -> Iterator[Page]:
    """A window of its own, signed in as `member`; nothing may go wrong in it.

    `narrow`: 360 px; `script=False`: without the script; `strict=False`: whatever goes wrong.
    """
    context = browser.new_context(
        base_url=url,
        viewport=NARROW if narrow else WIDE,
        java_script_enabled=script,
        locale="id-ID",
    )
    try:
        if member is not None:
            put(context, url, COOKIE, member.secret)
        if language != "id":
            put(context, url, "__Host-dtsen-language", language)
        context.set_default_timeout(MILLISECONDS)
        page = context.new_page()
        wrong = _watch(page)
        yield page
        assert not (strict and wrong), wrong
    finally:
        context.close()


def put(context: BrowserContext, url: str, name: str, value: str) -> None:
    """Give a browser a cookie of the service."""
    secure = url.replace("http://", "https://")
    context.add_cookies(
        [
            {
                "name": name,
                "value": value,
                "url": secure,
                "secure": True,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


def axe(page: Page) -> None:
    """No serious or critical fault of accessibility on this page."""
    found: dict[str, Any] = Axe().run(page).response
    grave = [
        f"{fault['id']}: {fault['help']} — {[node['target'] for node in fault['nodes']][:3]}"
        for fault in found["violations"]
        if fault["impact"] in GRAVE
    ]
    assert not grave, "\n".join(grave)


def fits(page: Page) -> None:
    """Nothing but tables scrolls sideways: the page is as wide as the window."""
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= page.viewport_size["width"] + 1, f"{page.url} is {width} px wide"


def tab_to(page: Page, text: str, most: int = 60) -> None:
    """Press Tab until something with this text has the focus."""
    for _ in range(most):
        page.keyboard.press("Tab")
        held = page.evaluate(
            "document.activeElement.innerText || document.activeElement.getAttribute('aria-label')"
            " || document.activeElement.name || ''"
        )
        if text in held:
            return
    raise AssertionError(f"no Tab leads to {text!r}")


def _watch(page: Page) -> list[str]:
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(f"script: {error}"))
    page.on(
        "console",
        lambda line: (
            wrong.append(f"console: {line.text}")
            if line.type == "error" and "status of 4" not in line.text
            else None
        ),
    )
    return wrong
