"""A hub with the whole service over it, on each database, as it runs outside tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mdm.compose import Hub
from tests.access.people import Person, first_administrator
from tests.api.serving import Served, served


@pytest.fixture
def service(hub: Hub) -> Iterator[Served]:
    """The service with real identification."""
    with served(hub, real_identity=True) as running:
        yield running


@pytest.fixture
def administrator(service: Served) -> Person:
    """The first account: administrator of users, with a second factor."""
    return first_administrator(service)
