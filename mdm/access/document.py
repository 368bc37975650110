"""The access document, `mdm/rules/access.yaml`: roles, actions, grants, field sets, reasons.

Nothing in it has a default. It does not load while a key is unknown, an attribute of the
dictionary has no position in some field set, an action is granted to nobody, or words are missing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from mdm import documents
from mdm.access.terms import Limits
from mdm.documents import Document, RequiredSentence
from mdm.seal.masking import load_rules as load_sealing
from reference.attributes import Entity, dictionary

DOCUMENT = Path(__file__).parents[1] / "rules" / "access.yaml"
NO_FIELDS = "none"  # of a grant whose action shows nobody's data
REASONS = frozenset(
    {
        "unknown-action",
        "roles-apart",
        "no-role",
        "password-first",
        "second-factor-first",
        "no-agreement",
        "purpose-missing",
        "purpose-unknown",
        "purpose-not-agreed",
        "purpose-not-granted",
        "programme-not-agreed",
        "region-outside",
        "not-own",
        "no-fields",
    }
)
Where = Literal["anywhere", "region", "country", "own"]
Fields = Mapping[str, frozenset[str]]


class RoleRule(Document):
    """A role: who holds it, for regions or not, with a second factor or not, and how much it may
    ask."""

    kind: Literal["staff", "client"]
    regional: bool
    second_factor: bool
    limits: Limits
    sentence: RequiredSentence


class ActionRule(Document):
    """An action: whether it needs a purpose, who may try it, who must approve."""

    purpose: bool
    who: Literal["anybody", "identified", "staff", "granted"]
    approvers: tuple[str, ...]
    sentence: RequiredSentence


class Grant(Document):
    """One line of the table: these roles may do these actions, for these purposes, there."""

    name: Annotated[str, Field(pattern=r"^[a-z][a-z-]+$")]
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    actions: Annotated[tuple[str, ...], Field(min_length=1)]
    purposes: tuple[str, ...]
    where: Where
    fields: str
    sentence: RequiredSentence


class AccessRules(Document):
    """The whole document, checked against the dictionary, the purposes and itself."""

    version: Literal[1]
    policy: Annotated[str, Field(min_length=1)]
    roles: dict[str, RoleRule]
    apart: tuple[str, ...]
    actions: dict[str, ActionRule]
    grants: tuple[Grant, ...]
    reasons: dict[str, RequiredSentence]
    field_sets: dict[str, RequiredSentence]
    columns: tuple[str, ...]
    attributes: dict[Entity, dict[str, tuple[Literal["show", "hide"], ...]]]

    @model_validator(mode="after")
    def _holds_together(self) -> AccessRules:
        for check in (_positions, _names, _grants, _nobody, _words):
            if wrong := sorted(check(self)):
                raise ValueError("; ".join(wrong))
        return self

    @cached_property
    def shown(self) -> Mapping[str, Fields]:
        """Field set → kind → the attributes it shows."""
        return {
            name: {
                str(kind): frozenset(
                    attribute for attribute, row in of.items() if row[at] == "show"
                )
                for kind, of in self.attributes.items()
            }
            for at, name in enumerate(self.columns)
        }

    @cached_property
    def by_action(self) -> Mapping[str, tuple[Grant, ...]]:
        """Action → the grants that name it, in the document's order."""
        return {
            action: tuple(grant for grant in self.grants if action in grant.actions)
            for action in self.actions
        }

    @cached_property
    def digest(self) -> str:
        """The version of the policy: its name and what it says, as 12 digits of SHA-256."""
        said = hashlib.sha256(self.model_dump_json().encode()).hexdigest()
        return f"{self.policy}/{said[:12]}"


@cache
def load_rules() -> AccessRules:
    """The access rules in force; RuleError names what is wrong."""
    return documents.read(AccessRules, DOCUMENT)


def _positions(rules: AccessRules) -> Iterable[str]:
    """Every attribute of the dictionary has a position in every field set, and no other has."""
    known = {(a.entity, a.name) for a in dictionary().attributes}
    placed = {
        (kind, name): row for kind, of in rules.attributes.items() for name, row in of.items()
    }
    for kind, name in known - placed.keys():
        yield f"{kind}.{name}: no position"
    for kind, name in placed.keys() - known:
        yield f"{kind}.{name}: not in the attribute dictionary"
    for (kind, name), row in placed.items():
        if len(row) != len(rules.columns):
            yield f"{kind}.{name}: {len(row)} positions for {len(rules.columns)} field sets"
    if sorted(rules.columns) != sorted(rules.field_sets) or NO_FIELDS in rules.columns:
        yield "columns and field_sets do not name the same sets"


def _names(rules: AccessRules) -> Iterable[str]:
    """What grants, actions and the list of roles apart name does exist."""
    purposes, roles = load_sealing().purposes, rules.roles
    for role in set(rules.apart) - roles.keys():
        yield f"apart: no role is called '{role}'"
    for name, action in rules.actions.items():
        for role in set(action.approvers) - roles.keys():
            yield f"{name}: no role is called '{role}'"
    for grant in rules.grants:
        for what, unknown in (
            ("role", set(grant.roles) - roles.keys()),
            ("action", set(grant.actions) - rules.actions.keys()),
            ("purpose", set(grant.purposes) - purposes.keys()),
            ("field set", {grant.fields} - {*rules.columns, NO_FIELDS}),
        ):
            for name in unknown:
                yield f"{grant.name}: no {what} is called '{name}'"


def _grants(rules: AccessRules) -> Iterable[str]:
    """Grants have names of their own; those of actions with a purpose name purposes."""
    names = [grant.name for grant in rules.grants]
    for name in {name for name in names if names.count(name) > 1}:
        yield f"{name}: two grants of this name"
    for grant in rules.grants:
        for action in grant.actions:
            if rules.actions[action].who != "granted":
                yield f"{grant.name}: {action} needs no grant"
            elif rules.actions[action].purpose != bool(grant.purposes):
                yield f"{grant.name}: {action} and its purposes do not fit"
        if grant.fields != NO_FIELDS and grant.where == "anywhere":
            yield f"{grant.name}: personal data may not be shown without regard to region"


def _nobody(rules: AccessRules) -> Iterable[str]:
    """An action that nobody may do, or a role that may do nothing, is a mistake."""
    granted = {action for grant in rules.grants for action in grant.actions}
    for name, action in rules.actions.items():
        if action.who == "granted" and name not in granted:
            yield f"{name}: granted to nobody"
    for role in rules.roles.keys() - {role for grant in rules.grants for role in grant.roles}:
        yield f"{role}: may do nothing"


def _words(rules: AccessRules) -> Iterable[str]:
    """Every reason for a denial has its sentence, and there are no others."""
    for code in REASONS - rules.reasons.keys():
        yield f"reasons: no sentence for '{code}'"
    for code in rules.reasons.keys() - REASONS:
        yield f"reasons: nothing is denied for '{code}'"
