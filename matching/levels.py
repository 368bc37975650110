"""Levels of comparison as macros of the engine.

Splink reads the SQL of every level many times over: it takes conditions apart to find the plain equalities among them,
and that costs more than all the pairs of a small file. What is no plain equality is handed to it as a call of a macro,
which says the same and is read at a glance.

Inside a lambda DuckDB computes both sides of every OR and AND, though the first side mostly settles it. There the macro
asks by CASE, which computes the second side only where the first leaves it open: names are compared for half the price.
"""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from matching.engine import Engine
from matching.rules import Level, LinkageRules

if TYPE_CHECKING:
    from sqlglot import exp

#: SQL of levels, by comparison and level.
Calls = dict[tuple[str, str], str]


def make_macros(engine: Engine, rules: LinkageRules) -> Calls:
    """Make a macro of every level that is more than equalities; return how each is called."""
    calls: Calls = {}
    for comparison in rules.comparisons:
        for number, level in enumerate(comparison.levels):
            if not _is_long(level):
                continue
            name = f"level_{rules.kind}_{comparison.name}_{number}"
            columns = ", ".join(_sides(rules, level))
            engine.run(f"CREATE OR REPLACE MACRO {name}({columns}) AS ({_lazy(level.sql)})")
            calls[comparison.name, level.name] = f"{name}({columns})"
    return calls


def _is_long(level: Level) -> bool:
    return (
        level.sql != "ELSE" and not level.missing and re.search(r"\(|\bOR\b", level.sql) is not None
    )


def _sides(rules: LinkageRules, level: Level) -> list[str]:
    """The columns of both records that a level looks at."""
    named = set(re.findall(r"\w+", level.sql))
    sides = (f"{column}_{side}" for column in rules.columns for side in "lr")
    return [side for side in sides if side in named]


@cache
def _lazy(sql: str) -> str:
    """The same condition, with what stands inside lambdas asked one after the other. Unknown may become no there, which
    a filter takes alike."""
    if "lambda" not in sql:
        return sql
    import sqlglot  # noqa: PLC0415 - slow to import, and only linking needs it
    from sqlglot import exp  # noqa: PLC0415

    tree = sqlglot.parse_one(sql, read="duckdb")
    for each in list(tree.find_all(exp.Lambda)):
        each.set("this", _in_turn(each.this))
    return tree.sql("duckdb")


def _in_turn(condition: exp.Expr) -> exp.Expr:
    """`a OR b` and `a AND b` as CASE, as deep as only OR, AND and brackets lead."""
    from sqlglot import exp  # noqa: PLC0415

    match condition:
        case exp.Paren():
            return _in_turn(condition.this)
        case exp.Or():
            yes = exp.If(this=_in_turn(condition.left), true=exp.true())
            return exp.Case(ifs=[yes], default=_in_turn(condition.right))
        case exp.And():
            both = exp.If(this=_in_turn(condition.left), true=_in_turn(condition.right))
            return exp.Case(ifs=[both], default=exp.false())
    return condition
