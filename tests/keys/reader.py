"""A process that looks people up again and again until it is told to stop: what a server does.

python -m tests.keys.reader HOME NIK…   writes "ready", then on end of input one line of JSON:
how many lookups, how many found nobody, and what went wrong.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from mdm.compose import Hub
from mdm.homes import open_home
from mdm.hub.runs import published_seq
from mdm.opening import carriers, open_profiles
from mdm.seal.tokens import tokens_for


def found(hub: Hub, nik: str) -> bool:
    """Whether somebody's profile opens by this number."""
    tokens = tokens_for(hub, nik)
    with hub.sessions.read() as session:
        seq = published_seq(session)
        ids = [one for some in carriers(session, tokens, seq).values() for one in some]
        return bool(open_profiles(hub, session, ids, seq))


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main(home: str, *niks: str) -> None:
    hub = open_home(Path(home))
    stop = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), stop.set()), daemon=True).start()
    lookups, missed, failed = 0, 0, []
    found(hub, niks[0])
    _say("ready")
    while not stop.is_set():
        nik = niks[lookups % len(niks)]
        lookups += 1
        try:
            missed += not found(hub, nik)
        except Exception as error:
            failed.append(f"{type(error).__name__}: {error}")
    _say(json.dumps({"lookups": lookups, "missed": missed, "failed": failed[:5]}))
    hub.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
