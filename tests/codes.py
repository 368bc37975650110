"""The code map, asked about one code at a time; in bulk it is joined."""

from __future__ import annotations

from functools import cache

from reference.codes import code_table


def canonical(concept: str, system: str, code: str) -> str | None:
    """What a code or word means, written as the map writes it; None if the map does not know it."""
    return _map().get((concept, system, code))


@cache
def _map() -> dict[tuple[str, str, str], str]:
    rows = code_table().to_pylist()
    return {(row["concept"], row["system"], row["code"]): row["canonical"] for row in rows}
