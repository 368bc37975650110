"""A served hub, on each database, shared by the tests of a module: they only read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mdm.compose import Hub
from tests.api.serving import Served, served
from tests.api.world import fill


@pytest.fixture(scope="module")
def world(shared_hub: Hub) -> Hub:
    """The small published hub of world.py."""
    return fill(shared_hub)


@pytest.fixture(scope="module")
def service(world: Hub) -> Iterator[Served]:
    """The service over it, on a real server."""
    with served(world) as running:
        yield running
