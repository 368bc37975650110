"""The second wall on PostgreSQL: row-level security by region.

A reader goes behind the wall by taking the role `dtsen_reader` for a part of its transaction. The
role may read profiles, their keys and the index of NIKs, and of these only what belongs to an
entity whose newest profile, as of the run it names, lies in the regions it names. Without regions,
without a run, or where the region is not known, it sees nothing; and it writes nothing at all.

The newest version decides: who moved away, or ended, takes the older versions along.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import sqlalchemy as sa

from mdm.errors import HomeError

READER = "dtsen_reader"
WALLED = ("sealed_profile", "entity_key", "nik_token")
OPEN = ("entity", "run")  # who stands for whom, which run is published: nothing of any region
WHOLE_COUNTRY = "*"

# An administrator may have made the role and let the hub's user into it before.
_ROLE = f"""
    DO $$ BEGIN
        IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{READER}') THEN
            CREATE ROLE {READER} NOLOGIN;
        END IF;
    EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;
    END $$;
    DO $$ BEGIN
        GRANT {READER} TO CURRENT_USER;
    EXCEPTION WHEN insufficient_privilege THEN NULL;
    END $$;
    SET LOCAL ROLE {READER};
    RESET ROLE
"""
# It looks over the wall for the policies: its owner, who made the tables, is not behind it.
_SEES = """
    CREATE FUNCTION {schema}.dtsen_sees(entity text) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = {schema}, pg_temp AS $$
        SELECT EXISTS (
            SELECT FROM (
                SELECT region, ciphertext IS NOT NULL AS lives FROM sealed_profile
                WHERE entity_id = entity
                AND run_seq <= nullif(current_setting('dtsen.seq', true), '')::integer
                ORDER BY version DESC LIMIT 1) newest,
                unnest(string_to_array(current_setting('dtsen.regions', true), ',')) prefix
            WHERE lives AND (prefix = '*' OR starts_with(region, prefix)))
    $$
"""
_BEHIND = sa.text(
    "SELECT set_config('dtsen.regions', :regions, true), set_config('dtsen.seq', :seq, true), "
    f"set_config('role', '{READER}', true)"
)
_BACK = sa.text(
    "SELECT set_config('role', 'none', true), set_config('dtsen.regions', '', true), "
    "set_config('dtsen.seq', '', true)"
)


def build(connection: sa.Connection) -> None:
    """Make the role, the policies, and the one function that looks over the wall.

    HomeError where the hub's own user may not make a role, or is not let into it.
    """
    schema = str(connection.execute(sa.text("SELECT quote_ident(current_schema())")).scalar())
    try:
        connection.exec_driver_sql(_ROLE)
    except sa.exc.ProgrammingError:
        raise HomeError(
            f"The hub's database user may not make the role {READER}.",
            f"Let an administrator: CREATE ROLE {READER} NOLOGIN; GRANT {READER} TO the user.",
        ) from None
    connection.exec_driver_sql(f"GRANT USAGE ON SCHEMA {schema} TO {READER}")
    connection.exec_driver_sql(f"GRANT SELECT ON {', '.join((*WALLED, *OPEN))} TO {READER}")
    connection.exec_driver_sql(_SEES.format(schema=schema))
    for table in WALLED:
        connection.exec_driver_sql(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        connection.exec_driver_sql(
            f"CREATE POLICY by_region ON {table} FOR SELECT TO {READER} "
            "USING (dtsen_sees(entity_id))"
        )


def take_down(connection: sa.Connection) -> None:
    """Undo `build`. The role stays: other hubs on the server may have it."""
    for table in WALLED:
        connection.exec_driver_sql(f"DROP POLICY by_region ON {table}")
        connection.exec_driver_sql(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    connection.exec_driver_sql("DROP FUNCTION dtsen_sees(text)")
    connection.exec_driver_sql(f"REVOKE ALL ON {', '.join((*WALLED, *OPEN))} FROM {READER}")


@contextmanager
def behind(connection: sa.Connection, regions: Sequence[str], seq: int) -> Iterator[None]:
    """Read behind the wall; ValueError for what is no prefix of a region's code."""
    if not all(prefix.isdecimal() or prefix == "" for prefix in regions):
        raise ValueError("a region is the first digits of its code, or empty")
    prefixes = ",".join(prefix or WHOLE_COUNTRY for prefix in regions)
    connection.execute(_BEHIND, {"regions": prefixes, "seq": str(seq)})
    yield
    # Not in a `finally`: where a statement failed, the transaction ends, and the role with it.
    connection.execute(_BACK)
