"""The whole service as it runs outside tests, on each database; shared by the tests of a module."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mdm.compose import Hub
from tests.access.people import Person, make_person
from tests.api.serving import Served, served


@pytest.fixture(scope="module")
def shared(shared_hub: Hub) -> Hub:
    """An open hub of a module; its tests make accounts and clients of their own in it."""
    return shared_hub


@pytest.fixture(scope="module")
def service(shared: Hub) -> Iterator[Served]:
    """The service with real identification."""
    with served(shared, real_identity=True) as running:
        yield running


@pytest.fixture(scope="module")
def administrator(service: Served) -> Person:
    """An administrator of users, with a second factor."""
    return make_person(service, ("user-administrator", ""), strong=True)
