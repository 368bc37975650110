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
# A quotation mark inside a text has a backslash before it: this finds the name only.
_CODE = '"region_today":"([0-9.]+)"'


def place_sql(attribute: str, content: str) -> str:
    """SQL: the region of the chosen address in a golden content, else NULL. The chosen entry stands first."""
    pattern = f'"{attribute}":\\[\\{{(?:{_PART}:{_PART},)*{_CODE}'
    return _digits(f"regexp_extract({content}, '{pattern}', 1)")


def region_sql(address: str) -> str:
    """SQL: the region of an address, a JSON object of texts, else NULL."""
    return _digits(f"regexp_extract({address}, '{_CODE}', 1)")


def _digits(code: str) -> str:
    return f"nullif(left(replace({code}, '.', ''), {DIGITS}), '')"


def fill_regions(engine: Engine) -> None:
    """Give a region to those whose own domicile tells none; the golden tables and the membership
    tables of all kinds must stand."""
    card = place_sql(CARD, "content")
    engine.run(
        f"""
        UPDATE person_golden SET region = found.region FROM (
            SELECT p.entity_id, coalesce(h.region, f.region, {place_sql(CARD, "p.content")}, f.card) AS region
            FROM person_golden p
            LEFT JOIN person_in_family i ON i.person_entity = p.entity_id AND i.chosen
            LEFT JOIN (SELECT entity_id, region, CASE WHEN region IS NULL THEN {card} END AS card
                       FROM family_golden) f ON f.entity_id = i.family_entity
            LEFT JOIN family_in_household d ON d.family_entity = i.family_entity AND d.chosen
            LEFT JOIN household_golden h ON h.entity_id = d.household_entity
            WHERE p.region IS NULL) found
        WHERE person_golden.entity_id = found.entity_id
        """
    )
    engine.run(f"UPDATE family_golden SET region = {card} WHERE region IS NULL")
