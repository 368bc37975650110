"""Quality rules: YAML documents that turn typed rows into findings, as SQL over whole tables."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import model_validator

from mdm import documents
from mdm.contracts import Layout
from mdm.contracts.accepted import KINDS, Kind
from mdm.contracts.readings import CodeReading, Document, Reading
from mdm.documents import RequiredSentence
from mdm.files.chunks import JOINED
from mdm.validation.readings import presence
from reference.text import identifier, quote

QUALITY = Path(__file__).parents[1] / "rules" / "quality.yaml"
WHOLE_FILE = 0  # the row number of findings about a file as a whole
VALUE_DATE = "value_date"  # no attribute; a rule may ask about it all the same
FINDING_COLUMNS = (
    "batch", "source", "layout", "file", "row", "column_name", "rule", "severity", "value",
    "reason",
)  # fmt: skip


class OfFile(Document):
    """When a rule speaks of a file as a whole: of the values that `among` (SQL as `when`) names, at least so many, and
    at least this share, are as `when` says.
    """

    among: str
    least: int
    share: float


class QualityRule(Document):
    """One rule: what it asks of which attributes, how grave it is, what the provider is told. `of_hands`: it asks about
    keys that changed hands, and is left out where none did."""

    name: str
    severity: Literal["warning", "quarantine"]
    kinds: tuple[Kind, ...] = KINDS
    about: tuple[str, ...] = ()
    readings: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    when: str | None = None
    of_file: OfFile | None = None
    of_hands: bool = False
    reason: RequiredSentence
    remedy: RequiredSentence

    @model_validator(mode="after")
    def _asked_of_something(self) -> QualityRule:
        if (self.when is None) != (not self.about and not self.readings):
            raise ValueError(
                f"rule {self.name}: `when` needs `about` or `readings`, and they need it"
            )
        return self

    def attributes(self, layout: Layout) -> list[str]:
        """The layout's attributes this rule asks about."""
        if layout.kind not in self.kinds or any(need not in layout.values for need in self.needs):
            return []
        found = [name for name, reading in layout.values.items() if self._asks(name, reading)]
        dated = VALUE_DATE in self.about and layout.value_date is not None
        return [*found, VALUE_DATE] if dated else found

    def _asks(self, attribute: str, reading: Reading) -> bool:
        if isinstance(reading, CodeReading) and reading.lenient:
            return attribute in self.about
        return attribute in self.about or getattr(reading, "parser", "") in self.readings

    def condition(self, attribute: str, typed: str) -> str:
        """The rule's SQL for one attribute over table `typed`."""
        return self._filled(self.when or "FALSE", attribute, typed)

    def of_files(self, attribute: str, typed: str) -> str:
        """SQL: `batch`, `file` and `value` (how many of how many) of the files this rule speaks of as a whole."""
        assert self.of_file is not None
        among = self._filled(self.of_file.among, attribute, typed)
        hit = f"{among} AND ({self.condition(attribute, typed)})"
        counted = (
            f"SELECT batch, any_value(file) AS file, count(*) FILTER ({hit}) AS hits, "
            f"count(*) FILTER ({among}) AS asked FROM {typed} GROUP BY batch"
        )
        return (
            f"SELECT batch, file, hits || ' / ' || asked AS value FROM ({counted}) "
            f"WHERE hits >= greatest({self.of_file.least}, {self.of_file.share} * asked)"
        )

    def _filled(self, sql: str, attribute: str, typed: str) -> str:
        words = {
            "{it}": attribute,
            "{raw}": f"{attribute}_raw",
            "{read}": f"{attribute}_read",
            "{turned}": f"{attribute}_turned",
            "{has}": f"has_{attribute}",
            "{lost}": f"{attribute}_lost",
            "{typed}": typed,
        }
        for word, meaning in words.items():
            sql = sql.replace(word, meaning)
        return sql


class QualityRules(Document):
    """The whole document, rules by order of writing."""

    rules: tuple[QualityRule, ...]

    @model_validator(mode="after")
    def _names_once(self) -> QualityRules:
        names = [rule.name for rule in self.rules]
        if len(set(names)) != len(names):
            raise ValueError("a rule name is used twice")
        return self

    def __getitem__(self, name: str) -> QualityRule:
        return next(rule for rule in self.rules if rule.name == name)

    def number(self, name: str) -> int:
        """Place of a rule in the document; it stands for the rule inside SQL."""
        return next(place for place, rule in enumerate(self.rules) if rule.name == name)


@cache
def load_quality() -> QualityRules:
    """The quality rules; a RuleError says where the document is wrong."""
    return documents.read(QualityRules, QUALITY)


#: Of a row that a quotation mark joins to those after it: all that were read as this one. Each has a line of its own.
_LINES = r"len(list_filter(string_split(l._text, chr(10)), lambda line: trim(line, E' \r') <> ''))"
_READ_AS_ONE = f"""CASE l._problem WHEN {quote(JOINED)}
            THEN concat(l."row", '–', l."row" + {_LINES} - 1) END"""


