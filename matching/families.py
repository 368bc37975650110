"""Families between persons and dwellings: what members say about a family, and what a family says about its members.

A family record is a row of a provider's family file, or, where a provider lists persons but no family of theirs, what
those persons say together (`implied`). `family_context` gives each its members; `person_context` gives each person the
family found for their card, so that a card renumbered between two sources still counts as one family.
"""

from __future__ import annotations

from matching.engine import Engine
from matching.names import PARTS
from matching.rules import load_standardise
from reference.text import quote

# What was typed for a card number, digits only.
_DIGITS = "regexp_replace({0}.kk_raw, '[^0-9]', '', 'g')"

# A card number as it can be compared: 16 digits, or the digits typed when a few were lost or added. Behind coalesce,
# the engine would look for digits in every row.
CARD = (
    f"CASE WHEN {{0}}.kk IS NOT NULL THEN {{0}}.kk WHEN length({_DIGITS}) BETWEEN 14 AND 18"
    f" AND {{0}}.kk_raw NOT LIKE '%E%' THEN {_DIGITS} END"
)


# Which of the families that carry a card is the card's, the first of these that there is: the family that the registry
# lists under it, one that a provider's row lists, one that only members tell of. One member's row that names another
# family's card tells of a family under it, which may be found to be the member's own; the card stays whose it was.
LISTS_IT = ("FILTER (registry)", "FILTER (NOT implied)", "")


# Where a row says it lives: these columns come from one row together.
_PLACE = (
    *("address", "rt", "rw", "hamlet", "postal_code", "region_code", "region_system"),
    *("village_name", "region_today", "village", "district", "regency", "address_key"),
)


def add_implied(engine: Engine) -> int:
    """Add the families that only their members tell of to `family_standardised`; return how many. Rows that tell of a
    change only (a person moved to another card) are no family by themselves.

    The head's row says who they are; where they live, the row says with whose address most members agree (one of them
    may have been met elsewhere).
    """
    taken = {
        "rid": "(SELECT coalesce(max(rid), 0) FROM family_standardised)"
        " + row_number() OVER (ORDER BY h.source, h.layout, h.kk)",
        "record_key": "h.kk",
        "head_name": "h.name",
        **{f"head_{part}": f"h.name_{part}" for part in PARTS["head_name"]},
        **{column: f"p.{column}" for column in _PLACE},
        "implied": "true",
    }
    persons = set(engine.columns("person_standardised"))
    families = [c for c in engine.columns("family_standardised") if c != "implied"]
    select = ", ".join(
        f"{taken.get(c) or (f'h.{c}' if c in persons else 'NULL')} AS {c}" for c in families
    )
    before = int(engine.scalar("SELECT count(*) FROM family_standardised"))
    changes = ", ".join(map(quote, load_standardise().sources_of_changes))
    first = "relationship = 'HEAD') DESC NULLS LAST, birth_date NULLS LAST, rid"
    engine.run(
        "ALTER TABLE family_standardised ADD COLUMN IF NOT EXISTS implied BOOLEAN DEFAULT false"
    )
    # Narrow rows are put in order, and whole ones fetched only for those chosen.
    engine.run(
        f"""
        INSERT INTO family_standardised BY NAME
        WITH alone AS (
            SELECT p.rid, p.source, p.kk, p.relationship, p.birth_date,
                   count(*) OVER (PARTITION BY p.source, p.kk, p.village, p.address_key, p.rt) AS agreeing
            FROM person_standardised p ANTI JOIN family_standardised f ON f.source = p.source AND f.kk = p.kk
            WHERE p.kk IS NOT NULL AND p.source NOT IN ({changes})),
        heads AS (SELECT rid FROM alone QUALIFY row_number() OVER (PARTITION BY source, kk ORDER BY ({first}) = 1),
        places AS (SELECT rid FROM alone
                   QUALIFY row_number() OVER (PARTITION BY source, kk ORDER BY agreeing DESC, ({first}) = 1)
        SELECT {select}, true AS implied
        FROM (SELECT * FROM person_standardised SEMI JOIN heads USING (rid)) h
        JOIN (SELECT * FROM person_standardised SEMI JOIN places USING (rid)) p ON p.source = h.source AND p.kk = h.kk
        """
    )
    after = int(engine.scalar("SELECT count(*) FROM family_standardised"))
    return after - before


