"""The lake: immutable, encrypted Parquet files; a manifest in the hub says which are part of it.

A file that is written (`files.py`) still belongs to nothing: `adopt` makes it part of the lake inside
the caller's unit of work. What a killed process left is swept away later.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlmodel import Session, col, delete, select

from mdm.errors import IntegrityError
from mdm.hub.sessions import Sessions
from mdm.hub.tables import LakeFileRow
from mdm.keys import Keys
from mdm.keys.keyfile import sync_to_disk
from mdm.lake.files import DAMAGED, RESTORE, SUFFIX, Files, LakeFile
from mdm.lake.picks import Picks
from mdm.work.progress import Advance

LANDED = "landed/"  # where the datasets of landed rows are

__all__ = ["Keep", "Lake", "LakeFile"]

#: Gives back the rows of a batch that stay.
Keep = Callable[[pa.RecordBatch], pa.RecordBatch]


class Lake:
    """Datasets of encrypted Parquet files, each file owned by the batch or run that wrote it."""

    def __init__(self, root: Path, keys: Keys, sessions: Sessions) -> None:
        self._root = root
        self._sessions = sessions
        self._files = Files(root, keys)
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
        return self._files.write(dataset, data, owner=owner, advance=advance, order=order)

    def adopt(self, session: Session, files: Sequence[LakeFile]) -> None:
        """Make files part of the lake when the caller's unit of work commits. HomeError where another worker may have
        swept them away meanwhile."""
        self._sessions.still_alone()
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

    def forget(self, session: Session, *, owner: str) -> None:
        """Take an owner's files out of the lake on commit; `sweep` removes them later."""
        session.exec(delete(LakeFileRow).where(col(LakeFileRow.owner) == owner))

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

        A column that only some files have is NULL in the others; of `columns`, those that no file has are left out.
        """
        files = self.files(dataset, owner)
        if not files:
            return None
        try:
            schemas = [self._files.schema(file) for file in files]
        except IntegrityError:
            # A file may have given its place to another since the manifest was read.
            before, files = files, self.files(dataset, owner)
            if files == before:
                raise
            schemas = [self._files.schema(file) for file in files]
        schema = pa.unify_schemas(schemas)
        if columns is not None:
            schema = pa.schema([schema.field(name) for name in columns if name in schema.names])
        return pa.RecordBatchReader.from_batches(schema, self._files.batches(files, schema))

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
            except DAMAGED:
                raise IntegrityError(f"Lake file {file.id} was altered.", RESTORE) from None
        return pa.concat_tables(parts) if parts else None

    def _opener(self, file: LakeFile) -> Callable[[], pq.ParquetFile]:
        return lambda: self._files.open(file)

    def key_version(self, file: LakeFile) -> int:
        """The version of the lake domain key that wraps a file's own key."""
        return self._files.key_version(file)

    def rewrite(self, file: LakeFile, keep: Keep | None = None) -> LakeFile:
        """The same rows, or those that `keep` leaves, in a new file under a new key.

        It takes the old one's place when `swap` is committed.
        """
        order, schema = self._files.order(file), self._files.schema(file)
        batches = self._files.batches([file], schema)
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
        sync_to_disk(self._root)

    def columns(self, file: LakeFile) -> list[str]:
        """The names of one file's columns."""
        return list(self._files.schema(file).names)

    def batches(self, file: LakeFile, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """One file's rows, of the columns it has among those named."""
        schema = self._files.schema(file)
        held = [schema.field(name) for name in columns if name in schema.names]
        return self._files.batches([file], pa.schema(held))

    def verify(self, file: LakeFile) -> None:
        """Check a whole file against its digest in the manifest; IntegrityError when it differs."""
        self._files.verify(file)

    def sweep(self) -> int:
        """Remove files the manifest does not know; return how many. Call it under the work lock. IntegrityError where
        landed rows are not here: all else can be made again from them."""
        files = self.files()
        known = {file.path for file in files}
        there = [path for path in self._root.iterdir() if path.suffix == SUFFIX]
        landed = {file.path for file in files if file.dataset.startswith(LANDED)}
        if away := landed - {path.name for path in there}:
            raise IntegrityError(
                f"{len(away)} of {len(landed)} landed files of this hub are not in the lake of this home.",
                "Where another home uses the same database, both need one folder `lake`. Otherwise restore it from its "
                "backup; the hub itself is unharmed.",
            )
        orphans = [path for path in there if path.name not in known]
        for path in orphans:
            path.unlink()
        return len(orphans)
