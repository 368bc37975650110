"""Refreshing: where no record moved, a profile keeps its values, and only its links to other entities are made anew.

A golden content depends on its records, the rules and its links alone; choosing again among records that
stayed where they were would come to the same values, a third of a decision's work later.
"""

from __future__ import annotations

from collections.abc import Collection

import pyarrow as pa
from sqlmodel import Session

from matching.engine import Engine
from matching.rules import Kind
from mdm.compose import Hub
from mdm.opening import Opened, open_profiles
from mdm.survivorship import load_rules
from mdm.survivorship.explain import valid_values
from mdm.survivorship.links import links_sql
from mdm.survivorship.regions import DOMICILE, place_sql

_BEFORE, _BEHIND = ',"links":{', '},"records":['


def refresh_links(
    hub: Hub, session: Session, engine: Engine, kind: Kind, entities: Collection[str], *, seq: int
) -> bool:
    """Fill `<kind>_golden` with the profiles that readers see, their links as the membership tables say now.

    False where one of them stands on other rules, or is not there to be read: all are to be chosen then.
    """
    held = open_profiles(hub, session, entities, seq)
    end = f'"rules":"{load_rules().digest}"}}'
    if held.keys() != set(entities) or not all(one.content.endswith(end) for one in held.values()):
        return False
    engine.register(f"{kind}_standing", pa.table({"entity_id": pa.array(held, pa.string())}))
    told = engine.fetch(
        f"SELECT entity_id, links FROM ({links_sql(kind)}) SEMI JOIN {kind}_standing USING (entity_id)"
    )
    links = dict(zip(told["entity_id"].to_pylist(), told["links"].to_pylist(), strict=True))
    lookup = load_rules().kind(kind).lookup
    engine.register(
        f"{kind}_standing",
        pa.table(
            {
                "entity_id": pa.array(held, pa.string()),
                "content": [_with(one, links.get(entity) or "") for entity, one in held.items()],
                "niks": pa.array(
                    [valid_values(one.content, lookup) if lookup else [] for one in held.values()],
                    pa.list_(pa.string()),
                ),
            }
        ),
    )
    engine.run(
        f"INSERT INTO {kind}_golden BY NAME SELECT *, {place_sql(DOMICILE, 'content')} AS region FROM {kind}_standing"
    )
    engine.drop(f"{kind}_standing")
    return True


def _with(profile: Opened, links: str) -> str:
    """The content with other links. A quotation mark inside a value has a backslash before it, so
    what stands around the links stands nowhere else."""
    head, _, rest = profile.content.partition(_BEFORE)
    _, _, tail = rest.partition(_BEHIND)
    return f"{head}{_BEFORE}{links}{_BEHIND}{tail}"
