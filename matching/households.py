"""Dwellings and the families in them, as one table to link.

A node is a dwelling row of an office, or a family as found by the family linkage with everything its records and
members say of where it lives: the address most of its records give, on a tie that of the field before that of the
registry (a card is often not moved with its family), the house that its records describe, and the dwelling where most
of its members were met, if its head or his or her spouse was among them, or half of all: a pupil at a boarding school
or a maid brings no family. Where it lived before it moved counts no more. One household is a dwelling and the families
placed in it. Addresses without a house number,
or shared by many, name a hamlet rather than a house and are kept apart; what it says that one family there holds a
parent of the other is counted where the book tells (`matching/told.py`).
"""

from __future__ import annotations

from matching import houses
from matching.engine import Engine

# More nodes than this at one address, and the address names a place rather than a house.
HOUSE_HOLDS = 5


def make_nodes(engine: Engine) -> int:
    """Make `household_nodes`, one row per dwelling row (same rid) and per family cluster (rid after the dwellings')."""
    engine.run(
        "ALTER TABLE family_standardised ADD COLUMN IF NOT EXISTS left_out BOOLEAN DEFAULT false"
    )
    houses.make_units(engine)
    engine.table("household_families", _FAMILIES.format(former=_former(engine)))
    engine.table(
        "household_address",
        f"""
        WITH said AS (SELECT rid, unnest(list_distinct(addresses)) AS address FROM ({_NODES}))
        SELECT rid, list_sort(list(address) FILTER (house)) AS houses,
               list_sort(list(address) FILTER (NOT house)) AS hamlets
        FROM (SELECT rid, address, count(*) OVER (PARTITION BY address) <= {HOUSE_HOLDS}
                     AND starts_with(address, '#') AS house FROM said) GROUP BY rid
        """,
    )
    rows = engine.table(
        "household_nodes",
        f"SELECT n.* EXCLUDE (addresses), a.houses, a.hamlets FROM ({_NODES}) n"
        " LEFT JOIN household_address a USING (rid)",
    )
    engine.drop("household_address", "house_units")
    return rows


def _former(engine: Engine) -> str:
    """SQL: until when the registry had a family where, before, as far as the hub knows."""
    return "f.former" if "former" in engine.columns("family_standardised") else "NULL::VARCHAR"


def place_families(engine: Engine) -> int:
    """Bring the found households back to records: dwelling rows keep their rid, family records follow after them.

    Remakes `household_standardised` (dwelling rows, then family records with the housing they tell of) and
    `household_clusters`, and makes `household_family(rid, family_rid, node, cluster)`; `node` is the number
    that pairs of households use for the family. What linkage found, by nodes, stays in `household_found`: from that
    a run that is taken up again places them anew. Returns the rows.
    """
    engine.table("household_found", "SELECT * FROM household_clusters")
    engine.table(
        "household_family",
        """
        SELECT ((SELECT coalesce(max(rid), 0) FROM household_standardised) + f.rid)::INTEGER AS rid,
               f.rid AS family_rid, n.rid AS node, h.cluster
        FROM family_clusters f JOIN household_families n ON n.family = f.cluster
        JOIN household_clusters h ON h.rid = n.rid
        """,
    )
    engine.table(
        "household_clusters",
        """
        WITH placed AS (
            SELECT c.rid, c.cluster FROM household_clusters c SEMI JOIN household_standardised USING (rid)
            UNION ALL SELECT rid, cluster FROM household_family)
        SELECT rid, min(rid) OVER (PARTITION BY cluster) AS cluster FROM placed
        """,
    )
    told = set(engine.columns("household_standardised")) & set(
        engine.columns("family_standardised")
    ) - {"rid"}
    rows = engine.table(
        "household_standardised",
        f"""
        SELECT *, false AS implied FROM household_standardised
        UNION ALL BY NAME
        SELECT h.rid, {", ".join(f"f.{column}" for column in sorted(told))}, f.implied
        FROM household_family h JOIN family_standardised f ON f.rid = h.family_rid
        """,
    )
    engine.drop("household_families")
    return rows


