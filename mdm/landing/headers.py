"""Which layout a file has, by its header, and where its columns go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from mdm.contracts import Contract, Layout
from mdm.errors import InputError


@dataclass(frozen=True)
class Header:
    """The places of a file's columns: contract column → place, and names of columns the contract
    does not know.
    """

    places: dict[str, int]
    extra: dict[str, int]
    missing: tuple[str, ...]


def plain(name: str) -> str:
    """A column name as it is compared: no case, no marks of text files, one blank between words."""
    visible = name if name.isprintable() else "".join(c if c.isprintable() else " " for c in name)
    return " ".join(visible.split()).casefold()


def recognise(contract: Contract, header: Sequence[str]) -> int:
    """How many columns of a header the best layout of a contract knows."""
    names = {plain(name) for name in header}
    return max(len(names & _plain(layout.columns)) for layout in contract.layouts)


@lru_cache
def _plain(columns: tuple[str, ...]) -> frozenset[str]:
    """A layout's columns as they are compared; asked of many rows of every file."""
    return frozenset(map(plain, columns))


def match_header(
    contract: Contract, header: Sequence[str], file: str, layout: str | None
) -> tuple[Layout, Header]:
    """The layout of a file and where its columns are. InputError when no layout, or a required
    column, is there.
    """
    names = [plain(name) for name in header]
    chosen = contract.layout(layout) if layout else _best(contract, names, file)
    lacking = [column for column in chosen.required if plain(column) not in names]
    if lacking:
        raise InputError(
            f"{file}: column {', '.join(lacking)} is missing; layout {chosen.name} of source "
            f"{contract.source} requires it.",
            "Add the column (it may be empty) or name the right source or layout, and land again.",
        )
    _refuse_doubles(header, names, file)  # only now: a row that is no header names people
    places = {c: names.index(plain(c)) for c in chosen.columns if plain(c) in names}
    known = set(places.values())
    extra = {header[i].strip() or f"column {i + 1}": i for i in range(len(names)) if i not in known}
    missing = tuple(column for column in chosen.columns if column not in places)
    return chosen, Header(places, extra, missing)


def _best(contract: Contract, names: Sequence[str], file: str) -> Layout:
    """The layout that knows most of the columns; complete ones first."""

    def fit(layout: Layout) -> tuple[bool, int]:
        complete = all(plain(column) in names for column in layout.required)
        return complete, sum(plain(column) in names for column in layout.columns)

    best = max(contract.layouts, key=fit)
    if fit(best)[1] * 2 < len(best.required):
        known = ", ".join(layout.name for layout in contract.layouts)
        raise InputError(
            f"{file}: its columns are of no layout of source {contract.source} ({known}).",
            "Check the source's name, and that the first line of the file names the columns.",
        )
    return best


def _refuse_doubles(header: Sequence[str], names: Sequence[str], file: str) -> None:
    doubled = sorted(
        {header[i].strip() for i, name in enumerate(names) if name and names.index(name) != i}
    )
    if doubled:
        raise InputError(
            f"{file}: column {', '.join(doubled)} is in the header more than once.",
            "Keep one of them and land again.",
        )
