"""Where an entity lives, for the wall between regions: beside the golden content, not part of it.

`region` holds the digits of today's Kemendagri code down to the kecamatan (6), or fewer where less
is known; NULL where nothing is. The domicile says it: the entity's own, else that of the household
and the family it is linked to; only then the address on the card.
"""

from __future__ import annotations

from matching.engine import Engine

DOMICILE, CARD = "domicile", "card_address"
DIGITS = 6  # province 2, regency 2, kecamatan 2
_PART = r'"(?:[^"\\]|\\.)*"'  # a name or a text of JSON


def place_sql(attribute: str, content: str) -> str:
    """SQL: the region of the chosen address in a golden content or a part of it, else NULL.

    The chosen entry stands first, and a quotation mark inside a value has a backslash before it:
    the pattern finds keys only.
    """
    pattern = f'"{attribute}":\\[\\{{(?:{_PART}:{_PART},)*"region_today":"([0-9.]+)"'
    code = f"replace(regexp_extract({content}, '{pattern}', 1), '.', '')"
    return f"nullif(left({code}, {DIGITS}), '')"


def settle_regions(engine: Engine) -> None:
    """Give a region to those whose own domicile tells none; the golden tables and the membership
    tables of all kinds must stand."""
    engine.run(
        f"""
        UPDATE person_golden SET region = found.region FROM (
            SELECT p.entity_id, coalesce(h.region, f.region, {place_sql(CARD, "p.content")},
                   {place_sql(CARD, "f.content")}) AS region
            FROM person_golden p
            LEFT JOIN person_in_family i ON i.person_entity = p.entity_id AND i.chosen
            LEFT JOIN family_golden f ON f.entity_id = i.family_entity
            LEFT JOIN family_in_household d ON d.family_entity = i.family_entity AND d.chosen
            LEFT JOIN household_golden h ON h.entity_id = d.household_entity
            WHERE p.region IS NULL) found
        WHERE person_golden.entity_id = found.entity_id
        """
    )
    card = place_sql(CARD, "content")
    engine.run(f"UPDATE family_golden SET region = {card} WHERE region IS NULL")