def hits_sql(layout: Layout, tables: tuple[str, str], rules: QualityRules, *, handed: bool) -> str:
    """Which rows break which rules: `id` of the landed row, numbers of the rule and of the attribute it is about.

    `tables` are the landed and the typed table of the layout; `handed`: some of its keys changed hands.
    """
    landed, typed = tables
    attributes = _asked(layout)
    hits = _minimum_hits(layout, typed, rules) + [
        f"SELECT id, {rules.number(rule.name)} AS rule, "
        f"{attributes.index(name)} AS at FROM {typed} WHERE ({rule.condition(name, typed)})"
        for rule in rules.rules
        if rule.of_file is None and (handed or not rule.of_hands)
        for name in rule.attributes(layout)
    ]
    hits.append(
        f"SELECT rowid AS id, list_position({_list(rule.name for rule in rules.rules)}, _problem)"
        f" - 1 AS rule, {len(attributes) - 1} AS at FROM {landed} WHERE _problem IS NOT NULL"
    )
    return " UNION ALL ".join(hits)


def findings_sql(
    layout: Layout,
    source: str,
    tables: tuple[str, str, str],
    rules: QualityRules,
    batches: list[str],
    *,
    handed: bool,
) -> str:
    """All findings of the given batches of a layout, with the value as typed; of a row that a
    quotation mark joins to others, with the rows that were read as one.

    `tables` are the landed and the typed table of the layout and one of what `hits_sql` gives: the engine sees how few
    there are, and reads only their landed rows.
    """
    landed, typed, hits = tables
    attributes = _asked(layout)
    only = ", ".join(map(quote, batches))
    spoken = [rule for rule in rules.rules if handed or not rule.of_hands]
    values = " ".join(
        f"WHEN {place} THEN {_as_typed(layout, attribute)}"
        for place, attribute in enumerate(attributes[:-1])
    )
    return f"""
        SELECT l.batch, {quote(source)} AS source, {quote(layout.name)} AS layout, l.file,
            l."row"::INTEGER AS "row",
            nullif(({_list(layout.column_of(a) for a in attributes)})[h.at + 1], '') AS column_name,
            ({_list(rule.name for rule in rules.rules)})[h.rule + 1] AS rule,
            ({_list(rule.severity for rule in rules.rules)})[h.rule + 1] AS severity,
            CASE h.at {values} ELSE {_READ_AS_ONE} END AS value,
            ({_list(rule.reason.en for rule in rules.rules)})[h.rule + 1] AS reason
        FROM {hits} h
        JOIN {landed} l ON l.rowid = h.id
        WHERE l.batch IN ({only})
        {_of_files(layout, source, typed, spoken, only)}"""


def _of_files(
    layout: Layout, source: str, typed: str, rules: Sequence[QualityRule], only: str
) -> str:
    """What is found of files as a whole, to be added to what is found of rows."""
    return " ".join(
        f"""UNION ALL SELECT batch, {quote(source)}, {quote(layout.name)}, file, {WHOLE_FILE},
            {quote(layout.column_of(name))}, {quote(rule.name)}, {quote(rule.severity)}, value, {quote(rule.reason.en)}
        FROM ({rule.of_files(name, typed)}) WHERE batch IN ({only})"""
        for rule in rules
        if rule.of_file is not None
        for name in rule.attributes(layout)
    )


def _asked(layout: Layout) -> list[str]:
    """What findings are about, in order: the attributes, the date of the row's last change, and nothing of these."""
    dated = [VALUE_DATE] if layout.value_date else []
    return [*layout.values, *dated, ""]


def _minimum_hits(layout: Layout, typed: str, rules: QualityRules) -> list[str]:
    """Rows below the layout's minimum, with what they lack."""
    attributes = _asked(layout)
    hits = []
    for attribute in layout.minimum.all_of:
        rule = rules.number("name_missing" if attribute == "name" else "value_missing")
        missing = f"NOT accepted AND NOT ({presence(layout, attribute)})"
        hits.append((rule, attributes.index(attribute), missing))
    if layout.minimum.any_of:
        some = " OR ".join(presence(layout, attribute) for attribute in layout.minimum.any_of)
        rule = rules.number("no_identifying_value")
        hits.append((rule, len(attributes) - 1, f"NOT accepted AND NOT ({some})"))
    return [
        f"SELECT id, {rule} AS rule, {at} AS at FROM {typed} WHERE {condition}"
        for rule, at, condition in hits
    ]


def _as_typed(layout: Layout, attribute: str) -> str:
    columns = [identifier(layout.landed_name(name)) for name in layout.columns_of(attribute)]
    cells = [f"l.{column}" for column in columns]
    return cells[0] if len(cells) == 1 else f"concat_ws('.', {', '.join(cells)})"


def _list(words: object) -> str:
    return "[" + ", ".join(quote(str(word)) for word in words) + "]"  # type: ignore[attr-defined]
