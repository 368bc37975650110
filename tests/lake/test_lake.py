"""The lake: what is adopted is there, whole and sealed; what is not is nothing."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.compose import Hub
from mdm.errors import IntegrityError
from mdm.homes import create_home
from mdm.lake import LakeFile
from mdm.lake.files import ROW_GROUP

MARKER = "ZZMARKERZZ"
TABLE = pa.table({"name": [MARKER, None, "SITI"], "n": pa.array([1, 2, None], pa.int64())})


def keep(hub: Hub, dataset: str, data: pa.Table, owner: str = "b1") -> LakeFile:
    file = hub.lake.write(dataset, data, owner=owner)
    with hub.sessions.begin() as session:
        hub.lake.adopt(session, [file])
    return file


def read(hub: Hub, dataset: str, **choice: object) -> pa.Table:
    reader = hub.lake.reader(dataset, **choice)  # type: ignore[arg-type]
    assert reader is not None
    return reader.read_all()


def test_what_is_adopted_comes_back_as_it_was(hub: Hub) -> None:
    file = keep(hub, "landed/a/b", TABLE)
    assert read(hub, "landed/a/b").equals(TABLE)
    assert (file.rows, hub.lake.files()) == (3, [file])
    hub.lake.verify(file)


@pytest.mark.parametrize(
    "error", [MemoryError("malloc of size 64 failed"), OSError(errno.EMFILE, "Too many open files")]
)
def test_what_the_machine_does_not_give_is_not_said_of_a_file(
    hub: Hub, error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a lake that is whole would be restored from a backup."""
    file = keep(hub, "d", TABLE)

    def refused(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("mdm.lake.files.pq.ParquetFile", refused)
    with pytest.raises(type(error), match=str(error.args[-1])):
        read(hub, "d")
    path = hub.settings.lake / file.path
    path.write_bytes(path.read_bytes()[:-8])
    with pytest.raises(IntegrityError, match="does not open"):
        read(hub, "d")


def test_what_is_not_adopted_is_not_there_and_is_swept(hub: Hub) -> None:
    kept = keep(hub, "d", TABLE)
    hub.lake.write("d", TABLE, owner="killed")
    (hub.settings.lake / ".half.parquet").write_bytes(b"half")
    assert hub.lake.files("d") == [kept]
    assert hub.lake.sweep() == 2
    assert [path.name for path in hub.settings.lake.iterdir()] == [kept.path]
    assert read(hub, "d").equals(TABLE)


def test_adoption_belongs_to_the_callers_unit_of_work(hub: Hub) -> None:
    file = hub.lake.write("d", TABLE, owner="b1")

    def failing() -> None:
        with hub.sessions.begin() as session:
            hub.lake.adopt(session, [file])
            raise RuntimeError

    with pytest.raises(RuntimeError):
        failing()
    assert hub.lake.reader("d") is None


def test_files_of_one_owner_can_be_read_and_forgotten(hub: Hub) -> None:
    keep(hub, "d", TABLE, "b1")
    keep(hub, "d", TABLE.slice(0, 1), "b2")
    assert read(hub, "d").num_rows == 4
    assert read(hub, "d", owner="b2").num_rows == 1
    with hub.sessions.begin() as session:
        hub.lake.forget(session, owner="b1")
    assert read(hub, "d").num_rows == 1
    assert hub.lake.sweep() == 1


def test_columns_can_be_chosen_and_missing_ones_are_null(hub: Hub) -> None:
    keep(hub, "d", TABLE)
    keep(hub, "d", pa.table({"name": ["BUDI"], "later": ["x"]}))
    assert read(hub, "d", columns=["later", "n"]).to_pylist() == [
        {"later": None, "n": 1},
        {"later": None, "n": 2},
        {"later": None, "n": None},
        {"later": "x", "n": None},
    ]


def test_datasets_are_listed_by_prefix(hub: Hub) -> None:
    for name in ("landed/a/x", "landed/b/y", "findings"):
        keep(hub, name, TABLE)
    assert hub.lake.datasets("landed/") == ["landed/a/x", "landed/b/y"]


def test_a_stream_of_several_row_groups_is_written_and_read_in_pieces(hub: Hub) -> None:
    rows = ROW_GROUP + 10_000
    schema = pa.schema([("n", pa.int64())])

    def batches() -> Iterator[pa.RecordBatch]:
        for start in range(0, rows, 50_000):
            numbers = pa.array(range(start, min(start + 50_000, rows)), pa.int64())
            yield pa.record_batch([numbers], schema=schema)

    told: list[int] = []
    reader = pa.RecordBatchReader.from_batches(schema, batches())
    file = hub.lake.write("d", reader, owner="b", advance=told.append)
    with hub.sessions.begin() as session:
        hub.lake.adopt(session, [file])
    assert file.rows == sum(told) == rows
    engine = hub.engine()
    stream = hub.lake.reader("d")
    assert stream is not None
    assert engine.register("t", stream) == rows
    assert engine.scalar("SELECT sum(n) FROM t") == rows * (rows - 1) // 2
    engine.close()


def test_an_empty_table_keeps_its_columns(hub: Hub) -> None:
    keep(hub, "d", TABLE.slice(0, 0))
    assert read(hub, "d").schema.names == ["name", "n"]


def test_nothing_plain_is_in_a_file_or_its_name(hub: Hub) -> None:
    file = keep(hub, f"landed/{MARKER}", TABLE)
    data = (hub.settings.lake / file.path).read_bytes()
    for trace in (MARKER, "name", "SITI"):
        assert trace.encode() not in data
        assert trace not in file.path


def test_a_failed_write_leaves_no_file(hub: Hub) -> None:
    def broken() -> Iterator[pa.RecordBatch]:
        yield from TABLE.to_batches()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        hub.lake.write("d", pa.RecordBatchReader.from_batches(TABLE.schema, broken()), owner="b")
    assert list(hub.settings.lake.iterdir()) == []


def test_a_file_in_anothers_place_is_found(hub: Hub) -> None:
    one, other = keep(hub, "d", TABLE), keep(hub, "e", TABLE)
    shutil.copy(hub.settings.lake / one.path, hub.settings.lake / other.path)
    with pytest.raises(IntegrityError):
        read(hub, "e")
    with pytest.raises(IntegrityError):
        hub.lake.verify(other)


def test_a_missing_file_is_said(hub: Hub) -> None:
    file = keep(hub, "d", TABLE)
    (hub.settings.lake / file.path).unlink()
    with pytest.raises(IntegrityError, match="missing"):
        read(hub, "d")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Hub, LakeFile, bytes]:
    hub = create_home(tmp_path_factory.mktemp("lake") / "home")
    file = keep(hub, "d", pa.table({"name": [MARKER] * 50}))
    return hub, file, (hub.settings.lake / file.path).read_bytes()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_an_altered_file_never_gives_other_rows(
    stored: tuple[Hub, LakeFile, bytes], data: st.DataObject
) -> None:
    hub, file, intact = stored
    at = data.draw(st.integers(0, len(intact) - 1))
    altered = bytearray(intact)
    altered[at] ^= data.draw(st.integers(1, 255))
    (hub.settings.lake / file.path).write_bytes(bytes(altered))
    try:
        rows = read(hub, "d").column("name").to_pylist()
    except IntegrityError:
        rows = None
    assert rows in (None, [MARKER] * 50)
    with pytest.raises(IntegrityError):
        hub.lake.verify(file)


def test_the_engine_that_reads_an_altered_file_says_what_the_lake_says(hub: Hub) -> None:
    file = keep(hub, "landed/a/b", pa.table({"n": pa.array(range(20_000))}))
    path, engine = hub.settings.lake / file.path, hub.engine()
    assert engine.register("intact", hub.lake.reader("landed/a/b")) == 20_000
    altered = bytearray(path.read_bytes())
    altered[len(altered) // 2] ^= 255
    path.write_bytes(bytes(altered))
    with pytest.raises(IntegrityError, match=f"Lake file {file.id} was altered"):
        engine.register("altered", hub.lake.reader("landed/a/b"))
    assert engine.scalar("SELECT count(*) FROM intact") == 20_000  # the engine still works
    engine.close()


def test_a_rotated_lake_key_still_opens_old_files(hub: Hub) -> None:
    keep(hub, "d", TABLE)
    with hub.sessions.begin() as session:
        hub.keys.rotate(session, "lake")
    keep(hub, "d", TABLE)
    assert read(hub, "d").num_rows == 6
