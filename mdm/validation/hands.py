"""Keys that change hands: whose record a row is when a later delivery gives its key to somebody else.

A record is a chain of rows, each of a later delivery than the one before. A row goes on with

1. the row of its key that says the same of what identifies it (mdm/contracts/strangers.py), if one ever did;
2. else, where its key was another's, or has not been before and the other's key was given away: the row of another key
   that says the same of what identifies it, if nobody else is called so in either delivery; but not where nothing else
   tells it from the row before of its own key, corrected, for two may be called alike;
3. else the row before it of its key, unless the two are plainly two, the row is one that 2. knows as somebody else, the
   one before goes on under another key, or stands under another in the same delivery while this one has another number;
4. else none: it begins a record.

The first record that begins under a key has it as its own, any other carries its tie. So a record keeps its key while
the office counts its list anew, and who loses a number keeps the record. Rows that share their key within a delivery
and have it with a tie (doubles.py) take no part. Nothing is made where no key changed hands, which one look at the keys
of a layout tells; what is asked then is asked of the keys in question alone.
"""

from __future__ import annotations

from matching.engine import Engine
from mdm.contracts import Layout
from mdm.contracts.strangers import apart, compared, enough, identifying, other_number
from mdm.contracts.ties import shared_key, tie
from mdm.validation.doubles import MOMENT, doubles

_STEPS = ("suspects", "involved", "told", "alone", "pairs", "strange", "marked", "follow", "chain")


def hands(typed: str) -> str:
    """The table that `settle` makes."""
    return f"{typed}_hands"


def settle(engine: Engine, layout: Layout, landed: str, typed: str) -> bool:
    """Make table `<typed>_hands` (id, key, moment, record, taken) of the rows of keys that changed hands: the record
    that each is of, and whether its number was somebody else's before. False, and none, where no key did, as in a
    single delivery, which need not be asked."""
    engine.drop(hands(typed))
    try:
        return _settle(engine, layout, landed, typed)
    finally:
        engine.drop(*(f"{typed}_{step}" for step in _STEPS))


def _settle(engine: Engine, layout: Layout, landed: str, typed: str) -> bool:
    if not _gather(engine, layout, typed):
        return False
    _compare(engine, layout, typed)
    _mark(engine, typed)
    _follow(engine, typed)
    if not _chain(engine, typed):
        return False
    _root(engine, typed)
    while _part(engine, typed):
        _root(engine, typed)
    _name(engine, layout, landed, typed)
    return True


def _gather(engine: Engine, layout: Layout, typed: str) -> int:
    """Make `told`: the rows of the keys that were not always said of the same, and of those called like one of these;
    and `alone`: of them those that have their key for themselves. How many these are."""
    behind = identifying(layout) or compared(layout)
    if not behind:
        return 0
    ident = f"hash({', '.join(behind)})"
    several = f"min({ident}) <> max({ident})"
    found = engine.table(
        f"{typed}_suspects",
        f"SELECT record_key FROM {typed} WHERE accepted GROUP BY record_key HAVING {several}",
    )
    if not found:
        return 0
    engine.table(
        f"{typed}_involved",
        f"""
        WITH called AS (
            SELECT DISTINCT coalesce(office, '') AS office, {ident} AS ident
            FROM {typed} SEMI JOIN {typed}_suspects USING (record_key) WHERE accepted
        ), rows AS (
            SELECT record_key, coalesce(office, '') AS office, {ident} AS ident FROM {typed} WHERE accepted
        )
        SELECT DISTINCT record_key FROM rows SEMI JOIN called USING (office, ident)
        """,
    )
    beside = f"ANTI JOIN {doubles(typed)} USING (id)" if engine.exists(doubles(typed)) else ""
    engine.table(
        f"{typed}_told",
        f"""
        SELECT id, record_key AS key, {MOMENT} AS moment, coalesce(office, '') AS office, {ident} AS ident,
               {enough(layout)} AND count(*) OVER (PARTITION BY coalesce(office, ''), {ident}, {MOMENT}) = 1 AS known
        FROM {typed} SEMI JOIN {typed}_involved USING (record_key) WHERE accepted
        """,
    )
    return engine.table(
        f"{typed}_alone",
        f"""
        SELECT id, key, moment, known, lag(id) OVER k AS before, lead(id) OVER k AS next, lag(id) OVER same AS own,
               lag(id) OVER called AS elsewhere, lead(id) OVER called AS again
        FROM {typed}_told {beside}
        WINDOW k AS (PARTITION BY key ORDER BY moment),
               same AS (PARTITION BY key, ident ORDER BY moment),
               called AS (PARTITION BY office, ident ORDER BY moment, key)
        """,
    )


