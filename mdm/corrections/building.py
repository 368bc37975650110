"""From a draft to a proposal: which records each kind of correction adds, and what it must refuse."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, cast

from sqlmodel import Session

from mdm.access.restricted import restricted
from mdm.access.terms import Principal
from mdm.compose import Hub
from mdm.corrections import reading
from mdm.corrections.around import Around, carrying, look_around, value_of
from mdm.corrections.document import Corrected, CorrectionRules
from mdm.corrections.heads import FOLLOWS, HEAD, LEAVES, losing, name_of
from mdm.corrections.merging import SAID_APART, said_apart
from mdm.corrections.reading import RefusedError
from mdm.corrections.terms import SOURCE, Check, Draft, Heard, Merge, Part
from mdm.desk.terms import Profile
from mdm.judgements import RecordRef

CHILD = "CHILD"
REGISTRY = "kemendagri"
KNOWN_BY = ("name", "nik", "birth")  # whom a merge is about
ADDRESS = ("address", "rt", "rw", "hamlet", "postal_code", "region_code")
_SOURCE, _LAYOUT, _KEY, _BATCH, _ROW = 0, 1, 2, 3, 5  # of a record in a golden content


@dataclass
class Building:
    """One draft being turned into a proposal; what is refused is collected by column."""

    hub: Hub
    session: Session
    rules: CorrectionRules
    principal: Principal
    draft: Draft
    around: Around
    today: date
    parts: list[Part] = field(default_factory=list)
    merge: Merge | None = None
    head_after: str | None = None  # of a family that loses its head
    checks: list[Check] = field(default_factory=list)

    @property
    def members(self) -> list[Profile]:
        """The members of the family, but for those whose processing is restricted: nothing is proposed about them."""
        hidden = restricted(self.session, self.around.members)
        return [one for key, one in self.around.members.items() if key not in hidden]

    def say(self, column: str, code: str, value: Any = None) -> None:
        """Add what a check says, once."""
        check = Check(column, code, self.rules.checks[code].level, value)
        if check not in self.checks:
            self.checks.append(check)

    def go(self, *going: str, around: Around | None = None) -> None:
        """Say so where the family loses its head with these members, and who is head afterwards."""
        lost = losing(around or self.around, going)
        if lost is None:
            return
        if lost.follows is None:
            self.say("", LEAVES)
            return
        self.head_after = lost.follows.entity_id
        self.say("", FOLLOWS, name_of(self.hub, self.session, self.head_after))

    def read(self, kind: Corrected, columns: Iterable[str], *needed: str) -> dict[str, Any]:
        """The columns that were filled in, as the accepted tables hold them."""
        found = {}
        for column in columns:
            try:
                value = reading.read(kind, column, self.draft.values.get(column, ""), self.today)
            except RefusedError as refused:
                self.say(column, refused.code)
                continue
            if value is not None:
                found[column] = value
            elif column in needed:
                self.say(column, "missing")
        return found

    def add(self, kind: Corrected, target: Profile | None, columns: Mapping[str, Any]) -> None:
        """Add a record about somebody, or about somebody new."""
        names = {self.rules.attribute_of(kind, column) for column in columns}
        attributes = tuple(sorted(name for name in names if name))
        known = (*attributes, "name") if kind == "person" else attributes
        self.parts.append(
            Part(
                key=secrets.token_hex(16),
                kind=kind,
                entity_id=target.entity_id if target else None,
                anchor=anchor_of(target) if target else None,
                columns=dict(columns),
                attributes=attributes,
                heard=heard_of(target) if target else (),
                was={name: value_of(target, name) for name in known} if target else {},
            )
        )


def build(building: Building) -> None:
    """Fill in the parts (or the merge) of a draft; what stands in the way goes to its checks."""
    rule = building.rules.kinds[building.draft.kind]
    expected = "family" if rule.about == "family" else "person"
    if rule.about == "proposal" or (
        rule.about != "value" and building.around.target.kind != expected
    ):
        building.say("", "not-touchable")
        return
    _BUILDERS[building.draft.kind](building)


def anchor_of(profile: Profile) -> RecordRef:
    """The record that stands for an entity best: the registry's, else the one its identity comes from; where only
    corrections tell of it, that of the first, which the later ones build upon."""
    records = profile.body["records"]
    first = min(records, key=lambda one: (one[_SOURCE] != SOURCE, one[_ROW]))
    own = [one for one in records if one[_SOURCE] != SOURCE] or [first]
    registry = [one for one in own if one[_SOURCE] == REGISTRY]
    name = "kk" if profile.kind == "family" else "nik"
    entry = profile.entry(name) or profile.entry("name") or profile.entry("head_name")
    chosen = records[entry[1]] if entry and records[entry[1]] in own else own[0]
    best = registry[0] if registry else chosen
    return RecordRef(best[_SOURCE], best[_LAYOUT], best[_KEY])


def heard_of(profile: Profile) -> tuple[Heard, ...]:
    """The versions of the source records behind a profile: what a correction overrules."""
    return tuple(
        Heard(one[_SOURCE], one[_LAYOUT], one[_KEY], one[_BATCH], one[_ROW])
        for one in profile.body["records"]
        if one[_SOURCE] != SOURCE and one[_ROW] is not None
    )


def _value(b: Building) -> None:
    kind, attribute = cast(Corrected, b.around.target.kind), b.draft.attribute or ""
    if attribute in b.rules.only_bps:
        b.say(attribute, "only-bps")
    elif attribute not in b.rules.attributes[kind]:
        b.say(attribute, "not-touchable")
    else:
        columns = b.rules.columns(kind, attribute)
        needed = ("address", "region_code") if attribute == "domicile" else columns[:1]
        found = b.read(kind, columns, *needed)
        if found.get("alive") is True and {"death_date", "death_note"} & found.keys():
            b.say("alive", "alive-and-dead")
        elif found:
            b.add(kind, b.around.target, found)
            if _leaves(b, found):
                b.go(b.around.target.entity_id)
            for member in _at_home(b) if (kind, attribute) == ("family", "domicile") else ():
                b.add("person", member, found)


def _leaves(b: Building, found: Mapping[str, Any]) -> bool:
    """Whether a person with these values is no longer on the family's card, or no longer its head."""
    card = value_of(b.around.family, "kk") if b.around.family else None
    return (
        found.get("alive") is False
        or found.get("relationship", HEAD) != HEAD
        or (b.around.target.kind == "person" and found.get("kk", card) != card)
    )


