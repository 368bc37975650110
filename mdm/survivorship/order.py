"""Order among records of an entity, and among texts: places as signs that sort like them."""

from __future__ import annotations

LINE = 1000  # places are two signs of text in the sorting of entries, each below this


def place_sql(place: str) -> str:
    """SQL: a place as two signs of text that sort like it."""
    return f"chr((48 + {place} // {LINE})::INTEGER), chr((48 + {place} % {LINE})::INTEGER)"


def in_order(texts: str) -> str:
    """SQL: texts in the order of their first three signs, without those. Ordering inside an
    aggregate would sort each group by itself, and that is dear.
    """
    return f"list_transform(list_sort({texts}), lambda text: substr(text, 4))"


def turns_sql() -> str:
    """SQL: the order of the records of one source in an entity: by layout and record key. Of corrections, whose keys
    are random, the later one comes first (`row` is its number): it was made knowing the earlier ones."""
    return "layout, CASE WHEN source = 'correction' THEN -\"row\" END, record_key"
