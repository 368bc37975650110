"""What survivorship reads of a record, as SQL columns over `<kind>_standardised`.

One attribute becomes one value column: the column itself, or for a group that travels together
the JSON text of its parts, so that a group is chosen whole or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mdm.survivorship.rules import NEVER, Attribute, Kind, SurvivorshipRules
from reference.attributes import dictionary
from reference.codes import implied, labels

INVALID, BYGONE = "invalid", "bygone"  # why values lose that may not win
RECORD_PARTS = ("source", "layout", "record_key", "batch", "file", "row", "value_date")


@dataclass(frozen=True)
class Column:
    """One attribute of the kind, numbered: its bit in the masks, its columns in the chunk."""

    number: int
    name: str
    attribute: Attribute
    trust: str
    fuller_wins_ties: bool
    coarse: Mapping[str, frozenset[str]]  # coarse code → the finer ones it may stand for

    @property
    def value(self) -> str:
        return f"v{self.number}"

    @property
    def key(self) -> str:
        return f"key_{self.trust}"

    @property
    def informs(self) -> str:
        """The column that says how much the value says, or a constant."""
        text = self.attribute.informs
        return text if text.isdigit() else f"i{self.number}"

    def value_sql(self) -> str:
        """SQL of the value, NULL where the record may not speak or has nothing to say."""
        parts = self.attribute.together
        sql = _object(parts) if parts else self.attribute.value or self.name
        if self._speaks != "true":
            sql = f"CASE WHEN {self._speaks} THEN {sql} END"
        return sql

    @property
    def _speaks(self) -> str:
        """SQL: which records may speak."""
        only, instead = self.attribute.only, self.attribute.instead
        return only if instead == NEVER else f"({only}) OR {instead}"

    def said_sql(self) -> str:
        """SQL: whether there is a value, without making it."""
        parts = self.attribute.together or (self.attribute.value or self.name,)
        some = " OR ".join(f"({part}) IS NOT NULL" for part in parts)
        return f"({self._speaks}) AND ({some})"

    def meaning_sql(self) -> str:
        """SQL: the coarse code a value falls under, its own for a coarse one, NULL for others."""
        cases = " ".join(
            f"WHEN {self.value} IN ({_quoted({coarse, *fine})}) THEN '{coarse}'"
            for coarse, fine in sorted(self.coarse.items())
        )
        return f"CASE {cases} END" if cases else "NULL"

    def fine_sql(self) -> str:
        """SQL: 0 for a coarse code, 1 for any other value."""
        coarse = _quoted(self.coarse)
        return f"CASE WHEN {self.value} IN ({coarse}) THEN 0 ELSE 1 END" if coarse else "1"

    def json(self, value: str) -> str:
        """SQL: the value as JSON text. A group is JSON text already."""
        return value if self.attribute.together else f"to_json({value})::VARCHAR"

    @property
    def invalid_for(self) -> str:
        """The reason by which a value that may not win loses."""
        return BYGONE if self.attribute.bygone != NEVER else INVALID

    def invalid_sql(self) -> str:
        """SQL: whether a present value may not win. An unknown answer counts as not valid."""
        if self.attribute.bygone != NEVER:
            return self.attribute.bygone
        return f"NOT coalesce({self.attribute.valid.replace('{value}', self.value)}, false)"


def _quoted(codes: Iterable[str]) -> str:
    return ", ".join(f"'{code}'" for code in sorted(codes))


def _coarse(kind: str, name: str) -> dict[str, frozenset[str]]:
    """The coarse codes of an attribute's code list."""
    known = dictionary().of(kind).get(name)
    concept = known.concept if known else None
    codes = labels(concept) if concept else {}
    return (
        {code: implied(concept, code) for code in codes if implied(concept, code)}
        if concept
        else {}
    )


def columns_of(rules: SurvivorshipRules, kind: str, *, moved: bool = False) -> list[Column]:
    """The attributes of a kind as numbered columns, in alphabetical order. `moved`: the records tell whom the registry
    has moved."""
    body = rules.kind(kind)
    attributes = {n: one if moved else one.unmoved for n, one in body.attributes.items()}
    return [
        Column(
            number=number,
            name=name,
            attribute=attributes[name],
            trust=rules.rules[body.attributes[name].rule].trust,
            fuller_wins_ties=rules.rules[body.attributes[name].rule].fuller_wins_ties,
            coarse=_coarse(kind, name),
        )
        for number, name in enumerate(body.names)
    ]


def _object(parts: Sequence[str]) -> str:
    """SQL: a JSON object of the parts that are not NULL, keys sorted; NULL if there are none.

    One concat of all the pieces: every step between would copy the text again.
    """
    ordered = sorted(parts)
    pieces = []
    for at, part in enumerate(ordered):
        before = ", ".join(f"{earlier} IS NOT NULL" for earlier in ordered[:at]).replace(",", " OR")
        comma = f"CASE WHEN {before} THEN ',\"{part}\":' ELSE '\"{part}\":' END"
        key = comma if before else f"'\"{part}\":'"
        pieces += [f"CASE WHEN {part} IS NOT NULL THEN {key} END", f"to_json({part})"]
    some = " OR ".join(f"{part} IS NOT NULL" for part in ordered)
    return f"CASE WHEN {some} THEN concat('{{', {', '.join(pieces)}, '}}') END"


def bit_sql(condition: str, number: int) -> str:
    """SQL (BIGINT): bit `number` if the condition, which is never NULL, holds, else 0."""
    return f"(({condition})::BIGINT << {number})"


def chunk_sql(kind: str, records: str, body: Kind, columns: Sequence[Column], chunk: int) -> str:
    """SQL: the `records` of one chunk of entities, ready to be chosen from.

    Columns: entity_no, turn_no, many (the entity has more records than stand side by side),
    source_no, away (its provider's newest whole delivery leaves it out), the trust keys, `v<n>` and
    `i<n>` per attribute, the masks `present` and `invalid`
    (bit n: the record has a value; a value that may not win), the kind's witnesses as `w_<column>`,
    and the record's origin as JSON.
    """
    keys = sorted({c.key for c in columns})
    informs = [c for c in columns if not c.informs.isdigit()]
    kept = [*keys, *(c.value for c in columns), *(c.informs for c in informs)]
    present = " | ".join(bit_sql(f"{c.value} IS NOT NULL", c.number) for c in columns)
    invalid = " | ".join(
        bit_sql(f"{c.value} IS NOT NULL AND {c.invalid_sql()}", c.number)
        for c in columns
        if c.attribute.in_doubt
    )
    read = [f"{c.value_sql()} AS {c.value}" for c in columns]
    read += [f"{c.attribute.informs} AS {c.informs}" for c in informs]
    witnesses = "".join(f", {w} AS w_{w}" for w in body.witnesses)
    return f"""
        SELECT entity_no, turn_no, many, source_no, away, {", ".join(kept)}{witnesses},
               {present} AS present, {invalid or "0::BIGINT"} AS invalid,
               json_array({", ".join(RECORD_PARTS)})::VARCHAR AS record
        FROM (
            SELECT s.* EXCLUDE (rid), k.* EXCLUDE (rid), {", ".join(read)}
            FROM {records} s JOIN {kind}_survive_keys k USING (rid)
            WHERE k.chunk_no = {chunk}
        )
    """
