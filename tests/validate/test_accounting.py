"""Nothing is dropped silently: whatever a file's bytes, landed = accepted + quarantined."""

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.compose import Hub
from mdm.contracts.accepted import COLUMNS, KINDS, ORIGIN
from mdm.errors import InputError
from mdm.validation import validate
from mdm.work.progress import Silent
from tests.land.deliveries import csv_text, land_one, new_hub, rows_of

JUNK = st.sampled_from(
    [
        "",
        " ",
        "-",
        "0",
        "\xa0",
        "3.2E+15",
        "TIDAK ADA",
        "99",
        "x" * 300,
        "\u0000",
        "'",
        "31/02/1990",
    ]
)
SMASH = st.sampled_from([b";", b",", b'"', b"\n", b"\r", b"\xff", b"\xa0", b"\t", b"\\", b"9"])


@st.composite
def broken_files(draw: st.DrawFn) -> tuple[str, str, bytes]:
    """A small file of some layout: junk in its cells, then junk in its bytes."""
    source, layout = draw(
        st.sampled_from(
            [("kemendagri", "biodata_wni"), ("kemensos", "siksng_individu"), ("pemda", "warga")]
        )
    )
    rows = rows_of(layout, *({} for _ in range(draw(st.integers(1, 15)))))
    for row in rows:
        for at in draw(st.lists(st.integers(0, len(row) - 1), max_size=4)):
            row[at] = draw(JUNK)
    data = bytearray(csv_text(layout, rows).encode("utf-8" if source != "pemda" else "cp1252"))
    first = data.index(b"\n") + 1
    for _ in range(draw(st.integers(0, 6))):
        at = draw(st.integers(first, len(data) - 1))
        data[at : at + draw(st.integers(0, 1))] = draw(SMASH)
    return source, layout, bytes(data)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Hub:
    """One hub for all examples: each is a batch of its own."""
    return new_hub(tmp_path_factory.mktemp("shared"))


@settings(max_examples=12, deadline=None)
@given(broken=broken_files())
def test_landed_is_accepted_and_quarantined(shared: Hub, broken: tuple[str, str, bytes]) -> None:
    source, layout, data = broken
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.csv"
        path.write_bytes(data)
        before = len(shared.lake.files())
        try:
            result = land_one(shared, path, source)
        except InputError:
            assert len(shared.lake.files()) == before
            return
    engine = shared.engine()
    try:
        counts = validate(shared, engine, Silent(), [result.batch])
        people = engine.fetch('SELECT "row" FROM person_accepted').to_pylist()
    finally:
        engine.close()
    assert counts.landed == result.rows == counts.accepted + counts.quarantined
    assert len(people) == counts.accepted
    rows = [row["row"] for row in _of(shared, f"landed/{source}/{layout}", result.batch)]
    assert sorted(rows) == list(range(1, len(rows) + 1))
    found = {row["row"] for row in _of(shared, "findings", result.batch)}
    assert set(rows) - {row["row"] for row in people} <= found


def _of(hub: Hub, dataset: str, batch: str) -> list[dict[str, Any]]:
    reader = hub.lake.reader(dataset, batch)
    return reader.read_all().to_pylist() if reader else []


def test_clean_rows_are_counted_as_a_plain_reader_counts_them(tmp_path: Path) -> None:
    text = csv_text("warga", rows_of("warga", *({"NIK": str(n)} for n in range(40))))
    path = tmp_path / "a.csv"
    path.write_text(text)
    hub = new_hub(tmp_path)
    expected = len(list(csv.reader(io.StringIO(text), delimiter=";"))) - 1
    assert land_one(hub, path, "pemda").rows == expected


def test_tables_have_their_shape_even_when_nothing_landed(tmp_path: Path) -> None:
    hub = new_hub(tmp_path)
    engine = hub.engine()
    counts = validate(hub, engine, Silent())
    assert counts.as_dict() == dict.fromkeys(
        ("landed", "accepted", "quarantined", "replaced", "person", "family", "household"), 0
    )
    for kind in KINDS:
        assert engine.columns(f"{kind}_accepted") == [*ORIGIN, *COLUMNS[kind]]


@pytest.mark.parametrize("layout", ["biodata_wni", "siksng_individu", "warga"])
def test_every_layout_fills_the_same_shape(tmp_path: Path, layout: str) -> None:
    hub = new_hub(tmp_path)
    path = tmp_path / "a.csv"
    path.write_text(csv_text(layout, rows_of(layout, {})))
    source = {"biodata_wni": "kemendagri", "siksng_individu": "kemensos", "warga": "pemda"}[layout]
    land_one(hub, path, source)
    engine = hub.engine()
    validate(hub, engine, Silent())
    shape = {
        row["column_name"]: row["column_type"]
        for row in engine.fetch("DESCRIBE person_accepted").to_pylist()
    }
    assert shape == {**ORIGIN, **COLUMNS["person"]}
