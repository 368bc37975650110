"""A reader that goes away (`dtsen status | head`) is no error of the hub."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from mdm.cli.failures import BROKEN_PIPE
from mdm.homes import create_home


def test_a_closed_pipe_ends_the_command_without_a_word(tmp_path: Path) -> None:
    create_home(tmp_path / "home").close()
    reader, writer = os.pipe()
    os.close(reader)
    command = "from mdm.cli import main; raise SystemExit(main())"
    ended = subprocess.run(
        [sys.executable, "-c", command, "--home", str(tmp_path / "home"), "status"],
        stdout=writer,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(writer)
    assert ended.returncode == BROKEN_PIPE
    assert b"internal error" not in ended.stderr
