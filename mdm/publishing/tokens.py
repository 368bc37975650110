"""The blind index of NIKs and KKs, filed anew with every run: what is new, and what nobody carries any more."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from itertools import repeat

import pyarrow as pa
import sqlalchemy as sa
from sqlmodel import col

from matching.engine import Engine
from mdm.arrow import pa_schema
from mdm.compose import Hub
from mdm.hub.runs import published_seq
from mdm.hub.tables import NikToken
from mdm.opening import open_profiles
from mdm.publishing.standing import hold_tokens
from mdm.seal import TOKEN_BYTES
from mdm.seal.processes import Sealer
from mdm.seal.tokens import tokens_of
from mdm.work.progress import Advance, Progress

BATCH = 20_000  # NIKs per batch
CHUNK = 100_000  # rows taken from the engine at once
_FIXED = pa.binary(TOKEN_BYTES)
_SCHEMA = pa_schema(
    token=pa.binary(),
    entity_id=pa.string(),
    rank=pa.int32(),
)


def stage_tokens(
    hub: Hub,
    engine: Engine,
    kind: str,
    seq: int,
    index_version: int,
    *,
    sealer: Sealer,
    progress: Progress,
    only: Collection[str] | None = None,
) -> None:
    """File new tokens and retire those no longer carried, unseen until the run is published.

    `index_version`: the version of the index key that the sealer makes tokens with. `only`: the
    entities that were looked at, when not all were.
    """
    total = int(engine.scalar(f"SELECT coalesce(sum(len(niks)), 0) FROM {kind}_golden"))
    filed = None if only is None else _filed(hub, kind, only)
    held = hold_tokens(hub, engine, "tokens_held", kind, only=only, filed=filed)
    if held or total:
        with progress.task(f"index {kind} numbers", total) as advance:
            batches = _tokens(engine, kind, sealer, advance)
            engine.register("tokens_now", pa.RecordBatchReader.from_batches(_SCHEMA, batches))
            _load_new(hub, engine, seq, index_version)
            _retire_old(hub, engine, seq)
    engine.drop("tokens_now", "tokens_held")


def _filed(hub: Hub, kind: str, only: Collection[str]) -> list[bytes]:
    """Under which tokens some entities can be filed: those of all numbers in the profiles that readers
    see of them. The index is made to be entered by token, never by entity."""
    with hub.sessions.read() as session:
        opened = open_profiles(hub, session, only, published_seq(session))
    niks = {nik for one in opened.values() for nik in _NUMBER.findall(one.content)}
    return [token for nik in sorted(niks) for token in tokens_of(hub, kind, nik)]


_NUMBER = re.compile(r'"([0-9]{16})"')


def _tokens(
    engine: Engine, kind: str, sealer: Sealer, advance: Advance
) -> Iterator[pa.RecordBatch]:
    """Every number of the golden profiles as its token. The first of a profile's has rank 0."""
    reader = engine.stream(
        "SELECT nik, entity_id, CAST(min(rank) - 1 AS INTEGER) AS rank FROM ("
        "  SELECT entity_id, unnest(niks) AS nik, generate_subscripts(niks, 1) AS rank"
        f"  FROM {kind}_golden) "
        "WHERE regexp_full_match(nik, '[0-9]{16}') GROUP BY ALL",
        BATCH,
    )
    niks = (batch.set_column(0, "nik", batch.column(0).cast(pa.binary())) for batch in reader)
    for batch, tokens in sealer.tokens(niks, kind):
        fixed = pa.Array.from_buffers(_FIXED, batch.num_rows, [None, pa.py_buffer(tokens)])
        columns = [fixed.cast(pa.binary()), batch.column(1), batch.column(2)]
        yield pa.record_batch(columns, schema=_SCHEMA)
        advance(batch.num_rows)


def _load_new(hub: Hub, engine: Engine, seq: int, index_version: int) -> None:
    fresh = engine.stream(
        "SELECT token, entity_id, rank FROM tokens_now "
        "ANTI JOIN tokens_held USING (token, entity_id, rank) ORDER BY token, entity_id",
        CHUNK,
    )
    names = ("token", "entity_id", "rank", "run_seq", "key_id")
    with hub.sessions.bulk() as bulk:
        for batch in fresh:
            columns = (column.to_pylist() for column in batch.columns)
            same = (repeat(number, batch.num_rows) for number in (seq, index_version))
            bulk.load(NikToken, names, zip(*columns, *same, strict=True))
            bulk.rest()


def _retire_old(hub: Hub, engine: Engine, seq: int) -> None:
    gone = engine.fetch(
        "SELECT token AS t, entity_id AS e FROM tokens_held "
        "ANTI JOIN tokens_now USING (token, entity_id, rank) ORDER BY ALL"
    ).to_pylist()
    statement = (
        sa.update(NikToken)
        .where(
            col(NikToken.token) == sa.bindparam("t"), col(NikToken.entity_id) == sa.bindparam("e")
        )
        .where(col(NikToken.retired_seq).is_(None), col(NikToken.run_seq) < seq)
        .values(retired_seq=seq)
    )
    with hub.sessions.bulk() as bulk:
        bulk.execute(statement, gone)
