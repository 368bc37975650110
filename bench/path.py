"""The whole path, from files to published sealed profiles, training included: `python -m bench.path DELIVERY HOME`."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.answer import Clock, Helpers, answer
from mdm.homes import create_home
from mdm.landing import land
from mdm.pipeline import run
from mdm.work.progress import Silent

SOURCES = ("kemendagri", "kemensos", "pemda")


def main(delivery: Path, home: Path) -> None:
    """Land every provider's files, then run."""
    clock, helpers = Clock(), Helpers()
    hub = create_home(home)
    landed = [
        batch
        for source in SOURCES
        for batch in land(hub, source, sorted((delivery / source).glob("*.csv")), progress=Silent())
    ]
    stages = {"land": clock.lap()}
    result = run(hub, Silent(), train=True)
    stages |= {stage.stage: stage.seconds for stage in result.stages}
    parts = {name: seconds for name, seconds in result.seconds.items() if name not in stages}
    answer(
        clock.whole(),
        helpers,
        records=sum(batch.rows for batch in landed),
        stages=stages,
        parts=parts,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