def _compare(engine: Engine, layout: Layout, typed: str) -> None:
    """Make `strange` (id, plain): the rows that are plainly another than the row of their key before, or are if that
    one stands elsewhere."""
    columns = compared(layout)
    both = ", ".join(f"was.{name} AS was_{name}, now.{name} AS now_{name}" for name in columns)
    engine.table(
        f"{typed}_pairs",
        f"""
        SELECT a.id{", " + both if both else ""} FROM {typed}_alone a
        JOIN {typed} was ON was.id = a.before JOIN {typed} now ON now.id = a.id WHERE a.own IS NULL
        """,
    )
    judged = (
        f"SELECT id, {apart(layout)} AS plain, {other_number(layout)} AS other FROM {typed}_pairs"
    )
    engine.table(f"{typed}_strange", f"SELECT id, plain FROM ({judged}) WHERE plain OR other")


def _mark(engine: Engine, typed: str) -> None:
    """Make `marked`: the rows, and whether each `comes` from another key, and is `foreign` to its own: not the one
    before, corrected. Being called like somebody known under another key says so only where something else does, too: a
    number that differs, the one before found elsewhere, the other's key not theirs any more."""
    engine.table(
        f"{typed}_marked",
        f"""
        WITH seen AS (
            SELECT a.*, s.plain IS TRUE AS plain, s.id IS NOT NULL AS other,
                   (p.known AND x.known AND x.moment = a.moment AND x.key <> a.key) IS TRUE AS gone,
                   (a.known AND a.own IS NULL AND e.known AND e.key <> a.key) IS TRUE AS called,
                   (n.moment = a.moment OR (n.moment < a.moment AND t.plain)) IS TRUE AS given
            FROM {typed}_alone a LEFT JOIN {typed}_strange s ON s.id = a.id
            LEFT JOIN {typed}_alone p ON p.id = a.before LEFT JOIN {typed}_alone x ON x.id = p.again
            LEFT JOIN {typed}_alone e ON e.id = a.elsewhere LEFT JOIN {typed}_alone n ON n.id = e.next
            LEFT JOIN {typed}_strange t ON t.id = n.id
        ), found AS (
            SELECT * EXCLUDE (called, given), called AND (before IS NULL OR other OR gone OR given) AS comes FROM seen
        )
        SELECT *, plain OR (other AND gone) OR (comes AND before IS NOT NULL) AS "foreign" FROM found
        """,
    )


def _follow(engine: Engine, typed: str) -> None:
    """Make `follow` (id): the rows that go on with the one that is called like them under another key. Nobody went on
    with that under its own key before; and where theirs is new, that key was given away, or back."""
    engine.table(
        f"{typed}_follow",
        f"""
        WITH found AS (
            SELECT r.id, r.moment, r.before, n.moment AS next, n."foreign" OR (n.own <> q.id) IS TRUE AS away
            FROM {typed}_marked r JOIN {typed}_marked q ON q.id = r.elsewhere
            LEFT JOIN {typed}_marked n ON n.id = q.next WHERE r.comes
        )
        SELECT id FROM found WHERE CASE WHEN before IS NULL THEN (next <= moment AND away) IS TRUE
            ELSE (next < moment AND NOT away) IS NOT TRUE END
        """,
    )


def _chain(engine: Engine, typed: str) -> bool:
    """Make `chain` (id, key, moment, how, before): what each row goes on with; `how`: 0 with one that said the same, 1
    with the one before of its key, 2 with one of another key. Whether any key changed hands."""
    engine.table(
        f"{typed}_chain",
        f"""
        WITH rows AS (
            SELECT r.* EXCLUDE (gone), f.id IS NOT NULL AS follows, x.moment <= r.moment AND xf.id IS NOT NULL AS gone
            FROM {typed}_marked r LEFT JOIN {typed}_follow f ON f.id = r.id
            LEFT JOIN {typed}_marked p ON p.id = r.before LEFT JOIN {typed}_marked x ON x.id = p.again
            LEFT JOIN {typed}_follow xf ON xf.id = x.id
        )
        SELECT id, key, moment, before AS last, CASE WHEN own IS NOT NULL THEN 0 WHEN follows THEN 2 ELSE 1 END AS how,
               CASE WHEN own IS NOT NULL THEN own WHEN follows THEN elsewhere
                    WHEN NOT "foreign" AND gone IS NOT TRUE THEN before END AS before
        FROM rows
        """,
    )
    changed = (
        f"SELECT count(*) FROM {typed}_chain WHERE how = 2 OR (before IS NULL AND last IS NOT NULL)"
    )
    return bool(engine.scalar(changed))


