"""Kemensos: `siksng_individu` and `siksng_keluarga`."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, dates, objects, padded, texts
from synthetic.operators.addresses import abbreviate_address
from synthetic.operators.registry import bit
from synthetic.operators.spelling import keys_slip, respell
from synthetic.population import Part
from synthetic.providers.common import birth_text, upper
from synthetic.scenario import Scenario
from synthetic.view import View

# Dukcapil relation 1–11 → Regsosek 2022 relation 1–8 (reference/data/codes/crosswalks.csv).
REGSOSEK = np.array([8, 1, 2, 2, 3, 4, 5, 6, 6, 8, 7, 8])
_DISABILITY = objects(
    ["TUNA NETRA", "Tuna rungu", "cacat fisik", "STROKE", "disabilitas mental", "tuna daksa", "TUNA WICARA"]
)
PERIOD = "2026Q3"


def _yes_no(yes: Ints, rng: np.random.Generator) -> Objects:
    words = np.where(yes, "YA", np.where(rng.random(len(yes)) < 0.75, "TIDAK", ""))
    return words.astype(object)


def individu(view: View, first_id: int, scenario: Scenario, rng: np.random.Generator) -> dict[str, Objects]:
    """Cells of `siksng_individu`; IDSEMESTA counts from `first_id` in shuffled order."""
    text, part = view.text, view.part
    n = len(view)
    poor = part.living.wealth[view.family] < -0.25
    chance = rng.random((4, n))
    women = view.part.kin.female[view.who] & part.living.pregnant[view.who]
    relation = texts(REGSOSEK[view.relation])
    relation = np.where(text["relation_text"] != "", text["relation_text"], relation)
    disabled = part.living.disabled[view.who]
    dead = view.dead
    matched = np.minimum(view.updated + rng.integers(5, 400, n), view.today - 1)
    clock = " " + padded(rng.integers(7, 22, n), 2) + ":" + padded(rng.integers(0, 60, n), 2) + ":00"
    ids = first_id + rng.permutation(n)
    return {
        "IDSEMESTA": "KS" + padded(ids, 9), "NIK": text["nik"], "NOKK": text["kk"], "Nama": upper(text["name"]),
        "Tempat_Lahir": upper(text["birth_place"]),
        "Tanggal_Lahir": birth_text(view, "{d:02d}/{m:02d}/{y:04d}"),
        "Jenis_Kelamin": np.where(view.female, "P", "L").astype(object),
        "Nama_Ibu_Kandung": upper(text["mother_name"]), "Hubungan": relation,
        "Alamat": upper(text["address"]), "RT": text["rt"], "RW": text["rw"], "id_desa": text["region"],
        "PKH": _yes_no(poor & (chance[0] < 0.55), rng), "SEMBAKO": _yes_no(poor & (chance[1] < 0.7), rng),
        "PBI": _yes_no(chance[2] < np.where(poor, 0.8, 0.25), rng),
        "isAktifHamil": np.where(women, np.where(chance[3] < 0.7, "YA", ""), np.where(chance[3] < 0.3, "TIDAK", "")).astype(object),
        "keterangan_disabilitas": np.where(disabled & (chance[3] < 0.7), _DISABILITY[rng.integers(len(_DISABILITY), size=n)], ""),
        "masih_hidup_label": np.where(dead, "MENINGGAL", "HIDUP").astype(object),
        "keterangan_meninggal": np.where(dead & (chance[3] < 0.5), "meninggal menurut desa", "").astype(object),
        "padankan_at": np.where(chance[0] < 0.8, dates(matched) + clock, ""),
        "diperbarui_at": dates(view.updated) + clock,
    }  # fmt: skip


def keluarga(
    part: Part, family: Ints, card: Objects, first_id: int, scenario: Scenario, today: int, rng: np.random.Generator
) -> tuple[dict[str, Objects], Ints]:
    """Cells of `siksng_keluarga` for these families, and the errors in each row."""
    homes, places, villages, living = part.homes, part.places, part.villages, part.living
    n = len(family)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    errors = np.zeros(n, dtype=np.int64)
    address, name, region = places.address[dwelling].copy(), part.name[homes.head[family]].copy(), villages.code[spot].copy()
    _respell(address, errors, "D27", scenario, abbreviate_address, rng)
    _respell(name, errors, "D15", scenario, respell, rng)
    _respell(name, errors, "N01", scenario, keys_slip, rng)
    older = villages.older[spot]
    old = np.flatnonzero((older != "") & (rng.random(n) < scenario.rate("D29", "kemensos")))
    region[old] = older[old]
    errors[old] |= bit("D29")
    assets = {name_: values[family].copy() for name_, values in living.assets.items()}
    boolean = rng.random(n) < scenario.rate("D35", "kemensos")
    for values in assets.values():
        values[boolean] = np.minimum(values[boolean], 1)
    errors[boolean] |= bit("D35")
    house = {name_: texts(values[dwelling]) for name_, values in living.housing.items()}
    meter = living.meter[dwelling]
    updated = today - 60 - (rng.beta(1.0, 1.8, n) * 1100).astype(np.int64)
    ranked = rng.random(n) < 0.93
    cells = {
        "IDSEMESTA_KELUARGA": "KF" + padded(first_id + rng.permutation(n), 9), "NOKK": card[family],
        "Nama_Kepala": upper(name), "Alamat": upper(address),
        "RT": padded(places.rt[dwelling], 3), "RW": padded(places.rw[dwelling], 3), "id_desa": region,
        "desil_nasional": np.where(ranked, texts(living.desil[family]), ""),
        "periode_desil": np.where(ranked, PERIOD, "").astype(object),
        "jenis_lantai": house["floor"], "jenis_dinding": house["wall"], "jenis_atap": house["roof"],
        "sumber_air_minum": house["water"], "sumber_penerangan": house["lighting"],
        "daya_terpasang": np.where(house["power"] == "0", "", house["power"]),
        "bahan_bakar_memasak": house["fuel"], "fasilitas_bab": house["toilet"], "status_rumah": house["status"],
        "luas_lantai": house["area"], "lemari_es": texts(assets["fridge"]), "ac": texts(assets["ac"]),
        "sepeda_motor": texts(assets["motorcycle"]), "mobil": texts(assets["car"]), "komputer": texts(assets["computer"]),
        "smartphone": texts(assets["smartphone"]), "tv_datar": texts(assets["tv"]), "emas_gram": texts(assets["gold"]),
        "lahan_ha": texts(assets["land"]), "ternak_besar": texts(assets["large_livestock"]),
        "ternak_kecil": texts(assets["small_livestock"]),
        "id_pelanggan_pln": np.where((meter > 0) & (rng.random(n) < 0.8), padded(meter, 12), ""),
        "diperbarui_at": dates(updated) + " 00:00:00",
    }  # fmt: skip
    return cells, errors


def _respell(column, errors, name, scenario, change, rng):  # type: ignore[no-untyped-def]
    rows = np.flatnonzero(rng.random(len(column)) < scenario.rate(name, "kemensos"))
    column[rows] = [change(text, float(c)) for text, c in zip(column[rows], rng.random(len(rows)), strict=True)]
    errors[rows] |= bit(name)
