"""Which entities make one task, and which task goes on as which group."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from mdm.questions.groups import connected
from mdm.review.cost import Stake, answers_needed, doubt_of, parts_of, rank_of
from mdm.review.document import load_rules
from mdm.review.following import shared_region
from mdm.review.grouping import OpenTask, follow

NAMES = st.sampled_from("abcdefghij")
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def oracle(edges: list[tuple[str, str]]) -> set[frozenset[str]]:
    sets: set[frozenset[str]] = set()
    for left, right in edges:
        touching = {one for one in sets if one & {left, right}}
        sets = (sets - touching) | {frozenset({left, right}).union(*touching)}
    return sets


@given(st.lists(st.tuples(NAMES, NAMES), max_size=12))
def test_groups_are_what_hangs_together(edges: list[tuple[str, str]]) -> None:
    assert {frozenset(one) for one in connected(edges)} == oracle(edges)


@given(
    st.lists(st.tuples(NAMES, NAMES), max_size=8),
    st.lists(st.frozensets(NAMES, min_size=1, max_size=4), max_size=5),
)
def test_tasks_follow_their_entities(
    edges: list[tuple[str, str]], standing: list[frozenset[str]]
) -> None:
    groups = connected(edges)
    taken: set[str] = set()
    tasks = []
    for n, entities in enumerate(standing):  # an entity stands in one task
        if fresh := entities - taken:
            tasks.append(OpenTask(f"t{n}", BEGAN + timedelta(days=n), n, fresh))
            taken |= fresh
    became = follow(groups, tasks)
    kept = [task.id for task in became.keeps.values()]
    assert len(kept) == len(set(kept))
    for at, task in became.keeps.items():
        assert task.entities & set(groups[at])
    for task in tasks:
        touched = [at for at, group in enumerate(groups) if task.entities & set(group)]
        assert not touched or task.id in kept or became.ended[task.id] in touched
        # Whoever comes of an old task is as old as the oldest of them.
        for at in touched:
            assert became.heirs[at].opened <= task.opened


def test_the_oldest_task_goes_on_when_two_become_one() -> None:
    old = OpenTask("old", BEGAN, 1, frozenset("a"))
    new = OpenTask("new", BEGAN + timedelta(days=3), 2, frozenset("bc"))
    became = follow([["a", "b", "c"]], [new, old])
    assert became.keeps[0].id == "old"
    assert became.ended == {"new": 0}


def test_a_part_that_breaks_away_is_a_task_of_its_own_and_as_old() -> None:
    task = OpenTask("one", BEGAN, 1, frozenset("abcd"))
    became = follow([["a", "b", "c"], ["d", "e"]], [task])
    assert became.keeps == {0: task}
    assert became.heirs == {0: task, 1: task}


@given(st.floats(-40, 40), st.floats(-40, 40))
def test_the_more_doubt_the_more_an_answer_tells(one: float, other: float) -> None:
    if abs(one) < abs(other) - 1e-6:
        assert doubt_of(one) >= doubt_of(other)
    assert 0 <= doubt_of(one) <= 1


def test_waiting_changes_no_order_and_what_hurts_comes_first() -> None:
    rules = load_rules()
    calm = Stake(2, 0.0, benefit=False, boundary=False, correction=False, weak_only=False)
    hurts = Stake(2, 0.0, benefit=True, boundary=False, correction=False, weak_only=False)
    weak = Stake(1, 2.0, benefit=True, boundary=True, correction=False, weak_only=True)
    ranks = [rank_of(parts_of(one, rules), BEGAN, rules) for one in (hurts, calm, weak)]
    assert ranks == sorted(ranks, reverse=True)
    assert rank_of(parts_of(calm, rules), BEGAN - timedelta(days=1), rules) > ranks[1]


def test_the_share_of_second_reviewers_is_what_the_document_says() -> None:
    rules = load_rules()
    needed = [answers_needed(f"{n:016x}", rules) for n in range(4000)]
    assert abs(needed.count(2) / 4000 - rules.blind.share) < 0.02
    assert needed == [answers_needed(f"{n:016x}", rules) for n in range(4000)]


def test_a_task_lies_where_all_its_entities_do() -> None:
    assert shared_region(["320115", "320115"]) == "320115"
    assert shared_region(["320115", "320116"]) == "3201"
    assert shared_region(["320115", "327801"]) == "32"
    assert shared_region(["320115", "517101"]) == ""
    assert shared_region(["320115", None]) == ""
