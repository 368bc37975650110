"""What a helper (mdm/eligibility/helper.py) runs: it opens the hub for itself and works off the shares it is handed."""

from __future__ import annotations

import gc
import pickle
import sys
from contextlib import suppress
from pathlib import Path
from typing import IO

from mdm.eligibility.asking import Asked
from mdm.eligibility.shares import Terms, work
from mdm.homes import open_home
from mdm.work.frames import receive, send


def _serve(home: Path, stdin: IO[bytes], stdout: IO[bytes]) -> None:
    """Work off one share after another until the pipe ends. What it cannot do is answered empty: who
    asked does it, and meets the reason."""
    hub = open_home(home)
    known: tuple[Terms, Asked] | None = None
    gc.freeze()
    gc.disable()  # a share makes a hundred thousand objects, none of them in a ring
    send(stdout, b"ready")
    while (frame := receive(stdin)) is not None:
        answer = b""
        with suppress(Exception):
            terms, share = pickle.loads(frame)
            if known is None or known[0] != terms:
                with hub.sessions.read() as session:
                    known = terms, terms.asked(session)
            answer = pickle.dumps(work(hub, *known, share))
        send(stdout, answer)


if __name__ == "__main__":
    _serve(Path(sys.argv[1]), sys.stdin.buffer, sys.stdout.buffer)
