"""What stands of all that people said: the last word on each pair, in order, also when asked for a few records."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mdm.hub.tables import Judgement
from mdm.judgements import RecordRef, Standing

RECORDS = [RecordRef("kemensos", "siksng_individu", key) for key in "abcde"]
PAIRS = [(one, other) for one in RECORDS for other in RECORDS if one < other]
WORDS = st.tuples(st.sampled_from(PAIRS), st.sampled_from(["link", "non-link", "review"]))


@given(st.lists(WORDS, max_size=30), st.sets(st.sampled_from(RECORDS)))
def test_the_last_word_on_each_pair_stands_in_the_order_of_their_saying(
    said: list[tuple[tuple[RecordRef, RecordRef], str]], asked: set[RecordRef]
) -> None:
    standing = Standing()
    for seq, (pair, verdict) in enumerate(said, 1):
        heard = Judgement(
            id=str(seq),
            seq=seq,
            kind="person",
            records=b"",
            judgement=verdict,
            actor="s",
            reason="r",
        )
        standing.hear(heard, pair)
    last = {pair: at for at, (pair, _) in enumerate(said)}
    stands = [said[at] for at in sorted(last.values()) if said[at][1] != "review"]
    assert list(standing.verdicts().items()) == stands
    assert list(standing.about(asked).items()) == [
        (pair, verdict) for pair, verdict in stands if asked & set(pair)
    ]
