"""The tree against RFC 9162 written down once more, slowly, word by word."""

from __future__ import annotations

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from mdm.audit.tree import consistency, inclusion, nodes_of, root
from mdm.audit.verifier import Growing, consistency_holds, inclusion_holds, leaf_hash

Leaves = list[bytes]


def mth(entries: Leaves) -> bytes:
    """MTH of RFC 9162, 2.1.1."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    k = split(len(entries))
    return hashlib.sha256(b"\x01" + mth(entries[:k]) + mth(entries[k:])).digest()


def path(m: int, entries: Leaves) -> Leaves:
    """PATH of 2.1.3.1."""
    if len(entries) == 1:
        return []
    k = split(len(entries))
    if m < k:
        return [*path(m, entries[:k]), mth(entries[k:])]
    return [*path(m - k, entries[k:]), mth(entries[:k])]


def proof(m: int, entries: Leaves, whole: bool = True) -> Leaves:
    """SUBPROOF of 2.1.4.1."""
    if m == len(entries):
        return [] if whole else [mth(entries)]
    k = split(len(entries))
    if m <= k:
        return [*proof(m, entries[:k], whole), mth(entries[k:])]
    return [*proof(m - k, entries[k:], False), mth(entries[:k])]


def split(n: int) -> int:
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def entries_of(n: int) -> Leaves:
    return [b"event %d" % at for at in range(n)]


sizes = st.integers(1, 300)


@given(sizes)
def test_a_growing_tree_has_the_root_of_the_definition(n: int) -> None:
    entries, tree = entries_of(n), Growing()
    for entry in entries:
        tree.add(leaf_hash(entry))
    assert tree.root() == mth(entries) == root(nodes_of([leaf_hash(e) for e in entries]), n)


@settings(deadline=None)
@given(st.data(), sizes)
def test_inclusion_proofs_are_those_of_the_definition_and_hold(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(0, n - 1))
    entries = entries_of(n)
    leaves = [leaf_hash(entry) for entry in entries]
    found = inclusion(nodes_of(leaves), m, n)
    assert found == path(m, entries)
    assert inclusion_holds(leaves[m], m, n, found, mth(entries))


@settings(deadline=None)
@given(st.data(), sizes)
def test_consistency_proofs_are_those_of_the_definition_and_hold(
    data: st.DataObject, n: int
) -> None:
    m = data.draw(st.integers(1, n))
    entries = entries_of(n)
    found = consistency(nodes_of([leaf_hash(entry) for entry in entries]), m, n)
    assert found == proof(m, entries)
    assert consistency_holds(m, n, found, mth(entries[:m]), mth(entries))


@settings(deadline=None)
@given(st.data(), st.integers(2, 80))
def test_no_other_leaf_place_size_path_or_root_holds(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(0, n - 1))
    entries = entries_of(n)
    leaves, top = [leaf_hash(entry) for entry in entries], mth(entries)
    found = inclusion(nodes_of(leaves), m, n)
    other = data.draw(st.integers(0, n - 1).filter(lambda at: at != m))
    assert not inclusion_holds(leaves[other], m, n, found, top)
    assert not inclusion_holds(leaves[m], other, n, found, top)
    assert not inclusion_holds(leaves[m], m, n, found[:-1], top)
    assert not inclusion_holds(leaves[m], m, n, [*found, top], top)
    assert not inclusion_holds(leaves[m], m, n, found, mth(entries[:-1]))
    bent = data.draw(st.integers(0, len(found) - 1))
    found[bent] = hashlib.sha256(found[bent]).digest()
    assert not inclusion_holds(leaves[m], m, n, found, top)


@settings(deadline=None)
@given(st.data(), st.integers(2, 80))
def test_a_rewritten_past_is_not_consistent(data: st.DataObject, n: int) -> None:
    m = data.draw(st.integers(1, n - 1))
    at = data.draw(st.integers(0, m - 1))
    entries = entries_of(n)
    rewritten = [*entries[:at], b"another", *entries[at + 1 :]]
    found = consistency(nodes_of([leaf_hash(entry) for entry in rewritten]), m, n)
    assert not consistency_holds(m, n, found, mth(entries[:m]), mth(rewritten))
    assert not consistency_holds(m, n, found, mth(rewritten[:m]), mth(entries))
