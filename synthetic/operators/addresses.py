"""Errors of places: D26–D30."""

from __future__ import annotations

import numpy as np

from synthetic.columns import Bools, Ints, objects, padded
from synthetic.operators.registry import operator
from synthetic.view import View

_OLD_PLACES = {
    "Makassar": "UJUNG PANDANG", "Jayapura": "HOLLANDIA", "Merauke": "IRIAN JAYA",
    "Sorong": "IRIAN JAYA",
    "Bogor": "BUITENZORG", "Bandung": "PRIANGAN", "Denpasar": "BADUNG", "Yogyakarta": "JOGJAKARTA",
    "Surakarta": "SOLO", "Banda Aceh": "KUTARAJA", "Gowa": "SUNGGUMINASA", "Purwakarta": "KARAWANG",
}  # fmt: skip
_SHORT = (
    ("JL. ", "JALAN "), ("JL. ", "JLN "), ("JL. ", "JL "), ("GG. ", "GANG "), ("GG. ", "GG "),
    ("DUSUN ", "DSN. "), ("DUSUN ", "DS. "), ("DUSUN ", "DSN "), ("KAMPUNG ", "KP. "),
    ("KAMPUNG ", "KP "), ("BANJAR ", "BR. "), ("BANJAR ", "BR. DINAS "),
    ("LINGKUNGAN ", "LINK. "), ("LINGKUNGAN ", "LK "), ("PEDUKUHAN ", "DK. "),
    ("PEDUKUHAN ", "DUKUH "), ("JORONG ", "JR. "), ("PEKON ", "PKN "), (" NO ", " NO. "),
    (" NO ", " NOMOR "),
    (" NO ", " "),
)  # fmt: skip
_LANDMARKS = objects(
    [
        "BELAKANG MASJID",
        "DEPAN SD NEGERI 2",
        "SAMPING BALAI DESA",
        "DEKAT PASAR",
        "SEBELAH POS RONDA",
    ]
)


@operator("D26")
def birth_place_other(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The birth place is a district or village instead of the regency, an old name, or is missing."""
    place, small = view.text["birth_place"], view.text["birth_district"]
    smallest = view.text["birth_village"]
    place[rows] = objects(
        _OLD_PLACES[p]
        if p in _OLD_PLACES and c < 0.5
        else v
        if v and 0.75 <= c < 0.85
        else s
        if s and c < 0.85
        else ""
        if c > 0.95
        else f"KAB. {p}"
        for p, s, v, c in zip(
            place[rows], small[rows], smallest[rows], rng.random(len(rows)), strict=True
        )
    )
    return rows


def abbreviate_address(address: str, chance: float) -> str:
    """Another way of writing the same address."""
    start = int(chance * 7919) % len(_SHORT)
    for k in range(len(_SHORT)):
        old, new = _SHORT[(start + k) % len(_SHORT)]
        if old in address:
            return address.replace(old, new, 1)
    return address


def _with_address(view: View) -> Bools:
    """All rows but the registry's: it writes addresses on cards, not on persons."""
    return np.full(len(view), view.source != "kemendagri")


@operator("D27", can=_with_address)
def address_otherwise(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The address is abbreviated, loses its house number or is a landmark instead, or RT and RW are swapped or
    missing."""
    text = view.text
    kind = rng.random(len(rows))
    short = rows[kind < 0.7]
    text["address"][short] = objects(
        abbreviate_address(a, float(c))
        for a, c in zip(text["address"][short], rng.random(len(short)), strict=True)
    )
    bare = rows[(kind >= 0.7) & (kind < 0.78)]
    text["address"][bare] = objects(a.split(" NO ")[0] for a in text["address"][bare])
    seen = np.flatnonzero((kind >= 0.76) & (kind < 0.78))
    text["address"][rows[seen]] = _LANDMARKS[(kind[seen] * 1e6).astype(np.int64) % len(_LANDMARKS)]
    swap = rows[(kind >= 0.78) & (kind < 0.86)]
    text["rt"][swap], text["rw"][swap] = text["rw"][swap], text["rt"][swap].copy()
    text["rw"][rows[kind >= 0.86]] = ""
    text["rt"][rows[kind >= 0.94]] = ""
    return rows


@operator("D28")
def address_of_domicile(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The field address is the domicile, another house of the regency than the one on the card."""
    homes, places = view.part.homes, view.part.places
    dwelling = rng.integers(len(homes.spot), size=len(rows))
    same_village = rng.random(len(rows)) < 0.6
    spot = homes.spot[homes.dwelling[view.family[rows]]]
    text = view.text
    text["address"][rows] = places.address[dwelling]
    text["rt"][rows] = padded(places.rt[dwelling], 3)
    text["rw"][rows] = padded(places.rw[dwelling], 3)
    spot = np.where(same_village, spot, homes.spot[dwelling])
    text["region"][rows] = view.part.villages.code[spot]
    text["village"][rows] = view.part.villages.name[spot]
    text["bps"][rows] = view.part.villages.bps[spot]
    return rows


@operator("D29")
def region_of_another_edition(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The village code is of an older Kemendagri edition, or of BPS where there is no older one."""
    villages = view.part.villages
    older = dict(zip(villages.code, villages.older, strict=True))
    bps = dict(zip(villages.code, villages.bps, strict=True))
    column = view.text["region"]
    changed = []
    for row, c in zip(rows, rng.random(len(rows)), strict=True):
        code = column[row]
        if older.get(code):
            column[row] = older[code]
        elif c < 0.1 and code in bps:
            column[row] = bps[code] + code[-3:]
        else:
            continue
        changed.append(int(row))
    return np.array(changed, dtype=np.int64)


@operator("D30")
def region_other_status(view: View, rows: Ints, rng: np.random.Generator) -> Ints:
    """The village code says kelurahan for a desa or the other way round (1xxx and 2xxx)."""
    column = view.text["region"]
    column[rows] = objects(c[:6] + ("2" if c[6] == "1" else "1") + c[7:] for c in column[rows])
    return rows
