"""What `dtsen status` says of runs: which only learned, and which nobody goes on with."""

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


def test_a_run_that_nobody_goes_on_with_was_interrupted(hub: Hub) -> None:
    with hub.sessions.begin() as session:
        start_run(session, "run", "facts", "rules")
    assert [one.status for one in look(hub).runs] == ["interrupted"]
    with hub.lock("run"):
        assert [one.status for one in look(hub).runs] == ["running"]
    assert [one.status for one in look(hub).runs] == ["interrupted"]
