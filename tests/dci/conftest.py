"""The façade over a small hub, on each database, on a real server."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mdm.compose import Hub
from tests.api.serving import Served, served
from tests.dci.registry import Sender, enrol, fill


@pytest.fixture(scope="module")
def service(shared_hub: Hub) -> Iterator[Served]:
    """A served hub with the people of registry.py."""
    fill(shared_hub)
    with served(shared_hub, real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def sender(service: Served) -> Sender:
    """A client of the whole country."""
    return enrol(service)
