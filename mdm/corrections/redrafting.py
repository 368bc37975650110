"""A proposal that came back, as a draft again: what its proposer filled in, to be mended and sent anew."""

from __future__ import annotations

from typing import Any

from mdm.corrections.building import waits_for_card
from mdm.corrections.document import CorrectionRules
from mdm.corrections.heads import HEAD
from mdm.corrections.terms import Draft, Merge, Part, Proposal


def redraft(rules: CorrectionRules, proposal: Proposal) -> Draft | None:
    """The draft behind a proposal, without its evidence, which is handed in anew; None where it was about
    somebody whom the hub did not know."""
    first, merge = proposal.parts[0] if proposal.parts else None, proposal.merge
    if rules.kinds[proposal.kind].about == "family":
        about = proposal.family
    elif merge is not None:
        about = merge.entities[0]
    else:
        about = first.entity_id if first else None
    if about is None:
        return None
    return Draft(
        kind=proposal.kind,
        entity_id=about,
        attribute=first.attributes[0] if first and proposal.kind == "correct-value" else None,
        values=_values(first) if first else _other(merge),
        members=_members(proposal),
        source_date=proposal.source_date.isoformat(),
        said=proposal.said,
    )


def _values(part: Part) -> dict[str, str]:
    """What was typed, as a form takes it. A number that stands for no card was not typed."""
    held = {
        column: value
        for column, value in part.columns.items()
        if value is not None and not (column == "kk" and waits_for_card(part.columns))
    }
    return {column: _typed(value) for column, value in held.items()}


def _other(merge: Merge | None) -> dict[str, str]:
    """The number of the other of two who are said to be one."""
    nik = merge.was[1].get("nik") if merge else None
    return {"nik": nik} if nik else {}


def _typed(value: Any) -> str:
    if isinstance(value, bool):
        return "ya" if value else "tidak"
    return str(value)


def _members(proposal: Proposal) -> dict[str, str]:
    """The relations that were given to members; the new head of a family is whom the form is about."""
    given = {
        part.entity_id: str(part.columns["relationship"])
        for part in proposal.parts
        if part.kind == "person" and part.entity_id and "relationship" in part.columns
    }
    if proposal.kind == "split-family":
        return given
    if proposal.kind == "change-head":
        return {one: relation for one, relation in given.items() if relation != HEAD}
    return {}
