"""Publish a run in which every person's profile changed: `python -m bench.republish HOME`, while others read.

What is published is what stands, with the digest of another rule set: everything is sealed anew, as after a
change of rules.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow as pa
from sqlmodel import col, select

from bench.answer import Clock
from matching.engine import Engine
from mdm.compose import Hub
from mdm.homes import open_home
from mdm.hub.runs import DECISION, kept_by, published_seq, start_run, whole_run
from mdm.hub.tables import Entity
from mdm.opening import open_profiles
from mdm.publishing import publish
from mdm.survivorship.explain import values
from mdm.work.progress import Silent

TOGETHER = 5_000


def main(home: Path) -> None:
    """Register the tables of a run, say so, then publish."""
    hub, clock = open_home(home), Clock()
    engine = hub.engine()
    count = _register(hub, engine)
    with hub.sessions.begin() as session:
        before = whole_run(session)
        assert before is not None
        # It links nothing anew: what the run before it kept is what it stands on.
        run = start_run(
            session, DECISION, "bench", before.rules, before.model, base=kept_by(before)
        )
    print('{"ready":true}', flush=True)
    sys.stdin.readline()
    clock.lap()
    publish(hub, engine, run, Silent(), ("person",))
    print(f'{{"seconds":{clock.lap()},"profiles":{count}}}', flush=True)


def _register(hub: Hub, engine: Engine) -> int:
    ids, contents, niks = [], [], []
    with hub.sessions.read() as session:
        seq = published_seq(session)
        query = select(Entity.entity_id).where(Entity.kind == "person", Entity.status == "active")
        every = session.exec(query.order_by(col(Entity.entity_id))).all()
        for start in range(0, len(every), TOGETHER):
            opened = open_profiles(hub, session, every[start : start + TOGETHER], seq)
            for one in opened.values():
                nik = str(values(one.content).get("nik") or "")
                ids.append(one.entity_id)
                contents.append(one.content.replace('"rules":"', '"rules":"b', 1))
                niks.append([nik] if len(nik) == 16 else [])
    text = pa.string()
    golden = {"entity_id": ids, "content": contents}
    table = {name: pa.array(column, text) for name, column in golden.items()}
    engine.register("person_golden", pa.table({**table, "niks": pa.array(niks, pa.list_(text))}))
    states = {"status": ["active"] * len(ids), "merged_into": [None] * len(ids)}
    columns = {name: pa.array(column, text) for name, column in states.items()}
    engine.register("person_entities", pa.table({"entity_id": table["entity_id"], **columns}))
    return len(ids)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
