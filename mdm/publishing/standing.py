"""What readers see now, brought into the engine so that a publishing can be compared with it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlalchemy as sa

from matching.engine import Engine
from mdm.arrow import pa_schema
from mdm.compose import Hub
from mdm.hub.runs import published_seq

ROWS = 50_000

_HELD = pa_schema(
    kind=pa.string(),
    entity_id=pa.string(),
    version=pa.int32(),
    content_mac=pa.binary(),
    key_id=pa.int32(),
    region=pa.string(),
    wrapped=pa.binary(),
    wrapped_key_id=pa.int32(),
)
_KNOWN = pa_schema(
    kind=pa.string(),
    entity_id=pa.string(),
    status=pa.string(),
    merged_into=pa.string(),
)
_TOKENS = pa_schema(
    token=pa.binary(),
    entity_id=pa.string(),
    rank=pa.int32(),
)


def hold(
    hub: Hub,
    engine: Engine,
    kinds: Sequence[str],
    only: Mapping[str, Collection[str]] | None = None,
) -> None:
    """Make, per kind, `<kind>_held` (the newest published version of each profile, with its entity key; a
    tombstone has no content_mac) and `<kind>_known` (entities with status and redirect). `only`:
    of these entities."""
    ids = None if only is None else [one for kind in kinds for one in only.get(kind, ())]
    held = """
        SELECT p.kind, p.entity_id, p.version, p.content_mac, p.key_id, p.region, k.wrapped, k.key_id
        FROM sealed_profile p LEFT JOIN entity_key k ON k.entity_id = p.entity_id
        WHERE p.kind IN :kinds AND p.run_seq <= :seq AND NOT EXISTS (
            SELECT 1 FROM sealed_profile n WHERE n.entity_id = p.entity_id
            AND n.version = p.version + 1 AND n.run_seq <= :seq)
    """ + _among("p", ids)
    known = """
        SELECT kind, entity_id, status, merged_into FROM entity
        WHERE kind IN :kinds AND created_run <= :seq
    """ + _among("entity", ids)
    # All kinds at once: they lie in one table, in the order of their random ids.
    for name, schema, sql in (("held", _HELD, held), ("known", _KNOWN, known)):
        _bring(hub, engine, name, schema=schema, sql=sql, kinds=kinds, ids=ids)
        for kind in kinds:
            own = f"SELECT * EXCLUDE (kind) FROM {name} WHERE kind = '{kind}'"
            engine.table(f"{kind}_{name}", own)
        engine.drop(name)


def hold_tokens(
    hub: Hub,
    engine: Engine,
    name: str,
    kind: str,
    *,
    only: Collection[str] | None = None,
    filed: Collection[bytes] | None = None,
) -> int:
    """Make table `name` (token, entity_id, rank) of the tokens that readers see, of one kind of
    entity: what another kind carries is not this one's to retire; return its rows. `only`: of these entities, which
    are filed under no other tokens than `filed`."""
    sql = """
        SELECT t.token, t.entity_id, t.rank
        FROM nik_token t JOIN entity e ON e.entity_id = t.entity_id
        WHERE e.kind IN :kinds AND t.run_seq <= :seq AND t.retired_seq IS NULL
    """ + _among("t", only)
    sql += "" if filed is None else " AND t.token IN :tokens"
    return _bring(hub, engine, name, schema=_TOKENS, sql=sql, kinds=[kind], ids=only, tokens=filed)


def _among(table: str, ids: Collection[str] | None) -> str:
    return "" if ids is None else f" AND {table}.entity_id IN :ids"


def _bring(
    hub: Hub,
    engine: Engine,
    name: str,
    *,
    schema: pa.Schema,
    sql: str,
    kinds: Sequence[str],
    ids: Collection[str] | None,
    tokens: Collection[bytes] | None = None,
) -> int:
    lists: dict[str, tuple[Collection[Any] | None, sa.types.TypeEngine[Any]]] = {
        "kinds": (kinds, sa.String()),
        "ids": (ids, sa.String()),
        "tokens": (tokens, sa.LargeBinary()),
    }
    statement = sa.text(sql).bindparams(
        *(
            sa.bindparam(key, sorted(some), of, expanding=True)
            for key, (some, of) in lists.items()
            if some is not None
        )
    )
    with hub.sessions.read() as session:
        hub.dialect.unhurried(session.connection())
        result = (
            session.connection()
            .execution_options(yield_per=ROWS)
            .execute(statement, {"seq": published_seq(session)})
        )

        def batches() -> Iterator[pa.RecordBatch]:
            for rows in result.partitions(ROWS):
                columns = zip(*rows, strict=True)
                yield pa.record_batch(
                    [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)],
                    schema=schema,
                )

        return engine.register(name, pa.RecordBatchReader.from_batches(schema, batches()))
