"""Kemensos: `siksng_individu` and `siksng_keluarga`."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, Objects, calendar, dates, objects, padded, texts
from synthetic.population import Part
from synthetic.providers.common import birth_text, housing, upper
from synthetic.spoiling import spoil_family
from synthetic.view import Look, View

# Dukcapil relation 1–11 → Regsosek 2022 relation 1–8 (position 0 is unused).
REGSOSEK = np.array([8, 1, 2, 2, 3, 4, 5, 6, 6, 8, 7, 8])
_DISABILITY = objects(
    ["TUNA NETRA", "Tuna rungu", "cacat fisik", "STROKE", "disabilitas mental", "tuna daksa", ""]
)
_HOUSING = {
    "jenis_lantai": "floor",
    "jenis_dinding": "wall",
    "jenis_atap": "roof",
    "sumber_air_minum": "water",
    "sumber_penerangan": "lighting",
    "daya_terpasang": "power",
    "bahan_bakar_memasak": "fuel",
    "fasilitas_bab": "toilet",
    "status_rumah": "status",
    "luas_lantai": "area",
}
_ASSETS = {
    "lemari_es": "fridge",
    "ac": "ac",
    "sepeda_motor": "motorcycle",
    "mobil": "car",
    "komputer": "computer",
    "smartphone": "smartphone",
    "tv_datar": "tv",
    "emas_gram": "gold",
    "lahan_ha": "land",
    "ternak_besar": "large_livestock",
    "ternak_kecil": "small_livestock",
}


def _yes_no(yes: Bools, rng: np.random.Generator) -> Objects:
    no = np.where(rng.random(len(yes)) < 0.75, "TIDAK", "")
    return np.where(yes, "YA", no).astype(object)


def individu(view: View, first_id: int, rng: np.random.Generator) -> dict[str, Objects]:
    """Cells of `siksng_individu`; IDSEMESTA counts from `first_id` in shuffled order."""
    text, living = view.text, view.part.living
    n = len(view)
    poor = living.wealth[view.family] < -0.25
    chance = rng.random((5, n))
    clock = _clock(n, rng)
    died = np.where(view.dead, view.part.kin.died[view.who], 0)
    updated = np.maximum(view.updated, np.minimum(died + 20, view.today))  # who says so was told
    matched = np.minimum(updated + rng.integers(5, 400, n), np.maximum(updated, view.today - 1))
    pregnant = living.pregnant[view.who]
    not_pregnant = np.where(chance[3] < 0.3, "TIDAK", "")
    disability = _DISABILITY[rng.integers(len(_DISABILITY), size=n)]
    own = texts(REGSOSEK[view.relation])
    return {
        "IDSEMESTA": "KS" + padded(first_id + rng.permutation(n), 9),
        "NIK": text["nik"],
        "NOKK": text["kk"],
        "Nama": upper(text["name"]),
        "Tempat_Lahir": upper(text["birth_place"]),
        "Tanggal_Lahir": birth_text(view, "{d:02d}/{m:02d}/{y:04d}"),
        "Jenis_Kelamin": np.where(view.female, "P", "L").astype(object),
        "Nama_Ibu_Kandung": upper(text["mother_name"]),
        "Hubungan": np.where(text["relation_text"] != "", text["relation_text"], own),
        "Alamat": upper(text["address"]),
        "RT": text["rt"],
        "RW": text["rw"],
        "id_desa": text["region"],
        "PKH": _yes_no(poor & (chance[0] < 0.55), rng),
        "SEMBAKO": _yes_no(poor & (chance[1] < 0.7), rng),
        "PBI": _yes_no(chance[2] < np.where(poor, 0.8, 0.25), rng),
        "isAktifHamil": np.where(pregnant & (chance[3] > 0.3), "YA", not_pregnant).astype(object),
        "keterangan_disabilitas": np.where(living.disabled[view.who], disability, ""),
        "masih_hidup_label": np.where(view.dead, "MENINGGAL", "HIDUP").astype(object),
        "keterangan_meninggal": np.where(
            view.dead & (chance[4] < 0.5), "meninggal menurut desa", ""
        ).astype(object),
        "padankan_at": np.where(chance[4] < 0.8, dates(matched) + clock, ""),
        "diperbarui_at": dates(updated) + clock,
    }


def _clock(rows: int, rng: np.random.Generator) -> Objects:
    hours, minutes = rng.integers(7, 22, rows), rng.integers(0, 60, rows)
    clock: Objects = " " + padded(hours, 2) + ":" + padded(minutes, 2) + ":00"
    return clock


def keluarga(
    look: Look, family: Ints, first_id: int, rng: np.random.Generator
) -> tuple[dict[str, Objects], Ints]:
    """Cells of `siksng_keluarga` for these families, and the errors in each row."""
    part, homes, places, living = look.part, look.part.homes, look.part.places, look.part.living
    n = len(family)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    errors = np.zeros(n, dtype=np.int64)
    kk, address = look.card[family], places.address[dwelling]
    heads = _heads(part, family)
    spoil_family(look, heads, errors, ("D32",), rng)
    head = heads[:, 0]
    spoil_family(look, kk, errors, ("D12",), rng)
    spoil_family(look, address, errors, ("D27",), rng)
    spoil_family(look, head, errors, ("D15", "D16", "D17", "N01"), rng)
    older = np.stack([part.villages.code[spot], part.villages.older[spot]], axis=1)
    spoil_family(look, older, errors, ("D29",), rng)
    meter = living.meter[dwelling]
    ranked = rng.random(n) < 0.93
    told = housing(look, dwelling, errors, rng)
    updated = look.today - 60 - (rng.beta(1.0, 1.8, n) * 1100).astype(np.int64)
    cells = {
        "IDSEMESTA_KELUARGA": "KF" + padded(first_id + rng.permutation(n), 9),
        "NOKK": kk,
        "Nama_Kepala": upper(head),
        "Alamat": upper(address),
        "RT": padded(places.rt[dwelling], 3),
        "RW": padded(places.rw[dwelling], 3),
        "id_desa": older[:, 0],
        "desil_nasional": np.where(ranked, texts(living.desil[family]), ""),
        "periode_desil": np.where(ranked, _quarter(look.today), "").astype(object),
        **{name: texts(told[key]) for name, key in _HOUSING.items()},
        **_assets(look, family, errors, rng),
        "id_pelanggan_pln": np.where((meter > 0) & (rng.random(n) < 0.8), padded(meter, 12), ""),
        "diperbarui_at": dates(updated) + " 00:00:00",
    }
    cells["daya_terpasang"] = np.where(cells["daya_terpasang"] == "0", "", cells["daya_terpasang"])
    return cells, errors


def _quarter(today: int) -> str:
    """The last quarter that is over when a day is: the last that BPS has ranked."""
    year, month, _ = (int(part[0]) for part in calendar(np.array([today + 1])))
    over = (month - 1) // 3
    return f"{year}Q{over}" if over else f"{year - 1}Q4"


def _heads(part: Part, family: Ints) -> Objects:
    """Pairs of names per family: the head, and whom the head is or was married to."""
    kin, head = part.kin, part.homes.head[family]
    couple = np.maximum(kin.couple[head], 0)
    spouse = np.where(kin.female[head], kin.husband[couple], kin.wife[couple])
    name = np.where(kin.couple[head] >= 0, part.name[spouse], "")
    pairs: Objects = np.stack([part.name[head], name], axis=1)
    return pairs


def _assets(look: Look, family: Ints, errors: Ints, rng: np.random.Generator) -> dict[str, Objects]:
    living = look.part.living
    table = np.stack([living.assets[key][family] for key in _ASSETS.values()], axis=1)
    spoil_family(look, table, errors, ("D35",), rng)
    return {name: texts(table[:, k]) for k, name in enumerate(_ASSETS)}
