"""An answer becomes the fewest judgements that say it, and what contradicts them is found."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from itertools import combinations

import pyarrow as pa
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from matching.clusters import cluster
from matching.engines.duckdb import DuckDBEngine
from matching.rules import load_linkage
from mdm.errors import InputError
from mdm.judgements import RecordRef
from mdm.questions.groups import Groups
from mdm.review.contradictions import contradictions, overruled
from mdm.review.partitions import Partition, Statement, different, outcome_of, part, statements
from mdm.review.words import LINK, NON_LINK, Word, pair_of

SIZE = 6
SOURCES = ["kemendagri", "kemensos", "kemensos", "pemda", "pemda", "pemda"]
REFS = [RecordRef(source, "rows", f"{n}") for n, source in enumerate(SOURCES)]
AT = datetime(2026, 11, 1, tzinfo=UTC)
places = st.lists(st.integers(0, 3), min_size=SIZE, max_size=SIZE)
pairs = st.tuples(st.integers(0, SIZE - 1), st.integers(0, SIZE - 1)).filter(
    lambda pair: pair[0] != pair[1]
)


def of(place: Sequence[int]) -> Partition:
    groups: dict[int, list[RecordRef]] = {}
    for ref, at in zip(REFS, place, strict=True):
        groups.setdefault(at, []).append(ref)
    return part(groups.values(), of=REFS)


def word(left: int, right: int, judgement: str) -> Word:
    pair = pair_of(REFS[left], REFS[right])
    return Word(f"{left}-{right}-{judgement}", pair, judgement, "staff:a", AT, "typing")


def parted(said: Sequence[Statement]) -> set[frozenset[RecordRef]]:
    """The groups that links make of the records: what clustering by these judgements alone would give."""
    joined: Groups[RecordRef] = Groups()
    for ref in REFS:
        joined.find(ref)
    for pair, judgement in said:
        if judgement == LINK:
            joined.join(*pair)
    return set(map(frozenset, joined.sets()))


def test_words_are_said_of_records_that_last() -> None:
    """Of a group of which none does, of each: whichever stays keeps them."""
    gone, lasts, others, alone = REFS[0], REFS[1], REFS[3:5], REFS[5]
    said = part([[gone, lasts], others, [alone]], of=[gone, lasts, *others, alone])
    fresh = statements(said, passing=[gone, *others])
    apart = {pair for pair, judgement in fresh if judgement == NON_LINK}
    assert apart == {
        (lasts, alone),
        *((lasts, one) for one in others),
        *((one, alone) for one in others),
    }
    before = [Word("w", pair_of(gone, alone), NON_LINK, "staff:a", AT, "typing")]
    assert (lasts, alone) in dict(statements(said, before, [gone, *others]))


@given(places)
def test_what_an_answer_says_gives_its_groups_again(place: list[int]) -> None:
    said = of(place)
    fresh = statements(said)
    assert parted(fresh) == set(map(frozenset, said.groups))
    k = len(said.groups)
    spanning = 0
    for group in said.groups:
        sources = [ref.source for ref in group]
        one_provider = sum(a == b for a, b in combinations(sources, 2))
        spanning += one_provider + len(set(sources)) - 1
    assert sum(judgement == LINK for _, judgement in fresh) == spanning
    assert sum(judgement == NON_LINK for _, judgement in fresh) == k * (k - 1) // 2


@given(places, st.lists(st.tuples(pairs, st.booleans()), max_size=6))
def test_nothing_that_stands_is_said_again(
    place: list[int], said_before: list[tuple[tuple[int, int], bool]]
) -> None:
    said = of(place)
    words = [
        word(*pair, LINK if place[pair[0]] == place[pair[1]] else NON_LINK)
        for pair, _ in said_before
    ]
    fresh = statements(said, words)
    stands = {one.pair for one in words}
    assert not stands.intersection(pair for pair, _ in fresh)
    everything = [*fresh, *((one.pair, one.judgement) for one in words)]
    assert parted(everything) == set(map(frozenset, said.groups))


@pytest.fixture(scope="module")
def engine() -> DuckDBEngine:
    return DuckDBEngine(threads=1)


@settings(max_examples=8, deadline=None, phases=[Phase.generate])
@given(places, st.lists(st.tuples(pairs, st.sampled_from(["link", "review"])), max_size=8))
def test_clustered_again_the_records_fall_into_exactly_these_groups(
    engine: DuckDBEngine, place: list[int], machine: list[tuple[tuple[int, int], str]]
) -> None:
    """Whatever the machine thinks, by the path's own clustering."""
    judged = {(min(a, b), max(a, b)): (9.0, verdict, "weight") for (a, b), verdict in machine}
    for (left, right), verdict in statements(of(place)):
        judged[REFS.index(left), REFS.index(right)] = (0.0, verdict, "human")
    rows = [(*pair, *rest) for pair, rest in sorted(judged.items())]
    names = ("rid_l", "rid_r", "match_weight", "judgement", "reason")
    types = (pa.int32(), pa.int32(), pa.float64(), pa.string(), pa.string())
    engine.register(
        "person_judged",
        pa.table(
            {
                n: pa.array([r[i] for r in rows], t)
                for i, (n, t) in enumerate(zip(names, types, strict=True))
            }
        ),
    )
    rids = pa.array(range(SIZE), pa.int32())
    engine.register("person_linkable", pa.table({"rid": rids, "provider": SOURCES}))
    cluster(engine, load_linkage("person"))
    found: dict[int, set[int]] = {}
    for row in engine.fetch("SELECT rid, cluster FROM person_clusters").to_pylist():
        found.setdefault(row["cluster"], set()).add(row["rid"])
    wanted = {frozenset(n for n in range(SIZE) if place[n] == at) for at in set(place)}
    assert {frozenset(one) for one in found.values()} == wanted


