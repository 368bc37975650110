"""Make a delivery of about so many source records: `python -m bench.files OUT RECORDS`."""

from __future__ import annotations

import sys
from pathlib import Path

from bench.answer import Clock, answer
from synthetic.generate import generate

if __name__ == "__main__":
    clock = Clock()
    made = generate(Path(sys.argv[1]), records=int(sys.argv[2]), seed=20261121)
    answer(clock.whole(), records=sum(made.files.values()))
