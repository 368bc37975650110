"""Pemda: `warga` and `rumah_tangga`."""

from __future__ import annotations

import numpy as np

from synthetic import dressing
from synthetic.columns import Ints, Objects, dates, each, groups, objects, padded, texts
from synthetic.operators.registry import bit
from synthetic.providers.common import birth_text, housing, title, upper
from synthetic.spoiling import spoil_family
from synthetic.view import Look, View

# By Dukcapil code; position 0 is unused.
SHDK = objects(
    [
        "LAINNYA", "KEPALA KELUARGA", "SUAMI", "ISTRI", "ANAK", "MENANTU", "CUCU", "ORANG TUA",
        "MERTUA", "FAMILI LAIN", "PEMBANTU", "LAINNYA",
    ]
)  # fmt: skip
_SEXES = objects(["L", "P", "1", "2", "LAKI-LAKI", "PEREMPUAN"])
_WORK = {
    "1": "BELUM BEKERJA", "2": "IBU RUMAH TANGGA", "3": "PELAJAR", "5": "PNS", "9": "PETANI",
    "11": "NELAYAN", "12": "BURUH PABRIK", "15": "KARYAWAN SWASTA", "18": "HONORER",
    "19": "BURUH HARIAN LEPAS", "20": "BURUH TANI", "21": "ABK", "65": "GURU", "72": "DOKTER",
    "81": "SUPIR", "84": "DAGANG", "88": "WIRASWASTA",
}  # fmt: skip
_WORDS = {
    "floor": "MARMER,KERAMIK,VINIL,UBIN,KAYU,SEMEN,BAMBU,TANAH",
    "wall": "TEMBOK,PLESTERAN,KAYU,ANYAMAN BAMBU,BATANG KAYU,BAMBU",
    "roof": "BETON,GENTENG,SENG,ASBES,SIRAP,BAMBU,RUMBIA",
    "water": "AIR KEMASAN,AIR ISI ULANG,PDAM,SUMUR BOR,SUMUR,SUMUR TAK TERLINDUNG,MATA AIR,"
    "MATA AIR TAK TERLINDUNG,SUNGAI,AIR HUJAN",
    "lighting": "PLN,PLN TANPA METERAN,NON PLN,BUKAN LISTRIK",
    "toilet": "SENDIRI,BERSAMA,BERSAMA,UMUM,ADA TIDAK DIGUNAKAN,TIDAK ADA",
}
# How a village name is typed: share of rows and what is done.
_VILLAGE = ((0.15, str.upper), (0.05, "Desa {}".format), (0.03, "DS. {}".format))


def warga(
    view: View, first_no: int, dwelling_ids: Objects, rng: np.random.Generator
) -> dict[str, Objects]:
    """Cells of `warga`; `No` counts from `first_no`, `dwelling_ids` are the office's own."""
    text, n = view.text, len(view)
    loud = rng.random(n) < 0.4
    style = np.array([0, 0, 0, 1, 2, 2])[rng.integers(6, size=n)]
    house = dwelling_ids[view.part.homes.dwelling[view.family]]
    strayed = ((view.errors & bit("D28")) > 0) & (rng.random(n) < 0.5)
    return {
        "No": texts(first_no + np.arange(n)),
        "NIK": text["nik"],
        "No KK": text["kk"],
        "Nama Lengkap": np.where(loud, upper(text["name"]), title(text["name"])),
        "Tempat Lahir": title(text["birth_place"]),
        "Tgl Lahir": birth_text(view, "{d:02d}-{m:02d}-{y:04d}", "{d:02d}-{m:02d}-{y:02d}"),
        "L/P": _SEXES[style * 2 + view.female],
        "Nama Ibu": title(text["mother_name"]),
        "Nama Ayah": np.where(rng.random(n) < 0.4, title(text["father_name"]), ""),
        "SHDK": np.where(text["relation_text"] != "", "LAINNYA", SHDK[view.relation]),
        "Alamat": title(text["address"]),
        "RT/RW": text["rt"] + "/" + text["rw"],
        "Kode Kec BPS": text["bps"],
        "Desa/Kelurahan": village_text(text["village"], rng),
        "Pekerjaan": each(text["occupation"], lambda c: _WORK.get(c, "LAINNYA")),
        "No HP": np.where(rng.random(n) < 0.55, dressing.phones(n, rng), ""),
        "Tgl Pendataan": dates(view.updated, "%d-%m-%Y"),
        "ID Rumah": np.where(strayed, "", house),
    }


