"""The lake: immutable, encrypted Parquet files; a manifest in the hub says which are part of it.

A file is written under a temporary name, synced, renamed, and still belongs to nothing: `adopt`
makes it part of the lake inside the caller's unit of work. What a killed process left is swept
away later. Every file names itself in its own encrypted footer, so a file put in another's place
is found out.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import Session, col, delete, select

from mdm.errors import IntegrityError
from mdm.hub.sessions import Sessions
from mdm.hub.tables import LakeFileRow
from mdm.keys import Keys
from mdm.keys.keyfile import sync_directory
from mdm.keys.parquet import ParquetKeys
from mdm.lake.picks import Picks
from mdm.work.progress import Advance

ROW_GROUP = 262_144  # rows; bounds the memory of a reader and of a writer
PICKED_GROUP = 8_192  # rows of a file in order: what is read to find a few rows in it
NARROW_GROUP = 2_048  # the same of a file of few columns: what a group costs goes with its columns
NARROW = 10  # columns
READ_BATCH = 65_536
SUFFIX = ".parquet"
IDENTITY = b"dtsen.file"
ORDER = b"dtsen.order"  # columns that rows are in order of, so that some can be found by them

#: Gives back the rows of a batch that stay.
Keep = Callable[[pa.RecordBatch], pa.RecordBatch]


@dataclass(frozen=True)
class LakeFile:
    """A finished file. `path` is its name inside the lake's directory."""

    id: str
    dataset: str
    owner: str
    path: str
    rows: int
    bytes: int
    sha256: str


