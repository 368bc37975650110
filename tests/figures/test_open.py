"""What is published gives no small number away: audited by linear programming, over all levels at once."""

from __future__ import annotations

import random

import numpy as np
import pytest
from scipy.optimize import linprog
from sqlmodel import Session

from mdm.compose import Hub
from mdm.figures.open import GROUPS, OpenFigures, OpenRow, open_figures
from mdm.figures.suppressing import LEAST, Table
from mdm.hub.tables import RunFigure

SEQ = 1


def crowd(session: Session, seed: int) -> None:
    """A country of few people: most cells are small, some are nought."""
    dice = random.Random(seed)
    for province in ("11", "12", "13")[: dice.randint(1, 3)]:
        for r in range(dice.randint(1, 4)):
            regency, whole = f"{province}0{r + 1}", 0
            for desil in ("1", "2", "3", "4", "5", "8", ""):
                n = dice.choice((0, 0, dice.randint(1, 10), dice.randint(11, 60)))
                whole += n
                if n:
                    session.add(figure("desil", regency, desil, n))
            for d in range(dice.randint(1, 3)):
                part = whole if d == 2 else dice.randint(0, whole)
                whole -= part
                if part:
                    session.add(figure("region", f"{regency}0{d + 1}", "", part))
            if whole:
                session.add(figure("region", regency, "", whole))
    session.add(figure("desil", "", "3", 4))
    session.add(figure("region", "", "", 4))


def figure(name: str, part: str, detail: str, value: float) -> RunFigure:
    return RunFigure(run_seq=SEQ, figure=name, kind="person", part=part, detail=detail, value=value)


def intervals(
    found: OpenFigures, hidden: list[tuple[str, str]]
) -> dict[tuple[str, str], tuple[float, float]]:
    """What anybody could work out of a hidden number: its least and greatest value."""
    at: dict[tuple[str, str], int] = {}
    sums: list[tuple[list[tuple[str, str]], tuple[str, str]]] = []
    bounds: list[tuple[float, float | None]] = []

    def cell(row: OpenRow, group: str, value: int | None) -> tuple[str, str]:
        key = (f"{row.level}:{row.code}", group)
        if key not in at:
            at[key] = len(bounds)
            bounds.append((0, None) if value is None else (value, value))
        return key

    for row in found.rows.values():
        whole = cell(row, "all", row.whole)
        if row.groups:
            sums.append(([cell(row, group, n) for group, n in row.groups.items()], whole))
    for row in found.rows.values():
        below = [one for one in found.within(row.code) if one is not row]
        if not below or row.level == "district":
            continue
        for group in (*GROUPS, "all") if below[0].groups else ("all",):
            inner = [
                cell(one, group, one.whole if group == "all" else one.groups[group])
                for one in below
            ]
            if row.level == "province" and any(not one.groups for one in below):
                continue
            outer = cell(row, group, row.whole if group == "all" else row.groups[group])
            sums.append((inner, outer))
    matrix = np.zeros((len(sums), len(bounds)))
    for line, (inner, outer) in enumerate(sums):
        for key in inner:
            matrix[line, at[key]] += 1
        matrix[line, at[outer]] -= 1
    limits = {}
    for key in hidden:
        goal = np.zeros(len(bounds))
        goal[at[key]] = 1
        ends = [
            linprog(sign * goal, A_eq=matrix, b_eq=np.zeros(len(sums)), bounds=bounds)
            for sign in (1, -1)
        ]
        low = ends[0].fun
        high = float("inf") if ends[1].status == 3 else -ends[1].fun
        limits[key] = (low, high)
    return limits


@pytest.mark.parametrize("seed", range(10))
def test_nobody_can_work_out_a_small_number(hub_of_figures: Hub, seed: int) -> None:
    with hub_of_figures.sessions.begin() as session:
        crowd(session, seed)
        session.flush()
        found = open_figures(session, SEQ, "person")
        session.rollback()
    shown = [row.whole for row in found.rows.values()]
    shown += [n for row in found.rows.values() for n in row.groups.values()]
    assert not [n for n in shown if n is not None and 0 < n < LEAST]
    hidden = [
        (f"{row.level}:{row.code}", group)
        for row in found.rows.values()
        for group, n in (*row.groups.items(), ("all", row.whole))
        if n is None
    ]
    assert hidden
    for key, (low, high) in intervals(found, hidden).items():
        assert high - low >= 1, key


def test_large_numbers_are_all_shown() -> None:
    table = Table([[20, 30], [0, 50]])
    assert not table.hidden
    assert table.shown(2, 2) == 100


def test_one_small_number_takes_others_with_it() -> None:
    table = Table([[3, 40, 50], [60, 20, 80], [90, 30, 25]])
    assert table.shown(0, 0) is None
    rows = [sum(table.shown(r, c) is None for c in range(3)) for r in range(3)]
    columns = [sum(table.shown(r, c) is None for r in range(3)) for c in range(3)]
    assert all(n != 1 for n in rows + columns)
    assert table.shown(3, 3) == 398


def test_a_run_without_a_kind_shows_that_there_is_none(hub_of_figures: Hub) -> None:
    with hub_of_figures.sessions.read() as session:
        found = open_figures(session, SEQ, "family")
    (country,) = found.rows.values()
    assert (country.level, country.whole, set(country.groups.values())) == ("country", 0, {0})
    assert found.within(country.code) == []
