"""Pemda: `warga` and `rumah_tangga`."""

from __future__ import annotations

import numpy as np

from synthetic import dressing
from synthetic.columns import Bools, Ints, Objects, dates, each, objects, padded, texts
from synthetic.operators.addresses import abbreviate_address
from synthetic.operators.registry import bit
from synthetic.population import Part
from synthetic.providers.common import birth_text, title, upper
from synthetic.scenario import Scenario
from synthetic.view import View

SHDK = objects(
    ["LAINNYA", "KEPALA KELUARGA", "SUAMI", "ISTRI", "ANAK", "MENANTU", "CUCU", "ORANG TUA", "MERTUA", "FAMILI LAIN",
     "PEMBANTU", "LAINNYA"]
)  # fmt: skip
_WORK = {
    "1": "BELUM BEKERJA", "2": "IBU RUMAH TANGGA", "3": "PELAJAR", "5": "PNS", "9": "PETANI", "11": "NELAYAN",
    "12": "BURUH PABRIK", "15": "KARYAWAN SWASTA", "18": "HONORER", "19": "BURUH HARIAN LEPAS", "20": "BURUH TANI",
    "21": "ABK", "65": "GURU", "72": "DOKTER", "81": "SUPIR", "84": "DAGANG", "88": "WIRASWASTA",
}  # fmt: skip
_WORDS = {
    "floor": {1: "MARMER", 2: "KERAMIK", 3: "VINIL", 4: "UBIN", 5: "KAYU", 6: "SEMEN", 7: "BAMBU", 8: "TANAH"},
    "wall": {1: "TEMBOK", 2: "PLESTERAN", 3: "KAYU", 4: "ANYAMAN BAMBU", 5: "BATANG KAYU", 6: "BAMBU"},
    "roof": {1: "BETON", 2: "GENTENG", 3: "SENG", 4: "ASBES", 5: "SIRAP", 6: "BAMBU", 7: "RUMBIA"},
    "water": {1: "AIR KEMASAN", 2: "AIR ISI ULANG", 3: "PDAM", 4: "SUMUR BOR", 5: "SUMUR", 6: "SUMUR TAK TERLINDUNG",
              7: "MATA AIR", 8: "MATA AIR TAK TERLINDUNG", 9: "SUNGAI", 10: "AIR HUJAN"},
    "lighting": {1: "PLN", 2: "PLN TANPA METERAN", 3: "NON PLN", 4: "BUKAN LISTRIK"},
    "toilet": {1: "SENDIRI", 2: "BERSAMA", 3: "BERSAMA", 4: "UMUM", 5: "ADA TIDAK DIGUNAKAN", 6: "TIDAK ADA"},
}  # fmt: skip


def warga(view: View, first_no: int, dwelling_ids: Objects, rng: np.random.Generator) -> dict[str, Objects]:
    """Cells of `warga`; `No` counts from `first_no`, `dwelling_ids` is the office's number of each dwelling."""
    text, part = view.text, view.part
    n = len(view)
    loud = rng.random(n) < 0.4
    words = [("L", "P"), ("1", "2"), ("LAKI-LAKI", "PEREMPUAN")]
    which = np.array([0, 0, 0, 1, 2, 2])[view.sex_style]
    sexes = objects(w for pair in words for w in pair)
    relation = np.where(text["relation_text"] != "", "LAINNYA", SHDK[view.relation])
    dwelling = part.homes.dwelling[view.family]
    return {
        "No": texts(first_no + np.arange(n)), "NIK": text["nik"], "No KK": text["kk"],
        "Nama Lengkap": np.where(loud, upper(text["name"]), title(text["name"])),
        "Tempat Lahir": title(text["birth_place"]),
        "Tgl Lahir": birth_text(view, "{d:02d}-{m:02d}-{y:04d}", "{d:02d}-{m:02d}-{y:02d}"),
        "L/P": sexes[which * 2 + view.female],
        "Nama Ibu": title(text["mother_name"]),
        "Nama Ayah": np.where(rng.random(n) < 0.4, title(text["father_name"]), ""),
        "SHDK": relation, "Alamat": title(text["address"]), "RT/RW": text["rt"] + "/" + text["rw"],
        "Kode Kec BPS": text["bps"], "Desa/Kelurahan": village_text(text["village"], rng),
        "Pekerjaan": each(text["occupation"], lambda c: _WORK.get(c, "LAINNYA")),
        "No HP": np.where(rng.random(n) < 0.55, dressing.phones(n, rng), ""),
        "Tgl Pendataan": dates(view.updated, "%d-%m-%Y"),
        "ID Rumah": dwelling_ids[dwelling],
    }  # fmt: skip


