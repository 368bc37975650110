"""Plain text shared by the room's keys: fold Latin letters, keep printable ASCII, upper case. In
Python and as SQL.

Every function here has a SQL twin that gives the same answer on any text; the tests hold them
together.
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple

# Letters with marks that Windows-1252 files carry. Folded by an explicit table, because Unicode
# tables differ between Python and the engine.
_MARKED = "ÀÁÂÃÄÅàáâãäåÇçÈÉÊËèéêëÌÍÎÏìíîïÑñÒÓÔÕÖØòóôõöøÙÚÛÜùúûüÝýÿŠšŽž"
_PLAIN = "AAAAAAaaaaaaCcEEEEeeeeIIIIiiiiNnOOOOOOooooooUUUUuuuuYyySsZz"
_FOLD = str.maketrans(_MARKED, _PLAIN)

_compiled = cache(re.compile)  # asked millions of times; re looks a pattern up more slowly


class Rule(NamedTuple):
    """One step of a key: replace every match. `literal` patterns use plain replacement, the
    others RE2 syntax.
    """

    pattern: str
    replacement: str
    literal: bool = False

    def apply(self, text: str) -> str:
        """The text after this step."""
        if self.literal:
            return text.replace(self.pattern, self.replacement)
        return _compiled(self.pattern).sub(self.replacement, text)

    def sql(self, expression: str) -> str:
        """The same step as a DuckDB expression over `expression`."""
        pattern, replacement = quote(self.pattern), quote(self.replacement)
        if self.literal:
            return f"replace({expression}, {pattern}, {replacement})"
        return f"regexp_replace({expression}, {pattern}, {replacement}, 'g')"


def quote(text: str) -> str:
    """A SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def identifier(name: str) -> str:
    """A SQL identifier, whatever stands in it."""
    return '"' + name.replace('"', '""') + '"'


def apply_rules(text: str, rules: list[Rule]) -> str:
    """The text after all steps, in order."""
    for rule in rules:
        text = rule.apply(text)
    return text


def rules_sql(expression: str, rules: list[Rule]) -> str:
    """All steps, nested, as one DuckDB expression."""
    for rule in rules:
        expression = rule.sql(expression)
    return expression


def plain_upper(text: str) -> str:
    """Upper case printable ASCII: marks folded, anything else that is not ASCII becomes a blank."""
    return re.sub(r"[^ -~]", " ", text.translate(_FOLD)).upper()


def folded_sql(expression: str, more: str = "", plain: str = "") -> str:
    """A DuckDB expression for the text without marks on its letters; with each sign of `more` the one of `plain` at
    its place takes, without those that have none there.
    """
    return f"translate({expression}, {quote(_MARKED + more)}, {quote(_PLAIN + plain)})"


def plain_upper_sql(expression: str) -> str:
    """`plain_upper` as a DuckDB expression. Most text is ASCII already and skips the folding."""
    plain = f"regexp_replace({folded_sql(expression)}, '[^ -~]', ' ', 'g')"
    is_plain = f"regexp_full_match({expression}, '[ -~]*')"
    return f"upper(CASE WHEN {is_plain} THEN {expression} ELSE {plain} END)"
