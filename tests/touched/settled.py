"""What people decided, brought to readers at once."""

from __future__ import annotations

from mdm.compose import Hub
from mdm.touched import Settled, settle
from mdm.touched.verdicts import Verdicts


def settled(hub: Hub) -> Settled:
    """Settle what waits, as the service does beside its readers."""
    engine = hub.engine()
    try:
        done = settle(hub, engine, Verdicts(hub))
    finally:
        engine.close()
    assert isinstance(done, Settled), done
    return done
