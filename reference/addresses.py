"""Addresses: short words written out, landmark words, and the steps that make one address out of
two spellings.

`DS.` may stand for DUSUN or DESA; it is read as DUSUN, because an address line names the hamlet
while the village has a column of its own.
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa

from reference.files import read_rows, read_table
from reference.text import Rule, apply_rules, plain_upper, plain_upper_sql, rules_sql

# 1 RT/RW written inside the line goes, it has its own columns; 2 dots, dashes and other marks
# become blanks; 3 letters and digits that stand together part (NO12 → NO 12, BLOK A3 → BLOK A 3);
# 4 leading zeros of numbers go; 5 one blank between words. What is left are the tokens that
# `ref_address_token` writes out.
ADDRESS_KEY: list[Rule] = [
    Rule(r"\bR\.? ?[TW]\.? ?[.:/]? ?[0-9]{1,3}\b", " "),
    Rule(r"\bRT\.? ?/ ?RW\.? ?[.:]? ?[0-9]{0,3} ?/? ?[0-9]{0,3}\b", " "),
    Rule(r"[^A-Z0-9]+", " "),
    Rule(r"([A-Z])([0-9])", r"\1 \2"),
    Rule(r"([0-9])([A-Z])", r"\1 \2"),
    Rule(r"\b0+([0-9])", r"\1"),
    Rule(r" +", " "),
    Rule(r"^ | $", ""),
]


@cache
def _known() -> dict[str, str]:
    return {row["token"]: row["canonical"] for row in read_rows("addresses/tokens.csv")}


@cache
def address_tables() -> dict[str, pa.Table]:
    """`ref_address_token(token, canonical, kind)`, unique on token; canonical is NULL for words
    that say nothing.

    `kind`: street, hamlet, village, district, regency, estate, number, unit, direction, landmark,
    word, empty. A landmark word (SAMPING, DEKAT, MASJID …) says where a place is near, not what
    its address is.
    """
    return {"ref_address_token": read_table("addresses/tokens.csv")}


def address_words(text: str) -> list[str]:
    """The words of an address after `ADDRESS_KEY`: short ones written out, empty ones left out."""
    words = (_known().get(word, word) for word in clean_address(text).split(" "))
    return [word for word in words if word]


def address_key(text: str) -> str:
    """The words of an address in one line."""
    return " ".join(address_words(text))


def clean_address(text: str) -> str:
    """An address after the steps of `ADDRESS_KEY`."""
    return apply_rules(plain_upper(text), ADDRESS_KEY)


def ADDRESS_KEY_SQL(column: str) -> str:  # noqa: N802 - a SQL fragment, written like the constant it stands for
    """`clean_address` as a DuckDB expression; split it at blanks to join `ref_address_token`."""
    return rules_sql(plain_upper_sql(column), ADDRESS_KEY)


def rt_rw_pair(text: str) -> tuple[str | None, str | None]:
    """RT and RW out of `003/005`, `RT 003 RW 005` or one side of it, without leading zeros; None
    where empty.
    """
    numbers = re.fullmatch(
        r" *(?:RT\.? *)?([0-9]*) *(?:/|RW\.?|/ *RW\.?)? *([0-9]*) *", text.upper()
    )
    if numbers is None:
        return None, None
    rt, rw = (number.lstrip("0") or None for number in numbers.groups())
    return rt, rw
