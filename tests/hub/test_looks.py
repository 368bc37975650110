"""What `dtsen status` says of runs: which only learned, and which nobody goes on with."""

from __future__ import annotations

import fcntl
import time
from contextlib import ExitStack
from threading import Event, Thread, Timer

import pytest

from mdm.compose import Hub
from mdm.hub.runs import abandon_run, start_run
from mdm.hub.tables import Run
from mdm.looks import look
from mdm.work.lock import BusyError


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


def test_who_only_looks_keeps_nobody_from_work(hub: Hub) -> None:
    with hub.lock("run"):  # the file is there
        pass
    looking = Event()

    def look_slowly() -> None:
        with (hub.settings.home / "work.lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            looking.set()
            time.sleep(0.02)

    looker = Thread(target=look_slowly)
    looker.start()
    looking.wait()
    with hub.lock("land"):
        assert hub.at_work()
    looker.join()
    assert not hub.at_work()


def test_work_waits_for_a_decision_that_is_being_settled(hub: Hub) -> None:
    """It takes seconds; a run that the night starts must not fail by it. The next decision looks again later."""
    settling = ExitStack()
    settling.enter_context(hub.lock("decision"))
    with pytest.raises(BusyError, match="decision"), hub.lock("decision"):
        pass
    Timer(0.3, settling.close).start()
    with hub.lock("run"):
        assert hub.at_work()