def _at_home(b: Building) -> list[Profile]:
    """The members who live where their family does, as far as the profiles know: in its village, or nowhere else.
    A correction of where the family lives is one of where they live."""
    village = _village(b.around.target)
    return [one for one in b.members if _village(one) in (None, village)]


def _village(profile: Profile) -> str | None:
    found: str | None = (value_of(profile, "domicile") or {}).get("region_today")
    return found


def _add_member(b: Building) -> None:
    card = _card(b)
    person = b.read("person", ("nik", "relationship"), "relationship")
    found = carrying(b.hub, b.session, b.principal, person["nik"]) if "nik" in person else []
    if found and found[0].entity_id in b.around.members:
        b.say("nik", "member-already")
        return
    if found and "relationship" in person:
        b.add("person", found[0], {"kk": card, "relationship": person["relationship"]})
        _leaves_another(b, found[0])
    if found:
        return
    if "nik" in person:
        b.say("nik", "not-here")
    needed = ("name", "sex", "birth_date")
    new = b.read("person", (*needed, "birth_place"), *needed)
    if card is not None and "relationship" in person:
        b.add("person", None, {**_dwells(b), **new, **person, "kk": card})


def _leaves_another(b: Building, one: Profile) -> None:
    """Who comes to this family may leave another without its head."""
    before = look_around(b.hub, b.session, one.entity_id)
    if before is not None:
        b.go(one.entity_id, around=before)


def _remove_member(b: Building) -> None:
    if b.around.family is None or len(b.around.members) < 2:
        b.say("", "not-a-member")
        return
    b.say("", "no-card")
    b.add("person", b.around.target, {"kk": no_card(), "relationship": HEAD})
    b.go(b.around.target.entity_id)


def _move_member(b: Building) -> None:
    found = b.read("person", ("kk", "relationship"), "kk", "relationship")
    if "kk" not in found or "relationship" not in found:
        return
    if b.around.family and value_of(b.around.family, "kk") == found["kk"]:
        b.say("kk", "member-already")
        return
    b.add("person", b.around.target, found)
    b.go(b.around.target.entity_id)


def _split_family(b: Building) -> None:
    card = b.read("person", ("kk",)).get("kk") or no_card()
    going = {one: relation for one, relation in b.draft.members.items() if relation}
    if not going or len(going) >= len(b.around.members):
        b.say("members", "some-go")
    elif list(going.values()).count(HEAD) != 1:
        b.say("members", "one-head")
    if not b.draft.values.get("kk", "").strip():
        b.say("kk", "no-card")
    for one, relation in going.items():
        if one not in b.around.members:
            b.say("members", "not-a-member")
        elif _relation(b, relation):
            b.add("person", b.around.members[one], {"kk": card, "relationship": relation})
    b.go(*going)


