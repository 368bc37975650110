"""Addresses: what their short words stand for, and which words tell nothing.

`DS.` may stand for DUSUN or DESA; it is read as DUSUN, because an address line names the hamlet
while the village has a column of its own.
"""

from __future__ import annotations

from functools import cache

import pyarrow as pa

from reference.files import read_table


@cache
def token_table() -> pa.Table:
    """`ref_address_token(token, canonical, kind)`, unique on token; canonical is NULL for words
    that say nothing.

    `kind`: street, hamlet, village, district, regency, estate, number, unit, direction, landmark,
    word, empty. A landmark word (SAMPING, DEKAT, MASJID …) says where a place is near, not what
    its address is.
    """
    return read_table("addresses/tokens.csv")
