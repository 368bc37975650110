"""Which cards go by another number now, as the civil registry's deliveries tell one after the other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from mdm.validation import validate
from mdm.work.progress import Silent
from tests.land.deliveries import land_one, new_hub, write

FIRST_DAY = date(2026, 1, 1)
#: Persons by a letter, on cards by a figure; small letters are dead.
Delivery = dict[str, int]


def _card(village: int, figure: int) -> str:
    return f"320711{village:02}0110000{figure}"


def _renumbered(folder: Path, villages: list[list[Delivery]]) -> list[dict[int, int]]:
    """What becomes of the cards of each village, of which all deliveries tell; one that has no more to say says again
    what it said."""
    hub = new_hub(folder)
    for day in range(max(map(len, villages))):
        rows = [
            {
                "NIK": f"320711{village:02}018000{ord(one.upper())}",
                "NAMA_LGKP": f"{one.upper()} ORANG",
                "NO_KK": _card(village, card),
                "TGL_MENINGGAL": "2024-04-01" if one.islower() else "",
                "TGL_ENTRI": f"2025-06-{min(day, len(deliveries) - 1) + 1:02}",
                "NO_KEL": f"20{village:02}",
            }
            for village, deliveries in enumerate(villages, 1)
            for one, card in deliveries[min(day, len(deliveries) - 1)].items()
        ]
        path = write(folder / f"d{day}.csv", "biodata_wni", *rows)
        land_one(hub, path, "kemendagri", delivered_on=FIRST_DAY + timedelta(day))
    engine = hub.engine()
    validate(hub, engine, Silent())
    rows = engine.fetch("SELECT * FROM card_renumbered").to_pylist()
    engine.close()
    hub.close()
    found: list[dict[int, int]] = [{} for _ in villages]
    for one in rows:
        found[int(one["card"][6:8]) - 1][int(one["card"][-1])] = int(one["today"][-1])
    return found


def _on(card: int, people: str, **others: int) -> Delivery:
    return dict.fromkeys(people, card) | others


CASES: list[tuple[list[Delivery], dict[int, int]]] = [
    ([_on(1, "ABC")], {}),
    ([_on(1, "ABC"), _on(1, "ABC")], {}),
    ([_on(1, "ABC"), _on(2, "ABC")], {1: 2}),
    ([_on(1, "ABC"), _on(2, "ABCD")], {1: 2}),  # with a child that was born
    ([_on(1, "ABC"), _on(2, "ABC"), _on(3, "ABC")], {1: 3, 2: 3}),
    ([_on(1, "ABC"), _on(1, "a", B=2, C=2)], {1: 2}),  # the dead head stays on the old card
    ([_on(1, "ABC"), _on(1, "A", B=2, C=2)], {}),  # a divorce: he keeps the card
    ([_on(1, "ABC"), _on(1, "A", B=2, C=2), _on(3, "A", B=2, C=2)], {1: 3}),  # and gets another
    ([_on(1, "ABC"), _on(1, "A", B=2, C=2), _on(2, "ABC")], {1: 2}),  # he comes after
    ([_on(1, "A", B=2, C=2, D=2), _on(2, "ABCD")], {}),  # a widow joins her child
    ([_on(1, "A", B=2), _on(3, "AB")], {}),  # a marriage: neither is most of the new family
    ([_on(1, "ABC"), _on(2, "ABC"), _on(1, "ABC")], {2: 1}),  # a mistake taken back
    ([_on(1, "ABCD"), _on(2, "AB"), _on(2, "CD")], {1: 2}),  # told of in two parts
]


def test_a_card_is_followed_where_the_family_goes_as_a_whole(tmp_path: Path) -> None:
    found = _renumbered(tmp_path, [deliveries for deliveries, _ in CASES])
    assert found == [expected for _, expected in CASES]


def test_who_is_left_out_keeps_no_card(tmp_path: Path) -> None:
    """A number that was replaced stays on the old card for ever."""
    before, after = _on(1, "ABCDEFGH"), _on(1, "ABCDEFG", I=1)
    assert _renumbered(tmp_path, [[before, after, _on(2, "ABCDEFGI")]]) == [{1: 2}]
