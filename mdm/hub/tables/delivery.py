"""What came in: delivered files and the lake files that hold their rows."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from mdm.hub.columns import UtcDateTime, now


class Batch(SQLModel, table=True):
    """One delivered file, landed once. The same content from the same source is the same batch."""

    __tablename__ = "batch"
    __table_args__ = (sa.UniqueConstraint("source", "layout", "checksum", name="uq_batch_content"),)

    id: str = Field(primary_key=True)
    source: str = Field(index=True)
    layout: str
    file: str  # base name of the delivered file
    checksum: str  # SHA-256 of the file as delivered, hex
    format: str | None = None  # csv, csv.gz, parquet, xlsx
    provider: str | None = None  # the office that delivers, when a source has many
    delivered_on: date | None = None
    agreement: str | None = None  # handover record (BAST): agreement id,
    handover_on: date | None = None  # its date,
    period: str | None = None  # the period it covers,
    declared_rows: int | None = None  # and the rows it declares
    landed: int = 0
    accepted: int | None = None
    quarantined: int | None = None
    erased: int = Field(
        default=0, sa_column_kwargs={"server_default": "0"}
    )  # rows taken out by law
    unchanged: int | None = None  # rows equal to the version already held
    status: str = "landed"
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)


class LakeFileRow(SQLModel, table=True):
    """The manifest: a Parquet file is part of the lake when it has a row here."""

    __tablename__ = "lake_file"

    id: str = Field(primary_key=True)
    dataset: str = Field(index=True)
    owner: str = Field(index=True)  # the batch or run that made it
    path: str = Field(unique=True)  # random name, inside the lake's directory
    rows: int
    bytes: int = Field(sa_type=sa.BigInteger)
    sha256: str
    created: datetime = Field(default_factory=now, sa_type=UtcDateTime)
