"""Survivorship the slow, obvious way: one entity at a time, plain Python, no SQL.

It reads the same document for trust, rules and attributes; the document's SQL conditions are
written again here by hand, so that a slip in either shows.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from mdm.survivorship import SurvivorshipRules

Record = dict[str, Any]
Entry = list[Any]


def _nik(value: str, _: Record) -> bool:
    day, month = int(value[6:8]), int(value[8:10])
    return (
        bool(re.fullmatch(r"[1-9]\d{15}", value))
        and (1 <= day <= 31 or 41 <= day <= 71)
        and 1 <= month <= 12
        and value[-4:] not in {"0000", "9999"}
    )


def _lettered(value: str, _: Record) -> bool:
    return re.search("[A-Z]", value) is not None


def _born(_: Any, r: Record) -> bool:
    return date(1890, 1, 1) <= r["birth_date"] <= (r["value_date"] or date(2100, 1, 1))


def _died(_: Any, r: Record) -> bool:
    died, told, born = (r[name] or None for name in ("death_date", "value_date", "birth_date"))
    return not died or ((not told or died <= told) and (not born or born <= died))


VALID: dict[str, Callable[[Any, Record], bool]] = {
    "nik": _nik,
    "kk": lambda v, _: bool(re.fullmatch(r"[1-9]\d{15}", v)) and v[-4:] != "0000",
    "name": _lettered,
    "sex": lambda v, _: v in {"M", "F"},
    "birth_place": lambda v, _: re.search("[A-Z]{2}", v) is not None,
    "birth": _born,
    "mother_nik": _nik,
    "mother_name": _lettered,
    "father_nik": _nik,
    "father_name": _lettered,
    "life": _died,
    "domicile": lambda _, r: not r.get("moved_away"),
    "phone": lambda v, _: len(v) >= 8,
}
SPEAKS: dict[str, Callable[[Record], bool]] = {
    "birth": lambda r: r["birth_date"] is not None,
    "card_address": lambda r: r["source"] == "kemendagri",
    "domicile": lambda r: r["source"] != "kemendagri" or bool(r.get("moved_here")),
    "life": lambda r: r["alive"] is not None or r["death_date"] is not None,
}
INFORMS: dict[str, Callable[[Record], int]] = {
    "birth": lambda r: int(r["birth_date_precision"] == "day"),
    "card_address": lambda r: len(r["region_today"] or "") // 2,
    "domicile": lambda r: len(r["region_today"] or "") // 2,
}


COARSE = {"SPOUSE": {"HUSBAND", "WIFE"}, "PARENT_OR_IN_LAW": {"PARENT", "PARENT_IN_LAW"}}


def _same_meaning(name: str, left: object, right: object) -> bool:
    """Whether both fall under one coarse relationship."""
    return name == "relationship" and any(
        {left, right} <= {coarse, *fine} for coarse, fine in COARSE.items()
    )


def _turn(r: Record) -> tuple[Any, ...]:
    """Of corrections, whose keys are random, the later one comes first."""
    return (
        r["source"],
        r["layout"],
        -r["row"] if r["source"] == "correction" else 0,
        r["record_key"],
    )


def content(records: Sequence[Record], rules: SurvivorshipRules, kind: str = "person") -> str:
    """The golden content of one entity without links, as canonical JSON text."""
    turns = sorted(records, key=_turn)
    agreed: dict[str, Entry] = {}
    contested: dict[str, Entry] = {}
    for name in rules.kind(kind).attributes:
        entry, simple = _entry(name, turns, rules, kind)
        if entry:
            (agreed if simple else contested)[name] = entry
    body = {
        "agreed": agreed,
        "contested": contested,
        "identity_status": _status(turns, rules),
        "kind": kind,
        "links": {},
        "records": [
            [r[p] for p in ("source", "layout", "record_key", "batch", "file", "row", "value_date")]
            for r in turns
        ],
        "regions": "kemendagri-2025",
        "rules": rules.digest,
    }
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)


def _value(name: str, r: Record, rules: SurvivorshipRules, kind: str) -> Any:
    if not SPEAKS.get(name, lambda _: True)(r):
        return None
    together = rules.kind(kind).attributes[name].together
    if not together:
        return r[name]
    return {part: r[part] for part in together if r[part] is not None} or None


def _entry(
    name: str, turns: Sequence[Record], rules: SurvivorshipRules, kind: str
) -> tuple[Entry, bool]:
    attribute = rules.kind(kind).attributes[name]
    rule = rules.rules[attribute.rule]
    dates = [r["value_date"] for r in turns if r["value_date"]]
    candidates: dict[str, dict[str, Any]] = {}
    clean = True
    for turn, r in enumerate(turns):
        value = _value(name, r, rules, kind)
        if value is None:
            continue
        valid = VALID.get(name, lambda *_: True)(value, r)
        clean = clean and valid
        voice = rules.trust[rule.trust].of(r["source"])
        trust = voice.weight * 1000
        if voice.half_life_days:
            aged = (
                (max(dates) - r["value_date"]).days if r["value_date"] else rules.undated_age_days
            )
            trust = max(1, math.floor(trust * 0.5 ** (aged / voice.half_life_days) + 0.5))
        if r.get("left_out") and rules.left_out:
            trust = max(1, math.floor(trust * rules.left_out.share + 0.5))
        best = (trust, r["value_date"] or date.min, -turn, voice.weight)
        text = json.dumps(value, sort_keys=True, default=str)
        c = candidates.setdefault(
            text, {"value": value, "valid": False, "informs": 0, "best": best, "voices": {}}
        )
        c["valid"] = c["valid"] or valid
        c["informs"] = max(c["informs"], INFORMS.get(name, lambda _: 0)(r))
        c["best"] = max(c["best"], best)
        c["voices"][r["source"]] = max(trust, c["voices"].get(r["source"], 0))
    for text, c in candidates.items():
        size = len(text if attribute.together else str(c["value"]))
        c["fuller"] = _size(c["value"]) if attribute.together else size
        c["fuller"] = c["fuller"] if rule.fuller_wins_ties else 0
        c["own"] = sum(c["voices"].values())
        c["fine"] = int(c["value"] not in COARSE) if name == "relationship" else 1
    for c in candidates.values():
        shared: dict[str, int] = {}
        for other in candidates.values():
            if other is c or _same_meaning(name, c["value"], other["value"]):
                for source, trust in other["voices"].items():
                    shared[source] = max(trust, shared.get(source, 0))
        c["score"] = sum(shared.values())
    order = sorted(
        candidates.values(),
        key=lambda c: (
            c["valid"],
            c["informs"],
            c["score"],
            c["fine"],
            c["own"],
            c["fuller"],
            c["best"],
        ),
        reverse=True,
    )
    if not order:
        return [], True
    top = order[0]
    entry: Entry = [top["value"], -top["best"][2], len(top["voices"])]
    if len(order) == 1 and clean:
        return entry, True
    entry.append(
        [
            [c["value"], -c["best"][2], len(c["voices"]), _why(c, top, name, attribute.lesser)]
            for c in order[1:]
        ]
    )
    return entry + ([] if top["valid"] else [False]), False


def _size(value: dict[str, Any]) -> int:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return len(text)


def _why(c: dict[str, Any], top: dict[str, Any], name: str, lesser: str) -> str:
    trust, day, _, weight = c["best"]
    top_trust, top_day, _, top_weight = top["best"]
    fewer = len(c["voices"]) < len(top["voices"])
    questions = [
        (top["valid"] and not c["valid"], "bygone" if name == "domicile" else "invalid"),
        (c["informs"] < top["informs"], lesser),
        (c["score"] < top["score"], _weaker(fewer, trust - top_trust, weight - top_weight)),
        (c["fine"] < top["fine"], "less_informative"),
        (c["own"] < top["own"], _weaker(fewer, trust - top_trust, weight - top_weight)),
        (c["fuller"] < top["fuller"], "less_complete"),
        (trust < top_trust, "lower_priority"),
        (day < top_day, "older"),
    ]
    reason = next((reason for lost, reason in questions if lost), "order")
    if reason == "dated":
        reason = "older" if day < top_day else "less_agreement" if fewer else "lower_priority"
    return reason


def _weaker(fewer: bool, trust: int, weight: int) -> str:
    if fewer and trust >= 0:
        return "less_agreement"
    return "lower_priority" if weight < 0 else "dated"


def _status(turns: Sequence[Record], rules: SurvivorshipRules) -> str:
    registry = [r for r in turns if r["source"] == rules.registry]
    field = [r for r in turns if r["source"] != rules.registry]
    known = [r for r in registry if r["nik"] and _nik(r["nik"], r)]
    niks = {r["nik"] for r in ([r for r in known if not r.get("left_out")] or known)}
    if len(niks) > 1 or any(_contradicts(f, r) for f in field for r in registry):
        return "conflict"
    for r in registry:
        if (
            r["nik"] and _nik(r["nik"], r) and r["name"] and _lettered(r["name"], r)
            and r["birth_date"] and _born(None, r)
        ):  # fmt: skip
            return "verified"
    return "unverified"


def _contradicts(f: Record, r: Record) -> bool:
    signs = [
        f["nik"] and r["nik"] and f["nik"] != r["nik"],
        f["sex"] and r["sex"] and f["sex"] != r["sex"],
        f["birth_date"]
        and r["birth_date"]
        and abs(f["birth_date"].year - r["birth_date"].year) > 2,
    ]
    return sum(map(bool, signs)) >= 2