class Lake:
    """Datasets of encrypted Parquet files, each file owned by the batch or run that wrote it."""

    def __init__(self, root: Path, keys: Keys, sessions: Sessions) -> None:
        self._root = root
        self._sessions = sessions
        self._crypto = ParquetKeys(keys)
        self._picks = Picks()

    def write(
        self,
        dataset: str,
        data: pa.Table | pa.RecordBatchReader,
        *,
        owner: str,
        advance: Advance | None = None,
        order: Sequence[str] = (),
    ) -> LakeFile:
        """Write one file, streaming. It is not part of the lake until it is adopted.

        `order`: columns by whose values single rows can be picked later; the rows come in the
        order of the first of them.
        """
        name = secrets.token_hex(16)
        path = name + SUFFIX
        temporary = self._root / f".{path}"
        try:
            rows = self._fill(temporary, path, dataset, data, advance=advance, order=order)
            _sync(temporary)
            digest = _sha256(temporary)
            temporary.replace(self._root / path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_directory(self._root)
        size = (self._root / path).stat().st_size
        return LakeFile(name, dataset, owner, path, rows, size, digest)

    def adopt(self, session: Session, files: Sequence[LakeFile]) -> None:
        """Make files part of the lake when the caller's unit of work commits."""
        for file in files:
            session.add(
                LakeFileRow(
                    id=file.id,
                    dataset=file.dataset,
                    owner=file.owner,
                    path=file.path,
                    rows=file.rows,
                    bytes=file.bytes,
                    sha256=file.sha256,
                )
            )

    def forget(self, session: Session, *, owner: str, dataset: str | None = None) -> None:
        """Take an owner's files out of the lake on commit; `sweep` removes them later."""
        statement = delete(LakeFileRow).where(col(LakeFileRow.owner) == owner)
        if dataset is not None:
            statement = statement.where(col(LakeFileRow.dataset) == dataset)
        session.exec(statement)

    def files(self, dataset: str | None = None, owner: str | None = None) -> list[LakeFile]:
        """The lake's files, oldest first, of one dataset or all, of one owner or all."""
        query = select(LakeFileRow).order_by(col(LakeFileRow.created), col(LakeFileRow.id))
        if dataset is not None:
            query = query.where(LakeFileRow.dataset == dataset)
        if owner is not None:
            query = query.where(LakeFileRow.owner == owner)
        with self._sessions.read() as session:
            rows = session.exec(query).all()
        return [LakeFile(r.id, r.dataset, r.owner, r.path, r.rows, r.bytes, r.sha256) for r in rows]

    def datasets(self, prefix: str = "") -> list[str]:
        """Names of the datasets that have files, in order."""
        with self._sessions.read() as session:
            names = session.exec(select(LakeFileRow.dataset).distinct()).all()
        return sorted(name for name in names if name.startswith(prefix))

    def reader(
        self, dataset: str, owner: str | None = None, columns: Sequence[str] | None = None
    ) -> pa.RecordBatchReader | None:
        """All rows of a dataset (or one owner's part), streamed; None when there is no file.

        A column that only some files have is NULL in the others.
        """
        files = self.files(dataset, owner)
        if not files:
            return None
        try:
            schemas = [self._schema(file) for file in files]
        except IntegrityError:
            # A file may have given its place to another since the manifest was read.
            before, files = files, self.files(dataset, owner)
            if files == before:
                raise
            schemas = [self._schema(file) for file in files]
        schema = pa.unify_schemas(schemas)
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns])
        return pa.RecordBatchReader.from_batches(schema, self._batches(files, schema))

    def pick(
        self,
        dataset: str,
        owner: str,
        column: str,
        values: Collection[Any],
    ) -> pa.Table | None:
        """The rows of an owner's files whose `column` has one of some values; None when there is no
        file. A file written in the order of that column is read only where they may stand.
        """
        files = self.files(dataset, owner)
        parts = []
        for file in files:
            try:
                parts.append(self._picks.rows(file.id, self._opener(file), column, values))
            except _DAMAGED:
                raise IntegrityError(f"Lake file {file.id} was altered.", _RESTORE) from None
        return pa.concat_tables(parts) if parts else None

    def _opener(self, file: LakeFile) -> Callable[[], pq.ParquetFile]:
        return lambda: self._open(file)

    def key_version(self, file: LakeFile) -> int:
        """The version of the lake domain key that wraps a file's own key."""
        versions: list[int] = []
        self._open(file, self._crypto.noting(versions)).close()
        return versions[0]

    def rewrite(self, file: LakeFile, keep: Keep | None = None) -> LakeFile:
        """The same rows, or those that `keep` leaves, in a new file under a new key.

        It takes the old one's place when `swap` is committed.
        """
        with self._open(file) as parquet:
            order = (parquet.schema_arrow.metadata or {}).get(ORDER, b"").decode().split()
            schema = parquet.schema_arrow.remove_metadata()
        batches = self._batches([file], schema)
        if keep is not None:
            batches = (keep(batch) for batch in batches)
        reader = pa.RecordBatchReader.from_batches(schema, batches)
        return self.write(file.dataset, reader, owner=file.owner, order=order)

    def swap(self, session: Session, old: LakeFile, new: LakeFile) -> None:
        """Put a file in another's place, in its order, when the unit of work commits."""
        row = session.get_one(LakeFileRow, old.id)
        created = row.created
        session.delete(row)
        self.adopt(session, [new])
        session.flush()
        session.get_one(LakeFileRow, new.id).created = created

    def remove(self, files: Iterable[LakeFile]) -> None:
        """Delete files that no longer belong to the lake."""
        for file in files:
            (self._root / file.path).unlink(missing_ok=True)
        sync_directory(self._root)

    def columns(self, file: LakeFile) -> list[str]:
        """The names of one file's columns."""
        return list(self._schema(file).names)

    def batches(self, file: LakeFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """One file's rows, of the columns it has among those named."""
        schema = self._schema(file)
        held = [schema.field(name) for name in columns if name in schema.names]
        return self._batches([file], pa.schema(held))

    def verify(self, file: LakeFile) -> None:
        """Check a whole file against its digest in the manifest; IntegrityError when it differs."""
        path = self._root / file.path
        if not path.exists() or _sha256(path) != file.sha256:
            raise IntegrityError(f"Lake file {file.id} is missing or was altered.", _RESTORE)

    def sweep(self) -> int:
        """Remove files the manifest does not know; return how many. Call it under the work lock."""
        known = {file.path for file in self.files()}
        orphans = [
            path
            for path in self._root.iterdir()
            if path.suffix == SUFFIX and path.name not in known
        ]
        for path in orphans:
            path.unlink()
        return len(orphans)

    def _fill(
        self,
        temporary: Path,
        path: str,
        dataset: str,
        data: pa.Table | pa.RecordBatchReader,
        *,
        advance: Advance | None,
        order: Sequence[str],
    ) -> int:
        rows = 0
        told = {IDENTITY: f"{dataset}/{path}".encode()}
        told |= {ORDER: " ".join(order).encode()} if order else {}
        schema = data.schema.with_metadata(told)
        picked = NARROW_GROUP if len(schema) <= NARROW else PICKED_GROUP
        size = picked if order else ROW_GROUP
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with (
            os.fdopen(descriptor, "wb") as sink,
            pq.ParquetWriter(
                sink,
                schema,
                compression="zstd",
                compression_level=1,  # a tenth larger, a fifth less time
                encryption_properties=self._crypto.encryption(),
                write_statistics=list(order) or False,
            ) as writer,
        ):
            for group in _groups(data):
                writer.write_table(group.replace_schema_metadata(schema.metadata), size)
                rows += group.num_rows
                if advance is not None:
                    advance(group.num_rows)
        return rows

    def _open(self, file: LakeFile, decryption: Any = None) -> pq.ParquetFile:
        try:
            parquet = pq.ParquetFile(
                self._root / file.path,
                decryption_properties=decryption or self._crypto.decryption(),
            )
        except FileNotFoundError:
            raise IntegrityError(f"Lake file {file.id} is missing.", _RESTORE) from None
        except _DAMAGED:
            raise IntegrityError(f"Lake file {file.id} does not open.", _RESTORE) from None
        identity = (parquet.schema_arrow.metadata or {}).get(IDENTITY)
        if identity != f"{file.dataset}/{file.path}".encode():
            raise IntegrityError(f"Lake file {file.id} is another file in its place.", _RESTORE)
        return parquet

    def _schema(self, file: LakeFile) -> pa.Schema:
        with self._open(file) as parquet:
            return parquet.schema_arrow.remove_metadata()

    def _batches(self, files: Sequence[LakeFile], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        for file in files:
            with self._open(file) as parquet:
                held = set(parquet.schema_arrow.names)
                wanted = [name for name in schema.names if name in held]
                try:
                    for batch in parquet.iter_batches(READ_BATCH, columns=wanted):
                        yield _conform(batch, schema)
                except _DAMAGED:
                    raise IntegrityError(f"Lake file {file.id} was altered.", _RESTORE) from None


#: What reading an altered file can end in: Parquet, Thrift, key material or text that is none.
_DAMAGED = (OSError, pa.ArrowException, ValueError, KeyError, OverflowError, MemoryError)
_RESTORE = "Restore the lake from its backup; the hub itself is unharmed."


def _groups(data: pa.Table | pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The data in tables of a row group or a little more, never more than one in memory."""
    batches = data.to_batches() if isinstance(data, pa.Table) else data
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            yield pa.Table.from_batches(held, data.schema)
            held, rows = [], 0
    if held:
        yield pa.Table.from_batches(held, data.schema)


def _conform(batch: pa.RecordBatch, schema: pa.Schema) -> pa.RecordBatch:
    """The batch in the schema's columns and order; a column it does not have is NULL."""
    held = set(batch.schema.names)
    arrays = [
        batch.column(f.name) if f.name in held else pa.nulls(batch.num_rows, f.type) for f in schema
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
