"""The name key of a place: what two spellings of one village or regency have in common."""

from __future__ import annotations

from reference.text import Rule, apply_rules, plain_upper, plain_upper_sql, rules_sql

#: The numerals in names of places, and of RT and RW, from one on.
ROMANS = (
    "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII", "XIII", "XIV", "XV",
)  # fmt: skip

# Order matters. 1 apostrophes vanish, other marks become blanks; 2 level words at the start go; 3
# common short words are written out; 4 blanks vanish, so SUKA MAJU = SUKAMAJU; 5 KOTA at the
# start goes, with or without a blank after it (KOTA BARU = KOTABARU), when at least three
# characters remain.
_LEVEL_WORDS = (
    "PEMERINTAH|PROVINSI|PROPINSI|PROV|PROP|KABUPATEN ADMINISTRASI|KABUPATEN ADM|KABUPATEN|KAB"
    "|KOTA ADMINISTRASI|KOTA ADM|KOTA MADYA|KOTAMADYA|KODYA|KECAMATAN|KEC|KELURAHAN|KEL|DESA|DS"
)
_SHORT_WORDS = {
    "SEI": "SUNGAI",
    "TJ": "TANJUNG",
    "TG": "TANJUNG",
    "TANJONG": "TANJUNG",
    "KP": "KAMPUNG",
    "KAMPONG": "KAMPUNG",
    "GN": "GUNUNG",
    "LBK": "LUBUK",
    "MNS": "MEUNASAH",
    "UJ": "UJUNG",
    "BDR": "BANDAR",
    "KEP": "KEPULAUAN",
}

NAME_KEY_RULES: list[Rule] = [
    Rule(r"['`]", ""),
    Rule(r"[^A-Z0-9]+", " "),
    Rule(r"^ +", ""),
    Rule(rf"^(?:(?:{_LEVEL_WORDS}) +)+(.)", r"\1"),
    *[Rule(rf"\b{short}\b", full) for short, full in _SHORT_WORDS.items()],
    Rule(" ", "", literal=True),
    Rule(r"^KOTA(...)", r"\1"),
]


def name_key(text: str) -> str:
    """Key of a place name: upper case letters and digits only; level words, marks and blanks
    removed.
    """
    return apply_rules(plain_upper(text), NAME_KEY_RULES)


def NAME_KEY_SQL(column: str) -> str:  # noqa: N802 - a SQL fragment, written like the constant it stands for
    """`name_key` as a DuckDB expression over `column`; NULL stays NULL."""
    return rules_sql(plain_upper_sql(column), NAME_KEY_RULES)
