"""A marker in every personal field is found nowhere after the whole path: home, temporary files, output."""

from __future__ import annotations

import base64
import csv
import json
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.run.homes import SOURCES, deliver

ROOT = Path(__file__).resolve().parents[2]
# Steps as one process; how each ended stands behind the last mark.
CALL = """
import json, sys
from mdm.cli.app import call
codes = [call(step) for step in json.loads(sys.argv[1])]
sys.stdout.flush()
sys.stderr.flush()
print("ENDED", json.dumps(codes), sep="")
"""
NAME, PLACE, STREET, PHONE = "QWYXZOVA", "VUZQXHEIM", "ZXQUVKJA", "089977553311"
NIK = "3207114404809713"
KK, MOTHER_NIK, FATHER_NIK = "3207113003159751", "3207114404559741", "3207110404509731"
# Layout → column → what it says of the marked person. Words that nobody else has; numbers a registry could give out.
MARKS = {
    "kemendagri/biodata_wni": {
        "NIK": NIK, "NO_KK": KK, "NAMA_LGKP": f"{NAME} BIODATA", "TMPT_LHR": PLACE,
        "NIK_IBU": MOTHER_NIK, "NAMA_LGKP_IBU": f"IBU{NAME}", "NIK_AYAH": FATHER_NIK, "NAMA_LGKP_AYAH": f"AYAH{NAME}",
    },
    "kemendagri/data_keluarga": {
        "NO_KK": KK, "NAMA_KEP": f"{NAME} KEPALA", "ALAMAT": f"JL {STREET} NO 77", "DUSUN": f"DUSUN{STREET}",
    },
    "kemensos/siksng_individu": {
        "IDSEMESTA": "IDZQ55443322", "NIK": NIK, "NOKK": KK, "Nama": f"{NAME} BIODATA", "Tempat_Lahir": PLACE,
        "Nama_Ibu_Kandung": f"IBU{NAME}", "Alamat": f"JL {STREET} NO 77", "keterangan_disabilitas": f"TULI{NAME}",
        "keterangan_meninggal": f"WAFAT{NAME}",
    },
    "kemensos/siksng_keluarga": {
        "IDSEMESTA_KELUARGA": "KFZQ55443322", "NOKK": KK, "Nama_Kepala": f"{NAME} KEPALA",
        "Alamat": f"JL {STREET} NO 77", "id_pelanggan_pln": "557799113355",
    },
    "pemda/warga": {
        "NIK": f"{NIK[:-1]}X", "No KK": KK, "Nama Lengkap": f"{NAME} WARGA", "Tempat Lahir": PLACE,
        "Nama Ibu": f"Ibu{NAME}", "Nama Ayah": f"Ayah{NAME}", "Alamat": f"Jalan {STREET} 77",
        "Pekerjaan": f"TUKANG{NAME}", "No HP": PHONE, "ID Rumah": "RZQ776655",
    },
    "pemda/rumah_tangga": {
        "ID Rumah": "RZQ776655", "Alamat": f"Jalan {STREET} 77", "ID Pelanggan PLN": "557799113355",
        "Daftar No KK": KK, "Lintang": "-6.7712399", "Bujur": "110.7712399",
    },
}  # fmt: skip
MARKERS = sorted(
    {NAME, PLACE, STREET, PHONE, NIK, NIK[:-1], KK, MOTHER_NIK, FATHER_NIK, "557799113355"}
    | {"ZQ776655", "ZQ55443322", "7712399"}
)


def forms(marker: str) -> Iterator[bytes]:
    """The marker as bytes, in the ways it may stand in a file."""
    for text in (marker, marker.lower(), marker.title(), marker[::-1]):
        for encoding in ("utf-8", "utf-16-le", "utf-16-be"):
            raw = text.encode(encoding)
            yield raw
            yield raw.hex().encode()
            yield raw.hex().upper().encode()
            for offset in range(3):
                # What stands before and behind shares a character with the marker: only whole ones count.
                coded = base64.b64encode(b"\0" * offset + raw)
                yield coded[-(-offset * 8 // 6) : (offset + len(raw)) * 8 // 6]
    if marker.isdigit():
        number = int(marker)
        yield number.to_bytes(8, "little") if number > 2**32 else marker.encode()
        yield number.to_bytes(8, "big") if number > 2**32 else marker.encode()


NEEDLES = {needle: marker for marker in MARKERS for needle in forms(marker) if len(needle) >= 6}


def search(content: bytes) -> set[str]:
    """Which markers stand in some bytes."""
    return {marker for needle, marker in NEEDLES.items() if needle in content}


def search_tree(folder: Path) -> dict[str, set[str]]:
    """Markers in files and in names of files; deflated parts are looked into."""
    found: dict[str, set[str]] = {}
    for path in sorted(folder.rglob("*")):
        here = search(path.name.encode())
        if path.is_file():
            content = path.read_bytes()
            here |= search(content) | search(_inflated(content))
        if here:
            found[str(path.relative_to(folder))] = here
    return found


def _inflated(content: bytes) -> bytes:
    """What a file says when it is one zlib or gzip stream."""
    try:
        return zlib.decompress(content, wbits=47)
    except zlib.error:
        return b""


@dataclass(frozen=True)
class Trip:
    """Where the work was done, and all it said."""

    home: Path
    temporary: Path
    delivery: Path
    said: bytes


def mark(delivery: Path) -> None:
    """Let the first row of every file be about the marked person."""
    for name, values in MARKS.items():
        path = delivery / f"{name}.csv"
        encoding = "cp1252" if name.startswith("pemda") else "utf-8-sig"
        delimiter = ";" if name.startswith("pemda") else ","
        with path.open(encoding=encoding, newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter=delimiter))
        assert set(values) <= set(rows[0]), name
        rows[0] |= values
        with path.open("w", encoding=encoding, newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]), delimiter=delimiter)
            writer.writeheader()
            writer.writerows(rows)


