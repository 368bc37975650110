"""The dictionary that golden profiles are packed with: trained on people nobody is.

`python -m bench.words FILE` trains one on a hub of 20,000 made-up persons. Every profile sealed so far opens with the
dictionary it was packed with only: a new one takes a new file and a new number (mdm/seal/packing.py).
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path

import zstandard
from sqlmodel import select

from bench.hubs import hub_of
from mdm.homes import open_home
from mdm.hub.runs import published_seq
from mdm.hub.tables import Entity
from mdm.opening import open_profiles

PEOPLE = 20_000
SAMPLES = 8_000  # profiles to learn from
BYTES = 16_384  # of the dictionary; twice as many would save three bytes of a profile
LEVEL = 1


def train(path: Path) -> None:
    """Write a new dictionary; says how long the profiles are that it did not learn from."""
    contents = _contents()
    learned, others = contents[:SAMPLES], contents[SAMPLES:]
    words = zstandard.train_dictionary(BYTES, learned, level=LEVEL)
    path.write_bytes(words.as_bytes())
    packer = zstandard.ZstdCompressor(level=LEVEL, dict_data=words, write_dict_id=False)
    packed = sum(len(packer.compress(content)) for content in others)
    sizes = {"plain": sum(map(len, others)) / len(others), "packed": packed / len(others)}
    print(json.dumps({name: round(size) for name, size in sizes.items()}))


def _contents() -> list[bytes]:
    """Golden contents of all kinds, shuffled."""
    hub = open_home(hub_of(PEOPLE))
    with hub.sessions.read() as session:
        ids = session.exec(select(Entity.entity_id)).all()
        opened = open_profiles(hub, session, ids, published_seq(session))
    hub.close()
    contents = sorted(one.content.encode() for one in opened.values())
    random.Random(20261129).shuffle(contents)
    return contents


if __name__ == "__main__":
    train(Path(sys.argv[1]))