def village_text(village: Objects, rng: np.random.Generator) -> Objects:
    """Village names as typed: upper case, with or without the word for a village."""
    kind = rng.random(len(village))
    typed = village.copy()
    for low, high, change in ((0.0, 0.15, str.upper), (0.15, 0.2, "Desa {}".format), (0.2, 0.23, "DS. {}".format)):
        rows = np.flatnonzero((kind >= low) & (kind < high))
        typed[rows] = [change(v) for v in typed[rows]]
    return typed


def rumah_tangga(
    part: Part, listed: Bools, card: Objects, ids: Objects, scenario: Scenario, today: int, rng: np.random.Generator
) -> tuple[dict[str, Objects], Ints, Ints]:
    """Cells of `rumah_tangga`, the dwelling of each row, and the errors in each row."""
    homes, places, villages, living = part.homes, part.places, part.villages, part.living
    chosen = np.zeros(len(homes.spot), dtype=bool)
    chosen[homes.dwelling[listed]] = True
    chosen &= rng.random(len(chosen)) < scenario.coverage["pemda"].dwellings
    dwelling = np.flatnonzero(chosen)
    n = len(dwelling)
    errors = np.zeros(n, dtype=np.int64)
    spot = homes.spot[dwelling]
    count, cards = _card_lists(part, listed, card, rng)
    address = places.address[dwelling].copy()
    other = np.flatnonzero(rng.random(n) < scenario.rate("D27", "pemda"))
    address[other] = [
        abbreviate_address(a, float(c)) for a, c in zip(address[other], rng.random(len(other)), strict=True)
    ]
    errors[other] |= bit("D27")
    def word(name: str) -> Objects:
        return objects(_WORDS[name].get(int(v), "LAINNYA") for v in living.housing[name][dwelling])
    meter = living.meter[dwelling]
    first = np.zeros(len(homes.spot), dtype=np.int64)
    first[homes.dwelling] = np.arange(len(homes.dwelling))
    owner = first[dwelling]
    latitude = villages.latitude[spot] + rng.normal(0, 0.008, n)
    longitude = villages.longitude[spot] + rng.normal(0, 0.008, n)
    rw = padded(places.rw[dwelling], 3)
    rw[np.flatnonzero(rng.random(n) < 0.05)] = ""
    power = texts(living.housing["power"][dwelling])
    cells = {
        "ID Rumah": ids[dwelling], "Kode Kec BPS": villages.bps[spot],
        "Desa/Kelurahan": village_text(villages.name[spot], rng), "Alamat": title(address),
        "RT/RW": padded(places.rt[dwelling], 3) + "/" + rw,
        "Lintang": objects(f"{v:.6f}" for v in latitude), "Bujur": objects(f"{v:.6f}" for v in longitude),
        "ID Pelanggan PLN": np.where((meter > 0) & (rng.random(n) < 0.6), padded(meter, 12), ""),
        "Jumlah Keluarga": texts(count[dwelling]), "Daftar No KK": cards[dwelling],
        "Lantai": word("floor"), "Dinding": word("wall"), "Atap": word("roof"), "Air Minum": word("water"),
        "Penerangan": word("lighting"), "Daya": np.where(power == "0", "", power), "Jamban": word("toilet"),
        "Luas Lantai": texts(living.housing["area"][dwelling]),
        "Sepeda Motor": texts(living.assets["motorcycle"][owner]), "Mobil": texts(living.assets["car"][owner]),
        "Lemari Es": texts(living.assets["fridge"][owner]),
        "Tgl Pendataan": dates(today - rng.integers(30, 700, n), "%d-%m-%Y"),
    }  # fmt: skip
    return cells, dwelling, errors


def _card_lists(part: Part, listed: Bools, card: Objects, rng: np.random.Generator) -> tuple[Ints, Objects]:
    """Number of listed families and their KK numbers, comma separated, per dwelling."""
    homes = part.homes
    families = np.flatnonzero(listed)
    order = families[np.argsort(homes.dwelling[families], kind="stable")]
    count = np.bincount(homes.dwelling[families], minlength=len(homes.spot))
    lists = objects([""] * len(homes.spot))
    dwellings, starts = np.unique(homes.dwelling[order], return_index=True)
    for dwelling, group in zip(dwellings, np.split(card[order], starts[1:]), strict=True):
        lists[dwelling] = ",".join(group)
    return count, lists
