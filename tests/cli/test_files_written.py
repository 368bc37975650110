"""Files that are asked for: readable by their owner only, whatever lies ready there; no formula in a .csv."""

from __future__ import annotations

import stat
from pathlib import Path

import pyarrow as pa
import pyarrow.csv as pacsv
import pyarrow.parquet as pq

from mdm.export import write_table
from mdm.files.sheets import guarded, private_file
from mdm.work.progress import Silent

CELLS = ["=1+1", "@SUM(A1)", "+62 812 345", "-1+cmd", "\t=1", "3201-1", "", None]
IN_CSV = ["'=1+1", "'@SUM(A1)", "+62 812 345", "'-1+cmd", "'\t=1", "3201-1", "", None]


def test_nothing_is_written_into_what_somebody_laid_ready(tmp_path: Path) -> None:
    out, theirs = tmp_path / "links.csv", tmp_path / "theirs"
    theirs.touch(mode=0o666)
    out.with_name("links.csv.new").symlink_to(theirs)
    with private_file(out) as file:
        file.write(b"3201154503880002")
    assert theirs.read_bytes() == b""
    assert (out.is_symlink(), stat.S_IMODE(out.stat().st_mode)) == (False, 0o600)
    assert out.read_bytes() == b"3201154503880002"


def test_a_csv_holds_no_formula(tmp_path: Path) -> None:
    table = pa.table({"record_key": CELLS, "row": list(range(len(CELLS)))})
    assert guarded(CELLS) == IN_CSV
    for name, said in (("links.csv", IN_CSV), ("links.parquet", CELLS)):
        out = tmp_path / name
        write_table(out, table.to_reader(), Silent())
        if out.suffix == ".csv":
            kinds = pacsv.ConvertOptions(
                column_types={"record_key": pa.string()},
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            )
            held = pacsv.read_csv(out, convert_options=kinds)
        else:
            held = pq.read_table(out)
        assert held["record_key"].to_pylist() == said
