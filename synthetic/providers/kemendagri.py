"""Kemendagri: `biodata_wni` and `data_keluarga`."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Ints, Objects, blank, dates, each, padded, texts
from synthetic.providers.common import birth_text, upper
from synthetic.spoiling import spoil_family
from synthetic.view import Look, View


def biodata(view: View, rng: np.random.Generator) -> dict[str, Objects]:
    """Cells of `biodata_wni`."""
    text, part = view.text, view.part
    n = len(view)
    parent_nik = rng.random(n)
    died = np.where(view.dead, part.kin.died[view.who], 0)
    return {
        "NIK": text["nik"],
        "NO_KK": text["kk"],
        "NAMA_LGKP": upper(text["name"]),
        "JENIS_KLMIN": np.where(view.female, "2", "1").astype(object),
        "TMPT_LHR": upper(text["birth_place"]),
        "TGL_LHR": birth_text(view, "{y:04d}-{m:02d}-{d:02d}"),
        "STAT_HBKEL": texts(view.relation),
        "STAT_KWN": texts(view.marital),
        "AGAMA": text["religion"],
        "PDDK_AKH": text["education"],
        "JENIS_PKRJN": text["occupation"],
        "NIK_IBU": np.where(parent_nik < 0.45, text["mother_nik"], ""),
        "NAMA_LGKP_IBU": upper(text["mother_name"]),
        "NIK_AYAH": np.where(parent_nik < 0.4, text["father_nik"], ""),
        "NAMA_LGKP_AYAH": np.where(rng.random(n) < 0.92, upper(text["father_name"]), ""),
        **_region(text["region"]),
        "TGL_MENINGGAL": np.where(view.dead, dates(died), ""),
        "TGL_ENTRI": dates(view.updated),
    }


def keluarga(look: Look, family: Ints, rng: np.random.Generator) -> tuple[dict[str, Objects], Ints]:
    """Cells of `data_keluarga` for these families, and the errors in each row."""
    part, homes, places = look.part, look.part.homes, look.part.places
    n = len(family)
    dwelling = homes.dwelling[family]
    spot = homes.spot[dwelling]
    errors = np.zeros(n, dtype=np.int64)
    address, head = places.address[dwelling], part.name[homes.head[family]]
    spoil_family(look, address, errors, ("D27",), rng)
    spoil_family(look, head, errors, ("D15", "D17", "N01"), rng)
    entered = np.maximum(look.numbers.issued[family, 2], look.today - 4000)
    return {
        "NO_KK": look.card[family],
        "NAMA_KEP": upper(head),
        "ALAMAT": address,
        "NO_RT": padded(places.rt[dwelling], 3),
        "NO_RW": padded(places.rw[dwelling], 3),
        "DUSUN": np.where(rng.random(n) < 0.4, places.hamlet[dwelling], blank(n)),
        "KODE_POS": part.villages.postal[spot],
        **_region(part.villages.code[spot]),
        "TGL_ENTRI": dates(np.minimum(entered, look.today - 2)),
    }, errors


def _region(code: Objects) -> dict[str, Objects]:
    """A ten-digit village code in its four parts."""
    return {
        "NO_PROP": each(code, lambda c: c[:2]),
        "NO_KAB": each(code, lambda c: c[2:4]),
        "NO_KEC": each(code, lambda c: c[4:6]),
        "NO_KEL": each(code, lambda c: c[6:]),
    }
