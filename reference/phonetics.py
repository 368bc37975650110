"""The phonetic key of an Indonesian name token: one key for old and new spelling and for sounds
often confused.

`phonetic` and `PHONETIC_SQL` apply the same ordered steps and give the same key. What must stay
apart does: endings -O and -I (YANTO, YANTI), DEWI and DWI, NUR and NURUL. The key says "may sound
alike", never "is the same name".
"""

from __future__ import annotations

from reference.text import Rule, apply_rules, plain_upper, plain_upper_sql, rules_sql

# Marks used between steps; a cleaned token has letters only, so they cannot be typed.
_OLD, _J = "~", "8"

_CLEAN = [Rule("[^A-Z]+", "")]

# Before 1972 C was TJ, J was DJ, and Y was J; before 1947 U was OE. A token with DJ, TJ or SJ, or
# that starts with NJ, shows the old spelling: there every other J is a Y (WIDJAJA, DJOJO). OE alone
# does not tell, because later writers kept it beside a modern J. TJ after a vowel E or I, or after
# S, is a T with a Y (SETJO, SULISTJO).
_OLD_SPELLING = [
    Rule("^(.*(?:TJ|DJ|SJ).*)$", _OLD + r"\1"),
    Rule("^NJ", _OLD + "NY"),
    Rule("DJ", _J, literal=True),
    Rule("([EI])TJ([AOU])", r"\1TY\2"),
    Rule("STJ", "STY", literal=True),
    Rule("TJ", "C", literal=True),
    Rule("SJ", "SY", literal=True),
    Rule(f"^({_OLD}[^J]*)J", r"\1Y"),
    Rule(f"^({_OLD}[^J]*)J", r"\1Y"),
    Rule(f"^({_OLD}[^J]*)J", r"\1Y"),
    Rule(_OLD, "", literal=True),
    Rule(_J, "J", literal=True),
    Rule("OE", "U", literal=True),
    Rule("OO", "U", literal=True),
    Rule("OU", "U", literal=True),
    Rule("IE", "I", literal=True),
]

# Arabic and Western letter groups. CH is KH (ACHMAD), but K before R (CHRISTINA) and C in CHANDRA,
# CHINTYA. Z is J (RIZAL, RIJAL), at the end S (AZIZ, AZIS).
_GROUPS = [
    Rule("SCH", "S", literal=True),
    Rule("SY", "S", literal=True),
    Rule("SH", "S", literal=True),
    Rule("^CHR", "KR"),
    Rule("^CH(AND|INT|IK)", r"C\1"),
    Rule("CH", "H", literal=True),
    Rule("KH", "H", literal=True),
    Rule("GH", "G", literal=True),
    Rule("DZ", "Z", literal=True),
    Rule("DH", "D", literal=True),
    Rule("TH", "T", literal=True),
    Rule("BH", "B", literal=True),
    Rule("PH", "P", literal=True),
    Rule("ZH", "Z", literal=True),
    Rule("TS", "S", literal=True),
    Rule("CK", "K", literal=True),
    Rule("C([^AEIOUYH]|$)", r"K\1"),
    Rule("X", "KS", literal=True),
    Rule("Z$", "S"),
    Rule("Z", "J", literal=True),
]

# A J that may be an old Y, where names have both: the two are folded, whoever wrote them.
_J_OR_Y = [
    Rule("^JULI", "YULI"),
    Rule("^JU(SU|NUS)", r"YU\1"),
    Rule("^JO([HS])", r"YO\1"),
    Rule("^JANT", "YANT"),
    Rule("^WAJAN", "WAYAN"),
    Rule("^SURJ", "SURY"),
    Rule("([LHBKM])J", r"\1Y"),
    Rule("ARJA([NT])", r"ARYA\1"),
    Rule("UNJ([AO])", r"UNY\1"),
    Rule("IJ([AEO])", r"IY\1"),
    Rule("([HD])AJAT", r"\1AYAT"),
    Rule("HAJU", "HAYU", literal=True),
    Rule("AJANI", "AYANI", literal=True),
    Rule("SUJAT", "SUYAT", literal=True),
]

_LETTERS = [
    Rule("[FV]", "P"),
    Rule("Q", "K", literal=True),
    Rule("Y", "I", literal=True),
    Rule("AE", "AI", literal=True),
    Rule("EI", "AI", literal=True),
    Rule("UW([AEIOU])", r"U\1"),
    *[Rule(letter * 2, letter, literal=True) for letter in "ABCDEGHIJKLMNOPRSTUW"],
    Rule("(.)H$", r"\1"),
    Rule("D$", "T"),
    Rule("B$", "P"),
]

PHONETIC_RULES: list[Rule] = [*_CLEAN, *_OLD_SPELLING, *_GROUPS, *_J_OR_Y, *_LETTERS]


def phonetic(token: str) -> str:
    """Phonetic key of one name token; empty when the token has no letter."""
    return apply_rules(plain_upper(token), PHONETIC_RULES)


def PHONETIC_SQL(column: str) -> str:  # noqa: N802 - a SQL fragment, written like the constant it stands for
    """`phonetic` as a DuckDB expression. It is long: use it on distinct tokens, not on every
    record.
    """
    return rules_sql(plain_upper_sql(column), PHONETIC_RULES)