def add_members(engine: Engine) -> int:
    """Make `family_context(rid, card, card_today, member_niks, member_keys, members)` from the persons on each card.

    `card_today`: the number that the card goes by now, where the hub found another (`card_renumbered`); who is
    on that is a member here, too.
    """
    if not engine.exists("card_renumbered"):
        engine.table("card_renumbered", "SELECT ''::VARCHAR AS card, ''::VARCHAR AS today LIMIT 0")
    engine.table(
        "family_member",
        f"""
        SELECT f.rid AS family_rid, p.rid AS person_rid, p.nik,
               p.name_first || ' ' || p.birth_date AS member_key
        FROM ({_today("family_standardised")}) f JOIN ({_today("person_standardised")}) p
          ON p.source = f.source AND p.card_today = f.card_today
        """,
    )
    rows = engine.table(
        "family_context",
        f"""
        SELECT f.rid, f.card, f.card_today, m.member_niks, m.member_keys, coalesce(m.members, 0) AS members
        FROM ({_today("family_standardised")}) f
        LEFT JOIN (SELECT family_rid AS rid, list_sort(list(DISTINCT nik) FILTER (nik IS NOT NULL)) AS member_niks,
                          list_sort(list(DISTINCT member_key) FILTER (member_key IS NOT NULL)) AS member_keys,
                          count(*) AS members
                   FROM family_member GROUP BY family_rid) m USING (rid)
        """,
    )
    engine.drop("family_member")
    return rows


def _today(table: str) -> str:
    """SQL: the rows of a table with their card, as typed and by today's number."""
    return f"""
        SELECT c.*, coalesce(r.today, c.card) AS card_today
        FROM (SELECT *, {CARD.format(table)} AS card FROM {table}) c LEFT JOIN card_renumbered r ON r.card = c.card
        """


# Who stands together without a card tells by two names or more of whom they are: the rows of one dwelling of a book, or
# of one source, address and RT. `recognised`: the family of the village with most of those names, nearly of that age,
# among them the row's own; in a dwelling it is the other rows' too. `carded_home`: the one family whose card stands in
# the dwelling. More rows at an address (`_COMPANY`) are a hamlet, where two names meet in one family by chance.
_COMPANY = 20
_AT_HOME = f"""
    in_book AS (
        SELECT book, family_group FROM carded WHERE book IS NOT NULL AND family_group IS NOT NULL
        UNION ALL SELECT d.book, coalesce('F' || f.cluster, 'K' || d.card)
        FROM (SELECT office || ' ' || dwelling_ref AS book, unnest(kk_list) AS card FROM household_standardised) d
        LEFT JOIN family_card f USING (card) WHERE d.book IS NOT NULL),
    carded_home AS (
        SELECT book, min(family_group) AS home FROM in_book GROUP BY book HAVING count(DISTINCT family_group) = 1),
    cardless AS (
        SELECT *, coalesce(book, source || ' ' || village || ' ' || address_key || ' ' || coalesce(rt, '')) AS company
        FROM carded WHERE card IS NULL QUALIFY count(*) OVER (PARTITION BY company) <= {_COMPANY}),
    named AS (
        SELECT DISTINCT l.rid, l.company, l.book, l.name_key, r.family
        FROM cardless l JOIN carded r ON r.village = l.village AND r.name_key = l.name_key
        WHERE l.company IS NOT NULL AND r.family IS NOT NULL AND abs(r.birth_year - l.birth_year) <= 5),
    alike AS (
        SELECT *, count(DISTINCT name_key) OVER (PARTITION BY company, family) AS members FROM named
        QUALIFY members >= 2),
    by_name AS (
        SELECT rid, min(family) AS family
        FROM (FROM alike QUALIFY rank() OVER (PARTITION BY rid ORDER BY members DESC) = 1)
        GROUP BY rid HAVING count(DISTINCT family) = 1),
    by_fellows AS (
        SELECT book, min(family) AS family
        FROM (FROM alike WHERE book IS NOT NULL QUALIFY rank() OVER (PARTITION BY book ORDER BY members DESC) = 1)
        GROUP BY book HAVING count(DISTINCT family) = 1),
    at_home AS (
        SELECT c.rid, coalesce(n.family, m.family) AS recognised,
               coalesce('F' || coalesce(n.family, m.family), h.home) AS home
        FROM cardless c LEFT JOIN by_name n USING (rid) LEFT JOIN by_fellows m USING (book)
        LEFT JOIN carded_home h USING (book))
    """


