"""Decisions of a steward: `python -m bench.decisions [PEOPLE [DECISIONS]]`; prints its figures as one line of JSON.

In a real browser, by keyboard, over a copy of the hub, with the pauses of a person between decisions; what the page
adds to a decision is all time that is no pause. `next_task_ms`: from the key to the next task (95 of 100 are sooner);
`decision_visible_ms`: from the key until readers see the golden record it made.
"""

from __future__ import annotations

import json
import random
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from bench.hubs import WORK, hub_of
from bench.pages import sessions_of
from bench.service import PEOPLE, serving
from mdm.access.sessions import COOKIE
from mdm.homes import open_home
from mdm.hub.runs import published_seq

PORT = 8897
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
DECISIONS = 60
PAUSE = (1.0, 8.0)  # seconds a person looks at a task


def main(people: int, decisions: int) -> dict[str, Any]:
    """Copy the hub, sign a steward in, and measure."""
    with _copied(hub_of(people)) as home:
        secret = sessions_of(home)["steward"]
        with serving(home, PORT):
            return decide(home, secret, decisions)


@contextmanager
def _copied(home: Path) -> Iterator[Path]:
    copy = WORK / "decisions"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(home, copy)
    try:
        yield copy
    finally:
        shutil.rmtree(copy, ignore_errors=True)


def decide(home: Path, secret: str, decisions: int) -> dict[str, Any]:
    """Decisions by keyboard in a browser; nothing where the machine has none."""
    path = next(filter(None, map(shutil.which, BROWSERS)), None)
    if path is None:
        return {"workbench_browser": "none on this machine"}
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a tool of the tests

    hub, random_ = open_home(home), random.Random(5)
    shown, added, visible = [], [], []
    with sync_playwright() as playwright:
        flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        browser = playwright.chromium.launch(executable_path=path, args=flags)
        page = browser.new_context(base_url=f"http://127.0.0.1:{PORT}").new_page()
        cookie = {"name": COOKIE, "value": secret, "url": f"https://127.0.0.1:{PORT}"}
        page.context.add_cookies([{**cookie, "secure": True}])  # type: ignore[typeddict-item]
        page.goto("/tinjau/lanjut")
        page.evaluate(_WATCH)
        for _ in range(decisions):
            time.sleep(random_.uniform(*PAUSE))
            before = _seq(hub)
            begun = time.perf_counter()
            page.keyboard.press(random_.choice("sd"))
            page.wait_for_function("() => window.renewed > window.pressed")
            added.append(time.perf_counter() - begun)
            shown.append(page.evaluate("window.renewed - window.pressed"))
            with suppress(TimeoutError):
                visible.append(_until_seen(hub, before, begun))
        browser.close()
    hub.close()
    return {
        "next_task_ms": round(quantiles(shown, n=20)[-1], 1),
        "decision_added_s": round(median(added), 3),
        "decision_visible_ms": round(quantiles(visible, n=20)[-1] * 1000)
        if len(visible) > 1
        else None,
        "decision_visible_median_ms": round(median(visible) * 1000) if visible else None,
        "decisions": decisions,
        "decisions_published": len(visible),
    }


_WATCH = """() => {
  window.pressed = 0; window.renewed = 0;
  addEventListener("keydown", () => { window.pressed = performance.now(); }, true);
  addEventListener("app:renewed", () => requestAnimationFrame(() => {
    if (window.renewed <= window.pressed) window.renewed = performance.now(); }));
}"""


def _seq(hub: Any) -> int:
    with hub.sessions.read() as session:
        return published_seq(session)


def _until_seen(hub: Any, before: int, begun: float, most: float = 5.0) -> float:
    """Seconds from the key until readers see another run; TimeoutError where none came (a second
    reviewer is asked first, or nothing had to change)."""
    while time.perf_counter() - begun < most:
        if _seq(hub) > before:
            return time.perf_counter() - begun
        time.sleep(0.01)
    raise TimeoutError


if __name__ == "__main__":
    arguments = [int(text) for text in sys.argv[1:]]
    print(json.dumps(main(*(arguments + [PEOPLE, DECISIONS][len(arguments) :]))))
