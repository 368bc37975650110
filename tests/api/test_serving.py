"""`dtsen serve` as a process of its own: real tokens, metrics, and an end that loses no answer."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from sqlalchemy import event
from sqlmodel import func, select

from api.serve import can_listen
from mdm.audit.checkpoints import latest
from mdm.cli.app import call
from mdm.errors import UsageError
from mdm.homes import create_home
from mdm.hub.tables import AuditEvent
from tests.access import wire
from tests.access.clients import make_client
from tests.api.serving import Served, free_port
from tests.api.world import NOBODY, SITI, fill, programme, staff

ROUTE = "/v1/profiles/lookup"
GOOD = {"nik": SITI, "purpose": "assistance"}
MANY = 40


@contextmanager
def serving(home: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """`dtsen serve` over a home, ready."""
    port = free_port()
    code = "from mdm.cli import main; main()"
    command = [sys.executable, "-c", code, "--home", str(home), "serve", "--port", str(port)]
    with (home / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log, env=dict(os.environ))
    url = f"http://127.0.0.1:{port}"
    try:
        until = time.monotonic() + 120
        while time.monotonic() < until:
            try:
                if wire.get(f"{url}/health/ready").status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.1)
        yield server, url
    finally:
        server.kill()
        server.wait()


def test_told_to_stop_it_answers_everybody_who_waits_and_then_ends(tmp_path: Path) -> None:
    hub = fill(create_home(tmp_path / "home"))
    headers = make_client(hub).headers
    with serving(tmp_path / "home") as (server, url), ThreadPoolExecutor(MANY) as pool:
        assert wire.post(f"{url}{ROUTE}", json=GOOD).status_code == 401
        with hub.sessions.begin() as session:
            # Nobody else can write meanwhile, so that every question waits at the desk.
            before = session.exec(select(func.count()).select_from(AuditEvent)).one()
            asked = [
                pool.submit(wire.post, f"{url}{ROUTE}", json=GOOD, headers=headers)
                for _ in range(MANY)
            ]
            time.sleep(3)
            server.send_signal(signal.SIGTERM)
            time.sleep(0.5)
        answers = [one.result() for one in asked]
        assert server.wait(60) == 0
    assert [answer.status_code for answer in answers] == [200] * MANY
    assert {answer.json()["person"]["name"] for answer in answers} == {"SITI NURHALIZA"}
    with hub.sessions.read() as session:
        held = session.exec(select(func.count()).select_from(AuditEvent)).one()
        signed = latest(session)
    hub.close()
    assert held - before >= MANY
    assert signed is not None
    assert signed.size == held, "what keeps the log signs what was answered last"
    log = (tmp_path / "home" / "log").read_text()
    assert SITI not in log
    assert "Traceback" not in log


def test_a_worker_that_is_killed_ends_the_service_and_is_told(tmp_path: Path) -> None:
    fill(create_home(tmp_path / "home")).close()
    with serving(tmp_path / "home") as (server, _):
        listed = Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
        workers = [
            int(one)
            for one in listed
            if b"api.keeping" not in Path(f"/proc/{one}/cmdline").read_bytes()
        ]
        for worker in workers:
            os.kill(worker, signal.SIGKILL)
        assert server.wait(60) == 1
    log = (tmp_path / "home" / "log").read_text()
    assert "A server process ended before it was told to" in log
    assert "internal error" not in log


def test_who_answers_ends_with_the_process_that_began_it() -> None:
    """It had answered on, and held the port, with nobody to stop it."""
    code = """
import os, time
from api.parent import end_with
here = os.getpid()
if os.fork() == 0:
    end_with(here)
    time.sleep(60)
"""
    # What both write to ends with the last of them.
    subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True, timeout=30)


def test_another_hubs_root_key_is_told_before_anything_is_served(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("home", "other"):
        create_home(tmp_path / name).close()
    (tmp_path / "other/keys/root.key").replace(tmp_path / "home/keys/root.key")
    for line in (("serve",), ("init",)):
        assert call(["--home", str(tmp_path / "home"), *line]) == 8
        assert "Put the root key file of this hub back" in capsys.readouterr().err


def test_an_address_that_cannot_be_served_from_is_told_at_once() -> None:
    can_listen("127.0.0.1", free_port()).close()
    with socket.create_server(("127.0.0.1", 0)) as other, pytest.raises(UsageError, match="taken"):
        can_listen("127.0.0.1", other.getsockname()[1])
    with pytest.raises(UsageError, match="no such address"):
        can_listen("192.0.2.7", free_port())


def test_who_starts_meanwhile_does_not_get_the_same_address() -> None:
    """A server's processes take seconds to listen, and share the port then: two hubs would answer by turns."""
    port = free_port()
    with can_listen("127.0.0.1", port):
        for host in ("127.0.0.1", "0.0.0.0"):
            with pytest.raises(UsageError, match="taken"):
                can_listen(host, port)
    can_listen("127.0.0.1", port).close()


def test_metrics_count_by_route_and_name_nobody(service: Served) -> None:
    with service.client(programme()) as client:
        client.post(ROUTE, json=GOOD)
        client.post(ROUTE, json={**GOOD, "nik": NOBODY})
        client.get(f"/nowhere/{SITI}")
        assert client.get("/metrics").status_code == 403
    with service.client(staff("auditor")) as auditor:
        text = auditor.get("/metrics").text
    assert f'dtsen_requests_total{{method="POST",route="{ROUTE}",status="200"}}' in text
    assert 'route="unmatched"' in text
    assert "dtsen_desk_group_seconds_count" in text
    assert "dtsen_published_run 1.0" in text
    assert SITI not in text
    assert "client:pkh" not in text


def test_readiness_says_what_is_missing(service: Served) -> None:
    with service.client() as anybody:
        answer = anybody.get("/health/ready")
        assert anybody.get("/health/live").json() == {"status": "alive"}
    assert answer.status_code == 200
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_many_who_ask_whether_it_is_ready_share_one_look(service: Served) -> None:
    taken = []
    pool = service.hub.sessions.engine.pool
    event.listen(pool, "checkout", lambda *_: taken.append(1))
    with service.client() as anybody, ThreadPoolExecutor(8) as several:
        answers = list(several.map(lambda _: anybody.get("/health/ready"), range(120)))
    assert {answer.status_code for answer in answers} == {200}
    assert len(taken) < len(answers)  # connections; each look of its own would take several