@given(places, st.lists(st.tuples(pairs, st.sampled_from([LINK, NON_LINK])), max_size=7))
def test_contradictions_are_those_that_sets_show(
    place: list[int], before: list[tuple[tuple[int, int], str]]
) -> None:
    said = of(place)
    last = {pair_of(REFS[a], REFS[b]): word(a, b, verdict) for (a, b), verdict in before}
    words = list(last.values())
    agrees = all(
        (place[REFS.index(one.pair[0])] == place[REFS.index(one.pair[1])])
        == (one.judgement == LINK)
        for one in words
    )
    found = contradictions(said, words)
    # Here every record is in the task, so that a word is against the answer or it is not.
    assert bool(found) == (not agrees)
    for one in found:
        assert one.words
    gone = {one.id for one in overruled(said, words)}
    left = [one for one in words if one.id not in gone]
    assert not contradictions(said, left)


def test_a_contradiction_through_a_record_outside_is_explained() -> None:
    """A is X, X is not B; now A is said to be B."""
    outside = RecordRef("pemda", "padan", "x")
    a, b = REFS[0], REFS[1]
    words = [
        Word("ax", pair_of(a, outside), LINK, "staff:one", AT, "typing"),
        Word("xb", pair_of(outside, b), NON_LINK, "staff:two", AT, "twins"),
    ]
    (found,) = contradictions(part([[a, b]], of=[a, b]), words)
    assert {one.id for one in found.words} == {"ax", "xb"}
    assert found.against is not None
    assert found.against.id == "xb"
    assert [one.id for one in overruled(part([[a, b]], of=[a, b]), words)] == ["xb"]
    assert not contradictions(part([[a], [b]], of=[a, b]), words)


def test_an_answer_must_place_every_record_once() -> None:
    with pytest.raises(InputError):
        part([[REFS[0]]], of=REFS[:2])
    with pytest.raises(InputError):
        part([[REFS[0]], [REFS[0], REFS[1]]], of=REFS[:2])
    assert part([[REFS[1]], []], [REFS[0]], of=REFS[:2]).unsure == (REFS[0],)


def test_what_an_answer_comes_to_in_one_word() -> None:
    now = {REFS[0]: "a", REFS[1]: "a", REFS[2]: "b"}
    refs = REFS[:3]
    assert outcome_of(part([refs], of=refs), now) == "same"
    assert outcome_of(part([refs[:2], refs[2:]], of=refs), now) == "different"
    assert outcome_of(part([refs[:1], refs[1:]], of=refs), now) == "split"
    assert outcome_of(part([], refs, of=refs), now) == "unsure"


def test_different_is_as_the_entities_are() -> None:
    a, b, c = REFS[:3]
    found = different({a: "one", b: "two", c: "one"}, [(a, c, 20.0), (a, b, 30.0)])
    assert sorted(map(sorted, found)) == [[a, c], [b]]


@pytest.mark.parametrize(
    ("links", "parts"),
    [
        ([(0, 1, 20.0), (1, 2, 5.0), (0, 2, 4.0)], [[0, 1], [2]]),
        ([(0, 1, 5.0), (1, 2, None)], [[0], [1, 2]]),  # what a human said is strongest
        ([(0, 1, 9.0)], [[0, 1], [2]]),
        ([], [[0], [1], [2]]),
    ],
)
def test_different_of_one_entity_parts_it_at_its_weakest_link(
    links: list[tuple[int, int, float | None]], parts: list[list[int]]
) -> None:
    """Never the opposite: that all are one."""
    said = [(REFS[left], REFS[right], weight) for left, right, weight in links]
    found = different(dict.fromkeys(REFS[:3], "one"), said)
    assert sorted(map(sorted, found)) == [[REFS[n] for n in part] for part in parts]
