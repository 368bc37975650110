"""What `dtsen status` says of runs: one that only learned is no run given up."""

from __future__ import annotations

from mdm.compose import Hub
from mdm.hub.runs import abandon_run, start_run
from mdm.hub.tables import Run
from mdm.looks import look


def test_a_run_that_only_learned_is_called_trained(hub: Hub) -> None:
    for learned in ('{"person": "person-1"}', None):  # the second was killed before it had learned
        with hub.sessions.begin() as session:
            held = session.get_one(Run, start_run(session, "train", "facts", "rules").id)
            held.model = learned
            abandon_run(session, held)
    assert [one.status for one in look(hub).runs] == ["abandoned", "trained"]
