"""Evaluate the published links against a truth file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from matching.engine import Engine
from matching.evaluation import KEY, Evaluation, EvaluationError, evaluate
from matching.mistakes import FALSE, MISSED, mistakes
from matching.rules import Kind
from mdm.compose import Hub
from mdm.errors import InputError
from mdm.export import published_links, the_published_run, write_table
from mdm.work.progress import Progress

MOST_VALUES = 40  # a column with more values than this is no grouping
_ROW = (
    "Give the number of the record's row in the provider's file, 1 for the first after the header."
)


@dataclass(frozen=True)
class Checked:
    """An evaluation, and how many wrong pairs stand in the file that was asked for, if one was."""

    evaluation: Evaluation
    listed: int | None

    @property
    def wrong(self) -> int:
        """Pairs missed and pairs given falsely."""
        found = self.evaluation
        return found.true_pairs + found.given_pairs - 2 * found.found_pairs


def check(
    hub: Hub,
    kind: Kind,
    truth: Path,
    by: Sequence[str],
    progress: Progress,
    *,
    wrong_pairs: Path | None = None,
) -> Checked:
    """How the published links of one kind compare with `truth` (see `matching.evaluation`).

    `wrong_pairs`: a .csv or .parquet to write with missed and false pairs (see `matching.mistakes`), by source,
    file and row; it holds no personal data.
    """
    table = read_truth(truth)
    if not table.num_rows:
        raise InputError("The truth names no rows.", "Give a file with a line per record.")
    the_published_run(hub)
    engine = hub.engine()
    try:
        found = compare(hub, engine, kind, table, progress, by=by)
        if found.missing == found.records:
            raise InputError(
                f"No row of this truth is linked as a {kind}.",
                "It speaks of other files, or of another kind: see --kind.",
            )
        if wrong_pairs is None:
            return Checked(found, None)
        return Checked(found, _write_wrong_pairs(engine, wrong_pairs, progress))
    finally:
        engine.close()


def compare(
    hub: Hub,
    engine: Engine,
    kind: Kind,
    truth: pa.Table,
    progress: Progress,
    *,
    by: Sequence[str] = (),
) -> Evaluation:
    """The same, in an engine of the caller."""
    links = published_links(hub, engine, kind, progress)
    engine.register("truth", truth)
    try:
        with progress.task(f"evaluate {kind} links"):
            return evaluate(engine, links, "truth", list(by))
    except EvaluationError as error:
        raise InputError(f"The truth cannot be compared: {error}.") from None
    finally:
        engine.drop(links, "truth")


def _write_wrong_pairs(engine: Engine, out: Path, progress: Progress) -> int:
    listed = sum(mistakes(engine))
    sides = ", ".join(f"{c}_{side}" for side in ("l", "r") for c in (*KEY, "entity", "cluster"))
    sql = " UNION ALL ".join(
        f"SELECT '{what}' AS mistake, {sides} FROM {table}"
        for what, table in (("missed", MISSED), ("false", FALSE))
    )
    write_table(out, engine.stream(f"SELECT * FROM ({sql}) ORDER BY ALL"), progress, listed)
    return listed


def groupings(truth: pa.Table) -> list[str]:
    """Columns of a truth that break it into groups worth reading."""
    known = {*KEY, "entity"}
    names = [name for name in truth.column_names if name not in known]
    return [n for n in names if 1 < truth[n].to_pandas().nunique() <= MOST_VALUES]


def read_truth(path: Path) -> pa.Table:
    """A truth file (CSV or Parquet); InputError when it cannot be read."""
    try:
        truth = pq.read_table(path) if path.suffix.lower() == ".parquet" else _csv(path)
    except FileNotFoundError:
        raise InputError("The truth file does not exist.", "Check the path.") from None
    except (OSError, pa.ArrowException):
        # What Arrow says would repeat a value of the file.
        raise InputError("The truth file cannot be read.", "Give a CSV or Parquet file.") from None
    names = truth.column_names
    if len(set(names)) < len(names) or not names:
        raise InputError("The truth file names no column, or one twice.", "Name each column once.")
    return _numbered(truth)


def _csv(path: Path) -> pa.Table:
    """All its columns as text: what looks like a number may be an entity's name."""
    kinds = dict.fromkeys(pacsv.open_csv(path).schema.names, pa.string())
    return pacsv.read_csv(path, convert_options=pacsv.ConvertOptions(column_types=kinds))


def _numbered(truth: pa.Table) -> pa.Table:
    """The truth with its rows' numbers as such. InputError that names the first that is none."""
    if "row" not in truth.column_names:
        return truth
    try:
        typed = pc.utf8_trim_whitespace(truth["row"].combine_chunks().cast(pa.string()))
    except pa.ArrowException:
        raise InputError("The truth's `row` is not a column of numbers.", _ROW) from None
    right = pc.match_substring_regex(typed, "^[0-9]{1,18}$").to_pylist()
    if wrong := [at for at, one in enumerate(right, 1) if not one]:
        raise InputError(
            f"In row {wrong[0]:,} of the truth file, `row` is not a number.",
            _ROW,
        )
    at = truth.column_names.index("row")
    return truth.set_column(at, "row", typed.cast(pa.int64()))
