"""Decide: one pure function from who, what, about what and why, to yes with fields, or no with a
reason. Denied unless the access document grants it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from mdm.access.document import NO_FIELDS, AccessRules, Fields, Grant, load_rules
from mdm.access.terms import WHOLE_COUNTRY, Decision, Limits, Principal, Resource
from mdm.seal.masking import load_rules as load_sealing

ANYBODY, STAFF = "anybody", "staff"  # of `who` in the document


def decide(
    principal: Principal, action: str, resource: Resource, purpose: str | None = None
) -> Decision:
    """Whether `principal` may do `action` on `resource` for `purpose`, and what it may see."""
    rules = load_rules()
    grants = _granted(principal, action, purpose, rules)
    if isinstance(grants, Decision):
        return grants
    if principal.kind == "client" and not resource.programmes <= principal.programmes:
        return _no("programme-not-agreed", rules)
    here = [grant for grant in grants if _lies(principal, grant, resource)]
    if not here:
        return _no("not-own" if grants[-1].where == "own" else "region-outside", rules)
    return _yes(principal, here, rules)


def may(principal: Principal, action: str, purpose: str | None = None) -> Decision:
    """Whether there is anything at all on which `decide` could say yes: what a route asks before it
    knows what the question is about. Its fields are the most that any region would show."""
    rules = load_rules()
    grants = _granted(principal, action, purpose, rules)
    return grants if isinstance(grants, Decision) else _yes(principal, grants, rules)


def actions() -> frozenset[str]:
    """The names of all actions."""
    return frozenset(load_rules().actions)


def is_open(action: str) -> bool:
    """Whether somebody not identified may try an action. KeyError for one that does not exist."""
    return load_rules().actions[action].who == ANYBODY


def limits_of(principal: Principal) -> Limits:
    """The limits of a principal: its own, else the widest of its roles; none to speak of without a
    role."""
    if principal.limits is not None:
        return principal.limits
    known = load_rules().roles
    held = [known[role].limits for role in sorted(principal.roles) if role in known]
    return _widest(tuple(held))


@lru_cache(maxsize=64)
def _widest(held: tuple[Limits, ...]) -> Limits:
    if not held:
        return Limits(requests_per_minute=1, niks_per_day=0, miss_percent=0, miss_floor=1)
    return Limits(
        requests_per_minute=max(limit.requests_per_minute for limit in held),
        niks_per_day=max(limit.niks_per_day for limit in held),
        miss_percent=max(limit.miss_percent for limit in held),
        miss_floor=max(limit.miss_floor for limit in held),
    )


def _granted(
    principal: Principal, action: str, purpose: str | None, rules: AccessRules
) -> Sequence[Grant] | Decision:
    """The grants that speak for this role, action and purpose, wherever; or the denial."""
    rule = rules.actions.get(action)
    if rule is None:
        return _no("unknown-action", rules)
    if rule.who != "granted":
        suits = rule.who != STAFF or principal.kind == STAFF
        return Decision(True, rule.who, rules.digest) if suits else _no("no-role", rules)
    if unfit := _unfit(principal, rules):
        return _no(unfit, rules)
    roles = {
        r for r in principal.roles if r in rules.roles and rules.roles[r].kind == principal.kind
    }
    grants = [grant for grant in rules.by_action[action] if not roles.isdisjoint(grant.roles)]
    if not grants:
        held = {role for grant in rules.by_action[action] for role in grant.roles}
        first = [reason for role, reason in principal.waiting.items() if role in held]
        return _no(first[0] if first else "no-role", rules)
    if not rule.purpose:
        return grants
    return _for_purpose(principal, grants, purpose, rules)


def _unfit(principal: Principal, rules: AccessRules) -> str | None:
    """Why a principal may do nothing at all, if there is such a reason."""
    if len(principal.roles.intersection(rules.apart)) > 1:
        return "roles-apart"
    if principal.kind == "client" and principal.agreement is None:
        return "no-agreement"
    return None


def _for_purpose(
    principal: Principal, grants: list[Grant], purpose: str | None, rules: AccessRules
) -> Sequence[Grant] | Decision:
    if purpose is None:
        return _no("purpose-missing", rules)
    if purpose not in load_sealing().purposes:
        return _no("purpose-unknown", rules)
    if principal.kind == "client" and purpose not in principal.purposes:
        return _no("purpose-not-agreed", rules)
    fitting = [grant for grant in grants if purpose in grant.purposes]
    return fitting or _no("purpose-not-granted", rules)


def _lies(principal: Principal, grant: Grant, resource: Resource) -> bool:
    match grant.where:
        case "anywhere":
            return True
        case "region":
            return principal.covers(resource.region)
        case "country":
            return WHOLE_COUNTRY in principal.regions
        case "own":
            return resource.owner is not None and resource.owner == principal.id


def _yes(principal: Principal, grants: Sequence[Grant], rules: AccessRules) -> Decision:
    names = tuple(dict.fromkeys(grant.fields for grant in grants if grant.fields != NO_FIELDS))
    if not names:
        return Decision(True, grants[0].name, rules.digest)
    fields = rules.shown[names[0]] if len(names) == 1 else _union(rules, names)
    if principal.fields is not None:
        agreed = principal.fields
        fields = {kind: of & agreed.get(kind, frozenset()) for kind, of in fields.items()}
        if not any(fields.values()):
            return _no("no-fields", rules)
    return Decision(True, grants[0].name, rules.digest, fields)


def _union(rules: AccessRules, names: tuple[str, ...]) -> Fields:
    sets = [rules.shown[name] for name in names]
    return {kind: frozenset().union(*(of[kind] for of in sets)) for kind in sets[0]}


def _no(reason: str, rules: AccessRules) -> Decision:
    return Decision(False, reason, rules.digest)