def tell_persons(engine: Engine) -> int:
    """Make `person_context(rid, card, family_group, recognised, born_alone, alone_here, nik_known, twin)`, and
    `family_card(card, cluster)`: the family that a card is of (see LISTS_IT).

    `family_group` is the family found for the person's card, or the card itself where no family record carries it; of a
    row without a card, the family of those who stand with it. `recognised`: that family's number, where their names
    tell it.
    `born_alone`: the register knows exactly one person of that family with this birth date, so there are no twins.
    `alone_here`: the register knows exactly one person of that village with this birth date, whatever the card.
    Neither is said of who has a twin elsewhere: another name in the register, of that mother, birth place and date.
    `nik_known`: the number stands in the register, so it is somebody's; a mistyped number hardly ever is.
    `twin`: the name as typed, where the register knows two of that family born that day who are named a letter or two
    apart; NULL for all others.
    """
    listed = ", ".join(f"min(c.cluster) {listing}" for listing in LISTS_IT)
    engine.table(
        "family_card",
        f"""
        SELECT x.card, coalesce({listed}) AS cluster
        FROM family_context x JOIN family_clusters c USING (rid) JOIN family_standardised f USING (rid)
        WHERE x.card IS NOT NULL GROUP BY x.card
        """,
    )
    carded = f"""
        SELECT p.* EXCLUDE (own), p.own AS card, f.cluster AS family,
               coalesce('F' || f.cluster, 'K' || p.own) AS family_group
        FROM (SELECT rid, source, birth_date, birth_year, registry, nik_text, village, address_key, rt, name, name_key,
                     mother_key, birth_regency, office || ' ' || dwelling_ref AS book,
                     {CARD.format("person_standardised")} AS own
              FROM person_standardised) p
        LEFT JOIN family_card f ON f.card = p.own
        """
    return engine.table(
        "person_context",
        f"""
        WITH carded AS MATERIALIZED ({carded}), {_AT_HOME},
        grouped AS (SELECT c.* REPLACE (coalesce(c.family_group, h.home) AS family_group), h.recognised
                    FROM carded c LEFT JOIN at_home h USING (rid)),
        twins AS (SELECT mother_key, birth_regency, birth_date, true AS twin FROM grouped
                  WHERE registry AND mother_key IS NOT NULL AND birth_regency IS NOT NULL AND birth_date IS NOT NULL
                  GROUP BY mother_key, birth_regency, birth_date HAVING min(name_key) <> max(name_key)),
        registered AS (SELECT g.*, coalesce(t.twin, false) AS twin
                       FROM (FROM grouped WHERE registry AND birth_date IS NOT NULL) g
                       LEFT JOIN twins t USING (mother_key, birth_regency, birth_date)),
        alone AS (SELECT family_group, birth_date, true AS born_alone FROM registered WHERE family_group IS NOT NULL
                  GROUP BY family_group, birth_date HAVING count(*) = 1 AND NOT bool_or(twin)),
        here AS (SELECT village, birth_date, true AS alone_here FROM registered WHERE village IS NOT NULL
                 GROUP BY village, birth_date HAVING count(*) = 1 AND NOT bool_or(twin)),
        named_alike AS (SELECT DISTINCT family_group, birth_date, true AS twin
                        FROM registered l JOIN registered r USING (family_group, birth_date)
                        WHERE l.rid < r.rid AND l.name <> r.name AND levenshtein(l.name_key, r.name_key) <= 2),
        known AS (SELECT DISTINCT nik_text, true AS nik_known FROM grouped WHERE registry AND nik_text IS NOT NULL)
        SELECT g.rid, g.card, g.family_group, g.recognised, coalesce(a.born_alone, false) AS born_alone,
               coalesce(h.alone_here, false) AS alone_here, coalesce(k.nik_known, false) AS nik_known,
               CASE WHEN n.twin THEN g.name END AS twin
        FROM grouped g LEFT JOIN alone a USING (family_group, birth_date)
        LEFT JOIN here h USING (village, birth_date) LEFT JOIN known k USING (nik_text)
        LEFT JOIN named_alike n USING (family_group, birth_date)
        """,
    )
