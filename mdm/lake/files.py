"""One file of the lake: written once, encrypted, read back only as what it was written.

It is written under a temporary name, synced and renamed. It names itself in its own encrypted footer,
so a file put in another's place is found out.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from mdm.errors import IntegrityError
from mdm.keys import Keys
from mdm.keys.keyfile import sync_to_disk
from mdm.keys.parquet import ParquetKeys
from mdm.work.progress import Advance

ROW_GROUP = 262_144  # rows; bounds the memory of a reader and of a writer
PICKED_GROUP = 8_192  # rows of a file in order: what is read to find a few rows in it
NARROW_GROUP = 2_048  # the same of a file of few columns: what a group costs goes with its columns
NARROW = 10  # columns
READ_BATCH = 65_536
SUFFIX = ".parquet"
IDENTITY = b"dtsen.file"
ORDER = b"dtsen.order"  # columns that rows are in order of, so that some can be found by them

#: What reading an altered file can end in: Parquet, Thrift, key material or text that is none.
DAMAGED = (OSError, pa.ArrowException, ValueError, KeyError, OverflowError, MemoryError)
RESTORE = "Restore the lake from its backup; the hub itself is unharmed."


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


class Files:
    """The files in the lake's directory."""

    def __init__(self, root: Path, keys: Keys) -> None:
        self._root = root
        self._crypto = ParquetKeys(keys)

    def write(
        self,
        dataset: str,
        data: pa.Table | pa.RecordBatchReader,
        *,
        owner: str,
        advance: Advance | None = None,
        order: Sequence[str] = (),
    ) -> LakeFile:
        """Write one file, streaming; `order`: columns by whose values single rows can be picked later."""
        name = secrets.token_hex(16)
        path = name + SUFFIX
        temporary = self._root / f".{path}"
        try:
            rows = self._fill(temporary, path, dataset, data, advance=advance, order=order)
            sync_to_disk(temporary)
            digest = _sha256(temporary)
            temporary.replace(self._root / path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise
        sync_to_disk(self._root)
        size = (self._root / path).stat().st_size
        return LakeFile(name, dataset, owner, path, rows, size, digest)

    def open(self, file: LakeFile, decryption: Any = None) -> pq.ParquetFile:
        """A file, found to be the one the manifest names; IntegrityError else."""
        try:
            parquet = pq.ParquetFile(
                self._root / file.path,
                decryption_properties=decryption or self._crypto.decryption(),
            )
        except FileNotFoundError:
            raise IntegrityError(f"Lake file {file.id} is missing.", RESTORE) from None
        except DAMAGED as error:
            self._excuse(file, error)
            raise IntegrityError(f"Lake file {file.id} does not open.", RESTORE) from None
        identity = (parquet.schema_arrow.metadata or {}).get(IDENTITY)
        if identity != f"{file.dataset}/{file.path}".encode():
            raise IntegrityError(f"Lake file {file.id} is another file in its place.", RESTORE)
        return parquet

    def schema(self, file: LakeFile) -> pa.Schema:
        """Its columns."""
        with self.open(file) as parquet:
            return parquet.schema_arrow.remove_metadata()

    def order(self, file: LakeFile) -> list[str]:
        """The columns its rows are in order of."""
        with self.open(file) as parquet:
            return (parquet.schema_arrow.metadata or {}).get(ORDER, b"").decode().split()

    def key_version(self, file: LakeFile) -> int:
        """The version of the lake domain key that wraps the file's own key."""
        versions: list[int] = []
        self.open(file, self._crypto.noting(versions)).close()
        return versions[0]

    def batches(self, files: Sequence[LakeFile], schema: pa.Schema) -> Iterator[pa.RecordBatch]:
        """The rows of files one after another, in the columns of `schema`; one that a file has not is NULL."""
        for file in files:
            with self.open(file) as parquet:
                held = set(parquet.schema_arrow.names)
                wanted = [name for name in schema.names if name in held]
                try:
                    for batch in parquet.iter_batches(READ_BATCH, columns=wanted):
                        yield _conform(batch, schema)
                except DAMAGED as error:
                    self._excuse(file, error)
                    raise IntegrityError(f"Lake file {file.id} was altered.", RESTORE) from None

    def verify(self, file: LakeFile) -> None:
        """Check a whole file against its digest in the manifest; IntegrityError when it differs."""
        path = self._root / file.path
        if not path.exists() or _sha256(path) != file.sha256:
            raise IntegrityError(f"Lake file {file.id} is missing or was altered.", RESTORE)

    def _excuse(self, file: LakeFile, error: BaseException) -> None:
        """Raise the error again where it is the machine's: memory, rights or open files that it does not give say
        nothing of a file that is as the manifest has it. Nobody shall restore a lake for want of memory."""
        machine = isinstance(error, MemoryError) or getattr(error, "errno", None)
        if machine and _sha256(self._root / file.path) == file.sha256:
            raise error

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
                use_dictionary=False,  # what repeats, the compression finds: smaller, and less time
                encryption_properties=self._crypto.encryption(),
                write_statistics=list(order) or False,
            ) as writer,
        ):
            # Whoever makes the rows goes on while these are written: the sooner that begins, the better.
            for group in _groups(data, READ_BATCH if order else ROW_GROUP):
                writer.write_table(group.replace_schema_metadata(schema.metadata), size)
                rows += group.num_rows
                if advance is not None:
                    advance(group.num_rows)
        return rows


def _groups(data: pa.Table | pa.RecordBatchReader, least: int) -> Iterator[pa.Table]:
    """The data in tables of `least` rows or a little more, never more than one in memory."""
    batches = data.to_batches() if isinstance(data, pa.Table) else data
    held: list[pa.RecordBatch] = []
    rows = 0
    for batch in batches:
        held.append(batch)
        rows += batch.num_rows
        if rows >= least:
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


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
