"""Dividing a proposal: what is left of it without somebody who was erased.

A proposal may speak of a whole family. What it says of the others stays as it was proposed. Free words,
notes and papers cannot be divided: they go with whoever they might be about.
"""

from __future__ import annotations

from collections.abc import Collection

from mdm.corrections.document import load_rules
from mdm.corrections.heads import HEAD
from mdm.corrections.terms import Part, Proposal

HEAD_NAME = "head_name"  # of a family, by accepted column: the name of a person


def without(
    proposal: Proposal,
    entities: Collection[str],
    theirs: Collection[str],
    *,
    decided: bool,
    steps: int,
) -> Proposal | None:
    """The proposal without what it says of `entities`; itself where it says nothing of them, None where
    nothing is left.

    `theirs`: the keys of the parts that are about them. `steps` that were taken have lost their notes. What
    nobody has approved yet and is about one of them goes whole: the rest of it was never meant alone.
    """
    gone = [part for part in proposal.parts if part.key in theirs]
    merged = proposal.merge is not None and not set(entities).isdisjoint(proposal.merge.entities)
    told = any(part.entity_id in entities for part in proposal.parts)
    if not (gone or merged or told):
        return proposal
    if not decided and _is_about(proposal) in entities:
        return None
    head_gone = any(part.columns.get("relationship") == HEAD for part in gone)
    left = (
        _kept(part, entities, head_gone=head_gone)
        for part in proposal.parts
        if part.key not in theirs
    )
    parts = tuple(part for part in left if part.columns)
    if merged or not parts:
        return None
    return proposal.model_copy(update={"parts": parts, "said": "", "unsaid": steps})


def revocation(
    proposal: Proposal, entities: Collection[str], *, told: bool, steps: int
) -> Proposal | None:
    """The same of a proposal that takes another back: it says nothing of anybody by itself, but its words may. `told`:
    the other tells of one of them."""
    revokes = proposal.revokes
    assert revokes is not None  # the caller knows
    about = tuple(one for one in revokes.about if one[0] not in entities)
    if about == revokes.about and not told:
        return proposal
    left = revokes.model_copy(update={"about": about})
    return proposal.model_copy(update={"revokes": left, "said": "", "unsaid": steps})


def _is_about(proposal: Proposal) -> str | None:
    """The one person whose form it was, if it was one person's."""
    if load_rules().kinds[proposal.kind].about == "family" or not proposal.parts:
        return None
    return proposal.parts[0].entity_id


def _kept(part: Part, entities: Collection[str], *, head_gone: bool) -> Part:
    """A part about somebody else, without what it held of the erased: what stood in a profile that was
    theirs then, and the name of a family's head."""
    was = {} if part.entity_id in entities else dict(part.was)
    columns, attributes = dict(part.columns), part.attributes
    if part.kind == "family":
        was.pop(HEAD_NAME, None)
        if head_gone:
            columns.pop(HEAD_NAME, None)
            attributes = tuple(name for name in attributes if name != HEAD_NAME)
    return part.model_copy(update={"columns": columns, "attributes": attributes, "was": was})
