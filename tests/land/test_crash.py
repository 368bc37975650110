"""A landing killed at any point leaves nothing; landing again gives what an undisturbed landing
gives.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from mdm.compose import Hub
from mdm.homes import open_home
from mdm.landing import land
from mdm.work.progress import Silent
from tests.land.deliveries import landed, new_hub, write

LAND = """
import sys
from pathlib import Path
from mdm.homes import open_home
from mdm.landing import land
from mdm.work.progress import Silent
hub = open_home(Path(sys.argv[1]))
print("ready", flush=True)
land(hub, "kemendagri", [Path(sys.argv[2])], progress=Silent())
"""


def killed_after(hub: Hub, folder: Path, seconds: float) -> None:
    """Start a landing in a process of its own and kill it."""
    command = [sys.executable, "-c", LAND, str(hub.settings.home), str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(seconds)
        os.kill(process.pid, signal.SIGKILL)


def content(hub: Hub) -> list[tuple[object, ...]]:
    rows = landed(hub, "kemendagri", "biodata_wni")
    return sorted((r["file"], r["row"], r["record_key"], r["row_digest"]) for r in rows)


def test_a_killed_landing_leaves_nothing_or_everything(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in ("1.csv", "2.csv"):
        people = [{"NIK": f"32071101018{n:05d}"} for n in range(1, 4_000)]
        write(folder / name, "biodata_wni", *people)
    undisturbed = new_hub(tmp_path / "calm")
    start = time.monotonic()
    land(undisturbed, "kemendagri", [folder], progress=Silent())
    seconds = time.monotonic() - start
    expected = content(undisturbed)
    hub = new_hub(tmp_path / "stormy")
    chance = random.Random(7)
    for _ in range(2):
        killed_after(hub, folder, chance.uniform(0, seconds))
        assert content(open_home(hub.settings.home)) in ([], expected)
    land(hub, "kemendagri", [folder], progress=Silent())
    assert content(hub) == expected
    files = [path for path in hub.settings.lake.iterdir() if path.is_file()]
    assert len(files) == len(hub.lake.files())
