"""What the desk refuses, and when to come back."""

from __future__ import annotations

from mdm.access.budgets import Verdict
from mdm.errors import AccessError, HubError

_HINTS = {
    "requests-per-minute": "Ask more slowly; the minute ends soon.",
    "niks-per-day": "Ask again tomorrow, or have the agreement name a larger number.",
    "too-many-misses": "Check where the numbers come from: too many belong to nobody to be seen.",
}


class BusyError(HubError):
    """More is asked than the hub can answer now."""

    def __init__(self) -> None:
        super().__init__("The hub is asked more than it can answer now.", "Try again in a moment.")


class BudgetError(AccessError):
    """A bound of the asker's budget is reached. `retry_after` is in seconds."""

    def __init__(self, verdict: Verdict) -> None:
        self.bound = verdict.bound or "budget"
        self.retry_after = verdict.retry_after
        super().__init__("A bound on how much you may ask is reached.", _HINTS.get(self.bound, ""))