def dtsen(
    home: Path, temporary: Path, *steps: Sequence[str | Path], said_to: str = ""
) -> tuple[list[int], bytes]:
    """Commands in a process of its own, whose temporary files and output are watched; how each ended, what was said."""
    commands = [["--home", home, *step] for step in steps]
    process = subprocess.run(
        [sys.executable, "-c", CALL, json.dumps(commands, default=str)],
        input=said_to.encode(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=ROOT,
        env=os.environ | {name: str(temporary) for name in ("TMPDIR", "TMP", "TEMP")},
        check=True,
    )
    said, codes = process.stdout.rsplit(b"ENDED", 1)
    return json.loads(codes), said


@pytest.fixture(scope="module")
def trip(tmp_path_factory: pytest.TempPathFactory) -> Trip:
    root = tmp_path_factory.mktemp("leaks")
    delivery, home, temporary = deliver(root / "in", 20, seed=6), root / "home", root / "tmp"
    temporary.mkdir()
    mark(delivery)
    codes, said = dtsen(
        home,
        temporary,
        ["init"],
        *(["land", source, delivery / source] for source in SOURCES),
        ["train"],
        ["run"],
        ["status", "--json"],
        ["findings"],
    )
    assert set(codes) == {0}
    return Trip(home, temporary, delivery, said)


def test_nothing_personal_is_found_after_the_whole_path(trip: Trip) -> None:
    assert search_tree(trip.home) == {}
    assert search_tree(trip.temporary) == {}
    assert search(trip.said) == set()
    assert not search(str(sorted(trip.home.rglob("*"))).encode())


def test_the_marked_person_went_all_the_way(trip: Trip) -> None:
    """The markers were really in what was landed, or their absence would say nothing."""
    assert len(search_tree(trip.delivery)) == len(MARKS)
    reveal = ["profile", "--reveal", "--purpose", "demonstration", "--json"]
    codes, said = dtsen(trip.home, trip.temporary, reveal, said_to=NIK)
    assert codes == [0]
    assert {NAME, PLACE} <= search(said)


@pytest.mark.parametrize("marker", MARKERS)
def test_the_search_finds_what_it_looks_for(marker: str, tmp_path: Path) -> None:
    """The control: the same marker in plain sight, in each kind of file that a home holds."""
    (tmp_path / "log.txt").write_text(f"row 7: {marker} is wrong", "utf-8")
    (tmp_path / "log16.txt").write_text(f"row 7: {marker} is wrong", "utf-16")
    (tmp_path / "coded.txt").write_bytes(base64.b64encode(f"value: {marker} in a row".encode()))
    (tmp_path / "hex.txt").write_text(marker.encode().hex())
    (tmp_path / "packed.z").write_bytes(zlib.compress(marker.encode()))
    (tmp_path / f"{marker}.txt").touch()
    table = pa.table({"value": [marker, "other"]})
    pq.write_table(table, tmp_path / "plain.parquet", compression="none")
    with sqlite3.connect(tmp_path / "hub.db") as connection:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("CREATE TABLE t (value TEXT)")
        connection.execute("INSERT INTO t VALUES (?)", (marker,))
        connection.commit()
        found = set(search_tree(tmp_path))  # before the log is folded into the database
    names = {"log.txt", "log16.txt", "coded.txt", "hex.txt", "packed.z", "plain.parquet"}
    assert names | {f"{marker}.txt"} <= found
    assert found & {"hub.db", "hub.db-wal"}


def test_what_cannot_be_taken_is_refused_without_a_word_of_it(trip: Trip, tmp_path: Path) -> None:
    text = f"{NAME},{NIK},{STREET}\n{PHONE},{KK},{PLACE}\n".encode()
    broken = {"header.csv": text, "bytes.csv": text + b"\x00\xff\xfe\x81", "book.xlsx": text}
    for name, content in broken.items():
        (tmp_path / name).write_bytes(content)
    steps: list[Sequence[str | Path]] = [["land", "kemensos", tmp_path / name] for name in broken]
    codes, said = dtsen(trip.home, trip.temporary, *steps, ["profile", NIK])
    assert codes == [4, 4, 4, 2]
    assert search(said) == set()
    assert search_tree(trip.home) == {}
    assert search_tree(trip.temporary) == {}