# Who the members are and whom they call their parents, by number and by sex and name, each once.
_SAID = "list_sort(list_distinct(flatten(list([{0}]))))"
_MEMBERS = _SAID.format("p.nik, p.sex || ' ' || p.name_key")
_PARENTS = _SAID.format("p.mother_nik, p.father_nik, 'F ' || p.mother_key, 'M ' || p.father_key")

# Whether what was told before a move names the family's other card, or a village that they did not leave.
_STAYS = """coalesce(list_contains(m.cards, {0})
               OR NOT list_bool_or([starts_with({1}, former) FOR former IN m.villages]), false)"""

# Who brings the family to where they are met.
_LEADS = "'HEAD', 'WIFE', 'HUSBAND', 'SPOUSE'"

# `moved`: families of which the register has another card elsewhere now, or the same; what was told before that tells
# where they lived and `holds` no more, unless it names another card that the register has or, where it is the same, a
# village that they did not leave: many move first, and the card later. `lived`: the addresses that most records of the
# family give. `met`: members as the offices' books have them. `known`: the card on which the register has a number. It
# serves members whose row in the book gives none and the same place in the family: a child that has moved out heads a
# house that its parents' card does not stand at. `leads`: so the book says, and the register has them as no child of
# that card: who has moved out may still be on it. `carded`, `counted`, `said`: the card of each member met, or the
# family that he and his fellows tell by their names; how many of a family were met in a dwelling and whether one leads
# it; the dwelling where most were. `kin` is asked only where an address names no house.
_FAMILIES = f"""
    WITH numbered AS (
        SELECT cluster AS family, (SELECT coalesce(max(rid), 0) FROM household_standardised)
               + row_number() OVER (ORDER BY cluster) AS rid
        FROM (SELECT DISTINCT cluster FROM family_clusters)),
    rows AS (
        SELECT c.cluster AS family, x.card, x.members, f.pln_id, f.village, f.registry,
               {houses.description("f")} AS house, f.floor_area,
               {houses.address("f")} AS address, f.rt, f.value_date, f.left_out, {{former}} AS former
        FROM family_clusters c JOIN family_standardised f USING (rid) JOIN family_context x USING (rid)
        {houses.join("f")}),
    renumbered AS (
        SELECT family, max(n.value_date) AS since, list(DISTINCT n.card) AS cards, NULL::VARCHAR[] AS villages
        FROM rows n JOIN rows o USING (family)
        WHERE n.registry AND NOT n.left_out AND o.registry AND o.left_out AND o.card <> n.card
          AND (o.village <> n.village OR (o.rt <> n.rt AND o.address <> n.address))
        GROUP BY family),
    moved AS (
        FROM renumbered UNION ALL
        SELECT family, max(left(before, 10)::DATE), NULL, list(substr(before, 12))
        FROM (SELECT family, unnest(string_split(former, ',')) AS before FROM rows WHERE registry AND NOT left_out)
        ANTI JOIN renumbered USING (family) GROUP BY family),
    told AS (
        SELECT r.*, m.since IS NULL OR coalesce(r.value_date >= m.since, false) AND NOT (r.registry AND r.left_out)
               OR (r.registry AND NOT r.left_out AND r.former IS NOT NULL)
               OR {_STAYS.format("r.card", "r.village")} AS holds
        FROM rows r LEFT JOIN moved m USING (family)),
    own AS (
        SELECT family, list_sort(list(DISTINCT card) FILTER (card IS NOT NULL AND holds)) AS cards,
               list_sort(list(DISTINCT pln_id) FILTER (pln_id IS NOT NULL AND holds)) AS meters,
               mode(village ORDER BY village) FILTER (holds) AS village,
               min(struct_pack(floor_area, house)) FILTER (house IS NOT NULL AND holds) AS described,
               max(members) AS size
        FROM told GROUP BY family),
    lived AS (
        SELECT family, list(address) AS addresses
        FROM (SELECT family, address FROM told WHERE address IS NOT NULL AND holds GROUP BY family, address
              QUALIFY rank() OVER (PARTITION BY family ORDER BY count(*) DESC, bool_and(registry)) = 1)
        GROUP BY family),
    met AS MATERIALIZED (
        SELECT p.office || ' ' || p.dwelling_ref AS book, x.card, x.recognised, p.nik, p.birth_date, p.relationship,
               p.value_date, p.village
        FROM person_standardised p JOIN person_context x USING (rid) WHERE p.office || p.dwelling_ref IS NOT NULL),
    known AS (
        SELECT p.nik, p.birth_date, min(x.card) AS card, min(p.relationship) AS relationship
        FROM person_standardised p JOIN person_context x USING (rid)
        WHERE p.registry AND x.card IS NOT NULL AND p.nik IN (SELECT nik FROM met)
        GROUP BY ALL HAVING count(DISTINCT x.card) = 1),
    carded AS (
        SELECT m.book, m.recognised, m.card AS named, m.value_date, m.village,
               CASE WHEN m.card IS NOT NULL THEN m.card WHEN n.relationship = m.relationship THEN n.card END AS card,
               m.relationship IN ({_LEADS})
               AND coalesce(n.card <> m.card OR n.relationship IN ({_LEADS}), true) AS leads
        FROM met m LEFT JOIN known n ON n.nik = m.nik AND n.birth_date = m.birth_date),
    counted AS (
        SELECT coalesce(k.cluster, c.recognised) AS family, c.book, count(*) AS met, bool_or(c.leads) AS led
        FROM carded c LEFT JOIN family_card k USING (card)
        LEFT JOIN moved m ON m.family = coalesce(k.cluster, c.recognised)
        WHERE m.since IS NULL OR coalesce(c.value_date >= m.since, false) OR {_STAYS.format("c.named", "c.village")}
        GROUP BY ALL HAVING coalesce(k.cluster, c.recognised) IS NOT NULL),
    said AS (
        SELECT family, [arg_max(book, (met, book))] AS books
        FROM counted JOIN own USING (family) WHERE led OR 2 * met >= size GROUP BY family),
    kin AS (
        SELECT k.cluster AS family, {_MEMBERS} AS members, {_PARENTS} AS parents
        FROM person_standardised p JOIN person_context x USING (rid) JOIN family_card k ON k.card = x.card
        SEMI JOIN (SELECT unnest(addresses) AS address, family AS cluster FROM lived) l
            ON l.cluster = k.cluster AND NOT starts_with(l.address, '#')
        GROUP BY k.cluster)
    SELECT n.rid::INTEGER AS rid, n.family, o.cards, o.meters, s.books, lived.addresses, o.village,
           o.described.house, o.described.floor_area, kin.members,
           list_filter(kin.parents, lambda parent: NOT list_contains(kin.members, parent)) AS parents
    FROM numbered n JOIN own o USING (family) LEFT JOIN said s USING (family) LEFT JOIN lived USING (family)
    LEFT JOIN kin USING (family)
    """

_NODES = f"""
    SELECT d.rid, 'dwelling' AS node, office, kk_list AS cards,
           CASE WHEN pln_id IS NOT NULL THEN [pln_id] END AS meters,
           CASE WHEN office || dwelling_ref IS NOT NULL THEN [office || ' ' || dwelling_ref] END AS books,
           CASE WHEN {houses.address("d")} IS NOT NULL THEN [{houses.address("d")}] END AS addresses,
           d.village, {houses.description("d")} AS house, floor_area
    FROM household_standardised d {houses.join("d")}
    UNION ALL BY NAME
    SELECT rid, 'family' AS node, NULL AS office, cards, meters, books, addresses, village, house, floor_area,
           members, parents
    FROM household_families
    """
