"""Navigation: the areas of the workbench, each seen by whoever may do its action."""

from __future__ import annotations

from dataclasses import dataclass

from api.web.visitor import Visitor


@dataclass(frozen=True)
class Area:
    """A place in the navigation; what lies below its path belongs to it."""

    key: str  # of the texts: what it is called
    path: str
    action: str

    def holds(self, path: str) -> bool:
        """Whether a path lies in this area."""
        return path == self.path or (self.path != "/" and path.startswith(self.path + "/"))


#: In the order they are shown. A new area adds its line here.
AREAS = (
    Area("layout.home", "/", "page.home"),
    Area("layout.review", "/tinjau", "review.list"),
    Area("layout.corrections", "/perbaikan", "correction.read"),
    Area("layout.operations", "/operasi", "operations.read"),
    Area("auditor.nav.trace", "/telusur", "audit.trace"),
    Area("auditor.nav.log", "/log", "audit.verify"),
    Area("auditor.nav.sample", "/contoh", "audit.sample"),
    Area("layout.accounts", "/kelola", "user.list"),
    Area("layout.approvals", "/persetujuan", "approval.list"),
    Area("layout.alarms", "/alarm", "alarm.read"),
)


def areas_for(visitor: Visitor) -> tuple[Area, ...]:
    """The areas that somebody may enter; none before password and second factor are set up."""
    if visitor.missing:
        return ()
    return tuple(area for area in AREAS if visitor.may(area.action))
