"""Open figures: people and families by region and desil, as anybody may have them.

Three levels that sum to each other: provinces of the country, regencies of a province by groups of
desil, kecamatan of a regency in all. Each table is suppressed knowing what the one above it hides.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlmodel import Session

from mdm.figures.reading import read
from mdm.figures.suppressing import Table

COUNTRY = ""
ELSEWHERE = "-"  # region not known, or not as deep as its neighbours are
GROUPS = ("1", "2", "3", "4", "5", "6-10", "")  # of desil; '': none
KINDS = ("person", "family")


@dataclass(frozen=True)
class OpenRow:
    """One region: how many of each group of desil and in all; None for what is hidden. `groups` is
    empty below the regency. `code`: Kemendagri code; ends in `-` for what has no place there."""

    level: str
    code: str
    within: str
    groups: Mapping[str, int | None]
    whole: int | None


@dataclass(frozen=True)
class OpenFigures:
    """All rows of one kind, by code."""

    rows: Mapping[str, OpenRow]

    def within(self, code: str) -> list[OpenRow]:
        """The regions of a region, by code."""
        found = [row for row in self.rows.values() if row.within == code and row.code != code]
        return sorted(found, key=lambda row: (row.code.endswith(ELSEWHERE), row.code))


def open_figures(session: Session, seq: int, kind: str) -> OpenFigures:
    """The open figures of a run. ValueError for a kind that is not published."""
    if kind not in KINDS:
        raise ValueError("people and families only")
    by_regency: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in read(session, seq, "desil", kind):
        by_regency[_place(one.part, 4)][_group(one.detail)] += one.count
    districts: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for one in read(session, seq, "region", kind):
        code = _place(one.part, 6)
        districts[_above(code)][code] += one.count
    rows = _rows(by_regency, districts)
    return OpenFigures({row.code: row for row in rows})


def _rows(
    by_regency: Mapping[str, Mapping[str, int]], districts: Mapping[str, Mapping[str, int]]
) -> Iterator[OpenRow]:
    provinces: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for code, groups in by_regency.items():
        for group, n in groups.items():
            provinces[_above(code)][group] += n
    if not provinces:  # the run has none of this kind
        yield OpenRow("country", COUNTRY, COUNTRY, dict.fromkeys(GROUPS, 0), 0)
        return
    country = _table(provinces)
    yield _row("country", COUNTRY, COUNTRY, country, len(provinces))
    for p, province in enumerate(sorted(provinces)):
        yield _row("province", province, COUNTRY, country, p)
        own = {code: groups for code, groups in by_regency.items() if _above(code) == province}
        regencies = _table(own, country.hides(p))
        for r, regency in enumerate(sorted(own)):
            if regency != province:
                yield _row("regency", regency, province, regencies, r)
                below = districts.get(regency, {})
                yield from _districts(regency, below, regencies.hides(r)[-1])


def _districts(regency: str, own: Mapping[str, int], hidden: bool) -> Iterator[OpenRow]:
    codes = sorted(own)
    table = Table([[own[code]] for code in codes], [hidden, hidden]) if codes else None
    for d, code in enumerate(codes):
        yield OpenRow("district", code, regency, {}, table.shown(d, 0) if table else None)


def _table(of: Mapping[str, Mapping[str, int]], above: list[bool] | None = None) -> Table:
    return Table([[of[code].get(group, 0) for group in GROUPS] for code in sorted(of)], above)


def _row(level: str, code: str, within: str, table: Table, at: int) -> OpenRow:
    groups = {group: table.shown(at, c) for c, group in enumerate(GROUPS)}
    return OpenRow(level, code, within, groups, table.shown(at, len(GROUPS)))


def _place(code: str, digits: int) -> str:
    """A code of so many digits; what is known less well stands apart within what is known."""
    return code if len(code) == digits else code + ELSEWHERE


def _above(code: str) -> str:
    """The region that a region lies in."""
    if code == ELSEWHERE:
        return ELSEWHERE
    plain = code.removesuffix(ELSEWHERE)
    return plain[: 2 if len(plain) == 4 else 4] if plain == code else plain


def _group(desil: str) -> str:
    if not desil:
        return ""
    return desil if int(desil) <= 5 else "6-10"