def village_text(village: Objects, rng: np.random.Generator) -> Objects:
    """Village names as typed: some in upper case, some with the word for a village."""
    kind = rng.random(len(village))
    typed, low = village.copy(), 0.0
    for share, change in _VILLAGE:
        rows = np.flatnonzero((kind >= low) & (kind < low + share))
        typed[rows] = [change(v) for v in typed[rows]]
        low += share
    return typed


def rumah_tangga(
    look: Look, ids: Objects, rng: np.random.Generator
) -> tuple[dict[str, Objects], Ints, Ints]:
    """Cells of `rumah_tangga`, the dwelling of each row, and the errors in each row."""
    part, homes, places, living = look.part, look.part.homes, look.part.places, look.part.living
    chosen = np.zeros(len(homes.spot), dtype=bool)
    chosen[homes.dwelling[look.listed]] = True
    chosen &= rng.random(len(chosen)) < look.coverage.dwellings
    dwelling = np.flatnonzero(chosen)
    again = dwelling[rng.random(len(dwelling)) < look.rate("D33")]
    errors = np.zeros(len(dwelling) + len(again), dtype=np.int64)
    errors[len(dwelling) :] = bit("D33")
    office_id = ids[np.concatenate([dwelling, again])]
    office_id[len(dwelling) :] += "B"
    dwelling = np.concatenate([dwelling, again])
    n = len(dwelling)
    spot = homes.spot[dwelling]
    count, cards = _card_lists(look)
    address = places.address[dwelling]
    spoil_family(look, address, errors, ("D27",), rng)
    owner = np.zeros(len(homes.spot), dtype=np.int64)
    owner[homes.dwelling] = np.arange(len(homes.dwelling))
    latitude = part.villages.latitude[spot] + rng.normal(0, 0.008, n)
    longitude = part.villages.longitude[spot] + rng.normal(0, 0.008, n)
    rw = padded(places.rw[dwelling], 3)
    rw[rng.random(n) < 0.05] = ""
    told = housing(look, dwelling, errors, rng)
    power = texts(told["power"])
    meter = living.meter[dwelling]

    def word(name: str) -> Objects:
        words = objects(_WORDS[name].split(","))
        codes = told[name]
        return np.where(codes <= len(words), words[np.minimum(codes, len(words)) - 1], "LAINNYA")

    def asset(name: str) -> Objects:
        return texts(living.assets[name][owner[dwelling]])

    cells = {
        "ID Rumah": office_id,
        "Kode Kec BPS": part.villages.bps[spot],
        "Desa/Kelurahan": village_text(part.villages.name[spot], rng),
        "Alamat": title(address),
        "RT/RW": padded(places.rt[dwelling], 3) + "/" + rw,
        "Lintang": objects(f"{v:.6f}" for v in latitude),
        "Bujur": objects(f"{v:.6f}" for v in longitude),
        "ID Pelanggan PLN": np.where((meter > 0) & (rng.random(n) < 0.6), padded(meter, 12), ""),
        "Jumlah Keluarga": texts(count[dwelling]),
        "Daftar No KK": cards[dwelling],
        "Lantai": word("floor"),
        "Dinding": word("wall"),
        "Atap": word("roof"),
        "Air Minum": word("water"),
        "Penerangan": word("lighting"),
        "Daya": np.where(power == "0", "", power),
        "Jamban": word("toilet"),
        "Luas Lantai": texts(told["area"]),
        "Sepeda Motor": asset("motorcycle"),
        "Mobil": asset("car"),
        "Lemari Es": asset("fridge"),
        "Tgl Pendataan": dates(look.today - rng.integers(30, 700, n), "%d-%m-%Y"),
    }
    return cells, dwelling, errors


def _card_lists(look: Look) -> tuple[Ints, Objects]:
    """Number of listed families and their KK numbers, comma separated, per dwelling."""
    homes = look.part.homes
    families = np.flatnonzero(look.listed)
    count = np.bincount(homes.dwelling[families], minlength=len(homes.spot))
    lists = objects([""] * len(homes.spot))
    for dwelling, at in groups(homes.dwelling[families]):
        lists[dwelling] = ",".join(look.card[families[at]])
    return count, lists
