"""Which roles the groups of an issuer may give: those there are, for regions that stand today."""

from __future__ import annotations

from mdm.access.document import load_rules
from mdm.access.places import check_region
from mdm.errors import InputError, RuleError
from mdm.settings.access import OidcSettings


def check_groups(settings: OidcSettings) -> None:
    """RuleError where the settings give a group what no member of staff can hold."""
    known = {name: rule for name, rule in load_rules().roles.items() if rule.kind == "staff"}
    for group, given in settings.groups.items():
        for one in given:
            if one.role not in known:
                raise _wrong(
                    group, f"staff hold no role '{one.role}', but: {', '.join(sorted(known))}."
                )
            if one.region and not known[one.role].regional:
                raise _wrong(
                    group, f"the role '{one.role}' is not held for a region: leave it out."
                )
            try:
                check_region(one.region)
            except InputError as error:
                raise _wrong(group, f"{error.message} {error.hint}") from None


def _wrong(group: str, what: str) -> RuleError:
    return RuleError(
        f"The settings cannot be read: access.oidc.groups.{group}: {what}",
        "Mend dtsen.yaml or DTSEN_ACCESS.",
    )
