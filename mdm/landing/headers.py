"""Which layout a file has, by its header, and where its columns go."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
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


def bare(name: str) -> str:
    """A column name without marks and blanks, so that `NO_KK`, `No. KK` and `No KK` are one."""
    return "".join(c for c in plain(name) if c.isalnum())


def recognise(contract: Contract, header: Sequence[str]) -> int:
    """How many columns of a header the best layout of a contract knows."""
    return max(len(_places(layout.columns, header)) for layout in contract.layouts)


def match_header(
    contract: Contract, header: Sequence[str], file: str, layout: str | None
) -> tuple[Layout, Header]:
    """The layout of a file and where its columns are. InputError when no layout, or a required
    column, is there.
    """
    chosen = contract.layout(layout) if layout else _best(contract, header, file)
    places = _places(chosen.columns, header)
    taken = set(places.values())
    extra = {
        name.strip() or f"column {i + 1}": i for i, name in enumerate(header) if i not in taken
    }
    _refuse_lacking(contract, chosen, places, extra, file)
    # Only now: a row that is no header names people.
    _refuse_doubles(header, [plain(name) for name in header], file)
    missing = tuple(column for column in chosen.columns if column not in places)
    return chosen, Header(places, extra, missing)


def _places(columns: tuple[str, ...], header: Sequence[str]) -> dict[str, int]:
    """Column → its place: by its name, and where that is nowhere by its bare name, if only one cell has it."""
    names, bare_names = _named(columns)
    found: dict[str, int] = {}
    for place, name in enumerate(header):
        if (column := names.get(plain(name))) is not None:
            found.setdefault(column, place)
    taken = set(found.values())
    rest = {place: bare(name) for place, name in enumerate(header) if place not in taken}
    times = Counter(rest.values())
    for place, name in rest.items():
        column = bare_names.get(name)
        if column is not None and times[name] == 1:
            found.setdefault(column, place)
    return {column: found[column] for column in columns if column in found}


@lru_cache
def _named(columns: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str]]:
    """A layout's columns by their name as it is compared, and by their bare name where it is one column's only.
    Asked of many rows of every file.
    """
    bare_names = Counter(map(bare, columns))
    return (
        {plain(column): column for column in columns},
        {bare(column): column for column in columns if bare_names[bare(column)] == 1},
    )


def _best(contract: Contract, header: Sequence[str], file: str) -> Layout:
    """The layout that knows most of the columns; complete ones first."""

    def fit(layout: Layout) -> tuple[bool, int]:
        places = _places(layout.columns, header)
        return all(column in places for column in layout.required), len(places)

    best = max(contract.layouts, key=fit)
    if fit(best)[1] * 2 < len(best.required):
        known = ", ".join(layout.name for layout in contract.layouts)
        raise InputError(
            f"{file}: its columns are of no layout of source {contract.source} ({known}).",
            "Check the source's name, and that the first line of the file names the columns.",
        )
    return best


def _refuse_lacking(
    contract: Contract, layout: Layout, places: dict[str, int], extra: Iterable[str], file: str
) -> None:
    """Names of the file are told only where the row is a header beyond doubt: another names people."""
    lacking = [column for column in layout.required if column not in places]
    if not lacking:
        return
    unknown = ", ".join(extra) if len(places) * 2 >= len(layout.required) else ""
    renamed = (
        f"If it has another name in the file ({unknown}), give it this one. " if unknown else ""
    )
    are = "column {} is" if len(lacking) == 1 else "columns {} are"
    raise InputError(
        f"{file}: {are.format(', '.join(lacking))} missing; layout {layout.name} of source "
        f"{contract.source} requires {'it' if len(lacking) == 1 else 'them'}.",
        f"{renamed}Add what is not there (it may be empty) or name the right source or layout, and land again.",
    )


def _refuse_doubles(header: Sequence[str], names: Sequence[str], file: str) -> None:
    doubled = sorted(
        {header[i].strip() for i, name in enumerate(names) if name and names.index(name) != i}
    )
    if doubled:
        raise InputError(
            f"{file}: column {', '.join(doubled)} is in the header more than once.",
            "Keep one of them and land again.",
        )
