"""Ahead: what a decision would read of the lake is read while somebody still thinks about it.

The lake keeps the rows found last (mdm/lake/picks.py), so that the decision itself finds them in memory.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress

from matching.rules import Kind
from mdm.compose import Hub
from mdm.hub.runs import published_run
from mdm.judgements import RecordRef
from mdm.touched.components import Components, TooFarError
from mdm.touched.reach import reach


def read_ahead(hub: Hub, kind: Kind, entities: Collection[str]) -> None:
    """Read what a decision about the records of some entities reaches."""
    with hub.sessions.read() as session, suppress(TooFarError):
        run = published_run(session)
        if run is None:
            return
        components = Components(hub, session, run)
        rows = components.records(kind, components.groups_of(kind, entities))
        names = ("entity_id", "source", "layout", "record_key")
        columns = zip(*(rows[name].to_pylist() for name in names), strict=True)
        refs = {RecordRef(*key) for entity, *key in columns if entity in entities}
        reach(components, kind, list(components.places(kind, refs).values()), ())
