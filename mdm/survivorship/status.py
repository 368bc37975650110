"""Identity status: how an entity stands to the civil registry, as SQL over one chunk."""

from __future__ import annotations

from collections.abc import Sequence

from mdm.survivorship.columns import Column
from mdm.survivorship.rules import Kind

CONTRADICTIONS_FOR_CONFLICT = 2


def status_sql(chunk: str, body: Kind, columns: Sequence[Column], registry_no: int) -> str:
    """SQL: entity_no, status (`verified`, `conflict`) of the entities with a registry record.

    `verified`: a registry record has a valid identifier and valid values of what must stand with
    it. `conflict`, which outranks it: two registry identifiers, or a field record that contradicts
    a registry record. A number that the registry no longer lists beside one that it does was
    replaced, and contradicts nothing. `registry_no` is the registry's source number (-1: it delivered nothing).
    """
    known = {c.name: c for c in columns}
    if body.identifier is None:
        return f"SELECT entity_no, NULL::VARCHAR AS status FROM {chunk} WHERE false"
    identifier = known[body.identifier]
    needed = sum(1 << known[name].number for name in (body.identifier, *body.must_stand_with))
    bit = 1 << identifier.number
    listed = f"{identifier.value}) FILTER (invalid & {bit} = 0 AND NOT away)"
    known_as = f"{identifier.value}) FILTER (invalid & {bit} = 0)"
    contradicted = _contradicted_sql(chunk, body, registry_no)
    return f"""
        SELECT entity_no, CASE
            WHEN coalesce(min({listed} <> max({listed}, min({known_as} <> max({known_as}, false)
              OR bool_or(entity_no IN ({contradicted})) THEN 'conflict'
            WHEN bool_or(present & ~invalid & {needed} = {needed}) THEN 'verified' END AS status
        FROM {chunk} WHERE source_no = {registry_no} GROUP BY entity_no
    """


def _contradicted_sql(chunk: str, body: Kind, registry_no: int) -> str:
    """SQL: the entities in which a field record contradicts a registry record."""
    if not body.contradictions:
        return "SELECT NULL::INTEGER WHERE false"
    columns = ", ".join(f"w_{w} AS {w}" for w in body.witnesses)
    read = f"SELECT entity_no, {columns} FROM {chunk} WHERE source_no"
    signs = " + ".join(f"coalesce({sign}, false)::INTEGER" for sign in body.contradictions)
    return f"""
        SELECT r.entity_no FROM ({read} = {registry_no}) r
        JOIN ({read} <> {registry_no}) f USING (entity_no)
        WHERE {signs} >= {CONTRADICTIONS_FOR_CONFLICT}
    """
