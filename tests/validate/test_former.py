"""In which villages the registry had somebody before, and since when a row without a date says its own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path

from matching.engine import Engine
from mdm.landing import land
from mdm.validation import validate
from mdm.work.progress import Silent
from tests.land.deliveries import land_one, new_hub, write

DAYS = date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31)
FIRST, SECOND, THIRD = "3207112001", "3207112002", "3207112003"
OTHER_CARD = "3207110101100003"
BEFORE, FEB, MAR = "2024-05-01", "2026-02-10", "2026-03-10"
#: Person → in each delivery the village, and the day on which the registry wrote it down.
HISTORIES: dict[str, Sequence[tuple[str, str]]] = {
    "A": [(FIRST, BEFORE), (FIRST, FEB), (FIRST, MAR)],
    "B": [(FIRST, BEFORE), (SECOND, FEB), (SECOND, MAR)],
    "C": [(FIRST, BEFORE), (SECOND, FEB), (FIRST, MAR)],  # and back
    "D": [(FIRST, BEFORE), (SECOND, FEB), (THIRD, MAR)],
    "E": [(FIRST, BEFORE), (SECOND, BEFORE), (SECOND, BEFORE)],  # of the day before the move
    "F": [("1112032018", BEFORE), ("1112092011", FEB), ("1112092011", FEB)],  # another code of one village
    "G": [(FIRST, BEFORE), (FIRST[:6], FEB), (FIRST, MAR)],  # the village was left empty
}  # fmt: skip


def _place(code: str) -> dict[str, str]:
    parts = code[:2], code[2:4], code[4:6], code[6:]
    return dict(zip(("NO_PROP", "NO_KAB", "NO_KEC", "NO_KEL"), parts, strict=True))


def _told(engine: Engine, key: str, value: str, table: str, kind: str) -> dict[str, str]:
    rows = engine.fetch(
        f"SELECT {key} AS key, {value} AS value FROM {kind}_accepted JOIN {table} USING (rid)"
    )
    return {row["key"]: row["value"] for row in rows.to_pylist()}


def test_what_the_registry_said_before(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    for at, day in enumerate(DAYS):
        card = "3207110101100002" if at else "3207110101100001"  # with B to a new one
        rows = [
            {
                "NIK": f"32071101018000{ord(one)}",
                "NAMA_LGKP": f"{one} ORANG",
                "NO_KK": card if one == "B" else f"32071101011000{ord(one)}",
                "TGL_ENTRI": said[at][1],
                **_place(said[at][0]),
            }
            for one, said in HISTORIES.items()
        ]
        cards = [
            {"NO_KK": card, "TGL_ENTRI": FEB if at else BEFORE, **_place(SECOND if at else FIRST)},
            {"NO_KK": OTHER_CARD, "TGL_ENTRI": MAR if at == 2 else BEFORE, **_place(THIRD if at == 2 else FIRST)},
        ]  # fmt: skip
        registry = [
            write(tmp_path / f"p{at}.csv", "biodata_wni", *rows),
            write(tmp_path / f"f{at}.csv", "data_keluarga", *cards),
        ]
        land(hub, "kemendagri", registry, progress=Silent(), delivered_on=day)
        seen = [
            {"IDSEMESTA": "KS1", "id_desa": FIRST, "diperbarui_at": ""},
            {"IDSEMESTA": "KS2", "id_desa": FIRST, "diperbarui_at": "2025-01-01"},
            {"IDSEMESTA": "KS3", "id_desa": SECOND if at else FIRST, "diperbarui_at": ""},
            {"IDSEMESTA": "KS4", "id_desa": SECOND if at == 2 else FIRST, "diperbarui_at": ""},
        ]
        land_one(
            hub,
            write(tmp_path / f"s{at}.csv", "siksng_individu", *seen),
            "kemensos",
            delivered_on=day,
        )
    late = [
        {"NO_KK": card, "TGL_ENTRI": BEFORE, **_place(FIRST)}
        for card in ("3207110101100001", "3207110101100004")
    ]
    path = write(
        tmp_path / "late.csv", "data_keluarga", *late
    )  # a part that still lists the former card
    land_one(hub, path, "kemendagri", delivered_on=date(2026, 4, 1))
    engine = hub.engine()
    validate(hub, engine, Silent())
    person = _told(engine, "left(name, 1)", "former", "person_former", "person")
    family = _told(engine, "kk", "former", "family_former", "family")
    since = _told(engine, "record_key", "said_since::VARCHAR", "person_undated", "person")
    engine.close()
    hub.close()
    assert person == {
        "B": f"{FEB} {FIRST}",
        "C": f"{MAR} {SECOND}",
        "D": f"{FEB} {FIRST},{MAR} {SECOND}",
        "E": f"{DAYS[1]} {FIRST}",
    }
    assert family == {
        "3207110101100002": f"{FEB} {FIRST}",
        OTHER_CARD: f"{MAR} {FIRST}",
    }
    assert since == {"KS1": str(DAYS[0]), "KS3": str(DAYS[1])}
