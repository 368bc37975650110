"""What the country's codes mean: regions, NIK and KK grammar, code lists, names, attributes.

Imports nothing of ours. `tables()` gives everything that bulk SQL joins against.
"""

from __future__ import annotations

import pyarrow as pa

from reference.addresses import address_tables
from reference.codes import code_tables
from reference.names import name_tables
from reference.regions import region_tables

__all__ = ["tables"]


def tables() -> dict[str, pa.Table]:
    """Every reference table by name, ready to be registered in an engine. Cached in the process."""
    return {**region_tables(), **code_tables(), **name_tables(), **address_tables()}
