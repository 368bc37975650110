"""What became of the files of a delivery, and what its user should know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from mdm.landing.handover import Handover
from mdm.landing.offices import by_rows
from mdm.work.progress import Progress

NAMED = 3  # rows of a file in notes of their own


@dataclass(frozen=True)
class BatchResult:
    """What became of one file. `new` rows were not held before in this form; `delivered_on`: the day as of which its
    rows count; `already`: nothing was done, because this very file landed as `landed_as`, for the office `landed_for`;
    `header_row` of the file names the columns; `offices`: office → rows, where nobody named the office and each row's
    region told it (None: it did not); `cut_off`: the row in which the file ends; `joined`: rows that a quotation mark
    joins to those after them; `repeated`: rows that name the columns again.
    """

    file: str
    layout: str
    rows: int
    new: int
    unchanged: int
    bad: int
    declared: int | None
    batch: str
    delivered_on: date | None
    already: bool = False
    landed_as: str | None = None
    landed_for: str | None = None
    header_row: int = 1
    offices: Mapping[str | None, int] = field(default_factory=dict)
    cut_off: int | None = None
    joined: Sequence[int] = ()
    repeated: Sequence[int] = ()


class Landed(list[BatchResult]):
    """What became of the files of one delivery, in their order. `missing`: names of files, sorted, that its
    handover record declares and that are not among them. `rows`: of all files.
    """

    def __init__(self, results: Iterable[BatchResult], handover: Handover) -> None:
        super().__init__(results)
        here = {result.file.casefold() for result in self}
        self.missing = sorted(name for name in handover.files if name.casefold() not in here)
        self.rows = sum(result.rows for result in self)


def tell(progress: Progress, landed: Landed, handover: Handover, office: str | None) -> None:
    """What the user should know beyond the table of results. `office`: the one that was named now."""
    for result in landed:
        if result.header_row > 1:
            progress.note(
                f"{result.file}: row {result.header_row} names the columns; rows are counted below it."
            )
        if result.already:
            progress.note(_landed_before(result, office))
        elif misfits := result.bad - len(result.repeated):
            fit = "row does" if misfits == 1 else "rows do"
            progress.note(f"{result.file}: {misfits:,} {fit} not fit the header (quarantined).")
        if result.repeated:
            progress.note(_named_again(result))
        for row in result.joined[:NAMED]:
            progress.note(
                f"{result.file}: a quotation mark opened in row {row} is not closed in it, and rows after it were read "
                "as part of it. After the next run `dtsen findings` tells which."
            )
        if result.cut_off is not None:
            progress.note(
                f"{result.file} is cut off in row {result.cut_off}, its last: rows that came after it are not here. "
                "Ask the provider for the whole file and land that, too; nothing is taken twice."
            )
        if result.offices:
            progress.note(by_rows(result.file, result.offices))
        if result.rows == 0 and not result.already:
            progress.note(f"{result.file} has a header and no rows.")
        if result.declared is not None and result.declared != result.rows and not result.already:
            progress.note(
                f"{result.file}: the handover record declares {result.declared} rows, "
                f"the file has {result.rows}."
            )
    for name in landed.missing:
        progress.note(f"The handover record declares {name}, which is not among the files.")
    whole = handover.declared_whole
    if len(landed) > 1 and whole is not None and whole != landed.rows:
        progress.note(
            f"The handover record declares {whole} rows for the whole delivery, its files have {landed.rows}."
        )


def _landed_before(result: BatchResult, office: str | None) -> str:
    """That this very file is held already, under which name, and for which other office."""
    name = "" if result.landed_as in (None, result.file) else f", as {result.landed_as}"
    if office is None or result.landed_for in (None, office):
        return f"{result.file} was landed before{name}; nothing changed."
    return (
        f"{result.file} was landed before{name}, for office {result.landed_for}: its records stay that office's, "
        "and nothing changed."
    )


def _named_again(result: BatchResult) -> str:
    """That rows inside the table name its columns, as where several tables were put together."""
    rows, more = result.repeated[:NAMED], len(result.repeated) - NAMED
    which = ", ".join(map(str, rows)) + (f" and {more:,} more" if more > 0 else "")
    one = len(result.repeated) == 1
    return (
        f"{result.file}: {'row' if one else 'rows'} {which} {'names' if one else 'name'} the columns again "
        "(quarantined); nothing need be mended."
    )
