"""Calling the command line as a shell would: exit code, standard output, standard error."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Answer:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def dtsen(*arguments: str | Path) -> Answer:
    """Run `dtsen` in a process of its own, without a terminal."""
    process = subprocess.run(
        [sys.executable, "-c", "from mdm.cli import main; main()", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=300,
        check=False,
    )
    return Answer(process.returncode, process.stdout, process.stderr)
