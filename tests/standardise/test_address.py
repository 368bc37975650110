"""Addresses: the words that tell, whatever stands around them."""

from __future__ import annotations

import pytest

from tests.standardise.tables import person, persons


@pytest.mark.parametrize(
    "typed",
    [
        "JL. KENANGA NO 14",
        "JALAN KENANGA NO. 14",
        "JLN KENANGA NOMOR 014",
        "JL KENANGA 14 RT 003 RW 005",
        "JL. KENANGA NO.14 RT.003/005",
    ],
)
def test_one_house_written_in_many_ways(typed: str) -> None:
    plain, other = persons(
        {"name": "X", "address": "JALAN KENANGA 14"}, {"name": "X", "address": typed}
    )
    assert plain["address_key"] == other["address_key"] is not None


def test_another_number_is_another_house() -> None:
    one, other = persons(
        {"name": "X", "address": "JL KENANGA NO 14"}, {"name": "X", "address": "JL KENANGA NO 41"}
    )
    assert one["address_key"] != other["address_key"]


@pytest.mark.parametrize("address", [None, "DESA", "RT 01 RW 02", "-"])
def test_an_address_that_tells_nothing_is_none(address: str | None) -> None:
    assert person(name="X", address=address)["address_key"] is None
