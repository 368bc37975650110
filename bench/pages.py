"""The pages of the workbench: `python -m bench.pages [PEOPLE | HOME]`; prints its figures as one line of JSON.

Goes as every role from link to link, a few addresses of each kind of page, then asks each of them again and again, one
at a time. `page_p95_ms` is that of the slowest page; `review_kb` what a review task brings over the wire, with its
sheets and scripts.
"""

from __future__ import annotations

import json
import re
import sys
import time
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import select

from bench.hubs import hub_of, known_niks
from bench.service import PEOPLE, serving
from mdm.access import demo, roles, sessions
from mdm.homes import open_home
from mdm.hub.tables import Staff

ROUNDS, EACH, DEEPEST = 20, 3, 60
LINK = re.compile(r'href="(/[^"#]*)"')
ASSET = re.compile(r'(?:href|src)="(/aset/[^"]+)"')
NOT_PAGES = ("/aset", "/v1", "/schema", "/publik/angka.csv")


def main(people: int) -> dict[str, Any]:
    """Make the hub if it is not there, then measure."""
    return measure(hub_of(people))


def measure(home: Path) -> dict[str, Any]:
    """The figures of the pages over one home."""
    held = sessions_of(home)
    took: dict[str, list[float]] = defaultdict(list)
    review, niks = 0, known_niks(home)[:300]
    with serving(home) as port:
        for role, secret in held.items():
            headers = {"Cookie": f"{sessions.COOKIE}={secret}", "Accept": "text/html"}
            with httpx.Client(
                base_url=f"http://127.0.0.1:{port}", headers=headers, timeout=60
            ) as client:
                for address in _addresses(client, ["/", *_found(client, role, secret, niks)]):
                    took[_kind(address)] += _durations(client, address)
                    if address.startswith("/tinjau/tugas"):
                        review = max(review, _wire(client, address))
    p95 = {kind: round(sorted(of)[int(0.95 * len(of))] * 1000, 1) for kind, of in took.items()}
    slowest = max(p95, key=lambda kind: p95[kind])
    return {
        "page_p95_ms": p95[slowest],
        "page_slowest": slowest,
        "pages": len(p95),
        "review_kb": round(review / 1000, 1),
        "page_p95_ms_each": dict(sorted(p95.items())),
    }


def sessions_of(home: Path) -> dict[str, str]:
    """Role → the session of somebody who holds it."""
    hub = open_home(home)
    try:
        demo.demo_staff(hub)
        with hub.sessions.begin() as session:
            found = {}
            for staff_id in session.exec(select(Staff.id)).all():
                for role, _ in roles.held(session, staff_id)[:1]:
                    found[role] = sessions.open_session(hub, session, staff_id, second_factor=True)
            return found
    finally:
        hub.close()


def _found(client: httpx.Client, role: str, secret: str, niks: Sequence[str]) -> list[str]:
    """Where a search by NIK leads, for roles whose pages no link leads to."""
    search = {"officer": "/perbaikan/cari", "auditor": "/telusur"}.get(role)
    for nik in niks if search else ():
        form = {"csrf": sessions.csrf_of(secret), "nik": nik}
        answer = client.post(search or "", data=form)
        to = answer.headers.get("location", "").partition("?")[0]
        if answer.status_code == 303 and re.search(r"[0-9a-f]{32}", to):
            return [to]
    return []


def _addresses(client: httpx.Client, starts: Sequence[str]) -> list[str]:
    """What the links lead to, a few of each kind."""
    waiting, seen, known = list(starts), set(starts), defaultdict(int)
    found = []
    while waiting and len(found) < DEEPEST:
        address = waiting.pop(0)
        answer = client.get(address)
        if answer.status_code != 200 or not answer.headers["content-type"].startswith("text/html"):
            continue
        found.append(address)
        for link in LINK.findall(answer.text.replace("&amp;", "&")):
            if link in seen or link.startswith(NOT_PAGES) or link.endswith(".svg"):
                continue
            seen.add(link)
            known[_kind(link)] += 1
            if known[_kind(link)] <= EACH:
                waiting.append(link)
    return found


def _kind(address: str) -> str:
    """The route, more or less: what names one thing is left out."""
    path = address.partition("?")[0]
    return "/".join(
        "…" if re.search(r"\d|[0-9a-f]{12}", part) else part for part in path.split("/")
    )


def _durations(client: httpx.Client, address: str) -> list[float]:
    durations = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        client.get(address)
        durations.append(time.perf_counter() - begun)
    return durations


def _wire(client: httpx.Client, address: str) -> int:
    """Bytes of a page and of all it loads, packed as they come."""
    text = client.get(address).text
    return sum(_raw(client, one) for one in {address, *ASSET.findall(text)})


def _raw(client: httpx.Client, address: str) -> int:
    with client.stream("GET", address, headers={"Accept-Encoding": "gzip"}) as answer:
        return sum(len(part) for part in answer.iter_raw())


if __name__ == "__main__":
    asked = sys.argv[1] if len(sys.argv) > 1 else str(PEOPLE)
    print(json.dumps(main(int(asked)) if asked.isdigit() else measure(Path(asked))))
