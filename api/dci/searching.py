"""One search request: from its criteria to DCI records, through the desk."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, Literal

from msgspec import UNSET

from api.dci.evaluate import matches, ordered
from api.dci.mapping import mapping
from api.dci.messages import Criteria, Paging, Sort
from api.dci.query import Is, Query, collection, compared, identifiers, read_query
from api.dci.records import Pseudonym, Record, family, household, member
from api.dci.refusals import RequestError, SearchReason, invalid
from api.dci.seen import Found, see, shown
from mdm.access import Decision, Principal, load_rules, may
from mdm.desk import Answered, Desk, Moment, Person, Question
from mdm.seal.pseudonyms import Pseudonyms

ACTION = "dci.search"
EVENT, MEMBERS_EVENT = "dci.search", "dci.search.members"
SIZE = "size"  # the type of what counts members
PAGE = 100  # records in one answer at most
TOGETHER = 100  # persons asked of the desk at once

Entity = Literal["Member", "family", "household"]
_RECORD_TYPES: Mapping[str, Entity] = {
    "member": "Member",
    "srmember": "Member",
    "person": "Member",
    "srperson": "Member",
    "group": "family",
    "srgroup": "family",
    "family": "family",
    "household": "household",
}


_SOCIAL = ("social", "social_registry", "socialregistry", "sr")


@dataclass(frozen=True)
class Answer:
    """What a request is answered with: the page of records, and how many there are in all."""

    reg_record_type: str
    records: Sequence[Record]
    page_size: int
    page_number: int
    total: int


@dataclass(frozen=True, kw_only=True)
class People(Question):
    """The question to the desk: people by NIK, then by entity id, as this client may see them."""

    action: str = ACTION
    event: str = EVENT
    named: bool = True  # by the client; else the hub knows them as members of a family

    def charged(self, there: Sequence[bool]) -> tuple[Sequence[str], Sequence[str]]:
        """Of members those who were there to see: the client named none of them."""
        asked, missed = super().charged(there)
        return (asked, missed) if self.named else ([one for one in asked if one not in missed], ())

    def one(self, moment: Moment, person: Person, decision: Decision) -> Answered:
        """A person as it may be seen; nothing for what is no person."""
        if person.person.kind != "person":
            return Answered(None)
        found = see(person, decision)
        return Answered(found, shown(found))

    def unknown(self, moment: Moment) -> None:
        """Nobody there, nobody to see: the same."""

    def whole(self, moment: Moment, values: Sequence[Any]) -> list[Any]:
        """One place for everybody asked for."""
        return list(values)


@dataclass(frozen=True)
class Search:
    """What a request asks for, read and found to be answerable."""

    query: Query
    purpose: str
    entity: Entity
    reg_record_type: str
    sorts: Sequence[Sort]
    page_size: int
    page_number: int

    @property
    def names(self) -> int:
        """How many identifiers it names."""
        return len(identifiers(self.query))

    @property
    def by_size(self) -> bool:
        """Whether it compares or orders by how many the members of families are: those to be seen."""
        sorts = (mapping().comparable(one.attribute_name) for one in self.sorts)
        return any(one is not None and one.type == SIZE for one in (*compared(self.query), *sorts))


def read_search(criteria: Criteria, principal: Principal) -> Search:
    """A request's criteria; RequestError when they cannot be answered, and why."""
    entity, named = _entity(criteria)
    size, number = _page(criteria.pagination)
    sorts = criteria.sort if isinstance(criteria.sort, list) else []
    ordered([], sorts, date.min)
    return Search(
        read_query(criteria), _purpose(criteria, principal), entity, named, sorts, size, number
    )


