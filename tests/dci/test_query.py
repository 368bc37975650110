"""Queries as trees: bounded means bounded; and what a mapping document says."""

from __future__ import annotations

import json
import re
from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.dci.evaluate import matches
from api.dci.mapping import DOCUMENT, Mapping, mapping
from api.dci.messages import Criteria, SearchEnvelope, StatusEnvelope
from api.dci.query import Is, Query, bounded, identifiers, read_query
from api.dci.refusals import RequestError
from api.dci.router import router
from api.dci.seen import Found, Seen
from reference.codes import canonical, implied, labels
from reference.documents import read_yaml
from tests.dci import specification
from tests.dci.registry import BUDI, SITI, expression

TODAY = date(2026, 11, 21)
KNOWN = {"sex": "F", "birth": {"birth_date": "1988-03-05"}}

LEAVES = st.one_of(
    st.sampled_from([{"UIN": SITI}, {"UIN": {"$in": [SITI, BUDI]}}]),
    st.sampled_from(
        [{"sex": "female"}, {"sex": "male"}, {"age": {"$gt": 18}}, {"name": {"$eq": "x"}}]
    ),
)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda some: {"$and": some}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda some: {"$or": some}, st.lists(inner, min_size=1, max_size=3)),
        st.builds(lambda one: {"$not": one}, inner),
    ),
    max_leaves=8,
)


def person(**values: Any) -> Found:
    seen = Seen("e", "person", values, "verified", {}, "kemendagri-2025", None)
    return Found(seen, None, None, False)


def read(query: Any) -> Query | None:
    """The tree, None when the query is refused."""
    try:
        return read_query(msgspec.convert(expression(query), Criteria))
    except RequestError:
        return None


@settings(deadline=None)
@given(TREES)
def test_nobody_fulfils_a_query_whom_no_identifier_of_it_names(query: Any) -> None:
    tree = read(query)
    if tree is not None:
        assert bounded(tree)
        for somebody in (person(), person(**KNOWN), person(sex="M", name="x")):
            assert not matches(tree, somebody, TODAY)


@settings(deadline=None)
@given(TREES)
def test_a_query_and_its_opposite_never_both_hold(query: Any) -> None:
    tree = read({"$and": [{"UIN": SITI}, query]})
    opposite = read({"$and": [{"UIN": SITI}, {"$not": query}]})
    assert tree is not None
    assert opposite is not None
    for values in ({}, KNOWN):
        by = frozenset({Is("nik", SITI)})
        somebody = Found(person(**values).person, None, None, False, by)
        both = matches(tree, somebody, TODAY), matches(opposite, somebody, TODAY)
        assert both != (True, True)
        if values == KNOWN and "name" not in str(query):
            assert both in ((True, False), (False, True))


def test_every_identifier_is_gathered_once() -> None:
    tree = read({"$or": [{"UIN": SITI}, {"NIK": [SITI][0]}, {"NIN": {"$in": f"{BUDI},{SITI}"}}]})
    assert tree is not None
    assert identifiers(tree) == [Is("nik", SITI), Is("nik", BUDI)]


@pytest.mark.parametrize(
    "query",
    [
        {"UIN": {"$in": [f"32011545038{n:05}" for n in range(101)]}},
        {"$and": [{"UIN": SITI}] + [{"sex": "male"}] * 300},
        {"UIN": 3201154503880002},
        {"UIN": {"$in": []}},
        {"UIN": {"$regex": ".*"}},
        {"UIN": {}},
        {"$and": []},
        {"$and": {"UIN": SITI}},
        {"UIN": SITI, "birth_date": {"$lt": "soon"}},
        {"UIN": SITI, "location": "Bogor"},
        {"UIN": SITI, "is_disabled": "perhaps"},
        {"UIN": SITI, "age": {"$lt": "NaN"}},
        {"UIN": SITI, "age": True},
        {"UIN": SITI, "name": {"$eq": {"x": 1}}},
    ],
)
def test_queries_that_cannot_be_read(query: Any) -> None:
    assert read(query) is None


def test_a_deep_query_is_refused() -> None:
    query: Any = {"UIN": SITI}
    for _ in range(50):
        query = {"$not": query}
    assert read(query) is None


def test_codes_mean_in_dci_what_they_mean_here() -> None:
    for concept, codes in mapping().codes.items():
        assert codes.map.keys() <= labels(concept).keys()
        for ours, theirs in codes.map.items():
            meant = canonical(concept, "dci", theirs)
            assert meant is not None, (concept, theirs)
            near = {meant, ours} <= {"NO_SCHOOL", "PRIMARY_INCOMPLETE"} or "DIPLOMA" in ours
            finer = implied(concept, meant), implied(concept, ours)
            agree = ({meant} | finer[0]) & ({ours} | finer[1])
            assert near or agree, (concept, ours, theirs)


@pytest.mark.parametrize(
    "change",
    [
        {"extra": 1},
        {"attributes": [{"name": "x", "aliases": [], "from": "person.shoe", "type": "text"}]},
        {"attributes": [{"name": "x", "aliases": [], "from": "person.sex", "type": "code"}]},
        {"codes": {"sex": {"source": "a source of it", "map": {"X": "x"}}}},
    ],
)
def test_a_mapping_that_is_wrong_does_not_load(change: dict[str, Any]) -> None:
    body = read_yaml(DOCUMENT.read_text("utf-8"))
    Mapping.model_validate(body)
    with pytest.raises(ValueError, match=r".+"):
        Mapping.model_validate({**body, **change})


def test_the_documentation_names_every_route_and_attribute() -> None:
    page = (DOCUMENT.parents[2] / "docs" / "dci.md").read_text("utf-8")
    for route in router.routes:
        assert f" {route.path}`" in page
    for attribute in mapping().attributes:
        assert f"`{attribute.name}`" in page
        assert all(
            f"`{alias}`" in page or alias == "relationship_to_head" for alias in attribute.aliases
        )


def test_the_messages_shown_in_the_documentation_are_taken_and_conform() -> None:
    page = (DOCUMENT.parents[2] / "docs" / "dci.md").read_text("utf-8")
    header, search, status = (
        json.loads(text) for text in re.findall(r"```json\n(.*?)```", page, re.DOTALL)
    )
    asking = {"signature": "…", "header": {**header, "action": "txn-status"}, "message": status}
    searching = {"signature": "…", "header": header, "message": search}
    msgspec.convert(searching, SearchEnvelope, strict=True)
    msgspec.convert(asking, StatusEnvelope, strict=True)
    specification.request("/registry/sync/search").validate(searching)
    specification.request("/registry/sync/txn/status").validate(asking)
