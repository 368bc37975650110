"""Which cards go by another number now, as the civil registry's deliveries tell one after the other."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest

from mdm.validation import validate
from mdm.work.progress import Silent
from tests.land.deliveries import land_one, new_hub, write

FIRST_DAY = date(2026, 1, 1)
#: Persons by a letter, on cards by a figure; small letters are dead.
Delivery = dict[str, int]


def _card(figure: int) -> str:
    return f"320711010110000{figure}"


def _renumbered(folder: Path, deliveries: list[Delivery]) -> dict[int, int]:
    hub = new_hub(folder)
    for day, people in enumerate(deliveries):
        rows = [
            {
                "NIK": f"32071101018000{ord(one.upper())}",
                "NAMA_LGKP": f"{one.upper()} ORANG",
                "NO_KK": _card(card),
                "TGL_MENINGGAL": "2024-04-01" if one.islower() else "",
                "TGL_ENTRI": f"2025-06-{day + 1:02}",
            }
            for one, card in people.items()
        ]
        path = write(folder / f"d{day}.csv", "biodata_wni", *rows)
        land_one(hub, path, "kemendagri", delivered_on=FIRST_DAY + timedelta(day))
    engine = hub.engine()
    validate(hub, engine, Silent())
    found = engine.fetch("SELECT * FROM card_renumbered").to_pylist()
    engine.close()
    hub.close()
    return {int(one["card"][-1]): int(one["today"][-1]) for one in found}


def _on(card: int, people: str, **others: int) -> Delivery:
    return dict.fromkeys(people, card) | others


@pytest.mark.parametrize(
    ("deliveries", "expected"),
    [
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
    ],
)
def test_a_card_is_followed_where_the_family_goes_as_a_whole(
    deliveries: list[Delivery], expected: dict[int, int], tmp_path: Path
) -> None:
    assert _renumbered(tmp_path, deliveries) == expected


def test_who_is_left_out_keeps_no_card(tmp_path: Path) -> None:
    """A number that was replaced stays on the old card for ever."""
    before, after = _on(1, "ABCDEFGH"), _on(1, "ABCDEFG", I=1)
    assert _renumbered(tmp_path, [before, after, _on(2, "ABCDEFGI")]) == {1: 2}
