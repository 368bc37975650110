"""What each verb answers, to people and to machines, on a small home."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from alembic import command
from sqlmodel import col, select

from mdm.homes import open_home
from mdm.hub.migrate import _config
from mdm.hub.tables import LakeFileRow
from mdm.report.collect import collect
from tests.cli.calls import ROOT
from tests.cli.conftest import Call, World, document
from tests.land.deliveries import write

COLUMNS = ["source", "file", "row", "record_key", "entity_id"]


def truth_rows(world: World, kind: str) -> set[tuple[str, str, int]]:
    with (world.delivery / "truth" / f"{kind}.csv").open(encoding="utf-8") as file:
        return {(r["source"], r["file"], int(r["row"])) for r in csv.DictReader(file)}


def test_landing_the_same_files_again_changes_nothing_and_says_so(
    world: World, dtsen_here: Call
) -> None:
    answer = dtsen_here(
        "--home", world.home, "land", "kemensos", world.delivery / "kemensos", "--json"
    )
    batches = document(answer)["batches"]
    assert len(batches) == 2
    assert all(batch["already"] and batch["new"] == 0 for batch in batches)
    assert document(answer)["missing"] == []


def test_quiet_landing_still_tells_of_files_cut_off_empty_and_missing(
    tmp_path: Path, dtsen_here: Call
) -> None:
    home, folder = tmp_path / "home", tmp_path / "in"
    cut = write(folder / "a.csv", "biodata_wni", {}, {"NIK": "3207110101800002"})
    cut.write_text(cut.read_text("utf-8")[:-60], "utf-8")
    write(folder / "b.csv", "biodata_wni")
    (folder / "bast.yaml").write_text("rows: {a.csv: 2, b.csv: 0, z.csv: 7, c.csv: 4}\n", "utf-8")
    dtsen_here("--home", home, "init")
    answer = dtsen_here("-q", "--home", home, "land", "kemendagri", folder, "--json")
    told = answer.err.splitlines()
    assert len(told) == 6  # the last: rows of the delivery as a whole
    assert told[0] == "a.csv: 1 row does not fit the header (quarantined)."
    assert told[1].startswith("a.csv is cut off in row 2")
    assert told[2] == "b.csv has a header and no rows."
    assert [line.split()[4].rstrip(",") for line in told[3:5]] == ["c.csv", "z.csv"]
    landed = document(answer)
    assert [batch["rows"] for batch in landed["batches"]] == [2, 0]
    assert landed["missing"] == ["c.csv", "z.csv"]


def test_status_shows_that_nothing_was_dropped(world: World, dtsen_here: Call) -> None:
    status = document(dtsen_here("--home", world.home, "status", "--json"))
    for batch in status["batches"]:
        assert batch["landed"] == batch["accepted"] + batch["quarantined"] > 0
    assert status["runs"][0]["status"] == "published"
    assert set(status["published"]) == {"person", "family", "household"}
    words = dtsen_here("--home", world.home, "status").out
    for heading in ("Batches", "Runs", "Published golden profiles"):
        assert heading in words


def test_the_page_of_a_home_holds_counts_and_no_value(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    out = tmp_path / "page.html"
    assert dtsen_here("--home", world.home, "status", "--report", out).code == 0
    page = out.read_text("utf-8")
    assert "<svg" in page
    with (world.delivery / "kemendagri" / "biodata_wni.csv").open(encoding="utf-8") as file:
        people = list(csv.DictReader(file))
    for person in people:
        assert person["NIK"] not in page
        assert person["NAMA_LGKP"] not in page or len(person["NAMA_LGKP"]) < 6


def test_the_page_counts_what_its_run_has_seen(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    """What landed since is neither accepted nor quarantined, and no part of the page."""
    home, more = tmp_path / "home", tmp_path / "more.csv"
    shutil.copytree(world.home, home)
    lines = (world.delivery / "kemendagri" / "biodata_wni.csv").read_text("utf-8").splitlines()
    more.write_text("\n".join(line.replace(",19", ",18") for line in lines) + "\n", "utf-8")
    assert (
        dtsen_here("--home", home, "land", "kemendagri", more, "--layout", "biodata_wni").code == 0
    )
    hub = open_home(home)
    try:
        rows = {(one.kind, one.stage): one.rows for one in collect(hub).stages}
    finally:
        hub.close()
    for kind in ("person", "family", "household"):
        assert rows[kind, "landed"] == rows[kind, "accepted"] + rows[kind, "quarantined"] > 0


def test_a_run_without_news_changes_nothing(world: World, dtsen_here: Call) -> None:
    answer = document(dtsen_here("--home", world.home, "run", "--json"))
    assert answer["run"]["unchanged"]


def test_a_home_that_stood_is_told_what_was_brought_up_to_date(
    tmp_path: Path, dtsen_here: Call
) -> None:
    home = tmp_path / "new"
    assert "Root key" in dtsen_here("--home", home, "init").out
    again = dtsen_here("--home", home, "init").out
    assert "nothing was changed" in again
    assert "Root key" not in again
    hub = open_home(home)
    config = _config()
    with hub.sessions.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "-1")
    hub.close()
    told = document(dtsen_here("--home", home, "init", "--json"))
    assert (told["made"], len(told["upgraded"])) == (False, 1)
    assert told["upgraded"][0]["sentence"]


def test_nothing_landed_is_said_plainly(tmp_path: Path, dtsen_here: Call) -> None:
    assert dtsen_here("--home", tmp_path / "new", "init").code == 0
    for verb in ("run", "train"):
        answer = dtsen_here("--home", tmp_path / "new", verb)
        assert answer.code == 2
        assert "Nothing has landed yet" in answer.err


def test_before_the_first_run_there_is_nothing_to_export(tmp_path: Path, dtsen_here: Call) -> None:
    dtsen_here("--home", tmp_path / "new", "init")
    out = tmp_path / "links.parquet"
    answer = dtsen_here(
        "--home", tmp_path / "new", "export", "links", "--kind", "person", "--out", out
    )
    assert answer.code == 3
    assert "dtsen run" in answer.err
    assert not out.exists()


@pytest.mark.parametrize("kind", ["person", "family", "household"])
def test_exported_links_name_every_accepted_row_once(
    kind: str, world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    out = tmp_path / "links.parquet"
    answer = document(
        dtsen_here("--home", world.home, "export", "links", "--kind", kind, "--out", out, "--json")
    )
    table = pq.read_table(out)
    assert table.column_names == COLUMNS
    assert table.num_rows == answer["rows"]
    rows = {(r["source"], r["file"], r["row"]) for r in table.to_pylist()}
    assert len(rows) == table.num_rows
    quarantined = truth_rows(world, kind) - rows
    assert rows <= truth_rows(world, kind)
    assert len(quarantined) <= 5
    assert out.stat().st_mode & 0o077 == 0


def test_evaluation_of_the_small_home_is_good_and_breaks_down(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    truth, wrong = world.delivery / "truth" / "person.csv", tmp_path / "wrong.csv"
    call = ("--home", world.home, "evaluate", "--kind", "person", "--truth", truth, "--by", "sex")
    found = document(dtsen_here(*call, "--mistakes", wrong, "--json"))["evaluation"]
    assert found["pairs"]["f1"]["value"] > 0.9
    assert {g["value"] for g in found["groups"]} <= {"M", "F"}
    listed = len(wrong.read_text("utf-8").splitlines()) - 1
    missed = found["true_pairs"] - found["found_pairs"]
    assert listed == missed + found["given_pairs"] - found["found_pairs"]
    words = dtsen_here(*call, "--mistakes", wrong).out
    assert "whole clusters" in words
    assert f"{listed:,} of {listed:,} wrong pairs in" in " ".join(words.split())


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"row": ["1", "SITI"]}, "In row 2 of the truth file, `row` is not a number"),
        ({"row": [1.5, 2.0]}, "In row 1 of the truth file, `row` is not a number"),
        ({"row": [1, None]}, "In row 2 of the truth file, `row` is not a number"),
        ({"row": [[1], [2]]}, "`row` is not a column of numbers"),
        ({"row": ["1", "01"]}, "1 rows of the truth are named more than once"),
        ({"row": [1, 2], "entity": ["", ""]}, "2 rows of the truth name no entity"),
    ],
)
def test_a_truth_in_parquet_is_read_as_strictly_as_one_in_csv(
    world: World, dtsen_here: Call, tmp_path: Path, columns: dict[str, Any], said: str
) -> None:
    truth = tmp_path / "truth.parquet"
    keys = {"source": ["pemda"] * 2, "file": ["warga.csv"] * 2, "entity": ["a", "b"]}
    pq.write_table(pa.table({**keys, **columns}), truth)
    answer = dtsen_here("--home", world.home, "evaluate", "--kind", "person", "--truth", truth)
    assert answer.code == 4
    assert said in " ".join(answer.err.split())
    assert "SITI" not in answer.err


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("source,file,row,row,entity\npemda,a.csv,1,1,x\n", "names no column, or one twice"),
        ("source,file,row,entity\n", "The truth names no rows"),
    ],
)
def test_a_truth_that_says_nothing_or_one_thing_twice_is_refused(
    world: World, dtsen_here: Call, tmp_path: Path, text: str, said: str
) -> None:
    truth = tmp_path / "truth.csv"
    truth.write_text(text)
    answer = dtsen_here("--home", world.home, "evaluate", "--kind", "person", "--truth", truth)
    assert answer.code == 4
    assert said in " ".join(answer.err.split())


def test_an_unreadable_truth_is_an_input_error(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    for name, text in (("none.csv", None), ("empty.csv", ""), ("bare.csv", "a,b\n1,2\n")):
        truth = tmp_path / name
        if text is not None:
            truth.write_text(text)
        answer = dtsen_here("--home", world.home, "evaluate", "--kind", "person", "--truth", truth)
        assert answer.code == 4, name
        assert "Traceback" not in answer.err
    numbered = tmp_path / "numbered.csv"
    numbered.write_text("source,file,row,entity\npemda,a.csv,1,x\npemda,a.csv,SITI,y\n")
    answer = dtsen_here("--home", world.home, "evaluate", "--kind", "person", "--truth", numbered)
    assert answer.code == 4
    assert "In row 2 of the truth file, `row` is not a number" in answer.err
    assert "SITI" not in answer.err
    families = world.delivery / "truth" / "family.csv"
    answer = dtsen_here("--home", world.home, "evaluate", "--kind", "person", "--truth", families)
    assert answer.code == 4
    assert "No row of this truth is linked as a person" in answer.err


def test_findings_count_by_rule_and_write_the_providers_file(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    counted = document(dtsen_here("--home", world.home, "findings", "--json"))["findings"]
    assert counted
    assert {"source", "layout", "rule", "severity", "findings"} == set(counted[0])
    out = tmp_path / "back.csv"
    call = ("--home", world.home, "findings", "--source", "pemda", "--out", out, "--json")
    written = document(dtsen_here(*call))["written"]
    assert written["findings"] == sum(c["findings"] for c in counted if c["source"] == "pemda")
    assert out.exists()
    assert dtsen_here("--home", world.home, "findings", "--out", tmp_path / "x.doc").code == 2
    assert dtsen_here("--home", world.home, "findings", "--source", "pemdda").code == 4


def test_no_findings_about_files_that_no_run_has_read_are_no_praise(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    dtsen_here("--home", home, "init")
    dtsen_here("--home", home, "land", "pemda", world.delivery / "pemda")
    told = dtsen_here("--home", home, "findings", "--source", "pemda")
    assert "(2) rules say nothing yet" in told.out
    assert document(dtsen_here("--home", home, "findings", "--json"))["unchecked"] == 2
    assert document(dtsen_here("--home", world.home, "findings", "--json"))["unchecked"] == 0
    first = document(dtsen_here("--home", home, "status", "--json"))["batches"][0]
    withdraw = ("--home", home, "withdraw", first["batch"], "--reason", "wrong-file")
    told = dtsen_here(*withdraw)
    assert (told.code, first["file"] in told.out) == (0, True)
    assert dtsen_here(*withdraw).code == 4
    assert document(dtsen_here("--home", home, "findings", "--json"))["unchecked"] == 1


def test_a_row_altered_in_the_lake_is_told_as_altered_also_while_the_engine_reads(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    shutil.copytree(world.home, home)
    hub = open_home(home)
    with hub.sessions.read() as session:
        asked = select(LakeFileRow).where(col(LakeFileRow.dataset).startswith("landed/kemendagri"))
        files = [hub.settings.lake / row.path for row in session.exec(asked)]
    hub.close()
    for file in files:
        altered = bytearray(file.read_bytes())
        altered[len(altered) // 3] ^= 255
        file.write_bytes(altered)
    told = dtsen_here("--home", home, "train")
    assert told.code == 8
    assert "was altered" in told.err
    assert "backup" in told.err


def test_blocks_too_large_to_compare_are_told_by_rule(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    file = tmp_path / "siksng_individu.csv"
    with (world.delivery / "kemensos" / file.name).open(encoding="utf-8-sig", newline="") as given:
        one = next(iter(csv.DictReader(given)))
    with file.open("w", encoding="utf-8", newline="") as made:
        rows = csv.DictWriter(made, list(one))
        rows.writeheader()
        rows.writerows(one | {"IDSEMESTA": f"K{n}", "NIK": world.nik} for n in range(90))
    home = tmp_path / "home"
    dtsen_here("--home", home, "init")
    dtsen_here("--home", home, "land", "kemensos", file)
    told = dtsen_here("--home", home, "run").err
    assert re.search(r"link person: blocks too large .* same NIK \(1\)", told)
    assert world.nik not in told


def test_a_scenario_of_ones_own_is_taken_and_a_wrong_one_is_told(
    dtsen_here: Call, tmp_path: Path
) -> None:
    own = tmp_path / "mine.yaml"
    synth = ("synth", tmp_path / "out", "--people", "20", "--scenario", own)
    shipped = (ROOT / "synthetic" / "scenarios" / "light.yaml").read_text("utf-8")
    told, offered = dtsen_here(*synth).err, dtsen_here("synth", "--help").out
    for file in (ROOT / "synthetic" / "scenarios").iterdir():
        assert file.stem in told  # no such file: those that ship
        assert file.stem in offered
    own.write_text(shipped + "whatever: 1\n", "utf-8")
    wrong = dtsen_here(*synth)
    assert (wrong.code, "mine.yaml: whatever" in wrong.err) == (5, True)
    for weights, said in (("{99: 1}", "no such province code: 99"), ("{}", "needs a weight")):
        own.write_text(re.sub("provinces: .*", f"provinces: {weights}", shipped), "utf-8")
        wrong = dtsen_here(*synth)
        assert (wrong.code, said in wrong.err) == (5, True), wrong.err
    own.write_text(shipped, "utf-8")
    assert dtsen_here(*synth, "--seed", "-1").code == 2
    assert dtsen_here(*synth).code == 0


def test_people_who_fit_into_no_file_are_told_of_in_words(
    dtsen_here: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synthetic.writing.XLSX_ROWS", 40)
    told = dtsen_here("synth", tmp_path / "out", "--people", "60", "--format", "xlsx")
    assert told.code == 4
    assert "A spreadsheet holds at most 40 rows" in told.err
    assert not (tmp_path / "out").exists()


def test_a_profile_is_masked_until_it_is_revealed_for_a_purpose(
    world: World, dtsen_here: Call
) -> None:
    look = ("--home", world.home, "profile")
    masked = dtsen_here(*look, stdin=f"{world.nik}\n")
    assert masked.code == 0
    assert world.nik not in masked.out + masked.err
    assert "masked" in masked.out

    refused = dtsen_here(*look, "--reveal", stdin=f"{world.nik}\n")
    assert refused.code == 7
    assert "purpose" in refused.err

    shown = dtsen_here(*look, "--reveal", "--purpose", "demonstration", stdin=f"{world.nik}\n")
    assert shown.code == 0
    assert world.nik in shown.out


def test_a_profile_says_why_in_both_languages(world: World, dtsen_here: Call) -> None:
    look = ("--home", world.home, "profile", "--reveal", "--purpose", "demonstration")
    english = dtsen_here(*look, stdin=world.nik).out
    indonesian = dtsen_here(*look, "--lang", "id", stdin=world.nik).out
    assert "Full name" in english
    assert "Nama lengkap" in indonesian


def test_the_json_profile_carries_every_reason(world: World, dtsen_here: Call) -> None:
    answer = dtsen_here("--home", world.home, "profile", "--json", stdin=world.nik)
    choices = document(answer)["profile"]["explanation"]["choices"]
    for choice in choices:
        assert choice["record"]["source"]
        assert choice["sentence"]["en"]
        assert choice["sentence"]["id"]
        assert "losers" in choice


def test_an_unknown_nik_is_not_found_and_not_repeated(world: World, dtsen_here: Call) -> None:
    nik = "1101014107719998"
    answer = dtsen_here("--home", world.home, "profile", stdin=nik)
    assert answer.code == 4
    assert "Check the number" in answer.err
    assert nik not in answer.out + answer.err


def test_a_person_is_still_found_after_a_later_run(
    world: World, dtsen_here: Call, tmp_path: Path
) -> None:
    """A second run, with weights learned anew and drawn, publishes what changed, and leaves the way to everybody
    else standing."""
    home = tmp_path / "home"
    shutil.copytree(world.home, home)
    file = tmp_path / "biodata_wni.csv"
    lines = (world.delivery / "kemendagri" / "biodata_wni.csv").read_text("utf-8").splitlines()
    changed = next(line for line in lines[1:] if not line.startswith(world.nik))
    file.write_text(f"{lines[0]}\n{changed.replace('2', '2', 1)}\n", "utf-8")
    land = ("--home", home, "land", "kemendagri", file, "--delivered-on", "2027-01-31")
    assert dtsen_here(*land).code == 0
    told = document(dtsen_here("--home", home, "run", "--train", "--json"))
    assert {Path(chart).suffix for chart in told["charts"]} == {".svg"}
    assert dtsen_here("--home", home, "profile", stdin=world.nik).code == 0


def test_json_answers_are_one_document_and_progress_goes_elsewhere(
    world: World, dtsen_here: Call
) -> None:
    answer = dtsen_here("--home", world.home, "findings", "--json")
    json.loads(answer.out)
    noisy = dtsen_here(
        "--home", world.home, "evaluate", "--kind", "family", "--json",
        "--truth", world.delivery / "truth" / "family.csv",
    )  # fmt: skip
    json.loads(noisy.out)
    assert "done" in noisy.err
    quiet = dtsen_here(
        "--home", world.home, "evaluate", "--kind", "family", "--json", "--quiet",
        "--truth", world.delivery / "truth" / "family.csv",
    )  # fmt: skip
    assert quiet.err == ""