@dataclass(frozen=True)
class Searcher:
    """Answers the searches of one message. `case` stands in the audit log: the correlation id."""

    desk: Desk
    principal: Principal
    names: Pseudonyms
    case: str
    today: date

    async def answer(self, search: Search) -> Answer:
        """The records that a search finds; what it opens is in the audit log by then."""
        people = await self._people(search)
        if search.by_size:
            people = await self._with_members(search, people)
        hits = [one for one in people if matches(search.query, one, self.today)]
        hits = _one_per_record(ordered(hits, search.sorts, self.today), search.entity)
        begin = search.page_size * (search.page_number - 1)
        page = hits[begin : begin + search.page_size]
        if search.entity == "family" and not search.by_size:
            page = await self._with_members(search, page)
        return Answer(
            search.reg_record_type,
            [_record(search.entity, one, self.names.of) for one in page],
            search.page_size,
            search.page_number,
            len(hits),
        )

    async def _people(self, search: Search) -> list[Found]:
        """Everybody that the search names and this client may see."""
        named = identifiers(search.query)
        by_nik = {one: one.value for one in named if one.kind == "nik"}
        by_name = {one: self.names.entity(one.value) for one in named if one.kind == "pseudonym"}
        led = {one: entity for one, entity in by_name.items() if entity is not None}
        if not by_nik and not led:
            return []
        values = await self.desk.ask(
            self._question(search, niks=tuple(by_nik.values()), entities=tuple(led.values()))
        )
        return _each_once(zip([*by_nik, *led], values, strict=True))

    async def _with_members(self, search: Search, page: Sequence[Found]) -> list[Found]:
        """The same people with the members of their families, each opened by its own decision."""
        ids = list(dict.fromkeys(entity_id for one in page for entity_id in one.member_ids))
        known: dict[str, Found] = {}
        for begin in range(0, len(ids), TOGETHER):
            some = tuple(ids[begin : begin + TOGETHER])
            question = self._question(search, entities=some, event=MEMBERS_EVENT, named=False)
            for entity_id, value in zip(some, await self.desk.ask(question), strict=True):
                if value is not None:
                    known[entity_id] = value
        return [
            replace(one, members=[known[member] for member in one.member_ids if member in known])
            for one in page
        ]

    def _question(self, search: Search, **asked: Any) -> People:
        return People(principal=self.principal, purpose=search.purpose, case=self.case, **asked)


def _each_once(found: Iterable[tuple[Is, Found | None]]) -> list[Found]:
    """People by entity, with every identifier that led to each."""
    people: dict[str, Found] = {}
    for by, one in found:
        if one is not None:
            held = people.get(one.person.entity_id, one)
            people[one.person.entity_id] = replace(held, found_by=held.found_by | {by})
    return list(people.values())


def _one_per_record(people: Sequence[Found], entity: Entity) -> list[Found]:
    """Those who have a record of the kind asked for, one of each family or household."""
    if entity == "Member":
        return list(people)
    groups: dict[str, Found] = {}
    for one in people:
        group = one.family if entity == "family" else one.household
        if group is not None and group.values:
            groups.setdefault(group.entity_id, one)
    return list(groups.values())


def _record(entity: Entity, found: Found, pseudonym: Pseudonym) -> Record:
    match entity:
        case "family":
            return family(found, pseudonym)
        case "household":
            return household(found, pseudonym)
        case _:
            return member(found, pseudonym)


def _entity(criteria: Criteria) -> tuple[Entity, str]:
    """What kind of record is asked for, and how the client calls it."""
    if criteria.reg_type is not UNSET and _last(criteria.reg_type) not in _SOCIAL:
        raise invalid("This is a social registry: reg_type is ns:org:RegistryType:Social.")
    wanted = criteria.response_entity
    of_type: Entity | None = None
    if criteria.reg_record_type is not UNSET:
        of_type = _RECORD_TYPES.get(_last(criteria.reg_record_type))
        if of_type is None:
            raise invalid("reg_record_type is Member, Group or Household.")
    if wanted is UNSET:
        inside = collection(criteria)
        wanted = inside if inside in ("Group", "Member") else UNSET  # type: ignore[assignment]
    if wanted is UNSET:
        entity: Entity = of_type or "Member"
    elif wanted == "Member":
        entity = "Member"
    else:
        entity = "household" if of_type == "household" else "family"
    named = criteria.reg_record_type
    plain = "Member" if entity == "Member" else "Group"
    return entity, named if isinstance(named, str) and of_type == entity else plain


def _purpose(criteria: Criteria, principal: Principal) -> str:
    """The purpose of use: named in `authorize` or `consent`, else the agreement's only one."""
    for said in (criteria.authorize, criteria.consent):
        purpose = said.get("purpose") if isinstance(said, dict) else None
        code = purpose.get("code") if isinstance(purpose, dict) else None
        if isinstance(code, str) and code:
            return _allowed(code, principal)
    if len(principal.purposes) == 1:
        return _allowed(next(iter(principal.purposes)), principal)
    raise invalid(
        "Name the purpose of use as authorize.purpose.code; your agreement has several: "
        f"{', '.join(sorted(principal.purposes))}."
    )


def _allowed(purpose: str, principal: Principal) -> str:
    decision = may(principal, ACTION, purpose)
    if not decision.allowed:
        raise invalid(load_rules().reasons[decision.reason].en)
    return purpose


def _page(paging: Any) -> tuple[int, int]:
    if not isinstance(paging, Paging):
        return PAGE, 1
    size, number = float(paging.page_size), float(paging.page_number)
    if not (
        size.is_integer() and number.is_integer() and 1 <= size <= PAGE and 1 <= number <= PAGE
    ):
        raise RequestError(
            SearchReason.PAGINATION, f"Pages count from 1 and hold 1 to {PAGE} records."
        )
    return int(size), int(number)


def _last(name: str) -> str:
    return name.rsplit(":", 1)[-1].casefold()
