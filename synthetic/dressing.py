"""What is neither identity nor statistics: streets, hamlets, phones, from bounded Faker pools."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from faker import Faker

from synthetic.columns import Bools, Ints, Objects, blank, objects, padded, pick, texts

POOL = 400
_HAMLETS = (
    "KRAJAN KRAMAT SUKAMAJU TEGALREJO KARANGANYAR SUMBERSARI KEBON KIDUL LOR WETAN KULON TENGAH "
    "BARU JAYA MULYA PASAR TANJUNG CEMPAKA MELATI SIDODADI SUKASARI BABAKAN CIKUPA PASIR GUNUNG "
    "RANCA SAWAH LEBAK MEKAR HARAPAN INDAH BAHAGIA PERMAI TIRTA AGUNG WARINGIN BERINGIN KELAPA "
    "NANGKA DURIAN MANGGIS RAMBUTAN"
)
_LANDMARKS = (
    "DEPAN MASJID",
    "BELAKANG PASAR",
    "SAMPING SD",
    "SBLH BALAI DESA",
    "DEKAT JEMBATAN",
    "BLKG PUSKESMAS",
)


@dataclass(frozen=True)
class Pools:
    streets: Objects
    hamlets: Objects
    phone_heads: Objects


@cache
def pools() -> Pools:
    """Pools of words; the same for every population, because they identify nobody."""
    fake = Faker("id_ID")
    fake.seed_instance(7)
    streets = {fake.street_name().upper() for _ in range(POOL)}
    streets = {
        s.removeprefix("JL. ").removeprefix("JALAN ").removeprefix("GG. ").removeprefix("GANG ")
        for s in streets
    }
    phones = {"".join(c for c in fake.phone_number() if c.isdigit()) for _ in range(POOL)}
    heads = sorted({"08" + p[-10:-7] for p in phones if len(p) >= 10})
    pairs = [
        f"{a} {b}"
        for a in _HAMLETS.split()
        for b in ("", "I", "II", "BARU", "TENGAH", "ATAS", "INDAH")
    ]
    return Pools(objects(sorted(streets)), objects(p.strip() for p in pairs), objects(heads))


@dataclass
class Addresses:
    """Addresses of dwellings."""

    address: Objects
    hamlet: Objects
    rt: Ints
    rw: Ints


def addresses(
    urban: Bools, hamlet_word: Objects, crowd: Ints, rng: np.random.Generator
) -> Addresses:
    """An address for each dwelling: streets with numbers in town, hamlets without numbers in
    villages.

    `crowd` is the number of dwellings in the village of each dwelling: an RT holds about 40 of
    them.
    """
    rows = len(urban)
    words = pools()
    hamlet_of = pick(rng, words.hamlets, rows)
    numbered = urban | (rng.random(rows) < 0.25)
    kind = objects(["JL. ", "JL. ", "JL. ", "GG. "])[rng.integers(4, size=rows)]
    street = kind + pick(rng, words.streets, rows) + " NO " + texts(rng.integers(1, 160, rows))
    rural = hamlet_word + " " + hamlet_of
    landmark = rng.random(rows) < 0.03
    rural = np.where(landmark, rural + " " + pick(rng, objects(_LANDMARKS), rows), rural)
    blocks = np.clip(crowd // 40, 2, 40)
    rt = 1 + (rng.random(rows) * np.minimum(blocks, 14)).astype(np.int64)
    rw = 1 + (rng.random(rows) * np.maximum(blocks // 4, 2)).astype(np.int64)
    return Addresses(
        np.where(numbered, street, rural), np.where(numbered, blank(rows), hamlet_of), rt, rw
    )


def phones(rows: int, rng: np.random.Generator) -> Objects:
    """Mobile numbers of 12 digits."""
    ends = padded(rng.integers(0, 10_000_000, rows), 7)
    numbers: Objects = pick(rng, pools().phone_heads, rows) + ends
    return numbers