def _root(engine: Engine, typed: str) -> None:
    """Make `<typed>_hands` (id, key, moment, how, root): with which row the record of each began."""
    at = hands(typed)
    engine.table(at, f"SELECT * EXCLUDE (before), coalesce(before, id) AS root FROM {typed}_chain")
    further = f"SELECT count(*) FROM {at} a JOIN {at} b ON b.id = a.root AND b.root <> b.id"
    while engine.scalar(further):
        engine.table(
            at, f"SELECT a.* EXCLUDE (root), b.root FROM {at} a JOIN {at} b ON b.id = a.root"
        )


def _part(engine: Engine, typed: str) -> int:
    """Let a row begin a record where another row of its delivery goes on with the same: one person stands there once.
    How many did."""
    found = engine.table(
        f"{typed}_pairs",
        f"""
        WITH placed AS (
            SELECT id, row_number() OVER (PARTITION BY root, moment ORDER BY how, key) AS n FROM {hands(typed)}
        )
        SELECT id FROM placed JOIN {typed}_chain USING (id) WHERE n > 1 AND before IS NOT NULL
        """,
    )
    if found:
        engine.run(
            f"UPDATE {typed}_chain SET before = NULL, how = 1 WHERE id IN (SELECT id FROM {typed}_pairs)"
        )
    return found


def _name(engine: Engine, layout: Layout, landed: str, typed: str) -> None:
    """Name the records, and leave the rows of keys that did not change hands."""
    at = hands(typed)
    engine.table(
        f"{typed}_pairs",
        f"""
        WITH roots AS (
            SELECT id, key, row_number() OVER (PARTITION BY key ORDER BY moment) AS n FROM {at} WHERE id = root
        )
        SELECT r.id, key AS record FROM roots r WHERE n = 1
        UNION ALL
        SELECT r.id, {shared_key("key", tie(layout, "l"))} FROM roots r JOIN {landed} l ON l.rowid = r.id WHERE n > 1
        """,
    )
    engine.table(
        f"{typed}_marked",
        f"SELECT h.id, h.key, h.moment, p.record FROM {at} h JOIN {typed}_pairs p ON p.id = h.root",
    )
    engine.table(
        at,
        f"""
        WITH moved AS (SELECT DISTINCT key, record FROM {typed}_marked WHERE record <> key)
        SELECT *, coalesce(lag(record) OVER (PARTITION BY key ORDER BY moment) <> record, FALSE) AS taken
        FROM {typed}_marked
        WHERE key IN (SELECT key FROM moved) OR record IN (SELECT record FROM moved)
        """,
    )
    if engine.exists(doubles(typed)):
        _beside(engine, layout, landed, typed)


def _beside(engine: Engine, layout: Layout, landed: str, typed: str) -> None:
    """Of the keys that changed hands, the rows beside whom a key belongs to. Who had the key before that one goes on
    with the record of then. The others count as long as the newest delivery of whom it belongs to holds them, as those
    of every key that is shared; where that one is elsewhere now, as long as their own does."""
    at, beside = hands(typed), doubles(typed)
    engine.table(
        f"{typed}_pairs",
        f"""
        WITH last AS (SELECT key, arg_max(record, moment) AS record FROM {at} GROUP BY key),
        called AS (
            SELECT {shared_key("h.key", tie(layout, "l"))} AS called, h.key, h.record FROM {at} h
            SEMI JOIN {beside} d ON d.key = h.key JOIN {landed} l ON l.rowid = h.id
        )
        SELECT called, min(record) AS record FROM called ANTI JOIN last USING (key, record) GROUP BY called
        """,
    )
    engine.run(
        f"UPDATE {beside} SET record_key = p.record FROM {typed}_pairs p WHERE p.called = {beside}.record_key"
    )
    engine.run(
        f"""
        INSERT INTO {at}
        WITH records AS (SELECT DISTINCT record FROM {at}),
        newest AS (SELECT record, arg_max(key, moment) AS key FROM {at} GROUP BY record),
        last AS (SELECT key, arg_max(record, moment) AS record FROM {at} GROUP BY key),
        stays AS (SELECT key, record FROM last JOIN newest USING (key, record))
        SELECT d.id, d.key, {MOMENT}, coalesce(r.record, s.record, d.key || '#'), FALSE
        FROM {beside} d SEMI JOIN {at} h ON h.key = d.key JOIN {typed} t USING (id)
        LEFT JOIN stays s ON s.key = d.key LEFT JOIN records r ON r.record = d.record_key
        """
    )
