"""What a process holds in memory stays there."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from mdm.compose import Hub

HARD = resource.getrlimit(resource.RLIMIT_CORE)[1]
BREAKS = """
import os, resource, signal, sys
from pathlib import Path
from mdm.homes import open_home
resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
open_home(Path(sys.argv[1])).keys.domain("profile")
os.system("ulimit -c")
os.kill(os.getpid(), signal.SIGSEGV)
"""


@pytest.mark.skipif(HARD == 0, reason="this machine lets nobody write a core file")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_process_that_holds_keys_leaves_no_core_file(hub: Hub, tmp_path: Path) -> None:
    command = [sys.executable, "-c", BREAKS, str(hub.settings.home)]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, check=False, env=dict(os.environ)
    )
    assert (done.returncode, done.stdout) == (-signal.SIGSEGV, b"0\n")  # nor its children
    assert list(tmp_path.glob("core*")) == []
