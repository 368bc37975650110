"""One cluster of synthetic people, chosen to be worth reading, with its evidence and its profile.

Only for the home of a demonstration, in which nobody is real (`refuse_other_homes` in mdm/demo.py).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import combinations
from typing import Any

from matching.engine import Engine
from matching.rules import load_linkage
from matching.similarity import describe
from mdm.compose import Hub
from mdm.export import the_published_run
from mdm.report.facts import ChosenValue, Example, RecordLine, Step
from mdm.report.facts import Loser as LostValue
from mdm.saying import said
from mdm.survivorship import Choice, Explanation, Loser, SourceRecord
from mdm.tracing.evidence import PairEvidence, explain_pairs, load_kept, prepare_persons
from mdm.tracing.moments import model_of
from reference.attributes import dictionary
from reference.sentences import Sentence

SHOWN = {
    "nik_raw": "NIK",
    "kk_raw": "KK",
    "name": "name",
    "birth_date": "birth date",
    "birth_place": "birth place",
    "mother_name": "mother",
    "address": "address",
}
MOST_VALUES = 12

OpenProfile = Callable[[str], Explanation]


def make_example(hub: Hub, engine: Engine, open_profile: OpenProfile) -> Example | None:
    """The example, or None when no cluster fits. Needs the accepted tables in `engine`."""
    run = the_published_run(hub)
    model = model_of(hub, run, "person")
    if model is None:
        return None
    prepare_persons(hub, engine, run)
    load_kept(hub, engine, run, "person_links")
    entity = _choose(engine)
    if entity is None:
        return None
    records = _records(engine, entity)
    pairs = list(combinations([int(r["rid"]) for r in records], 2))
    weakest = _weakest_link(explain_pairs(engine, pairs, model))
    places = {int(r["rid"]): _place(f"{r['source']} {r['file']}", r["row"]) for r in records}
    profile = open_profile(entity)
    return Example(
        records=tuple(_line(r) for r in records),
        pair=(places[weakest.rid_l], places[weakest.rid_r]),
        steps=tuple(_steps(weakest, _words(engine, weakest.rid_l, weakest.rid_r))),
        values=tuple(_values(profile)),
        identity_status=profile.status,
    )


def _choose(engine: Engine) -> str | None:
    """An entity of a few records from all sources that disagree as much as possible."""
    rows = engine.fetch(
        """
        SELECT l.entity_id FROM person_links l JOIN person_accepted p USING (rid)
        GROUP BY l.entity_id
        HAVING count(*) BETWEEN 3 AND 5 AND count(DISTINCT p.source) = 3
        ORDER BY least(count(DISTINCT p.name), 3) + least(count(DISTINCT p.birth_date), 2)
                 + 2 * (count(p.nik) < count(*) OR count(DISTINCT p.nik) > 1)::INTEGER
                 + (count(DISTINCT p.kk) > 1)::INTEGER DESC,
                 min(p.rid)
        LIMIT 1
        """
    ).to_pylist()
    return str(rows[0]["entity_id"]) if rows else None


def _records(engine: Engine, entity: str) -> list[dict[str, Any]]:
    columns = ", ".join(f"p.{name}" for name in ("rid", "source", "file", "row", *SHOWN))
    return engine.fetch(
        f"SELECT {columns} FROM person_links l JOIN person_accepted p USING (rid) "
        f"WHERE l.entity_id = '{entity}' ORDER BY p.rid"
    ).to_pylist()


def _line(record: Mapping[str, Any]) -> RecordLine:
    values = {label: _said(name, record[name]) for name, label in SHOWN.items()}
    return RecordLine(record["source"], _place(record["file"], record["row"]), values)


def _weakest_link(pairs: list[PairEvidence]) -> PairEvidence:
    """The pair that says most about why the cluster holds: the lightest that still links."""
    least = load_linkage("person").thresholds.link
    linking = [pair for pair in pairs if pair.match_weight >= least]
    return min(linking or pairs, key=lambda pair: pair.match_weight)


def _words(engine: Engine, left: int, right: int) -> str:
    """Which word of their names found which, of the words that were compared."""
    sql = f"SELECT rid, name_phon FROM person_linkable WHERE rid IN ({left}, {right})"
    compared = {row["rid"]: row["name_phon"] or [] for row in engine.fetch(sql).to_pylist()}
    return describe(compared[left], compared[right])


def _steps(pair: PairEvidence, words: str) -> list[Step]:
    """The prior and what each comparison gives; of the names also which word found which."""
    steps = [Step("before looking", "two records drawn at random", pair.prior)]
    for one in pair.evidence:
        found = f"{one.level} ({words})" if one.comparison == "name" and words else one.level
        steps.append(Step(one.comparison.replace("_", " "), found, one.bits))
    return steps


def _values(profile: Explanation) -> list[ChosenValue]:
    """Contested values and the first of the dictionary: what has most to tell, in its order."""
    order = list(dictionary().of("person"))
    told = [choice for choice in profile.choices if choice.value is not None]
    ranked = sorted(told, key=lambda c: (not c.losers, order.index(c.attribute)))[:MOST_VALUES]
    return [_value(c) for c in sorted(ranked, key=lambda c: order.index(c.attribute))]


def _value(choice: Choice) -> ChosenValue:
    return ChosenValue(
        attribute=choice.attribute,
        label=dictionary().label("person", choice.attribute),
        value=_said(choice.attribute, choice.value),
        source=_source(choice.record),
        date=choice.record.date or "",
        rule=choice.sentence,
        agreeing=choice.sources,
        losers=tuple(_lost(choice.attribute, loser) for loser in choice.losers),
    )


def _lost(attribute: str, loser: Loser) -> LostValue:
    record = loser.record
    return LostValue(
        _said(attribute, loser.value),
        _source(record),
        record.date or "",
        loser.because,
    )


def _source(record: SourceRecord) -> Sentence:
    if not record.file:
        return Sentence(record.source, record.source)
    return _place(f"{record.source}, {record.file}", record.row)


def _place(file: str, row: object) -> Sentence:
    """A row of a file."""
    return Sentence(f"{file} baris {row}", f"{file} row {row}")


def _said(attribute: str, value: Any) -> Sentence:
    """A value of a person in words."""
    return Sentence(said("person", attribute, value, "id"), said("person", attribute, value, "en"))
