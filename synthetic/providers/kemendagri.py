"""Kemendagri: `biodata_wni` and `data_keluarga`."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, blank, dates, each, padded, texts
from synthetic.operators.addresses import abbreviate_address
from synthetic.operators.registry import bit
from synthetic.population import Part
from synthetic.providers.common import birth_text, upper
from synthetic.scenario import Scenario
from synthetic.view import View


def biodata(view: View, scenario: Scenario, rng: np.random.Generator) -> dict[str, Objects]:
    """Cells of `biodata_wni`."""
    text, part = view.text, view.part
    n = len(view)
    region = text["region"]
    parent_nik = rng.random(n)
    died = part.kin.died[view.who]
    dead = view.dead
    return {
        "NIK": text["nik"], "NO_KK": text["kk"], "NAMA_LGKP": upper(text["name"]),
        "JENIS_KLMIN": np.where(view.female, "2", "1").astype(object),
        "TMPT_LHR": upper(text["birth_place"]), "TGL_LHR": birth_text(view, "{y:04d}-{m:02d}-{d:02d}"),
        "STAT_HBKEL": texts(view.relation), "STAT_KWN": texts(view.marital),
        "AGAMA": text["religion"], "PDDK_AKH": text["education"], "JENIS_PKRJN": text["occupation"],
        "NIK_IBU": np.where(parent_nik < 0.45, text["mother_nik"], ""),
        "NAMA_LGKP_IBU": upper(text["mother_name"]),
        "NIK_AYAH": np.where(parent_nik < 0.4, text["father_nik"], ""),
        "NAMA_LGKP_AYAH": np.where(rng.random(n) < 0.92, upper(text["father_name"]), ""),
        "NO_PROP": each(region, lambda c: c[:2]), "NO_KAB": each(region, lambda c: c[2:4]),
        "NO_KEC": each(region, lambda c: c[4:6]), "NO_KEL": each(region, lambda c: c[6:]),
        "TGL_MENINGGAL": np.where(dead, dates(np.where(dead, died, 0)), ""),
        "TGL_ENTRI": dates(view.updated),
    }  # fmt: skip


def keluarga(
    part: Part, family: Ints, card: Objects, scenario: Scenario, today: int, rng: np.random.Generator
) -> tuple[dict[str, Objects], Ints]:
    """Cells of `data_keluarga` for these families, and the errors in each row."""
    homes, places, villages = part.homes, part.places, part.villages
    n = len(family)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    region = villages.code[spot]
    address = places.address[dwelling].copy()
    other = np.flatnonzero(rng.random(n) < scenario.rate("D27", "kemendagri"))
    address[other] = [
        abbreviate_address(a, float(c)) for a, c in zip(address[other], rng.random(len(other)), strict=True)
    ]
    errors = np.zeros(n, dtype=np.int64)
    errors[other] |= bit("D27")
    entered = np.maximum(part.issued[family, 2], today - 4000)
    cells = {
        "NO_KK": card[family], "NAMA_KEP": upper(part.name[homes.head[family]]), "ALAMAT": address,
        "NO_RT": padded(places.rt[dwelling], 3), "NO_RW": padded(places.rw[dwelling], 3),
        "DUSUN": places.hamlet[dwelling], "KODE_POS": villages.postal[spot],
        "NO_PROP": each(region, lambda c: c[:2]), "NO_KAB": each(region, lambda c: c[2:4]),
        "NO_KEC": each(region, lambda c: c[4:6]), "NO_KEL": each(region, lambda c: c[6:]),
        "TGL_ENTRI": dates(np.minimum(entered, today - 2)),
    }  # fmt: skip
    cells["DUSUN"] = np.where(rng.random(n) < 0.4, cells["DUSUN"], blank(n))
    return cells, errors
