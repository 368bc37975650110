"""The standardised person columns, as bare Splink is given them: `python -m bench.columns HOME OUT.parquet`."""

from __future__ import annotations

import sys
from pathlib import Path

import pyarrow.parquet as pq

from bench.answer import Clock, answer
from matching import linkage
from matching.standardise import standardise
from mdm.homes import open_home
from mdm.hub.runs import published_run
from mdm.validation import validate
from mdm.work.progress import Silent


def main(home: Path, out: Path) -> None:
    """Make `person_linkable` again from the home, with the families that its run found."""
    clock = Clock()
    hub = open_home(home)
    engine = hub.engine()
    validate(hub, engine, Silent())
    standardise(engine)
    linkage.prepare(engine, "family")
    with hub.sessions.read() as session:
        run = published_run(session)
    assert run is not None
    found = hub.lake.reader("run/family_clusters", owner=run.id)
    assert found is not None
    engine.register("family_clusters", found)
    linkage.prepare(engine, "person")
    # Synthetic people, and bench/scratch is removed when the bench is done.
    pq.write_table(engine.fetch("SELECT * FROM person_linkable"), out)
    answer(clock.whole())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
