"""Code lists: what a provider's code or word means, as one canonical code per concept.

Codes live in three files of `data/codes/`: `canonical.csv` (every canonical code with its two
labels), `code_map.csv` (the codes and words of each system) and `implies.csv` (a coarse code and
the finer ones it may be: Regsosek says SPOUSE where Dukcapil says HUSBAND or WIFE).

Systems: `dukcapil` (civil registry numbers), `regsosek` (Regsosek 2022 numbers), `pemda` (words
of local offices), `kemensos` (letters and words of SIKS-NG); `susenas2011`, `dci`, `fhir`,
`fhir_v3` and `wg_ss_dci` for exchange.
"""

from __future__ import annotations

import re
from functools import cache

import pyarrow as pa

from reference.files import read_rows, read_table
from reference.sentences import Sentence


@cache
def code_table() -> pa.Table:
    """`ref_code(concept, system, code, canonical)`, unique on (concept, system, code).

    Words are upper case with single blanks, numbers have no leading zero.
    """
    return read_table("codes/code_map.csv")


@cache
def _codes() -> dict[tuple[str, str, str], str]:
    rows = read_rows("codes/code_map.csv")
    return {(row["concept"], row["system"], row["code"]): row["canonical"] for row in rows}


def canonical(concept: str, system: str, code: str) -> str | None:
    """Canonical code of a provider's code or word; None if the list does not know it."""
    text = re.sub(" +", " ", code.upper()).strip(" ")
    text = text.lstrip("0") or text if text.isdigit() else text
    return _codes().get((concept, system, text)) or _codes().get((concept, system, code))


@cache
def labels(concept: str) -> dict[str, Sentence]:
    """Canonical code → its label, in the list's order. KeyError for an unknown concept."""
    found = {
        row["canonical"]: Sentence(row["label_id"], row["label_en"])
        for row in read_rows("codes/canonical.csv")
        if row["concept"] == concept
    }
    if not found:
        raise KeyError(concept)
    return found


def implied(concept: str, coarse: str) -> frozenset[str]:
    """The finer codes a coarse code may stand for; empty for a code that is not coarse."""
    return frozenset(fine for fine, of in coarser(concept).items() if of == coarse)


@cache
def coarser(concept: str) -> dict[str, str]:
    """Fine code → the coarse code that may stand for it; empty where a concept has no coarse codes."""
    return {
        row["fine"]: row["coarse"]
        for row in read_rows("codes/implies.csv")
        if row["concept"] == concept
    }
