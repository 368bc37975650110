"""Identity the slow, obvious way: which cluster keeps which old id, in plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

Key = str  # a record key
Link = tuple[str, int]  # entity id, since_run


def keepers(clusters: Mapping[Key, int], before: Mapping[Key, Link]) -> dict[int, str]:
    """cluster → the old id it keeps. `clusters` has every record of this run, `before` the links
    of the last one. All records are of one source and layout and undated, so that keys order them.
    """
    born: dict[str, int] = {}
    for entity, since in before.values():
        born[entity] = min(since, born.get(entity, since))
    parts: dict[tuple[str, int], list[Key]] = defaultdict(list)
    for key, cluster in clusters.items():
        if key in before:
            parts[before[key][0], cluster].append(key)

    def founders(entity: str, cluster: int) -> int:
        return sum(before[key][1] == born[entity] for key in parts[entity, cluster])

    def eldest(entity: str, cluster: int) -> tuple[int, Key]:
        return min((before[key][1], key) for key in parts[entity, cluster])

    asked: dict[int, list[str]] = defaultdict(list)
    for entity in {entity for entity, _ in parts}:
        own = [cluster for e, cluster in parts if e == entity]
        best = min(
            own, key=lambda c: (-founders(entity, c), -len(parts[entity, c]), eldest(entity, c))
        )
        asked[best].append(entity)
    return {
        cluster: min(
            entities,
            key=lambda e: (
                born[e],
                -founders(e, cluster),
                -len(parts[e, cluster]),
                eldest(e, cluster),
            ),
        )
        for cluster, entities in asked.items()
    }