def _change_head(b: Building) -> None:
    new, family = b.around.target, b.around.family
    if family is None:
        b.say("", "not-a-member")
        return
    if b.around.relations.get(new.entity_id) == HEAD:
        b.say("", "unchanged")
        return
    b.add("person", new, {"relationship": HEAD})
    for one, relation in b.around.relations.items():
        if one == new.entity_id or one not in b.around.members:
            continue
        given = b.draft.members.get(one) or ""
        if relation == HEAD and not given:
            b.say("members", "missing")
        elif given and given != relation and _relation(b, given):
            b.add("person", b.around.members[one], {"relationship": given})
    if name := value_of(new, "name"):
        b.add("family", family, {"head_name": name})


def _death(b: Building) -> None:
    found = b.read("person", ("death_date", "death_note"), "death_date")
    born = (value_of(b.around.target, "birth") or {}).get("birth_date")
    if "death_date" in found and born and found["death_date"] < born:
        b.say("death_date", "too-long-ago")
    life = value_of(b.around.target, "life") or {}
    if life.get("alive") is False and life.get("death_date") == found.get("death_date"):
        b.say("death_date", "unchanged")
    if "death_date" in found:
        b.add("person", b.around.target, {"alive": False, **found})
        b.go(b.around.target.entity_id)


def _birth(b: Building) -> None:
    needed = ("name", "sex", "birth_date")
    found = b.read("person", b.rules.kinds["report-birth"].person, *needed)
    card = _card(b)
    if "nik" in found and carrying(b.hub, b.session, b.principal, found["nik"]):
        b.say("nik", "nik-of-another")
    if card is not None and all(name in found for name in needed):
        b.add("person", None, {**found, "kk": card, "relationship": CHILD})


def _move_family(b: Building) -> None:
    found = b.read("family", ADDRESS, "address", "region_code")
    if not {"address", "region_code"} <= found.keys():
        return
    b.add("family", b.around.target, found)
    for member in b.members:
        b.add("person", member, found)


def _merge(b: Building) -> None:
    nik = b.read("person", ("nik",), "nik").get("nik")
    if nik is None:
        return
    found = carrying(b.hub, b.session, b.principal, nik)
    others = [one for one in found if one.entity_id != b.around.target.entity_id]
    if not others:
        b.say("nik", "same-entity" if found else "nobody")
        return
    pair = (b.around.target, others[0])
    b.merge = Merge(
        kind="person",
        entities=(pair[0].entity_id, pair[1].entity_id),
        records=(anchor_of(pair[0]), anchor_of(pair[1])),
        was=(_known_by(pair[0]), _known_by(pair[1])),
    )
    if said_apart(b.hub, b.session, b.merge):
        b.say("nik", SAID_APART)


def _known_by(profile: Profile) -> dict[str, Any]:
    return {name: value_of(profile, name) for name in KNOWN_BY}


def no_card() -> str:
    """A number that no card can bear, for a family that waits for one."""
    return f"0{secrets.randbelow(10**15):015d}"


def waits_for_card(columns: Mapping[str, Any]) -> bool:
    """Whether a record stands on such a number."""
    return str(columns.get("kk", "")).startswith("0")


def _card(b: Building) -> str | None:
    card = value_of(b.around.target, "kk")
    if not card:
        b.say("", "family-no-card")
    return str(card) if card else None


def _dwells(b: Building) -> dict[str, Any]:
    """Where the family lives, for a record of somebody who joins it from elsewhere: with their former domicile they
    would stay another region's, and out of reach of the officer who added them."""
    family = b.around.target
    lives = value_of(family, "domicile") or value_of(family, "card_address") or {}
    found = {name: lives[name] for name in ADDRESS if lives.get(name)}
    if region := lives.get("region_today"):
        found["region_code"] = str(region).replace(".", "")
    return found if "region_code" in found else {}


def _relation(b: Building, relation: str) -> bool:
    try:
        return reading.read("person", "relationship", relation, b.today) is not None
    except RefusedError as refused:
        b.say("members", refused.code)
        return False


_BUILDERS: dict[str, Callable[[Building], None]] = {
    "correct-value": _value,
    "add-member": _add_member,
    "remove-member": _remove_member,
    "move-member": _move_member,
    "split-family": _split_family,
    "change-head": _change_head,
    "report-death": _death,
    "report-birth": _birth,
    "move-family": _move_family,
    "merge-doubles": _merge,
}
